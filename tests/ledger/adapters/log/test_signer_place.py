"""A signing process is reached over TLS by the machines that have a certificate of its authority, and by no other."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import cast

import msgspec
import pytest

from ledger.adapters.log import signer_place
from ledger.adapters.log.remote_signer import RemoteSigner
from ledger.adapters.log.signer_clients import SignerClients
from ledger.adapters.log.signer_place import TlsListener, TlsPlace, connect, parse_place
from ledger.adapters.log.signer_process import SignerServer, serve
from ledger.errors import LedgerError, RecordError
from tests.server.identity.certificates import issue
from tests.support.cli import House


class Machines:
    """A signing process over TLS, and the certificates of its clients."""

    def __init__(self, house: House, port: int, folder: Path) -> None:
        self.house, self.port, self.folder = house, port, folder

    def place(self, who: str = "client", ca: str = "authority", host: str = "127.0.0.1") -> TlsPlace:
        cert, key = (str(self.folder / f"{who}.{ending}") for ending in ("pem", "key"))
        return TlsPlace(host, self.port, str(self.folder / f"{ca}.pem"), cert, key)

    def signer(self, place: TlsPlace) -> RemoteSigner:
        from ledger.adapters.folders.ledger_folder import read_folder

        return RemoteSigner(read_folder(self.house.ledger).keys, place)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("tls")
    authority, other = issue("authority"), issue("another authority")
    for name, made in (
        ("authority", authority), ("other", other), ("server", issue("signer", authority)),
        ("client", issue("a machine", authority, "one.office.example")), ("stranger", issue("a stranger", other)),
        ("printer", issue("one.office.example", authority, "printer.office.example")),
        ("wide", issue("wide", authority, "*.office.example")),
    ):  # fmt: skip
        made.write(folder, name)
    (folder / "clients.toml").write_text('machines = ["one.office.example"]\n', "utf-8")
    house = House(tmp_path_factory.mktemp("house")).furnished()
    (state,) = (house.folder / "state" / "comity").glob("*")
    made_at = Machines(house, 0, folder)
    listener = TlsListener(made_at.place("server"))
    clients = SignerClients(folder / "clients.toml")

    ready = threading.Event()

    def run() -> None:
        with suppress(OSError), closing(SignerServer(state)) as signer:
            ready.set()  # the key was read: a test moves it away
            serve(signer, listener.socket, listener.accepted, lambda line: clients.refusal(cast(ssl.SSLSocket, line)))

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(60)
    yield Machines(house, listener.socket.getsockname()[1], folder)
    listener.socket.close()
    thread.join()


def test_a_ledger_records_through_a_signing_process_on_another_machine(machines: Machines) -> None:
    house, place = machines.house, machines.place()
    used = house.run("signer", "use", str(place), "--json")
    assert used.exit_code == 0, used.output
    (state,) = (house.folder / "state" / "comity").glob("*")
    (state / "log.key").rename(state / "log.key.away")
    try:
        record = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=mail")
        done = house.run(*record, "--as", "ilves", "--yes")
        assert done.exit_code == 0, done.output
    finally:
        (state / "log.key.away").rename(state / "log.key")


def test_a_machine_without_a_certificate_of_the_authority_gets_no_signature(machines: Machines) -> None:
    with closing(machines.signer(machines.place("client"))) as signer:
        assert signer.last().size > 0
    for place in (machines.place("stranger"), machines.place("stranger", "other"), machines.place("client", "other")):
        with closing(machines.signer(place)) as signer, pytest.raises(LedgerError, match="KEY-AWAY"):
            signer.last()


def listed(machines: Machines, content: str) -> None:
    """Put another list in place of the one of the process, in one step."""
    new = machines.folder / "clients.toml.new"
    new.write_text(content, "utf-8")
    os.replace(new, machines.folder / "clients.toml")


@pytest.fixture
def own_list(machines: Machines) -> Iterator[None]:
    """Put the list back after a test that changes it."""
    yield
    listed(machines, 'machines = ["one.office.example"]\n')


@pytest.mark.parametrize("who", ["printer", "wide", "server"])
def test_a_machine_that_the_list_does_not_name_gets_no_signature(machines: Machines, who: str) -> None:
    place = machines.place(who)
    with closing(machines.signer(place)) as signer, pytest.raises(LedgerError, match="SIGNER-MACHINE") as refused:
        signer.last()
    digest = sha256(ssl.PEM_cert_to_DER_cert(Path(place.cert).read_text("utf-8"))).hexdigest()
    assert digest in refused.value.says, "the sentence has what an administrator would add to the list"


@pytest.mark.usefixtures("own_list")
def test_a_machine_that_was_taken_out_gets_no_signature_over_an_open_connection(machines: Machines) -> None:
    place = machines.place("printer")
    digest = sha256(ssl.PEM_cert_to_DER_cert(Path(place.cert).read_text("utf-8"))).hexdigest()
    with closing(machines.signer(place)) as signer:
        listed(machines, f'machines = ["one.office.example", "SHA256:{digest.upper()}"]\n')
        assert signer.last().size > 0
        listed(machines, 'machines = ["one.office.example"]\n')
        with pytest.raises(LedgerError, match="SIGNER-MACHINE"):
            signer.last()


@pytest.mark.usefixtures("own_list")
@pytest.mark.parametrize("content", [None, "machines = [", "machines = []", 'machine = ["one.office.example"]'])
def test_a_list_that_cannot_be_read_admits_no_machine(machines: Machines, content: str | None) -> None:
    if content is None:
        (machines.folder / "clients.toml").unlink()
    else:
        listed(machines, content)
    with closing(machines.signer(machines.place())) as signer, pytest.raises(LedgerError, match="SIGNER-MACHINE"):
        signer.last()
    listed(machines, 'machines = ["one.office.example"]\n')
    with closing(machines.signer(machines.place())) as signer:
        assert signer.last().size > 0, "the right list counts again without a restart"


def test_a_server_with_a_certificate_for_another_host_is_not_asked(machines: Machines) -> None:
    place = machines.place(host="localhost")
    with closing(machines.signer(place)) as signer, pytest.raises(LedgerError, match="KEY-AWAY"):
        signer.last()


def test_a_file_that_is_missing_is_named(machines: Machines) -> None:
    with (
        closing(machines.signer(machines.place("nobody"))) as signer,
        pytest.raises(LedgerError, match=r"No such file.*nobody\.pem"),
    ):
        signer.last()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_connection_over_a_socket_waits_for_an_answer_up_to_its_limit_and_a_failed_one_is_closed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("s") / "signer"  # the path of a socket has at most 107 bytes
    before = open_files()
    with pytest.raises(FileNotFoundError):
        connect(path)
    assert open_files() == before
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with connect(path) as line, listener.accept()[0] as there:
            assert line.gettimeout() == 30
            there.sendall(b"x")
            assert line.recv(1) == b"x"


def test_a_machine_that_speaks_an_older_tls_gets_no_connection(machines: Machines) -> None:
    place = machines.place()
    context = ssl.create_default_context(cafile=place.ca)
    context.load_cert_chain(place.cert, place.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection((place.host, place.port)) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)version"),
        context.wrap_socket(plain, server_hostname=place.host),
    ):
        pass


def test_a_client_has_seconds_for_its_handshake_and_then_all_time(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = TlsListener(msgspec.structs.replace(machines.place("server"), port=0))
    port = listener.socket.getsockname()[1]
    with listener.socket, closing(socket.create_connection(("127.0.0.1", port))), monkeypatch.context() as soon:
        soon.setattr(signer_place, "HANDSHAKE", 0.02)
        with listener.socket.accept()[0] as silent, pytest.raises(TimeoutError):
            listener.accepted(silent)
        soon.undo()
        with ThreadPoolExecutor(1) as threads:
            client = threads.submit(connect, msgspec.structs.replace(machines.place(), port=port))
            accepted = listener.accepted(listener.socket.accept()[0])
        with accepted, client.result():
            assert accepted.gettimeout() is None
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_a_process_listens_at_an_address_of_either_family(machines: Machines) -> None:
    place = msgspec.structs.replace(machines.place("server"), port=0)
    for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        with TlsListener(msgspec.structs.replace(place, host=host)).socket as listening:
            assert (listening.family, listening.getsockname()[0]) == (family, host)


def test_a_client_that_speaks_no_tls_keeps_no_other_from_being_answered(machines: Machines) -> None:
    with socket.create_connection(("127.0.0.1", machines.port)) as plain:
        plain.sendall(b'{"ask": "last"}\n')
        with closing(machines.signer(machines.place())) as signer:
            assert signer.last().size > 0


@pytest.mark.parametrize("text", [
    "tls://host?ca=/a&cert=/b&key=/c", "tls://host:1", "tls://host:1?ca=/a&cert=/b", "tls://host:1?ca=a&cert=/b&key=/c",
    "tls://host:1/x?ca=/a&cert=/b&key=/c", "tls://me@host:1?ca=/a&cert=/b&key=/c", "tls://:1?ca=/a&cert=/b&key=/c",
    "tls://host:1?ca=/a&cert=/b&key=/c#x", "tls://host:1?ca=/a&&cert=/b&key=/c", "tls://host:1?ca=/a\x07&cert=/b&key=/c",
    "tls://host:1?ca=/a&cert=/b&key=/c&more=", "tls://host:1?ca=/a&cert=/b&key=", "tls://host:1?ca=/a&cert=b&key=/c",
    "tls://host:99999?ca=/a&cert=/b&key=/c", "tls://host:1?ca=/a&cert=/b&key=/c&more=/d", "/" + "x" * 107,
])  # fmt: skip
def test_an_address_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="STORE-ADDRESS"):
        parse_place(text)


def test_an_address_is_written_as_it_is_read() -> None:
    for text in (
        "tls://signer.example:7443?ca=/a.pem&cert=/b.pem&key=/c%20d.key",
        "tls://[::1]:1?ca=/a&cert=/b&key=/c",
    ):
        place = parse_place(text)
        assert parse_place(str(place)) == place
    assert parse_place("/run/signer") == Path("/run/signer")
    assert parse_place("/" + "x" * 106) == Path("/" + "x" * 106)


def test_the_process_is_told_one_place_where_it_listens(machines: Machines) -> None:
    tls = str(machines.place())
    for words in ((), ("--socket", "a", "--listen", tls), ("--socket", tls), ("--listen", "/x"), ("--listen", tls)):
        assert machines.house.run("signer", "serve", "DIR", *words).exit_code == 2

"""Keys in ssh-agent and in tokens sign as key files do, and each of their answers is verified."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from ledger.adapters.keys.key_files import SeedKey, listed, load, new
from ledger.adapters.keys.open_key import Verified, is_elsewhere, open_key, point_to
from ledger.adapters.keys.pkcs11 import find, parse_uri
from ledger.adapters.keys.ssh_agent import AgentKey, fingerprint, held
from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature
from tests.support.cli import House

SOFTHSM = "module-path=/usr/lib/softhsm/libsofthsm2.so"


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as found:
        call()
    return found.value.code


# -- every kind of key -------------------------------------------------------------------------------------------------


class Broken:
    """A key whose signatures are over another message."""

    public = SeedKey(bytes(32)).public

    def sign(self, message: bytes) -> bytes:
        return SeedKey(bytes(32)).sign(message + b"!")


def test_a_signature_that_does_not_verify_is_not_handed_on() -> None:
    assert code_of(lambda: Verified(Broken()).sign(b"message")) == "KEY-ANSWER"
    good = Verified(SeedKey(bytes(32)))
    assert verify_signature(good.public, b"message", good.sign(b"message"))


def test_a_key_file_opens_by_its_name_and_asks_for_its_passphrase_once(tmp_path: Path) -> None:
    made = new(tmp_path / "ilves", passphrase=b"correct horse")
    asked: list[str] = []

    def secret(what: str) -> bytes:
        asked.append(what)
        return b"correct horse"

    assert open_key(str(tmp_path / "ilves"), secret).public == made.public
    assert asked == [f"passphrase of {tmp_path / 'ilves'}"]
    assert code_of(lambda: open_key(str(tmp_path / "ilves"))) == "KEY-LOCKED"
    assert code_of(lambda: open_key(str(tmp_path / "nobody"))) == "KEY-MISSING"


# -- ssh-agent ---------------------------------------------------------------------------------------------------------

needs_agent = pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="needs ssh-agent")


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start a real, empty ssh-agent; yield the path of its socket."""
    place = tmp_path_factory.mktemp("a") / "agent"  # the path of a socket has at most 107 bytes
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        yield place
        process.terminate()


def add(path: Path) -> None:
    subprocess.run(["ssh-add", "-q", str(path)], check=True, capture_output=True)


@needs_agent
def test_a_key_in_ssh_agent_signs_as_its_file_does(agent: Path, tmp_path: Path) -> None:
    key = new(tmp_path / "ilves")
    add(tmp_path / "ilves")
    shown = subprocess.run(["ssh-add", "-l"], check=True, capture_output=True, text=True).stdout
    assert fingerprint(key.public) in shown
    assert held(agent) == [key.public]
    assert open_key(f"agent:{fingerprint(key.public)}").sign(b"message") == key.sign(b"message")


@needs_agent
def test_only_ed25519_keys_of_an_agent_count(agent: Path, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "other")], check=True)
    add(tmp_path / "other")
    assert held(agent) == []
    assert code_of(lambda: open_key("agent:SHA256:AAAA")) == "KEY-MISSING"


@needs_agent
def test_a_locked_agent_is_away_and_not_a_key_that_fails(agent: Path, tmp_path: Path) -> None:
    key = new(tmp_path / "ilves")
    add(tmp_path / "ilves")
    there = open_key(f"agent:{fingerprint(key.public)}")
    subprocess.run(["ssh-add", "-qD"], check=True, capture_output=True)
    assert code_of(lambda: there.sign(b"message")) == "KEY-AWAY"


def test_without_an_agent_a_key_in_it_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "nobody"))
    assert code_of(lambda: open_key("agent:SHA256:AAAA")) == "KEY-AWAY"
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert code_of(lambda: open_key("agent:SHA256:AAAA")) == "KEY-AWAY"


@contextmanager
def saying(place: Path, answer: bytes) -> Iterator[None]:
    """Serve a socket that reads one request and answers `answer`."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield
        thread.join()


SIGNED = bytes([14]) + (83).to_bytes(4) + (11).to_bytes(4) + b"ssh-ed25519" + (64).to_bytes(4)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "KEY-AWAY"),
        (b"\0\0\0\0", "KEY-AWAY"),
        (b"\xff\xff\xff\xff", "KEY-AWAY"),
        (b"\0\0\0\5\x0e", "KEY-AWAY"),
        (b"\0\0\0\1\x05", "KEY-AWAY"),
        (b"\0\0\0\1\x0e", "KEY-ANSWER"),
        (b"\0\0\0\5\x0e\xff\xff\xff\xff", "KEY-ANSWER"),
        ((len(SIGNED) + 64).to_bytes(4) + SIGNED.replace(b"ed25519", b"ed25518") + bytes(64), "KEY-ANSWER"),
        ((len(SIGNED) + 64).to_bytes(4) + SIGNED + bytes(64), "KEY-ANSWER"),
    ],
)
def test_whatever_an_agent_answers_is_a_signature_or_a_fault(
    answer: bytes, code: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("a") / "agent"
    key = Verified(AgentKey(SeedKey(bytes(32)).public, place))
    with saying(place, answer):
        assert code_of(lambda: key.sign(b"message")) == code


def test_a_signature_of_another_algorithm_is_refused_before_it_is_verified(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("a") / "agent"
    other = (len(SIGNED) + 64).to_bytes(4) + SIGNED.replace(b"ed25519", b"ed25518") + bytes(64)
    with saying(place, other), pytest.raises(LedgerError, match="another algorithm"):
        AgentKey(SeedKey(bytes(32)).public, place).sign(b"message")


def test_what_a_key_outside_this_process_signs_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.adapters.keys.ssh_agent.find", lambda wanted: Broken())
    assert code_of(lambda: open_key("agent:SHA256:AAAA").sign(b"message")) == "KEY-ANSWER"


# -- tokens (the live ones are in tests/interop) -----------------------------------------------------------------------


def test_a_token_is_named_as_rfc_7512_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    place = parse_uri(f"pkcs11:token=The%20Court;object=ilves;id=%01%ff?{SOFTHSM}&pin-source=file:/run/pin")
    assert (place.token, place.object, place.id) == ("The Court", "ilves", b"\x01\xff")
    assert (place.module, place.pin_file) == ("/usr/lib/softhsm/libsofthsm2.so", Path("/run/pin"))
    monkeypatch.setenv("PKCS11_MODULE_PATH", "/usr/lib/other.so")
    assert parse_uri("pkcs11:token=a;id=%01").module == "/usr/lib/other.so"
    monkeypatch.delenv("PKCS11_MODULE_PATH")
    for uri in ("pkcs11:token=a;id=%01", f"pkcs11:token=a?{SOFTHSM}", f"pkcs11:object=a?{SOFTHSM}"):
        assert code_of(lambda uri=uri: parse_uri(uri)) == "KEY-FORMAT"  # type: ignore[misc]


def test_a_pin_is_not_taken_from_a_uri_nor_from_a_file_that_others_read(tmp_path: Path) -> None:
    pytest.importorskip("pkcs11", reason="needs the extra `pkcs11`")
    assert code_of(lambda: parse_uri(f"pkcs11:token=a;object=b?{SOFTHSM}&pin-value=1234")) == "KEY-FORMAT"
    missing = f"pkcs11:token=a;object=b?module-path={tmp_path}/none.so"
    assert code_of(lambda: find(missing, lambda _: b"1234")) == "KEY-AWAY"


# -- keys by their names -----------------------------------------------------------------------------------------------


@needs_agent
def test_a_file_may_say_where_a_key_is(agent: Path, tmp_path: Path) -> None:
    key = new(tmp_path / "ilves")
    add(tmp_path / "ilves")
    there = f"agent:{fingerprint(key.public)}"
    point_to(tmp_path / "keys" / "ilves", there)
    assert listed(tmp_path / "keys") == {"ilves": key.public}
    assert open_key(str(tmp_path / "keys" / "ilves")).sign(b"message") == key.sign(b"message")
    assert code_of(lambda: load(tmp_path / "keys" / "ilves")) == "KEY-FORMAT", "it is no key itself"
    with pytest.raises(FileExistsError):
        point_to(tmp_path / "keys" / "ilves", there)
    assert code_of(lambda: point_to(tmp_path / "keys" / "b", str(tmp_path / "ilves"))) == "KEY-FORMAT"


def test_a_path_is_a_path_whatever_it_looks_like() -> None:
    assert is_elsewhere("agent:SHA256:x")
    assert is_elsewhere("pkcs11:token=a")
    assert not is_elsewhere("./agent:SHA256:x")
    assert not is_elsewhere("keys/pkcs11")


@needs_agent
def test_an_office_whose_key_is_in_ssh_agent_records_as_any_other(agent: Path, tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    (tmp_path / "house").mkdir()
    house.begun()
    key = new(tmp_path / "elsewhere")
    add(tmp_path / "elsewhere")
    there = f"agent:{fingerprint(key.public)}"
    assert house.reply("key", "new", "ilves", "--at", there)["public"] == key.public.hex()
    assert house.run("key", "enrol", "ilves", "--role", "ISS", "--party", "XO").exit_code == 0
    assert house.run("key", "accept", "ilves").exit_code == 0
    house.order()
    sent = ("record", "order-transmitted", "PPO-1", "--unregistered", "-f", "addressee=skylark", "-f", "channel=mail")
    assert house.run(*sent, "--as", "ilves", "--key", there).exit_code == 0
    assert house.run("fsck").exit_code == 0
    subprocess.run(["ssh-add", "-qD"], check=True, capture_output=True)
    assert house.run(*sent, "--as", "ilves").exit_code == 4


@needs_agent
def test_a_ledger_can_begin_with_a_registrar_whose_key_is_in_ssh_agent(agent: Path, tmp_path: Path) -> None:
    key = new(tmp_path / "adm")
    add(tmp_path / "adm")
    house = House(tmp_path)
    there = f"agent:{fingerprint(key.public)}"
    said = house.reply("init", str(house.ledger), "--origin", "ledger.example/xo/karsk", "--key", there)
    assert (said["registrar"]["key"], said["registrar"]["file"]) == (key.public.hex(), there)
    assert not (tmp_path / there).exists()

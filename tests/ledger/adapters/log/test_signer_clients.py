"""The list of machines that may ask a signing process has one form, and a machine is compared by its exact names."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.log import signer_clients
from ledger.adapters.log.signer_clients import SignerClients, names_of, read_machines
from tests.support.cli import House

DIGEST = "sha256:" + "5f" * 32


def written(folder: Path, content: str) -> Path:
    file = folder / "clients.toml"
    file.write_text(content, "utf-8")
    return file


def test_names_addresses_and_digests_are_read_in_the_form_in_which_they_are_compared(tmp_path: Path) -> None:
    file = written(tmp_path, f'machines = ["One.Office.Example", "192.0.2.7", "2001:DB8:0:0::1", "{DIGEST.upper()}"]')
    assert read_machines(file) == {"one.office.example", "192.0.2.7", "2001:db8::1", DIGEST}


@pytest.mark.parametrize("content", [
    "", "machines = []", 'machines = "one.example"', 'machines = [1]', 'machines = ["*.example"]', 'machines = [""]',
    'machines = ["sha256:5f"]', 'machines = ["one example"]', 'machines = ["one.example."]', 'machines = ["192.0.2"]',
    'machines = ["one.example"]\nmore = 1', 'machines = ["bücher.example"]', f'machines = ["{DIGEST[7:]}"]',
    'machines = ["one.example\\n"]', 'machines = ["-one.example"]', 'machines = ["192.0.2.0/24"]', "\x00",
])  # fmt: skip
def test_a_list_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError):
        read_machines(written(tmp_path, content))


def test_a_list_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most"):
        read_machines(written(tmp_path, "#" * 70_000 + '\nmachines = ["one.example"]'))


LONG = ".".join(["a" * 63] * 3 + ["b" * 61])  # 253 letters


@pytest.mark.parametrize(
    ("content", "machines"),
    [
        ('machines = ["one.example"]\n'.ljust(65_536, "#"), 1),
        ('machines = ["one.example"]\n'.ljust(65_537, "#"), None),
        (f"machines = {[f'n{n}.example' for n in range(256)]}", 256),
        (f"machines = {[f'n{n}.example' for n in range(257)]}", None),
        (f'machines = ["{LONG}"]', 1),
        (f'machines = ["{LONG}b"]', None),
        (f'machines = ["{"a" * 63}.example"]', 1),
        (f'machines = ["{"a" * 64}.example"]', None),
        ('machines = ["one.7.example7"]', 1),
        ('machines = ["one.example.7"]', None),
        ('machines = ["one", "one", "ONE"]', 1),
        (f'machines = ["{DIGEST}0"]', None),
    ],
)
def test_a_list_is_read_up_to_its_bounds(tmp_path: Path, content: str, machines: int | None) -> None:
    path = written(tmp_path, content)
    if machines is None:
        with pytest.raises(ValueError):
            read_machines(path)
    else:
        assert len(read_machines(path)) == machines


@given(st.binary(max_size=64), st.lists(st.sampled_from(["URI", "email", "DirName", "othername"]), max_size=3))
def test_only_host_names_and_addresses_of_a_certificate_name_a_machine(der: bytes, kinds: list[str]) -> None:
    digest = f"sha256:{sha256(der).hexdigest()}"
    others = tuple((kind, "one.office.example") for kind in kinds)
    common = ((("commonName", "one.office.example"),),)
    assert names_of(der, {"subject": common, "subjectAltName": others}) == {digest}
    stated = {"subjectAltName": (*others, ("DNS", "One.Office.example"), ("IP Address", "2001:DB8:0:0:0:0:0:1"))}
    assert names_of(der, stated) == {digest, "one.office.example", "2001:db8::1"}


def test_a_process_with_a_wrong_list_does_not_begin(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    house = House(tmp_path_factory.mktemp("house"))
    address = "tls://127.0.0.1:1?ca=/a&cert=/b&key=/c"
    for file, says in ((tmp_path / "absent", "No such file"), (written(tmp_path, 'machines = ["*"]'), "no machine")):
        done = house.run("signer", "serve", str(tmp_path), "--listen", address, "--clients", str(file))
        assert done.exit_code != 0
        assert says in done.output


def test_the_list_is_read_again_when_it_changes_and_only_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "machines"
    path.write_text('machines = ["one.example"]\n')
    reads: list[Path] = []
    original = signer_clients.read_machines

    def read(at: Path) -> frozenset[str]:
        reads.append(at)
        return original(at)

    monkeypatch.setattr(signer_clients, "read_machines", read)
    clients = SignerClients(path)
    assert [clients._current() for _ in range(3)] == [frozenset({"one.example"})] * 3
    assert len(reads) == 1
    path.write_text('machines = ["two.example", "one.example"]\n')
    assert clients._current() == clients._current() == frozenset({"one.example", "two.example"})
    assert len(reads) == 2
    path.write_text("machines = 7\n")
    assert clients._current() == frozenset(), "none may ask where the list cannot be read"
    path.unlink()
    assert clients._current() == frozenset()
    path.write_text('machines = ["one.example"]\n')
    assert clients._current() == frozenset({"one.example"})


@pytest.mark.parametrize("content", ["machines = 7", "machines = " + "[" * 60_000, "\x00"])
def test_a_list_that_becomes_unreadable_admits_no_machine_and_that_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    clients = SignerClients(written(tmp_path, 'machines = ["one.example"]'))
    written(tmp_path, content)
    assert clients._current() == frozenset()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"{tmp_path / 'clients.toml'}: no machine may ask: " in caplog.text
    written(tmp_path, 'machines = ["two.example"]')
    assert clients._current() == frozenset({"two.example"})


class Presented:
    """A connection with a certificate."""

    der = b"the certificate"
    digest = f"sha256:{sha256(der).hexdigest()}"
    decoded: ClassVar[dict[str, Any] | None] = {
        "subjectAltName": (("DNS", "One.example"), ("IP Address", " 192.0.2.7"))
    }

    def getpeercert(self, *, binary_form: bool = False) -> Any:
        return self.der if binary_form else self.decoded


class Unnamed(Presented):
    decoded = None


@pytest.mark.parametrize(
    ("machine", "line", "may"),
    [
        ("one.example", Presented, True),
        ("192.0.2.7", Presented, True),
        (Presented.digest, Presented, True),
        (Presented.digest, Unnamed, True),
        ("two.example", Presented, False),
        ("one.example", Unnamed, False),
        ("192.0.2.8", Presented, False),
    ],
)
def test_a_machine_may_ask_if_one_of_its_names_is_in_the_list(
    tmp_path: Path, machine: str, line: Any, may: bool
) -> None:
    refusal = SignerClients(written(tmp_path, f'machines = ["none.example", "{machine}"]')).refusal(line())
    assert (refusal == "", Presented.digest in refusal) == (may, not may)


def test_a_list_is_read_again_if_its_size_its_time_or_its_file_is_another(tmp_path: Path) -> None:
    path = written(tmp_path, 'machines = ["a.example"]')
    clients, moment = SignerClients(path), path.stat().st_mtime_ns
    steps = ((False, 0, "a.example0"), (False, 1, "b.example1"), (True, 1, "c.example2"))
    for other, later, name in steps:
        if other:
            written(tmp_path, "").rename(path.with_name("other"))
        written(tmp_path, f'machines = ["{name}"]'.ljust(40 if later else 30))
        os.utime(path, ns=(moment, moment + later))
        assert clients._current() == frozenset({name})


def test_a_machine_without_a_certificate_may_not_ask(tmp_path: Path) -> None:
    path = tmp_path / "machines"
    path.write_text('machines = ["one.example"]\n')

    class Line:
        def getpeercert(self, *, binary_form: bool = False) -> None:
            return None

    line: Any = Line()
    assert SignerClients(path).refusal(line) == "the machine has no certificate"

"""What is kept of an office server: its address in one form, its trust and its key, until it is forgotten."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from cli.exit_codes import Stop
from cli.invocation import Invocation
from cli.remote import servers
from cli.remote.servers import (
    Server,
    chosen_url,
    folder_of,
    forget_server,
    keep_server,
    kept_server,
    known_server,
    known_servers,
    only_in_a_folder,
    server_url,
)
from ledger.errors import LedgerError

URL = "https://office.example"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    user = SimpleNamespace(keys=tmp_path / "comity" / "keys")
    monkeypatch.setattr("ledger.adapters.folders.user_folders.Home", SimpleNamespace(user=lambda: user))
    return tmp_path / "comity"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://office.example", URL),
        ("https://office.example/", URL),
        ("https://office.example:8443/a/", "https://office.example:8443/a"),
        ("http://localhost:7400", "http://localhost:7400"),
        ("http://127.0.0.2", "http://127.0.0.2"),
        ("http://[::1]:7400/", "http://[::1]:7400"),
    ],
)
def test_a_server_is_named_by_its_address_without_a_slash_at_its_end(text: str, url: str) -> None:
    assert server_url(text) == url


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ftp://office.example", "is not the address of an office server"),
        ("office.example", "is not the address of an office server"),
        ("https://", "is not the address of an office server"),
        ("https://[::1", "is not the address of an office server"),
        ("https://office.example:99999", "is not the address of an office server"),
        ("https://a@office.example", "is not the address of an office server"),
        ("https://@office.example", "is not the address of an office server"),
        ("https://office.example?a", "is not the address of an office server"),
        ("https://office.example#a", "is not the address of an office server"),
        ("http://office.example", "http:// is for a server on this machine"),
        ("http://192.0.2.1", "http:// is for a server on this machine"),
        ("http://localhost.example", "http:// is for a server on this machine"),
    ],
)
def test_an_address_with_anything_else_or_that_others_read_along_is_refused(text: str, says: str) -> None:
    with pytest.raises(Stop, match=says) as stopped:
        server_url(text)
    assert stopped.value.hint is not None
    assert stopped.value.hint.startswith("as https://" if "address" in says else "https://")


@pytest.mark.parametrize(
    ("named", "url"),
    [(f"{URL}/", URL), ("http://localhost", "http://localhost"), ("folder", None), ("httpsfolder", None), (None, None)],
)
def test_the_ledger_of_a_command_is_a_server_if_its_name_is_a_url(
    named: str | None, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "said", lambda: Invocation(ledger=named))
    assert chosen_url() == url


@pytest.mark.parametrize(
    ("command", "what", "url", "says"),
    [
        ("fsck", "", "", "`fsck` needs the folder of the ledger, and the-ledger is a server"),
        ("fsck", "--deep", "", "--deep of `fsck` needs the folder of the ledger, and the-ledger is a server"),
        (None, "--deep", URL, f"--deep of this needs the folder of the ledger, and {URL} is a server"),
        (None, "", URL, f"this needs the folder of the ledger, and {URL} is a server"),
    ],
)
def test_what_needs_a_folder_names_itself_and_what_works_with_a_server(
    command: str | None, what: str, url: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "said", lambda: Invocation(ledger="the-ledger"))
    if command is None:
        found = only_in_a_folder(what, url)
    else:
        with click.Context(click.Command(command), info_name=command):
            found = only_in_a_folder(what, url)
    assert (found.code, found.says) == ("FOLDER-ONLY", says)
    assert found.hint.endswith(servers.COMMANDS)


def test_servers_are_kept_apart_listed_by_url_and_forgotten_one_by_one(home: Path) -> None:
    one, other = Server(URL, "log.a", "ab" * 32, "key", "ca"), Server("https://a.example", "log.b", "cd" * 32)
    assert known_server(URL) is None
    assert known_servers() == []
    keep_server(one, {"policy": b"1", "tsa/a.pem": b"2"})
    keep_server(other, {"policy": b"3"})
    assert known_servers() == [other, one]
    assert (known_server(URL), known_server(other.url)) == (one, other)
    assert folder_of(URL).parent == home / "servers"
    assert {str(p.relative_to(one.trust)): p.read_bytes() for p in one.trust.rglob("*") if p.is_file()} == {
        "policy": b"1",
        "tsa/a.pem": b"2",
    }
    keep_server(one, {"policy": b"4"})
    assert [(p.name, p.read_bytes()) for p in one.trust.iterdir()] == [("policy", b"4")]
    assert sorted(p.name for p in folder_of(URL).iterdir()) == ["server.json", "trust"]
    forget_server(one)
    assert not folder_of(URL).exists()
    assert known_servers() == [other]


def test_a_trust_that_was_left_half_made_is_made_anew(home: Path) -> None:
    server = Server(URL, "log.a", "ab" * 32)
    keep_server(server, {"policy": b"1"})
    left = folder_of(URL) / "trust.new"
    left.mkdir()
    (left / "stray").write_bytes(b"x")
    keep_server(server, {"policy": b"2"})
    assert [p.name for p in server.trust.iterdir()] == ["policy"]


def test_a_server_without_its_file_is_forgotten_all_the_same(home: Path) -> None:
    server = Server(URL, "log.a", "ab" * 32)
    keep_server(server, {"policy": b"1"})
    (folder_of(URL) / "server.json").unlink()
    assert known_servers() == []
    forget_server(server)
    assert not folder_of(URL).exists()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff", b"[" * 100_000, b'{"url":"u","log":"l","fingerprint":"ab"}', b'{"url":"u","log":"l"}'],
)
def test_a_kept_file_that_cannot_be_read_is_no_trust(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    assert kept_server(path) is None
    path.write_bytes(raw)
    with pytest.raises(LedgerError) as found:
        kept_server(path)
    assert (found.value.code, found.value.hint) == ("TRUST", "comity remote add")
    assert str(path) in found.value.says

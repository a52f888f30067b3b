"""Connect to a server under the trust that is kept for it, with the key that is meant; refuse what does not verify."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from cli.exit_codes import Exit, Stop
from cli.remote import connected
from cli.remote.servers import Server
from comity.remote.connection import Refused
from ledger.errors import LedgerError, RecordError

URL = "https://office.example"
KEPT = Server(URL, "log.example", "ab" * 32, None, "ca.pem")
SECRET: Any = "secret"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return how servers were connected to; keys open as their references, and the trust has no end."""
    said: list[Any] = []
    ledger = SimpleNamespace(close=lambda: said.append("closed"))

    def connect(url: str, **more: Any) -> Any:
        said.append((url, more))
        return ledger

    monkeypatch.setattr("comity.connect", connect)
    monkeypatch.setattr("ledger.adapters.keys.open_key.open_key", lambda named, secret: f"{named} by {secret}")
    monkeypatch.setattr(connected, "known_server", lambda url: KEPT if url == URL else None)
    monkeypatch.setattr(connected, "trust_of", lambda server: SimpleNamespace(until=None))
    return said


def keys(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr("ledger.adapters.keys.key_files.listed", lambda folder: dict.fromkeys(names, b""))
    home = SimpleNamespace(keys=Path("keys"), state=Path("state"))
    monkeypatch.setattr("ledger.adapters.folders.user_folders.Home", SimpleNamespace(user=lambda: home))


@pytest.mark.parametrize(
    ("given", "kept", "here", "actor", "opened"),
    [
        pytest.param("mine", "kept", ("a",), None, "mine by secret", id="given"),
        pytest.param(None, "kept", ("a",), None, "kept by secret", id="kept"),
        pytest.param(None, None, ("a",), None, "keys/a by secret", id="only"),
        pytest.param(None, None, ("a",), "ilves", "keys/a by secret", id="only-and-of-another-name"),
        pytest.param(None, None, ("a", "ilves"), "ilves", "keys/ilves by secret", id="of-the-actor"),
    ],
)
def test_the_given_key_asks_else_the_kept_one_else_the_only_one_here(
    given: str | None, kept: str | None, here: tuple[str, ...], actor: str | None, opened: str,
    asked: list[Any], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    keys(monkeypatch, *here)
    monkeypatch.setattr(connected, "known_server", lambda url: Server(URL, "log.example", "ab" * 32, kept, "ca.pem"))
    with connected.connected(URL, SECRET, given, actor):
        (url, more) = asked[0]
        assert (url, more["key"], more["state"], more["ca"]) == (URL, opened, Path("state/remote"), "ca.pem")
        assert asked[1:] == []
    assert asked[1:] == ["closed"]


def test_an_opened_key_asks_as_it_is(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    keys(monkeypatch)
    key: Any = SimpleNamespace(public=b"")
    with connected.connected(URL, SECRET, key):
        assert asked[0][1]["key"] is key


@pytest.mark.parametrize(
    ("here", "actor", "code", "says"),
    [
        ((), None, Exit.UNDECIDABLE, "there is none in keys"),
        ((), "ilves", Exit.UNDECIDABLE, "there is none in keys"),
        (("one", "two"), None, Exit.USAGE, "there are one, two"),
        (("one", "two"), "ilves", Exit.USAGE, "there are one, two"),
        (tuple("abcdefg"), None, Exit.USAGE, "there are a, b, c, d, e, f"),
    ],
)
def test_a_key_is_not_guessed(
    here: tuple[str, ...], actor: str | None, code: Exit, says: str, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(monkeypatch, *here)
    with pytest.raises(Stop) as stopped, connected.connected(URL, SECRET, None, actor):
        pass
    assert (stopped.value.message, stopped.value.code) == (f"which key asks {URL}? {says}", code)
    assert stopped.value.hint is not None
    assert f"comity remote add {URL} --trust {KEPT.trust} --key FILE" in stopped.value.hint
    assert asked == []


def test_a_server_of_which_nothing_is_kept_is_not_asked(asked: list[Any]) -> None:
    with pytest.raises(LedgerError) as found, connected.connected("https://other.example", SECRET, "mine"):
        pass
    assert found.value.code == "TRUST"
    assert "https://other.example" in found.value.says
    assert "comity remote add https://other.example --trust DIR" in found.value.hint
    assert asked == []


@pytest.mark.parametrize(("left", "good"), [(1, True), (0, False), (-1, False)])
def test_a_trust_ends_at_its_last_moment(
    left: int, good: bool, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(monkeypatch)
    now = datetime(2027, 6, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(connected, "datetime", SimpleNamespace(now=lambda zone: now.astimezone(zone)))
    until = now + timedelta(seconds=left)
    monkeypatch.setattr(connected, "trust_of", lambda server: SimpleNamespace(until=until))
    if good:
        with connected.connected(URL, SECRET, "mine"):
            assert len(asked) == 1
        return
    with pytest.raises(RecordError) as found, connected.connected(URL, SECRET, "mine"):
        pass
    assert (found.value.code, asked) == ("POL-EXPIRED", [])
    assert f"comity remote add {URL} --trust DIR" in found.value.hint


# -- what does not verify ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "hint"),
    [
        pytest.param(RecordError("DSSE-SIG", "no", where="#4", hint="h"), "API-FALSE", "h", id="does-not-verify"),
        pytest.param(Refused("API-MISSING", "no", where="#4", hint="h"), "API-MISSING", "h", id="refused"),
        pytest.param(RecordError("LOG-FORKED", "no", where="#4", hint="h"), "LOG-FORKED", "h", id="fork"),
        pytest.param(RecordError("LOG-ROLLBACK", "no", where="#4", hint="h"), "LOG-ROLLBACK", "h", id="rollback"),
        pytest.param(
            Refused("API-SIGNATURE", "no", where="#4", hint="h"),
            "API-SIGNATURE",
            "is this key in the register, and is the clock right? `comity remote list` shows which key asks",
            id="signature",
        ),
    ],
)
def test_what_does_not_verify_is_a_false_answer_and_what_is_refused_keeps_its_code(
    error: RecordError, code: str, hint: str
) -> None:
    with pytest.raises(RecordError) as found, connected.verified():
        raise error
    assert (found.value.code, found.value.where, found.value.hint) == (code, "#4", hint)
    kept = code not in ("API-FALSE", "API-SIGNATURE")
    assert (found.value is error) is kept
    assert isinstance(found.value, Refused) is isinstance(error, Refused)
    assert found.value.says.endswith(": DSSE-SIG: no" if code == "API-FALSE" else "no")

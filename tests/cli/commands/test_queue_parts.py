"""A server that cannot be asked is a line of the queue with its code; what comes first is what has no known end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import queue
from cli.commands.queue import QueueItem, UnreadItem, _opened, _Part, _read, _servers, _soonest, _unread
from cli.exit_codes import Stop
from ledger.errors import LedgerError, RecordError

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
SERVER: Any = SimpleNamespace(url="https://office.example", log="ledger.example/karsk")
WRONG = (LedgerError("HTTP-SILENT", "it is silent"), RecordError("API-FALSE", "it lies"), Stop("which key?"))


@pytest.mark.parametrize(
    ("wrong", "code", "says", "proven"),
    [
        (WRONG[0], "HTTP-SILENT", "it is silent", False),
        (WRONG[1], "API-FALSE", "it lies", True),
        (WRONG[2], "NOT-ASKED", "which key?", False),
    ],
)
def test_a_server_that_was_not_read_is_named_with_its_code(
    wrong: Any, code: str, says: str, proven: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = UnreadItem(SERVER.url, SERVER.log, code, says, proven)
    assert _unread(SERVER, wrong) == item

    def fails(*_: Any) -> Any:
        raise wrong

    monkeypatch.setattr("cli.remote.connected.key_of", fails)
    assert _opened(SERVER) == (SERVER, item)
    monkeypatch.setattr("cli.remote.connected.connected", fails)
    key: Any = object()
    assert _read(SERVER, key, NOW, "en") == _Part([], unread=item)


def test_a_server_without_a_key_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.remote.connected.connected", lambda *_: pytest.fail("it was asked"))
    item = UnreadItem(SERVER.url, SERVER.log, "NOT-ASKED", "which key?", False)
    assert _read(SERVER, item, NOW, "en") == _Part([], unread=item)


def test_each_answer_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []

    @contextmanager
    def verified() -> Iterator[None]:
        said.append("verified")
        yield

    def waiting(*asked: Any) -> _Part:
        said.append(asked)
        return _Part([])

    monkeypatch.setattr("cli.remote.connected.key_of", lambda server, secret: "key")
    monkeypatch.setattr("cli.remote.connected.connected", lambda url, secret, key: nullcontext(f"{url} by {key}"))
    monkeypatch.setattr("cli.remote.connected.verified", verified)
    monkeypatch.setattr(queue, "_waiting", waiting)
    server, key = _opened(SERVER)
    assert _read(server, key, NOW, "de") == _Part([])
    assert said == ["verified", (SERVER, "https://office.example by key", NOW, "de")]


def item(order: str, due: datetime | None, log: str = "a") -> QueueItem:
    return QueueItem("https://x", log, "o", "a", order, None, "EPOC", [], "E-10-3", due, "OPEN", [])


def test_what_has_no_known_end_comes_first_and_then_the_soonest() -> None:
    items = [
        item("3", NOW), item("1", NOW + timedelta(days=1)), item("2", None, "b"), item("1", NOW), item("9", None),
    ]  # fmt: skip
    found = sorted(items, key=_soonest)
    assert [(i.order, i.due) for i in found] == [
        ("9", None), ("2", None), ("1", NOW), ("3", NOW), ("1", NOW + timedelta(days=1)),
    ]  # fmt: skip


def test_the_servers_that_are_named_are_asked_once_each_else_all(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [SimpleNamespace(url=f"https://{name}.example") for name in "abc"]
    monkeypatch.setattr(queue, "known_servers", lambda: kept)
    assert _servers([]) == kept
    assert _servers(["https://c.example", "https://a.example", "https://c.example"]) == [kept[2], kept[0]]
    with pytest.raises(Stop, match=r"nothing is kept of https://d\.example") as stopped:
        _servers(["https://a.example", "https://d.example"])
    assert stopped.value.hint == "comity remote add https://d.example --trust DIR"
    monkeypatch.setattr(queue, "known_servers", list)
    with pytest.raises(Stop, match="no server is kept"):
        _servers([])

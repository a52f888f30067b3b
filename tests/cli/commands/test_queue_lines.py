"""The queue of all ledgers is rows, a line for each ledger that was not read, and an exit code for the gravest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import queue
from cli.commands.queue import QueueItem, ReadItem, UnreadItem, _Part
from cli.exit_codes import Exit
from tests.support.cli import run

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3, minutes=30)


def item(order: str, ref: str | None, due: datetime | None) -> QueueItem:
    asked, acts = ["identity", "name, address"], ["order-received", "objection-raised"]
    of = ("https://a.example", "log.example/a", "skylark", "ilves", order, ref, "EPOC")
    return QueueItem(*of, asked, "E-10-3", due, "OPEN", acts)


READ = ReadItem("https://a.example", "log.example/a", 40, "skylark", 2)
SILENT = UnreadItem("https://b.example", "log.example/b", "HTTP-SILENT", "it is silent", False)
FALSE = UnreadItem("https://c.example", "log.example/c", "API-FALSE", "it lies", True)


def asked(monkeypatch: pytest.MonkeyPatch, *parts: _Part) -> list[Any]:
    """Let each server give one part; return what was asked for."""
    said: list[Any] = []
    servers = [SimpleNamespace(url=str(n), part=part) for n, part in enumerate(parts)]

    def chosen(urls: Any) -> Any:
        said.append(urls)
        return servers

    monkeypatch.setattr(queue, "_servers", chosen)
    monkeypatch.setattr(queue, "_opened", lambda server: (server, f"key of {server.url}"))

    def read(server: Any, key: str, now: datetime, lang: str) -> _Part:
        assert key == f"key of {server.url}"
        assert abs(now - datetime.now(UTC)) < timedelta(seconds=30)
        assert now.microsecond == 0
        said.append(lang)
        part: _Part = server.part
        return part

    monkeypatch.setattr(queue, "_read", read)
    return said


@pytest.mark.parametrize(
    ("parts", "ends", "lines"),
    [
        ((_Part([], read=READ),), Exit.DONE, ["0 waiting in 1 ledger"]),
        ((_Part([item("o", "P-1", SOON)], read=READ),), Exit.FINDINGS, ["1 waiting in 1 ledger"]),
        (
            (_Part([item("o", "P-1", SOON)], read=READ), _Part([], unread=SILENT)),
            Exit.UNDECIDABLE,
            [
                "NOT READ https://b.example (log.example/b): HTTP-SILENT it is silent",
                "1 waiting in 1 ledger, 1 not read",
            ],
        ),
        (
            (_Part([], read=READ), _Part([], unread=SILENT), _Part([], unread=FALSE), _Part([], read=READ)),
            Exit.PROVED_BAD,
            [
                "NOT READ https://b.example (log.example/b): HTTP-SILENT it is silent",
                "NOT READ https://c.example (log.example/c): API-FALSE it lies",
                "0 waiting in 2 ledgers, 2 not read",
            ],
        ),
    ],
)
def test_the_gravest_answer_decides_how_the_queue_ends(
    parts: tuple[_Part, ...], ends: Exit, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(monkeypatch, *parts)
    done = run("queue")
    assert (done.exit_code, done.stderr.splitlines()) == (ends, lines)


def test_what_waits_is_a_row_and_comes_soonest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [item("aaaabbbbcccc", None, SOON), item("o", "P-1", None)]
    said = asked(monkeypatch, _Part([items[0]], read=READ), _Part([items[1]], read=READ))
    done = run("queue", "--server", "https://a.example", "--lang", "de")
    assert said == [("https://a.example",), "de", "de"]
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[:5] for row in rows] == [
        ["ilves", "P-1", "identity; name, address", "E-10-3", ""],
        ["ilves", "aaaabbbb", "identity; name, address", "E-10-3", f"{SOON:%Y-%m-%dT%H:%M:%SZ}"],
    ]
    assert [row[6:] for row in rows] == [["OPEN", "order-received, objection-raised", "https://a.example"]] * 2
    assert rows[1][5].startswith("3 d 0 h")
    assert rows[0][5] != rows[1][5]
    heads = run("queue", "--format", "csv").stdout.splitlines()[0]
    assert heads == "authority,order,asked,clock,due,left,verdict,next,server"

"""Mirrors are compared entry by entry, and the exit code says whether one is proved to lack what it states."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import mirrors
from cli.commands.mirrors import check, push
from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation
from ledger.errors import LedgerError, RecordError

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


class Key:
    def __init__(self, name: str) -> None:
        self.name = name


def checked(
    monkeypatch: pytest.MonkeyPatch, *answers: Any, places: tuple[str, ...] | None = None
) -> tuple[Exit, list[Any], list[str]]:
    """Check mirrors that answer with a size or a fault, each at a separate place unless `places` are given."""
    where = places or tuple(f"https://{n}.example" for n in range(len(answers)))
    keys = {Key(f"m{n}"): SimpleNamespace(monitoring=at) for n, at in enumerate(where)}
    folder = SimpleNamespace(mirrors=keys, entries="entries", origin="log.example", keys="keys", policy="policy")
    left, emitted = list(answers), list[Any]()

    def compare(store: Any, own: Any, policy: Any, held: list[Key], source: str) -> Any:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert [key.name for key in held] == [key.name for key, at in keys.items() if source.startswith(at.monitoring)]
        return SimpleNamespace(checkpoint=SimpleNamespace(size=answer))

    monkeypatch.setattr(mirrors, "ledger_choice", SimpleNamespace(ledger_folder=lambda: "ledger"))
    monkeypatch.setattr("ledger.adapters.folders.ledger_folder.read_folder", lambda path: folder)
    monkeypatch.setattr("ledger.adapters.log.published_log.source", lambda where: where)
    monkeypatch.setattr("ledger.adapters.mirror.client.check_mirror", compare)
    store = SimpleNamespace(size=lambda: 9, close=lambda: None)
    monkeypatch.setattr("ledger.adapters.storage.entry_reader.EntryReader", lambda place: store)
    monkeypatch.setattr("ledger.tlog.names.origin_hash", lambda origin: f"hash of {origin}")
    monkeypatch.setattr(
        mirrors, "stored_by", lambda head, held: [SimpleNamespace(at=AT)] if head.checkpoint.size else []
    )
    monkeypatch.setattr(mirrors, "stored", lambda head, held: [f"stored up to {head.checkpoint.size}"])
    told: list[str] = []
    monkeypatch.setattr("cli.terminal.output.tell", told.append)
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, *more: emitted.append(answer))
    ended = check.main([], standalone_mode=False, obj=Invocation())
    return ended, emitted, told


LACKS, FORKED = RecordError("MIRROR-LACKS", "it lacks entry 3"), LedgerError("LOG-FORKED", "another tree")
SILENT = LedgerError("HTTP-SILENT", "it is silent")


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        ((9,), Exit.DONE),
        ((9, 4), Exit.DONE),
        ((LACKS,), Exit.PROVED_BAD),
        ((FORKED,), Exit.PROVED_BAD),
        ((RecordError("LOG-ROLLBACK", "x"),), Exit.PROVED_BAD),
        ((RecordError("CP-SIG", "x"),), Exit.PROVED_BAD),
        ((SILENT,), Exit.UNDECIDABLE),
        ((SILENT, 9), Exit.UNDECIDABLE),
        ((LACKS, SILENT), Exit.PROVED_BAD),
        ((SILENT, LACKS), Exit.PROVED_BAD),
        ((SILENT, SILENT), Exit.UNDECIDABLE),
    ],
)
def test_what_one_mirror_is_proved_to_lack_is_not_hidden_by_another(
    answers: tuple[Any, ...], ends: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, (answer,), _ = checked(monkeypatch, *answers)
    assert ended is ends
    assert (answer.size, len(answer.mirrors)) == (9, len(answers))


def test_each_mirror_has_a_line_with_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (answer,), told = checked(monkeypatch, 4, SILENT, 0)
    first, second, third = answer.mirrors
    assert (first.mirror, first.reads) == ("m0", "https://0.example/hash of log.example")
    assert (first.size, first.cosigned, first.code, first.says) == (4, AT, "", "all 4 entries are there")
    assert (second.mirror, second.size, second.cosigned) == ("m1", None, None)
    assert (second.code, second.says) == ("HTTP-SILENT", "it is silent")
    assert (third.size, third.cosigned) == (0, None)
    assert told == ["stored up to 4", "stored up to 0"]


def test_two_keys_at_one_place_are_one_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (answer,), _ = checked(monkeypatch, 9, 8, places=("https://a.example", "https://b.example", "https://a.example"))
    assert [(each.mirror, each.size) for each in answer.mirrors] == [("m0", 9), ("m1", 8)]


def test_a_ledger_without_a_mirror_says_how_one_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stop, match="this ledger has no mirror"):
        checked(monkeypatch, places=())


@pytest.mark.parametrize(
    ("lines", "ends"), [((True,), Exit.DONE), ((True, False), Exit.UNDECIDABLE), ((False,), Exit.UNDECIDABLE)]
)
def test_a_push_is_done_once_every_mirror_has_stored_the_head(
    lines: tuple[bool, ...], ends: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    asked = [
        SimpleNamespace(
            names=(f"m{n}", "other"), url=f"https://{n}.example", lines={"key": "line"} if stored else {},
            fault=None if stored else SILENT,
        )
        for n, stored in enumerate(lines)
    ]  # fmt: skip
    done: list[Any] = []
    folder = SimpleNamespace(mirrors={"a": "b"}, path=Path("ledger"), policy="policy")
    log = SimpleNamespace(catch_up=lambda: done.append("caught up"))
    journal = SimpleNamespace(log=log, folder=folder)

    def push_head(*said: Any, **more: Any) -> Any:
        done.append(said[1:])
        assert more["longest"] is None
        return SimpleNamespace(kept=SimpleNamespace(size=9), asked=asked)

    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(journal))
    monkeypatch.setattr("ledger.adapters.mirror.client.push_head", push_head)
    emitted: list[Any] = []
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, *more: emitted.append(answer))
    assert push.main([], standalone_mode=False, obj=Invocation()) is ends
    assert done == ["caught up", ("policy", folder.mirrors, Path("ledger/evidence"))]
    (answer,) = emitted
    assert answer.size == 9
    for n, (item, stored) in enumerate(zip(answer.mirrors, lines, strict=True)):
        assert (item.mirror, item.url) == (f"m{n}, other", f"https://{n}.example")
        says = "all entries up to 9 are stored, as it states" if stored else "it is silent"
        assert (item.size, item.code, item.says) == (9 if stored else None, "" if stored else "HTTP-SILENT", says)

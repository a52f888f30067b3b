"""A time stamp is judged again each time it is listed; one that does not hold says why in the place of its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.stamp import _record, _rows
from ledger.errors import RecordError

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


def token(head: str, reply: bytes) -> Any:
    return SimpleNamespace(authority="tsa", head=head, digest=f"digest of {head}", reply=reply)


def test_each_stamp_has_its_moment_or_what_is_wrong_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = [token("a", b"good"), token("a", b"bad"), token("gone", b"good")]
    heads = {"a": SimpleNamespace(size=9, note=b"note")}
    store = SimpleNamespace(tokens=lambda: tokens, get=heads.get, close=lambda: None)
    asked: list[Any] = []

    def read_stamp(reply: bytes, note: bytes, roots: Any) -> Any:
        asked.append((reply, note, roots))
        if reply == b"bad":
            raise RecordError("TSA-BAD", "it does not verify")
        return SimpleNamespace(at=AT, accuracy=timedelta(milliseconds=1500))

    monkeypatch.setattr(
        "ledger.adapters.folders.ledger_folder.read_folder", lambda path: SimpleNamespace(heads="heads")
    )
    monkeypatch.setattr("ledger.adapters.log.checkpoints.CheckpointStore", lambda place, writable: store)
    monkeypatch.setattr("ledger.adapters.timestamps.rfc3161.trusted", lambda folder: f"roots of {folder}")
    monkeypatch.setattr("ledger.adapters.timestamps.rfc3161.read_stamp", read_stamp)
    good, bad, gone = _rows(Path("ledger"))
    assert (good.at, good.accuracy, good.size, good.head) == ("2027-06-01T12:00:00Z", "1.5 s", 9, "a")
    assert ("it does not verify" in bad.at, bad.accuracy, bad.size) == (True, "", 9)
    assert (gone.size, gone.digest) == (None, "digest of gone")
    roots = "roots of ledger/trust/tsa"
    assert asked == [(b"good", b"note", roots), (b"bad", b"note", roots), (b"good", b"", roots)]


def test_a_stamp_is_recorded_with_the_state_that_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[Any] = []
    said: list[str] = []

    def record(fact: Any, order: str, signer: Any) -> Any:
        recorded.append((fact, order, signer))
        return SimpleNamespace(index=41)

    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    journal: Any = SimpleNamespace(record=record, registry="registry")
    signer: Any = "signer"
    _record(journal, token("a", b"reply"), 9, "ab" * 32, signer)
    ((fact, order, by),) = recorded
    assert (fact.kind, order, by) == ("timestamp-anchored", "registry", "signer")
    assert said == ["recorded in the register as entry 41"]

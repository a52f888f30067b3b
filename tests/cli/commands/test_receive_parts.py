"""An entry that crossed others is wrapped under one id, also when the command is repeated."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import receive
from cli.commands.receive import ReceivedItem, _crossed, _row, _tell
from cli.handover.reception import Received
from ledger.entries.wrapped_entry import KIND

LEAF = "ab" * 32
OPENED: Any = SimpleNamespace(leaf=LEAF, payload=SimpleNamespace(order="order-1"))


def other(**changed: Any) -> Any:
    said = {"kind": KIND, "order": "order-1", "public": {"leaf": LEAF, "index": 7}, **changed}
    return SimpleNamespace(payload=SimpleNamespace(**said))


def crossed(monkeypatch: pytest.MonkeyPatch, **stored: Any) -> tuple[str, int | None]:
    monkeypatch.setattr(receive, "open_", lambda raw: stored[raw])
    store = SimpleNamespace(by_entry=lambda entry: (0, entry.hex()) if entry.hex() in stored else None)
    journal: Any = SimpleNamespace(store=store)
    return _crossed(journal, OPENED)


SECOND, THIRD = (sha256(f"{LEAF}\n{n}".encode()).hexdigest()[:32] for n in (1, 2))


def test_the_id_of_a_wrapper_follows_from_the_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert crossed(monkeypatch) == (LEAF[:32], None)
    assert crossed(monkeypatch, **{LEAF[:32]: other()}) == (LEAF[:32], 7), "it was wrapped before"


@pytest.mark.parametrize(
    "changed", [{"kind": "order-issued"}, {"order": "order-2"}, {"public": {"leaf": "cd" * 32}}, {"public": {}}]
)
def test_an_id_that_another_entry_has_is_left_to_it(changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    taken = other(**changed)
    assert crossed(monkeypatch, **{LEAF[:32]: taken}) == (SECOND, None)
    assert crossed(monkeypatch, **{LEAF[:32]: taken, SECOND: taken}) == (THIRD, None)
    assert crossed(monkeypatch, **{LEAF[:32]: taken, SECOND: other()}) == (SECOND, 7)


@pytest.mark.parametrize("already", [False, True])
def test_a_row_says_whether_an_entry_was_here(already: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "parse_proof", lambda proof: SimpleNamespace(index=int(proof)))
    payload = SimpleNamespace(log="log.example", kind="order-received")
    taken: Any = SimpleNamespace(
        opened=SimpleNamespace(payload=payload), arrival=SimpleNamespace(proof=b"4"), already=already, index=9
    )
    row = _row(taken)
    assert (row.log, row.their_index, row.kind, row.index) == ("log.example", 4, "order-received", 9)
    assert row.done == ("already recorded" if already else "recorded")


def test_what_arrived_is_counted_as_new_or_here_already(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    changed = Received([], [], ["PPO-1  SERVED"])
    monkeypatch.setattr(
        "cli.terminal.output.emit", lambda answer, columns, rows, text: said.append((answer, rows, text()))
    )
    items = [ReceivedItem("log.example", n, "order-received", "recorded", n + 5) for n in (1, 2, 3)]
    _tell(items, 1, changed)
    _tell([], 0, changed)
    (first, rows, text), (none, empty, nothing) = said
    assert (first.recorded, first.already, rows) == (1, 2, items)
    assert text.splitlines() == ["recorded 1 entry; 2 already on record", "PPO-1  SERVED"]
    assert (none.recorded, none.already, nothing) == (0, 0, "nothing in it is for us")
    assert empty == [(None, None, None, "nothing for us", None)]

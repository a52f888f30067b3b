"""An audit finds the same with the fast and the careful reading, in pages of any size, in one process or several."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.data.generate import ORIGIN, order, registrar, registry
from benchmarks.data.ledgers import new, receive
from ledger.application.integrity import audit as auditing
from ledger.application.integrity import check_run
from ledger.application.integrity.audit import Audit, audit
from ledger.entries import envelope

ORDERS = (1, 2)
COLUMNS = (("stored_events", "state", "rowid"), ("log_leaf", "leaf", "idx + 1"), ("log_leaf", "nodes", "idx + 1"))
DAMAGE = (
    "SELECT 1",
    "UPDATE stored_events SET topic = 'no-data-held' WHERE rowid = 130",
    "UPDATE stored_events SET originator_version = 9999 WHERE rowid = 130",
    "UPDATE stored_events SET state = x'7b7d' WHERE rowid = 130",
    "UPDATE stored_events SET state = (SELECT state FROM stored_events WHERE rowid = 129) WHERE rowid = 130",
    "UPDATE stored_events SET state = CAST(replace(state, '\"sig\"', '\"sig\" ') AS BLOB) WHERE rowid = 130",
    "UPDATE stored_events SET state = CAST(replace(state, '==', 'A=') AS BLOB) WHERE rowid = 130",
    "UPDATE log_leaf SET entry_id = randomblob(16) WHERE idx = 129",
    "UPDATE log_leaf SET nodes = x'' WHERE idx = 127",
    "DELETE FROM log_leaf WHERE idx = 129",
    "DELETE FROM stored_events WHERE rowid = 130",
    "UPDATE stored_events SET state = x'00' WHERE rowid = 5",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the event store of a ledger with two orders, without the triggers that forbid damage."""
    path = tmp_path_factory.mktemp("read") / "ledger"
    entries = sorted((step for number in ORDERS for step in order(number)), key=lambda step: step[0])
    with new(path) as journal:
        receive(journal, registry())
        journal.receive_sealed([sealed.raw for _, sealed in entries])
    store = path / "entries.db"
    with closing(sqlite3.connect(store)) as c:
        for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            c.execute(f"DROP TRIGGER {name}")
        c.commit()
    return store


@pytest.fixture(scope="module")
def damaged(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, tuple[Any, ...]], Path]:
    """Return a function that copies the store and changes the copy with one statement."""
    folder = tmp_path_factory.mktemp("damaged")
    numbers = iter(range(1_000_000))

    def change(statement: str, parameters: tuple[Any, ...] = ()) -> Path:
        store = folder / f"{next(numbers)}.db"
        with closing(sqlite3.connect(whole)) as source, closing(sqlite3.connect(store)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=WAL")
            copy.execute(statement, parameters)
            copy.commit()
        return store

    return change


def found(store: Path, workers: int = 1) -> tuple[Any, ...]:
    report: Audit = audit(store, ORIGIN, registrar(), workers=workers)
    return report.size, report.signatures, report.problems, report.frontier.size, report.frontier.root()


def readings(store: Path) -> list[tuple[Any, ...]]:
    """Return what an audit finds as it is, without the fast way of reading, one entry at a time, and in short runs."""
    with pytest.MonkeyPatch.context() as patch:
        each = [found(store)]
        for owner, name, value in (
            (envelope, "_at_a_glance", lambda raw: None),
            (check_run, "TOGETHER", 1),
            (check_run, "_plainly_found", lambda c, places: False),
        ):
            patch.setattr(owner, name, value)
            each.append(found(store))
    return each


@pytest.mark.slow
@pytest.mark.parametrize("statement", DAMAGE)
def test_an_audit_finds_the_same_the_fast_and_the_careful_way_and_in_pages_of_any_size(
    damaged: Callable[..., Path], statement: str
) -> None:
    first, *others = readings(damaged(statement))
    assert [other for other in others if other != first] == []
    assert (first[2] == []) == (statement == DAMAGE[0])


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    column=st.sampled_from(COLUMNS),
    row=st.integers(1, 160),
    place=st.integers(1, 1_500),
    byte=st.binary(min_size=1, max_size=1),
)
def test_an_audit_finds_a_changed_byte_the_fast_and_the_careful_way(
    damaged: Callable[..., Path], column: tuple[str, str, str], row: int, place: int, byte: bytes
) -> None:
    table, name, number = column
    at = f"1 + (? - 1) % max(length({name}), 1)"
    changed = f"CAST(substr({name}, 1, {at} - 1) || ? || substr({name}, {at} + 1) AS BLOB)"
    statement = f"UPDATE {table} SET {name} = {changed} WHERE {number} = ? AND length({name}) > 0"  # noqa: S608
    first, *others = readings(damaged(statement, (place, byte, place, row)))
    assert [other for other in others if other != first] == []


@pytest.mark.parametrize("statement", [DAMAGE[0], DAMAGE[3], DAMAGE[-1]])
def test_an_audit_finds_the_same_in_one_process_and_in_several(
    damaged: Callable[..., Path], statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = damaged(statement)
    runs = [(start, min(start + 32, 160)) for start in range(0, 160, 32)]
    monkeypatch.setattr(auditing, "_runs", lambda size, workers: [*runs, (160, size)])
    assert found(store, workers=2) == found(store)

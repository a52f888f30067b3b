"""An audit reads the whole event store again, and names every changed row with its entry."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data.generate import ORIGIN, order, registrar, registry
from benchmarks.data.ledgers import new, receive
from ledger.adapters.storage import sqlite
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.statements import Statement
from ledger.application.integrity import audit as auditing
from ledger.application.integrity import check_run
from ledger.application.integrity.audit import RUN, Audit, _runs, audit
from ledger.application.integrity.check_run import subtree
from ledger.entries.envelope import open_
from ledger.entries.keyring import Registrar
from ledger.entries.placement import registry_of
from ledger.tlog.tree import Frontier, leaf_hash
from tests.support.memory_ledger import Ledger, resealed, small

ORDERS = (1, 2, 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audited") / "ledger"
    entries = sorted((step for number in ORDERS for step in order(number)), key=lambda step: step[0])
    with new(path) as journal:
        receive(journal, registry())
        journal.receive_sealed([sealed.raw for _, sealed in entries])
    return path / "entries.db"


@pytest.fixture
def shelf(whole: Path, tmp_path: Path) -> Path:
    with closing(sqlite3.connect(whole)) as source, closing(sqlite3.connect(tmp_path / "entries.db")) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
    return tmp_path / "entries.db"


@pytest.fixture(params=[16, 4_096], ids=["many runs", "one run"])
def check(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Audit]:
    """Audit in runs of sixteen entries or in one run, in this process, so that patches take effect."""
    monkeypatch.setattr(auditing, "RUN", request.param)
    return lambda path: audit(path, ORIGIN, registrar(), workers=1)


def touch(path: Path, *statements: str) -> None:
    """Change the file with its triggers dropped."""
    with closing(sqlite3.connect(path)) as c:
        triggers = c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            c.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            c.execute(statement)
        c.commit()


def problems_of(report: Audit) -> set[tuple[str, str]]:
    return {(problem.code, problem.where) for problem in report.problems}


def test_a_whole_ledger_has_no_problem_and_every_signature_was_checked(
    whole: Path, check: Callable[[Path], Audit]
) -> None:
    report = check(whole)
    assert report.problems == []
    assert report.signatures == report.size == report.frontier.size > 150


def test_several_processes_come_to_the_same_root(whole: Path, check: Callable[[Path], Audit]) -> None:
    assert audit(whole, ORIGIN, registrar(), workers=2).frontier.root() == check(whole).frontier.root()


def checked_by(start: int, stop: int) -> Any:
    """Return a run, and the process that was asked to check it."""
    return start, stop, os.getpid()


@pytest.mark.parametrize(("runs", "workers", "others"), [(5, 2, True), (2, 2, True), (5, 1, False), (1, 2, False)])
def test_runs_go_to_other_processes_if_there_are_two_of_each_and_come_back_in_order(
    runs: int, workers: int, others: bool
) -> None:
    asked = [(n, n + 1) for n in range(runs)]
    done: Any = list(auditing.spread(checked_by, asked, workers))
    assert [(start, stop) for start, stop, _ in done] == asked
    assert {pid != os.getpid() for _, _, pid in done} == {others}


@pytest.mark.parametrize(
    ("statement", "code", "where"),
    [
        ("UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE rowid = 160", "ENV", "#159"),
        ("UPDATE stored_events SET topic = 'no-data-held' WHERE rowid = 160", "LOG-CORRUPT", "#159"),
        ("UPDATE stored_events SET originator_version = 99 WHERE rowid = 160", "LOG-CORRUPT", "#159"),
        ("UPDATE log_leaf SET leaf = randomblob(32) WHERE idx = 159", "LOG-CORRUPT", "#159"),
        ("UPDATE log_leaf SET entry_id = randomblob(16) WHERE idx = 159", "LOG-CORRUPT", "#159"),
        ("UPDATE log_leaf SET nodes = randomblob(length(nodes)) WHERE idx = 159", "LOG-CORRUPT", "#159"),
        ("UPDATE log_leaf SET nodes = x'' WHERE idx = 159", "LOG-CORRUPT", "#159"),
        ("DELETE FROM log_leaf WHERE idx = 159", "LOG-CORRUPT", "#159"),
        ("DELETE FROM stored_events WHERE rowid = 160", "LOG-CORRUPT", "#159"),
    ],
)
def test_whatever_was_touched_is_named(
    shelf: Path, check: Callable[[Path], Audit], statement: str, code: str, where: str
) -> None:
    touch(shelf, statement)
    assert any(found.startswith(code) and at == where for found, at in problems_of(check(shelf)))


def test_an_inner_hash_above_a_run_is_compared_too(shelf: Path, check: Callable[[Path], Audit]) -> None:
    touch(
        shelf, "UPDATE log_leaf SET nodes = CAST(substr(nodes, 1, 192) || zeroblob(32) AS BLOB) WHERE idx = 127"
    )  # height 7
    assert [problem.code for problem in check(shelf).problems] == ["LOG-CORRUPT"]


def test_another_registrar_explains_no_key(whole: Path, check: Callable[[Path], Audit]) -> None:
    other = Registrar("keeper", "XO", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")
    report = audit(whole, ORIGIN, other, workers=1)
    assert ("KEY-UNKNOWN", "#0") in problems_of(report)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 13, 16])
def test_a_subtree_made_level_by_level_is_the_one_grown_leaf_by_leaf(size: int) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    frontier = Frontier()
    completed = [b"".join(frontier.add(leaf)[1:]) for leaf in leaves]
    assert subtree(leaves) == (completed, frontier.peaks)


@pytest.mark.parametrize(("size", "workers"), [(1, 2), (1_024, 2), (30_000, 2), (100_000, 3), (20_000, 1)])
def test_the_runs_of_an_audit_follow_each_other_and_begin_where_a_subtree_does(size: int, workers: int) -> None:
    runs = list(_runs(size, workers))
    assert [start for start, _ in runs] == [0, *(stop for _, stop in runs[:-1])]
    assert runs[-1][1] == size
    assert all((stop - start).bit_count() == 1 and start % (stop - start) == 0 for start, stop in runs[:-1])


def test_several_workers_get_shorter_runs_towards_the_end_and_one_worker_gets_whole_ones() -> None:
    lengths = [[stop - start for start, stop in _runs(5 * RUN, workers)] for workers in (1, 2)]
    assert lengths[0] == [RUN] * 5
    assert lengths[1] == sorted(lengths[1], reverse=True)
    assert lengths[1][-1] < RUN


# -- files that SQLite would not have written --------------------------------------------------------------------------

EVENTS, LEAVES = ("originator_id, originator_version",), ("entry_id", "leaf")


def forged(
    c: sqlite3.Connection, table: str, columns: tuple[str, ...], row: tuple[Any, ...] | None, hidden: int
) -> None:
    """Insert a row that violates the declared constraints, and hide a row from the indexes."""
    (sql,) = c.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    key = "rowid" if table == "stored_events" else "idx"
    c.execute(f"ALTER TABLE {table} RENAME TO old_one")
    c.execute(re.sub(r",\s*UNIQUE \([^)]*\)| UNIQUE\b", "", sql))
    c.execute(f"INSERT INTO {table} SELECT * FROM old_one")  # noqa: S608
    c.execute("DROP TABLE old_one")
    if row is not None:
        c.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    for n, each in enumerate(columns, 1):
        c.execute(f"CREATE INDEX i{n} ON {table} ({each}) WHERE {key} <> {hidden}")
    c.execute("PRAGMA writable_schema=ON")
    c.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
    for n in range(1, len(columns) + 1):
        name = f"sqlite_autoindex_{table}_{n}"
        c.execute("UPDATE sqlite_master SET name = ?, sql = NULL WHERE name = ?", (name, f"i{n}"))
    c.execute("PRAGMA writable_schema=RESET")


def test_a_register_entry_that_its_index_does_not_find_is_missed(shelf: Path, check: Callable[[Path], Audit]) -> None:
    touch(shelf)
    with closing(sqlite3.connect(shelf, isolation_level=None)) as c:
        newest = "SELECT max(rowid) FROM stored_events WHERE originator_id = ?"
        (last,) = c.execute(newest, (registry_of(ORIGIN),)).fetchone()
        forged(c, "stored_events", EVENTS, None, hidden=last)
        assert c.execute(newest, (registry_of(ORIGIN),)).fetchone()[0] < last
    assert ("CTX-CHAIN", f"#{last - 1}") in problems_of(check(shelf))


@pytest.mark.parametrize("is_hidden", [True, False])
def test_two_entries_with_one_number_in_their_order_are_found_where_no_constraint_forbids_them(
    is_hidden: bool, shelf: Path, check: Callable[[Path], Audit]
) -> None:
    touch(shelf)
    with closing(sqlite3.connect(shelf, isolation_level=None)) as c:
        (size,) = c.execute("SELECT max(rowid) FROM stored_events").fetchone()
        again = c.execute("SELECT * FROM stored_events WHERE rowid = 100").fetchone()
        entry, leaf = c.execute("SELECT entry_id, leaf FROM log_leaf WHERE idx = 99").fetchone()
        tree = Frontier()
        for (each,) in c.execute("SELECT leaf FROM log_leaf ORDER BY idx").fetchall():
            tree.add(each)
        nodes = b"".join(tree.add(leaf)[1:])
        forged(c, "stored_events", EVENTS, (size + 1, *again[1:]), hidden=size + 1 if is_hidden else 0)
        forged(c, "log_leaf", LEAVES, (size, entry, leaf, nodes), hidden=size if is_hidden else -1)
    found = problems_of(check(shelf))
    assert {code for code, _ in found} & {"CTX-CHAIN", "CTX-REPLAY"}, found


def test_entries_that_their_index_gives_for_one_another_are_found(shelf: Path, check: Callable[[Path], Audit]) -> None:
    touch(shelf)
    with closing(sqlite3.connect(shelf, isolation_level=None)) as c:
        (one, this), (two, that) = c.execute(
            "SELECT rowid, originator_id FROM stored_events WHERE originator_version = 3 ORDER BY rowid DESC LIMIT 2"
        ).fetchall()
        swapped = f"CASE rowid WHEN {one} THEN '{that}' WHEN {two} THEN '{this}' ELSE originator_id END"
        forged(c, "stored_events", (f"{swapped}, originator_version",), None, hidden=0)
    assert "CTX-CHAIN" in {code for code, _ in problems_of(check(shelf))}


def test_an_index_that_is_whole_is_asked_once_for_each_order_of_a_run(
    whole: Path, check: Callable[[Path], Audit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(check_run._NOT_FOUND, "CTX-CHAIN", Statement("no statement", "no statement"))
    assert problems_of(check(whole)) == set()


def shelf_of(ledger: Ledger, path: Path) -> Path:
    """Write a ledger of the verifier's tests into a separate database file; return its path."""
    sqlite.create(path, SCHEMA)
    tree = Frontier()
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        for index, raw in enumerate(ledger.entries):
            p, leaf = open_(raw, verify=False).payload, leaf_hash(raw)
            row = (index + 1, p.order, p.seq, p.kind, raw)
            c.execute("INSERT INTO stored_events VALUES (?, ?, ?, ?, ?, NULL, NULL)", row)
            nodes = b"".join(tree.add(leaf)[1:])
            c.execute("INSERT INTO log_leaf VALUES (?, ?, ?, ?)", (index, bytes.fromhex(p.entry), leaf, nodes))
    return path


@pytest.mark.parametrize("kind", ["authority-registered", "key-registered", "key-accepted", "order-issued"])
def test_an_entry_whose_fields_are_not_those_of_its_kind_is_found(kind: str, tmp_path: Path) -> None:
    ledger, ilves = small()
    index = next(n for n, raw in enumerate(ledger.entries) if open_(raw).payload.kind == kind)
    signer = ilves if kind in ("key-accepted", "order-issued") else ledger.keeper
    field = {"order-issued": "to_party", "authority-registered": "party"}.get(kind, "key")
    ledger.entries[index] = resealed(ledger.entries[index], lambda said: said["public"].pop(field), signer)
    keeper = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    assert ("FACT", f"#{index}") in problems_of(audit(shelf_of(ledger, tmp_path / "entries.db"), ledger.origin, keeper))


def test_a_change_of_witnesses_of_a_schema_that_is_not_known_here_changes_nothing(tmp_path: Path) -> None:
    ledger, _ = small()
    text = {"code": "tlog-policy", "media": "text/plain", "size": 1, "sha256": "ab" * 32}
    index = ledger.record(ledger.keeper, "witness-changed", {"policy_text": text})
    keeper = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    assert set(audit(shelf_of(ledger, tmp_path / "known.db"), ledger.origin, keeper).log_changes) == {index}
    raw = resealed(ledger.entries[index], lambda said: said.update(schema=99, public={}), ledger.keeper)
    ledger.entries[index] = raw
    report = audit(shelf_of(ledger, tmp_path / "later.db"), ledger.origin, keeper)
    assert (report.log_changes, problems_of(report)) == ({}, set())

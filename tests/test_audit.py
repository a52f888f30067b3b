"""An audit reads the shelf again and believes nothing: whatever was touched is named, with the entry it belongs to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.generate import ORIGIN, order, registrar, registry
from benchmarks.ledgers import new, receive
from ledger.keyring import Registrar
from ledger.tlog import Frontier, leaf_hash
from ledger.world import audit as auditing
from ledger.world.audit import Audit, _runs, audit, subtree

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
    """Audit in runs of sixteen entries and in one run, in this process, where a patch reaches."""
    monkeypatch.setattr(auditing, "RUN", request.param)
    return lambda path: audit(path, ORIGIN, registrar(), workers=1)


def touch(path: Path, *statements: str) -> None:
    """Change the file as somebody would who is not held back by triggers."""
    with closing(sqlite3.connect(path)) as c:
        triggers = c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            c.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            c.execute(statement)
        c.commit()


def told(report: Audit) -> set[tuple[str, str]]:
    return {(problem.code, problem.where) for problem in report.problems}


def test_a_whole_ledger_has_no_problem_and_every_signature_was_checked(
    whole: Path, check: Callable[[Path], Audit]
) -> None:
    report = check(whole)
    assert report.problems == []
    assert report.signatures == report.size == report.frontier.size > 150


def test_several_processes_come_to_the_same_root(whole: Path, check: Callable[[Path], Audit]) -> None:
    assert audit(whole, ORIGIN, registrar(), workers=2).frontier.root() == check(whole).frontier.root()


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
    assert any(found.startswith(code) and at == where for found, at in told(check(shelf)))


def test_an_inner_hash_above_a_run_is_compared_too(shelf: Path, check: Callable[[Path], Audit]) -> None:
    touch(
        shelf, "UPDATE log_leaf SET nodes = CAST(substr(nodes, 1, 192) || zeroblob(32) AS BLOB) WHERE idx = 127"
    )  # height 7
    assert [problem.code for problem in check(shelf).problems] == ["LOG-CORRUPT"]


def test_another_registrar_explains_no_key(whole: Path, check: Callable[[Path], Audit]) -> None:
    other = Registrar("keeper", "XO", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")
    report = audit(whole, ORIGIN, other, workers=1)
    assert ("KEY-UNKNOWN", "#0") in told(report)


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

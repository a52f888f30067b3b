"""An audit reads the whole event store again, and names every changed row with its entry."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.data.generate import ORIGIN, order, registrar, registry
from benchmarks.data.ledgers import new, receive
from ledger.adapters.storage import sqlite
from ledger.adapters.storage.connection import open_connection
from ledger.adapters.storage.foreign_file import ForeignFile
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.statements import Statement
from ledger.application.integrity import audit as auditing
from ledger.application.integrity import check_run
from ledger.application.integrity.audit import RUN, Audit, Commit, _runs, audit
from ledger.application.integrity.check_run import OTHER_REGISTER, Noted, Problem, Run, subtree
from ledger.entries.envelope import open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import SignedBy
from ledger.entries.placement import registry_of
from ledger.errors import LedgerError
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


def test_the_register_is_read_up_to_its_first_wrong_entry() -> None:
    ledger, _ = small()
    registrar_of = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    for rows, read, wrong in (
        ((0, 1, 2), [0, 1, 2], []),
        ((0, 2, 1), [0], [("CTX-CHAIN", "#2")]),
        ((1, 0), [], [("CTX-CHAIN", "#1")]),
        ((0, 1, 4), [0, 1], [("CTX-CHAIN", "#4")]),
    ):
        report, keyring = Audit(3), Keyring(ledger.registry, registrar_of)
        entries = [(index, ledger.entries[index]) for index in rows]
        register = auditing.read_register(entries, ledger.origin, keyring, report)
        assert [*register] == read
        assert [(each.code, each.where) for each in report.problems] == wrong
        assert all(each.says.startswith("registry: ") for each in report.problems)


# -- commits to the map of heads ---------------------------------------------------------------------------------------

SIGNER = SignedBy("ab" * 32, "orn", "SYS", "XO")


def committed(index: int, size: int, top: bytes = bytes(32)) -> Commit:
    return Commit(index, SIGNER, size, top)


def test_a_ledger_whose_maps_are_committed_is_whole_and_another_map_is_found(tmp_path: Path) -> None:
    ledger, _ = small()
    orn = ledger.enrol("orn", "XO", "ISS", "SYS")
    commits = [ledger.commit(orn), ledger.commit(orn, 3), ledger.commit(orn, 0)]
    keeper = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    assert audit(shelf_of(ledger, tmp_path / "whole.db"), ledger.origin, keeper, workers=1).problems == []
    wrong = ledger.commit(orn, 5, bytes(32))
    path = shelf_of(ledger, tmp_path / "wrong.db")
    (found,) = audit(path, ledger.origin, keeper, workers=1).problems
    made = ledger.map_at(5).tree.root().hex()[:8]
    says = f"it commits the heads of 5 entries under 00000000.., and they have {made}.."
    assert (found.code, found.where, found.says) == ("MAP-ROOT", f"#{wrong}", says)
    with closing(open_connection(path)) as c:
        read = {start: auditing.commits_from(c, ledger.origin, start) for start in range(9, 12)}
        every = auditing.commits_from(c, ledger.origin)
    assert [(each.index, each.size) for each in every] == [*zip(commits, (8, 3, 0), strict=True), (wrong, 5)]
    for start, those in read.items():
        assert [each.index for each in those] == [n for n in (*commits, wrong) if n >= start]
    assert (every[1].signer.actor, every[1].root) == ("orn", ledger.map_at(3).tree.root())


def test_what_is_no_commit_is_passed_over_and_one_with_a_wrong_signature_is_compared_all_the_same() -> None:
    ledger, _ = small()
    orn = ledger.enrol("orn", "XO", "ISS", "SYS")
    raw = ledger.entries[ledger.commit(orn)]
    envelope = json.loads(raw)
    envelope["signatures"][0]["sig"] = json.loads(ledger.entries[0])["signatures"][0]["sig"]
    forged_one = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    rows = [(1, b"{}"), (4, ledger.entries[4]), (8, raw), (9, forged_one)]
    assert [(each.index, each.size) for each in auditing.commits_in(rows)] == [(8, 8), (9, 8)]


@pytest.mark.parametrize(("size", "possible"), [(-1, False), (0, True), (1, True), (8, True), (9, True), (10, False)])
def test_a_commit_is_to_entries_before_it(size: int, possible: bool) -> None:
    holding: Any = SimpleNamespace(holds=lambda signer, index: (signer, index) == (SIGNER, 9))
    commit = committed(9, size)
    assert auditing.sizes_of([commit]) == ({size} if possible else set())
    for top, wrong in ((bytes(32), False), (b"r" * 32, True)):
        found = list(auditing.wrong_commits([commit], {size: top} if possible else {}, holding))
        codes = ["MAP-ROOT" if possible else "MAP-SIZE"] if wrong or not possible else []
        assert [(each.code, each.where) for each in found] == [(code, "#9") for code in codes]


def test_a_commit_by_a_signer_without_the_role_says_nothing() -> None:
    none: Any = SimpleNamespace(holds=lambda signer, index: index == 9)
    commits = [committed(8, 5), committed(9, 5), committed(10, 99)]
    assert [each.where for each in auditing.wrong_commits(commits, {5: b"r" * 32}, none)] == ["#9"]


# -- the runs of an audit ----------------------------------------------------------------------------------------------


class Runs:
    """The runs of an audit of a whole ledger; `problems`, `short` and `register` are by the number of the run."""

    def __init__(self, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.whole = whole
        self.problems: dict[int, int] = {}
        self.short: set[int] = set()
        self.hidden = 0
        self.climbed: list[int] = []
        self.progress: list[tuple[int, int]] = []
        monkeypatch.setattr(auditing, "RUN", 16)
        monkeypatch.setattr(auditing, "check_run", self.run)
        monkeypatch.setattr(auditing, "climb", lambda c, report, peaks: self.climbed.append(peaks[0]))

    def run(self, place: object, origin: str, keyring: Any, times: object, orders: bool, start: int, stop: int) -> Run:
        assert (place, origin, times, orders) == (self.whole, ORIGIN, None, False)
        number = start // 16
        return Run(
            signatures=1,
            problems=[Problem("ENV", f"#{start}", "no entry")] * self.problems.get(number, 0),
            noted=Noted(),
            register=self.of_register() - self.hidden if number == 0 else 0,
            peaks=(stop - start - (number in self.short), [bytes(32)]),
            orders={},
            leaves=[],
        )

    def of_register(self) -> int:
        with closing(sqlite3.connect(self.whole)) as c:
            counted = "SELECT count(*) FROM stored_events WHERE originator_id = ?"
            return int(c.execute(counted, (registry_of(ORIGIN),)).fetchone()[0])

    def audit(self) -> Audit:
        self.climbed.clear()
        self.progress.clear()

        def progress(done: int, size: int) -> None:
            self.progress.append((done, size))

        return audit(self.whole, ORIGIN, registrar(), workers=1, progress=progress)


@pytest.fixture
def runs(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(whole, monkeypatch)


def test_each_run_is_reported_and_added_to_the_tree(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", auditing.logger.name)
    report = runs.audit()
    parts = [(start, min(start + 16, report.size)) for start in range(0, report.size, 16)]
    assert (report.problems, report.signatures, report.rests) == ([], len(parts), 0)
    assert runs.progress == [(stop, report.size) for _, stop in parts]
    assert runs.climbed == [stop - start for start, stop in parts]
    said = [f"entries {start} to {stop - 1} of {report.size} read, 0 problems" for start, stop in parts]
    assert [record.getMessage() for record in caplog.records] == said


def test_behind_a_run_that_misses_an_entry_there_is_no_tree(runs: Runs) -> None:
    runs.short = {2}
    report = runs.audit()
    assert runs.climbed == [16, 16]
    assert report.signatures == len(runs.progress) > 4


@pytest.mark.parametrize(
    ("problems", "read", "kept"),
    [({0: 99}, None, 99), ({0: 100}, 1, 100), ({0: 99, 1: 1}, 2, 100), ({0: 98, 2: 7}, 3, 100)],
)
def test_an_audit_ends_with_the_run_that_has_the_hundredth_problem_and_lists_no_more(
    problems: dict[int, int], read: int | None, kept: int, runs: Runs
) -> None:
    runs.problems = problems
    report = runs.audit()
    assert len(report.problems) == kept
    if read is None:
        assert report.signatures == len(runs.progress)
    else:
        assert (report.signatures, len(runs.progress)) == (read, read - 1)


def test_a_register_of_which_the_runs_have_fewer_entries_is_a_problem_if_there_is_no_other(runs: Runs) -> None:
    runs.hidden = 1
    assert runs.audit().problems == [OTHER_REGISTER]
    runs.problems = {0: 1}
    assert [each.code for each in runs.audit().problems] == ["ENV"]


def test_an_audit_has_a_worker_for_each_core_unless_it_is_said(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def spread(check: object, runs: object, workers: int) -> Any:
        used.append(workers)
        raise InterruptedError

    monkeypatch.setattr(auditing, "spread", spread)
    for workers, cores in ((2, 8), (None, 8), (None, None), (0, 3)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        with pytest.raises(InterruptedError):
            audit(whole, ORIGIN, registrar(), workers=workers)
    assert used == [2, 8, 1, 3]


@pytest.mark.parametrize("workers", [2, 3, 8])
@pytest.mark.parametrize("size", [1, 2_047, 2_048, 30_000, 1_000_000])
def test_a_run_is_at_most_half_of_the_share_of_a_worker_in_what_is_left(size: int, workers: int) -> None:
    for start, stop in list(_runs(size, workers))[:-1]:
        share = max((size - start) // (2 * workers), 1 << 10)
        assert stop - start <= share
        assert 2 * (stop - start) > share or stop - start == RUN


def test_two_runs_for_each_worker_are_given_out_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    going: list[int] = []
    most: list[int] = []

    class Pool:
        def submit(self, call: object, start: int, stop: int) -> Any:
            assert call is auditing._go
            going.append(start)
            most.append(len(going))
            return SimpleNamespace(result=lambda: going.pop(0))

    @contextmanager
    def pool(workers: int, begin: object, check: object) -> Iterator[Pool]:
        assert (workers, begin, check) == (3, auditing._begin, checked_by)
        yield Pool()

    monkeypatch.setattr(auditing, "worker_pool", pool)
    asked = [(n, n + 1) for n in range(20)]
    assert list(auditing.spread(checked_by, asked, 3)) == [*range(20)]
    assert most == [1, 2, 3, 4, 5, 6, *[6] * 14]


def test_a_worker_collects_no_garbage_and_checks_as_it_was_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    disabled: list[bool] = []
    monkeypatch.setattr("gc.disable", lambda: disabled.append(True))
    monkeypatch.setattr(auditing, "_work", [])
    for check in (min, max):
        auditing._begin(check)  # type: ignore[arg-type]
        assert auditing._go(3, 5) == check(3, 5)  # type: ignore[comparison-overlap]
    assert disabled == [True, True]


# -- the numbering of a file -------------------------------------------------------------------------------------------


def test_a_file_has_room_for_an_entry_in_each_64_bytes_of_it_and_of_its_wal(tmp_path: Path) -> None:
    path = tmp_path / "entries.db"
    path.write_bytes(bytes(6_463))
    for place in (path, ForeignFile(path, SCHEMA)):
        assert auditing._room(place) == 100
    path.with_name("entries.db-wal").write_bytes(bytes(640))
    assert auditing._room(path) == 110
    assert auditing._room(Address("postgresql://office/ledger", ORIGIN)) == sys.maxsize


@pytest.mark.parametrize(
    ("first", "size", "says"),
    [(1, 3, ""), (1, 4, "from 0 to 3"), (0, 3, "from -1 to 2"), (-4, 3, "from -5 to 2"), (1, 0, "")],
)
def test_a_numbering_that_the_file_cannot_have_is_damage(first: int, size: int, says: str, tmp_path: Path) -> None:
    path = tmp_path / "entries.db"
    path.write_bytes(bytes(3 * 64))
    answers = iter([SimpleNamespace(fetchone=lambda: (first, size)), iter(())])
    c: Any = SimpleNamespace(execute=lambda *_: next(answers))
    keyring: Any = SimpleNamespace(registry="register")
    if says:
        with pytest.raises(LedgerError, match=f"LOG-CORRUPT.*numbers its entries {says}"):
            auditing.begin(c, path, ORIGIN, keyring)
    else:
        report, register = auditing.begin(c, path, ORIGIN, keyring)
        assert (report.size, report.keyring, register) == (size, keyring, {})

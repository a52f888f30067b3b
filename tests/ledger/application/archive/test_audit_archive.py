"""The audit of an archive finds what the audit of the ledger finds, also where no segment shows it alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.adapters.folders.handed_folder import HandedFolder
from ledger.application.archive import audit_archive
from ledger.application.archive.audit_archive import ArchiveAudit
from ledger.application.archive.check_segment import SegmentRun
from ledger.application.archive.engines import ENGINES, EngineName
from ledger.application.archive.manifest import Segment, parse_manifest
from ledger.application.archive.parquet_files import write_entries
from ledger.application.integrity.audit import Audit, audit
from ledger.application.integrity.check_run import Noted, Problem
from ledger.entries.envelope import EntryPlace, open_
from ledger.entries.keyring import Registrar
from ledger.entries.payload import Condition
from ledger.entries.placement import Link, map_of
from ledger.errors import LedgerError
from ledger.tlog.note import Checkpoint, Head
from ledger.tlog.policy import NO_POLICY
from ledger.tlog.tree import root
from ledger.verify.heads import Heads
from ledger.verify.time_brackets import Times
from tests.ledger.adapters.witness.test_followed_entries import SENT
from tests.ledger.application.archive.archives import (
    WIDTH,
    change_manifest,
    narrow_segments,
    replace_segment,
    rows_of,
    segment_rows,
    write_archive,
)
from tests.ledger.application.auditing.test_run import further
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.ledger.application.integrity.test_continued_audit import OTHERS, made, transmit
from tests.support.memory_ledger import ORDER, Ledger, hand, small


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with narrow_segments():
        yield


def times_of(head: Checkpoint, *sizes: tuple[int, bytes]) -> Times:
    states = {str(size): Head(Checkpoint(head.origin, size, made), b"", ()) for size, made in sizes}
    return Times(Heads("log", Head(head, b"", ()), states, {}), NO_POLICY)


def audited(folder: Path, ledger: Ledger, *sizes: tuple[int, bytes], **more: Any) -> tuple[Audit, ArchiveAudit]:
    manifest = parse_manifest((folder / "archive.json").read_bytes())
    walk = ArchiveAudit(HandedFolder(folder), manifest, workers=more.pop("workers", 1), **more)
    head = Checkpoint(ledger.origin, ledger.size, root(ledger.size, ledger.read))
    return walk(folder, ledger.origin, registrar_of(ledger), head, times_of(head, *sizes), lambda done, of: None), walk


def registrar_of(ledger: Ledger) -> Registrar:
    return Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)


def codes(report: Audit) -> set[str]:
    return {problem.code for problem in report.problems}


def archived(ledger: Ledger, folder: Path) -> Path:
    write_archive(folder, ledger.origin, rows_of(ledger))
    return folder


def both(ledger: Ledger, folder: Path) -> tuple[Audit, Audit]:
    """Return the audits of an archive and of an event store with the same entries."""
    archive, _ = audited(archived(ledger, folder / "archive"), ledger)
    head = Checkpoint(ledger.origin, ledger.size, root(ledger.size, ledger.read))
    return archive, audit(
        shelf_of(ledger, folder / "entries.db"), ledger.origin, registrar_of(ledger), times=times_of(head), workers=1
    )


# -- a whole log -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, Path]:
    ledger = made()
    return ledger, archived(ledger, tmp_path_factory.mktemp("good") / "archive")


@pytest.fixture
def copy(good: tuple[Ledger, Path], tmp_path: Path) -> tuple[Ledger, Path]:
    return good[0], Path(shutil.copytree(good[1], tmp_path / "archive"))


def test_a_whole_archive_gives_the_root_and_the_counts_of_the_ledger(tmp_path: Path) -> None:
    ledger = made()
    archive, store = both(ledger, tmp_path)
    assert archive.problems == store.problems == []
    assert archive.frontier.root() == store.frontier.root() == root(ledger.size, ledger.read)
    assert archive.signatures == store.signatures == ledger.size
    for name in ("entries", "sealed", "late", "open_ends", "findings", "not_held", "unknown", "naming", "brackets"):
        assert getattr(archive.noted, name) == getattr(store.noted, name), name


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.sets(st.integers(1, 29), max_size=6))
def test_the_root_of_every_signed_state_is_computed(good: tuple[Ledger, Path], sizes: set[int]) -> None:
    ledger, folder = good
    report, _ = audited(folder, ledger, *[(size, b"") for size in sizes])
    assert {size: report.roots[size] for size in sizes} == {size: root(size, ledger.read) for size in sizes}


def test_the_roots_of_signed_states_and_of_further_checkpoints_are_computed(good: tuple[Ledger, Path]) -> None:
    ledger, folder = good
    report, walk = audited(folder, ledger, (11, b""), also=(5, 16))
    assert {size: report.roots[size] for size in (5, 11, 16)} == {size: root(size, ledger.read) for size in (5, 11, 16)}
    entries = [open_(raw) for raw in ledger.entries]
    newest = [each for each in entries if each.payload.order == ledger.registry][-1]
    assert walk.last == Link(newest.payload.seq, newest.leaf, None)
    assert newest.payload.seq > 1


class Kept:
    """The results of a killed run, noted as they are asked and kept."""

    def __init__(self) -> None:
        self.did: list[Any] = []

    def begin(self, context: bytes) -> None:
        self.did.append(("begun", context.startswith(b"context")))

    def get(self, segment: Segment) -> None:
        self.did.append(("asked", segment.start))

    def put(self, segment: Segment, run: SegmentRun) -> None:
        self.did.append(("kept", segment.start))

    def end(self) -> None:
        self.did.append("ended")


def test_results_are_kept_from_the_beginning_of_an_audit_to_its_end(good: tuple[Ledger, Path]) -> None:
    ledger, folder = good
    kept: Any = Kept()
    report, _ = audited(folder, ledger, kept=kept, context=b"context")
    starts = [*range(0, ledger.size, WIDTH)]
    assert (kept.did[0], kept.did[-1], report.problems) == (("begun", True), "ended", [])
    assert [start for what, start in kept.did[1:-1] if what == "asked"] == starts
    assert [start for what, start in kept.did[1:-1] if what == "kept"] == starts


@pytest.mark.parametrize(
    ("problems", "read", "listed"), [({0: 99}, 4, 99), ({0: 100}, 1, 100), ({0: 99, 1: 7}, 2, 100), ({2: 101}, 3, 100)]
)
def test_an_audit_of_an_archive_ends_with_the_segment_that_has_the_hundredth_problem(
    problems: dict[int, int],
    read: int,
    listed: int,
    good: tuple[Ledger, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, folder = good

    def runs(self: ArchiveAudit, *_: object) -> Iterator[tuple[Segment, SegmentRun]]:
        for number, segment in enumerate(self.manifest.segments):
            run = SegmentRun(program=b"", noted=Noted(), signatures=1)
            run.problems = [Problem("ENV", segment.path, "no entry")] * problems.get(number, 0)
            yield segment, run

    monkeypatch.setattr(ArchiveAudit, "_runs", runs)
    monkeypatch.setattr(audit_archive._Joined, "_climb", lambda self, segment, run: iter(()))
    monkeypatch.setattr(audit_archive, "_leaves", lambda places: {})
    manifest = parse_manifest((folder / "archive.json").read_bytes())
    walk = ArchiveAudit(HandedFolder(folder), manifest, workers=1)
    head = Checkpoint(ledger.origin, ledger.size, root(ledger.size, ledger.read))
    progress: list[tuple[int, int]] = []
    report = walk(
        folder, ledger.origin, registrar_of(ledger), head, times_of(head), lambda done, of: progress.append((done, of))
    )
    assert (report.signatures, len(report.problems)) == (read, listed)
    ends = [(min(start + WIDTH, ledger.size), ledger.size) for start in range(0, ledger.size, WIDTH)]
    assert progress == ends[: read if listed == 99 else read - 1]


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_gives_the_same(good: tuple[Ledger, Path], workers: int) -> None:
    ledger, folder = good
    report, _ = audited(folder, ledger, workers=workers)
    assert (report.problems, report.frontier.size) == ([], ledger.size)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "local"])
def test_every_engine_gives_the_same(good: tuple[Ledger, Path], engine: EngineName) -> None:
    pytest.importorskip({"dask": "distributed", "ray": "ray"}[engine])
    ledger, folder = good
    report, _ = audited(folder, ledger, engine=engine, workers=2)
    assert (report.problems, report.frontier.root()) == ([], root(ledger.size, ledger.read))


def test_an_engine_that_does_not_answer_is_named(good: tuple[Ledger, Path]) -> None:
    with pytest.raises(LedgerError) as away:
        audited(good[1], good[0], address="tcp://127.0.0.1:1")
    assert away.value.code == "NO-ENGINE"


# -- dishonest logs: each entry is signed, and the log has it ----------------------------------------------------------


def second_history(ledger: Ledger) -> None:
    """Record, far behind, another entry of a number that the order has already."""
    opened = [open_(raw, verify=False) for raw in ledger.entries]
    before = next(each for each in opened if (each.payload.order, each.payload.seq) == (ORDER, 3))
    p = before.payload
    place = EntryPlace(ledger.origin, p.order, p.seq + 1, before.leaf, p.instrument)
    ledger.record(hand("ilves"), "order-transmitted", SENT, order=p.order, place=place)


def begun_twice(ledger: Ledger) -> None:
    place = EntryPlace(ledger.origin, ORDER, 1, None, "2AP-7")
    ledger.record(hand("ilves"), "order-transmitted", SENT, order=ORDER, place=place)


def not_begun(ledger: Ledger) -> None:
    place = EntryPlace(ledger.origin, "4" * 8 + OTHERS[0][8:], 5, "ab" * 32, "2AP-7")
    ledger.record(hand("ilves"), "order-transmitted", SENT, order=place.order, place=place)


def id_twice(ledger: Ledger) -> None:
    first = open_(ledger.entries[6], verify=False).payload.entry
    ledger.entry_id = lambda: first  # type: ignore[method-assign]
    transmit(ledger)


def other_instrument(ledger: Ledger) -> None:
    before = ledger._links[ORDER]
    place = EntryPlace(ledger.origin, ORDER, before.seq + 1, before.leaf, "EPOC-PR")
    ledger.record(hand("ilves"), "order-transmitted", SENT, order=ORDER, place=place)


def unknown_key(ledger: Ledger) -> None:
    ledger.record(hand("nemo"), "order-transmitted", SENT, order=ORDER, role="ISS")


def other_log(ledger: Ledger) -> None:
    before = ledger._links[ORDER]
    place = EntryPlace("ledger.test/else", ORDER, before.seq + 1, before.leaf, "2AP-7")
    ledger.record(hand("ilves"), "order-transmitted", SENT, order=ORDER, place=place)


def wrong_map(ledger: Ledger) -> None:
    ledger.record(
        hand("orn"), "heads-committed", {"size": 9, "map_root": "00" * 32}, order=map_of(ledger.origin), role="SYS"
    )


DISHONEST: dict[str, tuple[Callable[[Ledger], None], str]] = {
    "a second history of an order": (second_history, "CTX-CHAIN"),
    "an order that begins twice": (begun_twice, "CTX-CHAIN"),
    "an order without its beginning": (not_begun, "CTX-CHAIN"),
    "an id that was used before": (id_twice, "CTX-REPLAY"),
    "another instrument": (other_instrument, "CTX-INSTRUMENT"),
    "a key that the register does not have": (unknown_key, "KEY-UNKNOWN"),
    "an entry for another log": (other_log, "CTX-LOG"),
    "a map of heads of other entries": (wrong_map, "MAP-ROOT"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", DISHONEST)
@pytest.mark.parametrize("behind", [0, WIDTH])
def test_what_a_dishonest_log_has_signed_is_found_across_segments(what: str, behind: int, tmp_path: Path) -> None:
    act, code = DISHONEST[what]
    ledger = made()
    act(ledger)
    for _ in range(behind):
        transmit(ledger, order=OTHERS[0])
    archive, _ = audited(archived(ledger, tmp_path / "archive"), ledger)
    assert code in codes(archive)


def test_an_entry_against_its_condition_is_a_finding_across_segments(tmp_path: Path) -> None:
    ledger, ilves = small()
    further(ledger, ilves, 20)
    condition = Condition(after=3, orders=[ORDER], kinds=["order-transmitted"])
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, unless=condition)
    near = Condition(after=ledger.size - 1, orders=[ORDER], kinds=["order-transmitted"])
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, unless=near)
    kept = Condition(after=5, orders=[ORDER], kinds=["order-issued"])
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, unless=kept)
    archive, store = both(ledger, tmp_path)
    assert archive.problems == store.problems == []
    found, expected = (
        sorted(r.says for r in report.noted.remarks if r.code == "CTX-CONDITION") for report in (archive, store)
    )
    assert found == expected
    assert len(found) == 2
    assert archive.noted.findings == store.noted.findings


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.lists(st.sampled_from([ORDER, OTHERS[0], OTHERS[1]]), min_size=1, max_size=3, unique=True),
            st.lists(st.sampled_from(["order-transmitted", "order-issued", "key-accepted"]), min_size=1, unique=True),
        ),
        max_size=8,
    )
)
def test_conditions_are_compared_as_in_a_ledger(conditions: list[tuple[int, list[str], list[str]]]) -> None:
    ledger, ilves = small()
    further(ledger, ilves, 12)
    for after, orders, kinds in conditions:
        unless = Condition(after=after, orders=sorted(orders), kinds=sorted(kinds))
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER, unless=unless)
    with TemporaryDirectory() as folder:
        archive, store = both(ledger, Path(folder))
    found, expected = (
        sorted(r.says for r in report.noted.remarks if r.code == "CTX-CONDITION") for report in (archive, store)
    )
    assert found == expected


def test_conditions_on_the_whole_log_cost_one_reading_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An office can record any number of entries that demand something of all entries before them."""
    ledger, ilves = small()
    for _ in range(40):
        unless = Condition(after=0, orders=[ORDER], kinds=["heads-committed"])
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER, unless=unless)
    folder = archived(ledger, tmp_path / "archive")
    read = 0
    rows = ArchiveAudit.rows

    def counted(self: ArchiveAudit, segment: Any) -> Any:
        nonlocal read
        read += 1
        return rows(self, segment)

    monkeypatch.setattr(ArchiveAudit, "rows", counted)
    report, walk = audited(folder, ledger)
    assert report.problems == []
    assert read <= 2 * len(walk.manifest.segments), "once for the register, once for all conditions"


# -- dishonest archives ------------------------------------------------------------------------------------------------


def test_a_segment_that_is_missing_is_named(copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    (folder / "entries" / "000000000008-000000000016.parquet").unlink()
    report, _ = audited(folder, ledger)
    assert {("ARC-MISSING", "entries/000000000008-000000000016.parquet")} == {
        (problem.code, problem.where) for problem in report.problems
    }


def test_an_altered_segment_is_named(copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    path = folder / "entries" / "000000000008-000000000016.parquet"
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    report, _ = audited(folder, ledger)
    assert codes(report) == {"ARC-DIGEST"}


@pytest.mark.parametrize("column", ["index", "order", "seq", "kind", "entry", "leaf", "nodes", "raw"])
def test_a_changed_value_of_any_column_is_found(column: str, copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    rows = segment_rows(folder, 2)
    value = {"index": 99, "seq": 77, "order": "x", "kind": "x", "nodes": b"\0" * 32, "raw": rows[2].raw}.get(column)
    if value is None:
        value = b"\1" * len(getattr(rows[1], column))
    rows[1] = replace(rows[1], **{column: value})
    replace_segment(folder, 2, write_entries(rows))
    report, _ = audited(folder, ledger)
    assert report.problems
    assert codes(report) <= {"LOG-CORRUPT", "CTX-CHAIN"}


def test_segments_that_change_places_under_a_new_manifest_are_found(copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    one, two = (folder / f"entries/{n:012d}-{n + 8:012d}.parquet" for n in (8, 16))
    first, second = one.read_bytes(), two.read_bytes()
    replace_segment(folder, 1, second)
    replace_segment(folder, 2, first)
    report, _ = audited(folder, ledger)
    assert "LOG-CORRUPT" in codes(report) or "ARC-MANIFEST" in codes(report)


@pytest.mark.parametrize("hidden", range(4))
def test_reserved_entries_that_the_manifest_hides_are_missed(hidden: int, copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    counts = [each.reserved for each in parse_manifest((folder / "archive.json").read_bytes()).segments]
    change_manifest(folder, lambda said: said["segments"][hidden].update(reserved=0))
    report, _ = audited(folder, ledger)
    assert bool(report.problems) is bool(counts[hidden])
    assert sum(map(bool, counts)) > 1, "the register and commits"


@pytest.mark.parametrize("change", [{"root": "00" * 32}, {"reserved": 7}])
def test_a_false_word_of_the_manifest_on_a_segment_is_found(change: Any, copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    change_manifest(folder, lambda said: said["segments"][2].update(change))
    report, _ = audited(folder, ledger)
    assert "ARC-MANIFEST" in codes(report)


def test_a_segment_that_is_no_parquet_is_named(copy: tuple[Ledger, Path]) -> None:
    ledger, folder = copy
    replace_segment(folder, 2, b"PAR1" * 100)
    report, _ = audited(folder, ledger)
    assert codes(report) == {"ARC-FORMAT"}


def test_a_link_in_the_place_of_a_segment_is_not_followed(copy: tuple[Ledger, Path], tmp_path: Path) -> None:
    ledger, folder = copy
    path = folder / "entries" / "000000000008-000000000016.parquet"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    report, _ = audited(folder, ledger)
    assert codes(report) == {"NOT-A-FILE"}

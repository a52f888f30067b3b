"""The results of segments are joined in the order of the log: its tree, its orders, and what no segment shows alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.archive import audit_archive
from ledger.application.archive.audit_archive import ArchiveAudit, _first_between, _Joined
from ledger.application.archive.check_segment import OpenCondition, Opening, SegmentRun, program
from ledger.application.archive.manifest import Segment, segment_path
from ledger.application.integrity.audit import Audit
from ledger.application.integrity.check_run import MOST, OTHER_REGISTER, Noted, Problem, subtree
from ledger.entries.payload import Condition
from ledger.entries.placement import Link
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tree import Frontier, leaf_hash
from ledger.verify.report import Remark
from tests.ledger.application.archive.archives import WIDTH, narrow_segments

LEAVES = [leaf_hash(b"%d" % n) for n in range(4 * WIDTH + 3)]


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with narrow_segments():
        yield


def tree_of(size: int) -> Frontier:
    tree = Frontier()
    tree.extend(LEAVES[:size])
    return tree


def segment(start: int, end: int, root: str | None = None) -> Segment:
    made = Frontier(end - start, subtree(LEAVES[start:end])[1]).root().hex()
    return Segment(bytes=1, sha256="ab" * 32, start=start, end=end, root=root or made, reserved=0)


def run_of(start: int, end: int, **more: Any) -> SegmentRun:
    """Return the honest result of a segment without entries of the register."""
    tree, nodes = tree_of(start), b""
    for leaf in LEAVES[start:end]:
        nodes = b"".join(tree.add(leaf)[1:])
    completed, peaks = subtree(LEAVES[start:end])
    given = {"peaks": (end - start, peaks), "upper": nodes[len(completed[-1]) :], "leaves": b"".join(LEAVES[start:end])}
    return SegmentRun(**{"program": program(), "noted": Noted(), **given, **more})


class Followed:
    """The ids, and the map of heads, of the segments that were joined."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []
        self.mapped: list[tuple[object, int, list[bytes]]] = []
        self.twice: list[bytes] = []

    def add(self, ids: bytes) -> None:
        self.ids.append(ids)

    def repeated(self) -> list[bytes]:
        return self.twice

    def follow(self, orders: object, start: int, leaves: list[bytes]) -> None:
        self.mapped.append((orders, start, leaves))


def joined(sizes: Sequence[int] = (), reserved: dict[int, bytes] | None = None, root: str = "") -> tuple[Any, Followed]:
    followed: Any = Followed()
    audit: Any = SimpleNamespace(manifest=SimpleNamespace(root=root, segments=[]))
    return _Joined(audit, Audit(len(LEAVES)), followed, followed, reserved or {}, {*sizes}), followed


RANGES = [*((start, start + WIDTH) for start in range(0, 4 * WIDTH, WIDTH)), (4 * WIDTH, len(LEAVES))]


def shape(one: Any) -> tuple[int, Sequence[bytes]]:
    """Return the size and the peaks of the tree so far."""
    return one.report.frontier.size, one.report.frontier.peaks


def codes(one: Any) -> list[tuple[str, str]]:
    return [(each.code, each.where) for each in one.report.problems]


# -- the tree ----------------------------------------------------------------------------------------------------------


def test_segments_make_the_tree_of_their_entries_and_its_roots_at_the_sizes_that_are_asked_for() -> None:
    sizes = [WIDTH, 11, 2 * WIDTH, 4 * WIDTH + 1, len(LEAVES)]
    one, followed = joined(sizes, root=tree_of(len(LEAVES)).root().hex())
    for start, end in RANGES:
        within = {n: subtree(LEAVES[start:n])[1] for n in sizes if start < n < end}
        one.add(segment(start, end), run_of(start, end, partial=within, signatures=end - start, orders={"o": [start]}))
        assert shape(one) == (end, tree_of(end).peaks)
    assert (one.report.problems, [*one.rest()]) == ([], [])
    assert one.report.roots == {size: tree_of(size).root() for size in sizes}
    assert one.report.signatures == len(LEAVES)
    assert followed.mapped == [({"o": [start]}, start, LEAVES[start:end]) for start, end in RANGES]


@pytest.mark.parametrize(("number", "levels"), [(0, 0), (1, 1), (2, 0), (3, 2), (4, 0)])
def test_each_stored_hash_above_a_segment_is_compared_with_that_of_the_entries(number: int, levels: int) -> None:
    start, end = RANGES[number]
    for wrong in range(levels):
        one, _ = joined()
        for before in RANGES[:number]:
            one.add(segment(*before), run_of(*before))
        upper = run_of(start, end).upper
        assert len(upper) == 32 * levels
        false = upper[: 32 * wrong] + bytes(32) + upper[32 * wrong + 32 :]
        one.add(segment(start, end), run_of(start, end, upper=false))
        (found,) = one.report.problems
        level = WIDTH.bit_length() + wrong
        says = f"a stored hash of entry {end - 1} is not that of the entries"
        assert (found.code, found.where, found.says) == ("LOG-CORRUPT", f"level {level}", says)
        assert shape(one) == (end, tree_of(end).peaks)
    one, _ = joined()
    for each in RANGES[: number + 1]:
        one.add(segment(*each), run_of(*each))
    assert one.report.problems == []


def test_another_root_in_the_manifest_is_named_with_the_segment_or_the_archive() -> None:
    one, _ = joined(root="00" * 32)
    one.add(segment(0, WIDTH, "00" * 32), run_of(0, WIDTH))
    assert codes(one) == [("ARC-MANIFEST", segment_path(0, WIDTH))]
    assert [(each.code, each.where) for each in one.rest()] == [("ARC-MANIFEST", "archive.json")]


def test_behind_a_segment_with_a_problem_no_tree_is_made_and_no_order_is_followed() -> None:
    one, followed = joined([2 * WIDTH])
    one.add(segment(0, WIDTH), run_of(0, WIDTH, ids=b"first"))
    one.add(segment(WIDTH, 2 * WIDTH), run_of(WIDTH, 2 * WIDTH, problems=[Problem("ENV", "#9", "no entry")], ids=b"no"))
    opening = Opening(2 * WIDTH, 4, "ab" * 32, "2AP-7")
    one.add(segment(2 * WIDTH, 3 * WIDTH), run_of(2 * WIDTH, 3 * WIDTH, openings={"o": opening}, ids=b"third"))
    assert codes(one) == [("ENV", "#9")]
    assert (shape(one), one.report.roots) == ((WIDTH, tree_of(WIDTH).peaks), {})
    assert (followed.ids, [start for _, start, _ in followed.mapped]) == ([b"first", b"third"], [0, 2 * WIDTH])


# -- orders, the register and ids --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seq", "leaf", "instrument", "code", "says"),
    [
        (4, "ab" * 32, "2AP-7", "", ""),
        (5, "ab" * 32, "2AP-7", "CTX-CHAIN", "it does not continue the entry before it in its order"),
        (4, "cd" * 32, "2AP-7", "CTX-CHAIN", "it does not continue the entry before it in its order"),
        (4, "ab" * 32, "EPOC", "CTX-INSTRUMENT", "EPOC in an order under 2AP-7"),
        (4, "ab" * 32, None, "CTX-INSTRUMENT", "None in an order under 2AP-7"),
    ],
)
def test_an_order_goes_on_in_a_later_segment_behind_its_last_entry(
    seq: int, leaf: str, instrument: str | None, code: str, says: str
) -> None:
    one, _ = joined()
    last = Link(4, "ab" * 32, "2AP-7")
    one.add(segment(0, WIDTH), run_of(0, WIDTH, first=[(0, "o"), (3, "p")], lasts={"o": last}))
    opening = Opening(WIDTH + 1, seq, leaf, instrument)
    one.add(segment(WIDTH, 2 * WIDTH), run_of(WIDTH, 2 * WIDTH, openings={"o": opening}, lasts={"o": last}))
    found = [(each.code, each.where, each.says) for each in one.report.problems]
    assert found == ([(code, f"#{WIDTH + 1}", says)] if code else [])


def test_an_order_begins_once_and_has_no_entry_before_its_beginning() -> None:
    one, _ = joined()
    one.add(segment(0, WIDTH), run_of(0, WIDTH, first=[(0, "o")], lasts={"o": Link(1, "ab" * 32, "2AP-7")}))
    again = {"first": [(WIDTH, "p"), (WIDTH + 2, "o")], "openings": {"q": Opening(WIDTH + 3, 1, "ab" * 32, "2AP-7")}}
    one.add(segment(WIDTH, 2 * WIDTH), run_of(WIDTH, 2 * WIDTH, **again))
    assert [(each.code, each.where, each.says) for each in one.report.problems] == [
        ("CTX-CHAIN", f"#{WIDTH + 2}", "it begins an order that has entries before it"),
        ("CTX-CHAIN", f"#{WIDTH + 3}", "the entry before it in its order is missing"),
    ]


@pytest.mark.parametrize(
    ("here", "wrong"),
    [
        ({WIDTH: b"a", 2 * WIDTH - 1: b"b"}, False),
        ({WIDTH: b"a"}, True),
        ({2 * WIDTH - 1: b"b"}, True),
        ({WIDTH: b"a", 2 * WIDTH - 1: b"c"}, True),
        ({WIDTH: b"a", WIDTH + 1: b"x", 2 * WIDTH - 1: b"b"}, True),
    ],
)
def test_a_segment_has_the_entries_of_the_register_that_were_read_first(here: dict[int, bytes], wrong: bool) -> None:
    read = {0: b"z", WIDTH - 1: b"y", WIDTH: b"a", 2 * WIDTH - 1: b"b", 2 * WIDTH: b"w"}
    one, _ = joined(reserved=read)
    one.add(segment(0, WIDTH), run_of(0, WIDTH, reserved=[(0, b"z"), (WIDTH - 1, b"y")]))
    one.add(segment(WIDTH, 2 * WIDTH), run_of(WIDTH, 2 * WIDTH, reserved=[*here.items()]))
    assert one.report.problems == ([OTHER_REGISTER] if wrong else [])


def test_an_id_of_two_entries_is_a_problem_of_all_segments() -> None:
    one, followed = joined(root=Frontier().root().hex())
    followed.twice = [b"\xab" * 16]
    assert [(each.code, each.where, each.says) for each in one.rest()] == [
        ("CTX-REPLAY", "entries", f"two entries have the id {'ab' * 16}")
    ]


# -- conditions --------------------------------------------------------------------------------------------------------


def condition(after: int, index: int, orders: Sequence[str] = ("o",), kinds: Sequence[str] = ("k",)) -> OpenCondition:
    return OpenCondition(index, f"{index:064x}", Condition(after, [*orders], [*kinds]))


@pytest.mark.parametrize(
    ("after", "index", "orders", "kinds", "first"),
    [
        (3, 8, ["o"], ["k"], (3, "o", "k")),
        (4, 8, ["o"], ["k"], (7, "o", "k")),
        (4, 7, ["o"], ["k"], None),
        (8, 9, ["o"], ["k"], None),
        (0, 3, ["o"], ["k"], None),
        (0, 9, ["o"], ["other"], None),
        (0, 9, ["other"], ["k"], None),
        (0, 9, ["o"], ["k", "l"], (2, "o", "l")),
        (0, 9, ["o", "p"], ["k"], (1, "p", "k")),
        (2, 9, ["o", "p"], ["k"], (3, "o", "k")),
    ],
)
def test_the_first_entry_that_a_condition_excludes_is_found_before_its_own(
    after: int, index: int, orders: list[str], kinds: list[str], first: tuple[int, str, str] | None
) -> None:
    found = {"o": {"k": [3, 7], "l": [2]}, "p": {"k": [1, 9]}}
    assert _first_between(found, condition(after, index, orders, kinds)) == ([first] if first else [])


def test_findings_on_conditions_follow_those_of_the_segments_and_the_first_hundred_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = {n: SimpleNamespace(index=n, order="o" if n != 9 else "p", kind="k") for n in range(4 * WIDTH)}
    read: list[int] = []

    def rows_of(each: Segment) -> list[Any]:
        read.append(each.start)
        return [rows[n] for n in range(each.start, each.end)]

    for listed in (0, MOST - 1, MOST):
        one, _ = joined(root=Frontier().root().hex())
        one.audit.manifest.segments = [segment(*each) for each in RANGES[:4]]
        one.audit.rows = rows_of
        one.conditions = [condition(9, 20), condition(23, 24), condition(10, 24)]
        one.report.noted.findings = 700
        one.report.noted.remarks = [Remark("TEXT-UNSEEN", "W", "unseen", (), ())] * listed
        read.clear()
        assert [*one.rest()] == []
        assert read == [WIDTH, 2 * WIDTH], "from the first excluded entry to the last condition"
        assert (one.report.noted.findings, len(one.report.noted.remarks)) == (703, min(listed + 3, MOST))
        assert [each.code for each in one.report.noted.remarks[listed:]] == ["CTX-CONDITION"] * min(3, MOST - listed)


# -- workers -----------------------------------------------------------------------------------------------------------


class Kept:
    """The results that a killed run has left."""

    def __init__(self, *starts: int) -> None:
        self.starts = starts
        self.put_in: list[int] = []

    def get(self, each: Segment) -> SegmentRun | None:
        return run_of(each.start, each.end) if each.start in self.starts else None

    def put(self, each: Segment, run: SegmentRun) -> None:
        self.put_in.append(each.start)


def walk_of(**more: Any) -> Any:
    manifest: Any = SimpleNamespace(segments=[segment(*each) for each in RANGES], size=len(LEAVES))
    return ArchiveAudit(None, manifest, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 2])
def test_segments_are_submitted_ahead_with_the_sizes_within_them_and_kept_when_they_are_new(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(WIDTH)
    walk = walk_of(kept=kept)
    submitted: list[tuple[int, list[int]]] = []
    going: list[int] = []

    def read(self: object, each: Segment) -> bytes:
        if each.start == 3 * WIDTH:
            raise RecordError("ARC-MISSING", "a file is missing", where=each.path)
        return b"%d" % each.start

    def submit(data: bytes, each: Segment, sizes: Sequence[int]) -> Any:
        assert data == b"%d" % each.start
        submitted.append((each.start, [*sizes]))
        going.append(each.start)
        return lambda: run_of(each.start, each.end)

    monkeypatch.setattr(ArchiveAudit, "read", read)
    sizes = [0, 1, WIDTH, 2 * WIDTH + 1, 3 * WIDTH - 1, 3 * WIDTH, 4 * WIDTH + 3]
    results = []
    for each, run in walk._runs(submit, workers, sizes):
        results.append((each.start, [problem.code for problem in run.problems]))
        if len(results) == 1:
            first = [(0, [1]), (2 * WIDTH, [2 * WIDTH + 1, 3 * WIDTH - 1])]  # two segments for each worker, and one
            assert submitted == (first if workers == 1 else [*first, (4 * WIDTH, [])])
    assert results == [(start, ["ARC-MISSING"] if start == 3 * WIDTH else []) for start, _ in RANGES]
    assert submitted[2:] == [(4 * WIDTH, [])]
    assert (walk.kept_segments, kept.put_in) == (1, [0, 2 * WIDTH, 4 * WIDTH])


def test_a_worker_with_another_program_ends_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = walk_of()
    monkeypatch.setattr(ArchiveAudit, "read", lambda self, each: b"data")

    def submit(data: bytes, each: Segment, sizes: Sequence[int]) -> Any:
        return lambda: run_of(each.start, each.end, program=b"other" if each.start else program())

    runs = walk._runs(submit, 1, ())
    assert next(runs)[0].start == 0
    with pytest.raises(LedgerError, match="ENGINE-OTHER"):
        next(runs)


def test_the_context_of_kept_results_has_all_that_decides_them() -> None:
    key = SimpleNamespace(text="key")

    def context(
        more: bytes = b"c", also: Sequence[int] = (3, 1), raw: bytes = b"r", time: int = 9, digest: str = "d"
    ) -> bytes:
        states = {digest: SimpleNamespace(cosignatures=[(key, time)]), "a": SimpleNamespace(cosignatures=())}
        times = SimpleNamespace(heads=SimpleNamespace(all=states))
        walk: ArchiveAudit = walk_of(context=more, also=also)
        return walk._context({"register": [(0, raw)], "map": []}, times)  # type: ignore[arg-type]

    assert context() == context(also=(1, 3))
    assert context().startswith(b"c" + program())
    others = [context(b"x"), context(also=(1,)), context(raw=b"x"), context(time=8), context(digest="e")]
    assert len({context(), *others}) == 6


def test_the_modules_know_one_width() -> None:
    assert WIDTH.bit_length() - 1 == audit_archive._LEVEL

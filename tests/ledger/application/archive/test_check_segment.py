"""A segment has the hashes of its tree, and gives what connects its entries with those of earlier segments."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.archive import check_segment
from ledger.application.archive.check_segment import Opening, SegmentCheck, SegmentRun, _Run
from ledger.application.archive.manifest import Segment, digest_of
from ledger.application.archive.parquet_files import Row, write_entries
from ledger.application.auditing.program import own_statement
from ledger.application.integrity.check_run import MOST, Noted
from ledger.entries.envelope import EntryPlace, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import Condition
from ledger.entries.placement import map_of
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import Frontier, leaf_hash, node_hash, root
from ledger.verify.progress import VerificationLog
from tests.ledger.application.archive.archives import rows_of
from tests.ledger.application.integrity.test_continued_audit import OTHERS, made, no_times
from tests.support.memory_ledger import ORDER, Ledger, hand, small

LEAVES = [leaf_hash(bytes([n])) for n in range(4)]
LOW, HIGH = node_hash(LEAVES[0], LEAVES[1]), node_hash(LEAVES[2], LEAVES[3])
NODES = [b"", LOW, b"", HIGH + node_hash(LOW, HIGH)]


def problems(*nodes: bytes) -> list[str]:
    run: Any = SimpleNamespace(problems=[], peaks=None, upper=None)
    rows: Any = [SimpleNamespace(index=n, nodes=each) for n, each in enumerate(nodes)]
    one: Any = SimpleNamespace(run=run)
    _Run._check_hashes(one, rows, LEAVES[: len(nodes)])
    if not run.problems:
        assert run.peaks[0] == len(nodes)
    return [f"{each.code} {each.where}" for each in run.problems]


def test_a_row_has_the_hashes_that_its_entry_completes() -> None:
    for count in range(5):
        assert problems(*NODES[:count]) == []


@pytest.mark.parametrize(
    ("at", "nodes"),
    [(0, LOW), (1, b""), (1, LOW + bytes(32)), (1, bytes(32)), (1, LOW[:-1]), (3, HIGH), (3, NODES[3] + bytes(32))],
)
def test_one_hash_more_or_fewer_or_another_is_damage_at_its_entry(at: int, nodes: bytes) -> None:
    changed = [*NODES[:at], nodes, *NODES[at + 1 :]]
    assert problems(*changed) == [f"LOG-CORRUPT #{at}"]


# -- the entries of a segment ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return made()


def checked(
    ledger: Ledger, start: int, end: int, *sizes: int, rows: list[Row] | None = None, orders: bool = True
) -> SegmentRun:
    """Check these entries as one segment."""
    common = common_of(ledger, orders=orders)
    segment = Segment(bytes=0, sha256="", start=start, end=end, root="", reserved=0)
    run = SegmentRun(program=b"", noted=Noted())
    _Run(common, segment, run, VerificationLog()).check(rows_of(ledger)[start:end] if rows is None else rows, sizes)
    return run


def common_of(ledger: Ledger, *, orders: bool = True) -> SegmentCheck:
    """Return what the checks of all segments of a log share."""
    keeper = ledger.keeper
    keyring = Keyring(ledger.registry, Registrar(keeper.actor, keeper.party, keeper.key))
    for index, raw in enumerate(ledger.entries):
        if (opened := open_(raw)).payload.order == ledger.registry:
            keyring.admit(opened, index)
    reserved = frozenset({ledger.registry, map_of(ledger.origin)})
    head = Checkpoint(ledger.origin, ledger.size, root(ledger.size, ledger.read))
    return SegmentCheck(
        origin=ledger.origin, keyring=keyring, times=no_times(head), reserved=reserved, with_orders=orders
    )


def payloads(ledger: Ledger) -> list[Any]:
    return [open_(raw).payload for raw in ledger.entries]


def test_a_whole_log_is_one_segment_of_which_no_order_began_before(ledger: Ledger) -> None:
    run, said = checked(ledger, 0, ledger.size, 3, 17), payloads(ledger)
    assert (run.problems, run.signatures, run.noted.entries) == ([], ledger.size, ledger.size)
    leaves = [leaf_hash(raw) for raw in ledger.entries]
    assert run.leaves == b"".join(leaves)
    assert run.ids == b"".join(sorted(bytes.fromhex(p.entry) for p in said))
    assert Frontier(*run.peaks).root() == root(ledger.size, ledger.read)
    assert {size: Frontier(size, peaks).root() for size, peaks in run.partial.items()} == {
        size: root(size, ledger.read) for size in (3, 17)
    }
    kept = (ledger.registry, map_of(ledger.origin))
    assert run.reserved == [(n, leaves[n]) for n, p in enumerate(said) if p.order in kept]
    orders = {p.order: [n for n, each in enumerate(said) if each.order == p.order] for p in said}
    assert run.orders == orders
    assert run.first == [(its[0], order) for order, its in orders.items()]
    assert (run.openings, run.conditions) == ({}, [])
    assert {order: (link.seq, link.leaf) for order, link in run.lasts.items()} == {
        order: (len(its), leaves[its[-1]].hex()) for order, its in orders.items()
    }
    assert checked(ledger, 0, ledger.size, orders=False).orders == {}


@pytest.mark.parametrize(("start", "end"), [(8, 16), (16, 24), (24, 29), (28, 29)])
def test_an_order_that_began_before_opens_with_the_entry_that_its_first_one_names(
    start: int, end: int, ledger: Ledger
) -> None:
    run, said = checked(ledger, start, end), payloads(ledger)
    assert run.problems == []
    first = {order: next(n for n in range(start, end) if said[n].order == order) for order in run.orders}
    assert {order: (one.index, one.seq, one.leaf, one.instrument) for order, one in run.openings.items()} == {
        order: (n, said[n].seq - 1, said[n].prev, said[n].instrument) for order, n in first.items() if said[n].seq > 1
    }
    assert run.first == [(n, order) for order, n in first.items() if said[n].seq == 1]


@pytest.mark.parametrize("name", ["order", "seq", "kind", "entry", "leaf", "index"])
def test_a_column_that_is_not_that_of_the_signed_entry_is_damage_at_its_place(name: str, ledger: Ledger) -> None:
    rows = rows_of(ledger)[8:16]
    values = {"order": "other", "seq": 99, "kind": "other", "entry": bytes(16), "leaf": bytes(32), "index": 12}
    rows[3] = replace(rows[3], **{name: values[name]})
    found = checked(ledger, 8, 16, rows=rows).problems
    assert ("LOG-CORRUPT", "#11") in {(each.code, each.where) for each in found}
    says = "entry 12 is at this position" if name == "index" else "the columns do not match the signed entry"
    assert found[0].says == says


def test_an_entry_that_does_not_open_has_its_leaf_in_the_tree_and_no_other_result(ledger: Ledger) -> None:
    rows = rows_of(ledger)[8:16]
    rows[3] = replace(rows[3], raw=rows[3].raw + b" ")
    run = checked(ledger, 8, 16, rows=rows)
    assert run.signatures == run.noted.entries == 7
    assert run.leaves[3 * 32 : 4 * 32] == leaf_hash(rows[3].raw)
    assert len(run.ids) == 7 * 16
    assert "#11" in {each.where for each in run.problems}


@pytest.mark.parametrize(("bad", "read"), [(MOST - 1, True), (MOST, False)])
def test_a_segment_with_a_hundred_faults_is_not_read_further_and_has_no_tree(
    bad: int, read: bool, ledger: Ledger
) -> None:
    row = rows_of(ledger)[0]
    rows = [replace(row, index=n, raw=b"{}") for n in range(bad)]
    run = checked(ledger, 0, bad, rows=[*rows, *rows[:5]][: bad + (0 if read else 5)])
    assert len(run.problems) >= bad
    assert read or len(run.problems) == MOST
    assert (run.leaves != b"", run.peaks != (0, [])) == (read, read)


@pytest.mark.parametrize(("start", "end"), [(0, 8), (8, 16), (24, 29), (28, 29)])
def test_a_segment_gives_the_hashes_above_its_tree_and_its_tree_at_each_size(
    start: int, end: int, ledger: Ledger
) -> None:
    sizes = range(start + 1, end + 1)
    run, rows = checked(ledger, start, end, *sizes), rows_of(ledger)
    assert run.problems == []
    for size, peaks in run.partial.items():
        leaves = [leaf_hash(raw) for raw in ledger.entries[start:size]]
        tree = Frontier()
        tree.extend(leaves)
        assert Frontier(size - start, peaks).root() == tree.root()
    assert [*run.partial] == [*sizes]
    within = min(len(rows[end - 1].nodes) // 32, (end - start).bit_length() - 1)  # a whole segment is one subtree
    assert run.upper == rows[end - 1].nodes[32 * within :]
    assert (start, len(run.upper)) in ((0, 0), (8, 32), (24, 0), (28, 0))


def test_only_the_first_wrong_hash_of_a_segment_is_said() -> None:
    assert problems(NODES[0], bytes(32), NODES[2], b"") == ["LOG-CORRUPT #1"]


def test_a_break_of_an_order_and_a_key_that_does_not_hold_are_problems_of_their_entry() -> None:
    ledger, ilves = small()
    sent = {"addressee": "skylark", "channel": "mail"}
    for order, seq, prev in (
        (ORDER, 9, ledger.leaf(4)),
        (OTHERS[0], 1, "ab" * 32),
        (OTHERS[1], 2, None),
    ):
        place = EntryPlace(ledger.origin, order, seq, prev, "2AP-7")
        ledger.record(ilves, "order-transmitted", sent, order=order, place=place)
    ledger.record(hand("ilves", key="other"), "order-transmitted", sent, order=OTHERS[2])
    run = checked(ledger, 0, ledger.size)
    found = [(each.code, each.where) for each in run.problems]
    assert found == [("CTX-CHAIN", "#5"), ("CTX-CHAIN", "#6"), ("CTX-CHAIN", "#7"), ("KEY-UNKNOWN", "#8")]
    assert run.openings == {}
    behind = checked(ledger, 5, ledger.size)
    breaks = [(each.code, each.where) for each in behind.problems if each.code != "LOG-CORRUPT"]
    assert breaks == found[1:], "the entry before #5 is not here"
    assert behind.openings == {ORDER: Opening(5, 8, ledger.leaf(4), "2AP-7")}


def test_entries_that_the_owner_of_a_reported_key_may_not_have_signed_are_noted() -> None:
    ledger, ilves = small()
    orn = ledger.enrol("orn", "XO", "ISS")
    sent = {"addressee": "skylark", "channel": "mail"}
    reported = {"actor": "ilves", "suspected_since": "2027-03-01T00:00:00Z"}
    first = ledger.record(ilves, "order-transmitted", sent, order=ORDER)
    ledger.record(orn, "order-transmitted", sent, order=ORDER)
    assert checked(ledger, 0, ledger.size).noted.suspect == {}
    ledger.record(ledger.keeper, "key-compromised", reported)
    suspect = checked(ledger, first, ledger.size).noted.suspect
    assert suspect == {ilves.key: [first]}


def test_a_file_of_the_manifest_is_read_as_the_entries_of_its_segment(ledger: Ledger) -> None:
    data = write_entries(rows_of(ledger)[8:16])
    segment = Segment(bytes=len(data), sha256=digest_of(data), start=8, end=16, root="", reserved=0)
    run = check_segment.check_segment(common_of(ledger), data, segment, (11,))
    assert (run.problems, run.signatures, [*run.partial]) == ([], 8, [11])
    assert run.program == check_segment.program() == own_statement()
    longer = replace(segment, bytes=len(data) + 1)
    assert [each.code for each in check_segment.check_segment(common_of(ledger), data, longer, ()).problems] == [
        "ARC-DIGEST"
    ]
    other = replace(segment, end=17)
    assert [each.code for each in check_segment.check_segment(common_of(ledger), data, other, ()).problems] == [
        "ARC-FORMAT"
    ]


def test_the_form_of_a_fact_is_checked_and_that_of_the_register_where_it_is_read(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(check_segment, "check_public", lambda payload: asked.append(payload.order))
    checked(ledger, 0, ledger.size)
    assert asked == [p.order for p in payloads(ledger) if p.order != ledger.registry]


def test_a_condition_is_compared_in_its_segment_or_left_open_if_it_concerns_earlier_ones() -> None:
    ledger, ilves = small()
    sent = {"addressee": "skylark", "channel": "mail"}
    opposed = ledger.record(ilves, "order-transmitted", sent, order=ORDER)
    unless = Condition(opposed, [ORDER], ["order-transmitted"])
    index = ledger.record(ilves, "order-transmitted", sent, order=ORDER, unless=unless)
    ledger.record(ilves, "order-transmitted", sent, order=ORDER, unless=replace(unless, after=index + 1))
    whole = checked(ledger, 0, ledger.size)
    assert [(each.code, each.entries) for each in whole.noted.remarks] == [("CTX-CONDITION", (ledger.leaf(index),))]
    assert (whole.noted.findings, whole.conditions) == (1, [])
    at = checked(ledger, opposed, ledger.size)
    assert (at.noted.findings, at.conditions) == (1, [])
    later = checked(ledger, index, ledger.size)
    assert [(each.index, each.leaf, each.condition) for each in later.conditions] == [
        (index, ledger.leaf(index), unless)
    ]
    assert later.noted.findings == 0


def test_a_file_that_is_not_that_of_the_manifest_is_not_read() -> None:
    segment = Segment(bytes=4, sha256=digest_of(b"data"), start=0, end=1, root="", reserved=0)
    common: Any = None
    for data, code in ((b"other", "ARC-DIGEST"), (b"date", "ARC-DIGEST"), (b"data", "ARC-FORMAT")):
        run = check_segment.check_segment(common, data, segment, ())
        assert [(each.code, each.where) for each in run.problems] == [(code, segment.path)]
        assert run.program == check_segment.program()

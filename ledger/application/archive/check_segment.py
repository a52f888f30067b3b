"""Check one segment of an archive: the task of a worker of any engine.

A worker gets the bytes of the file and trusts nothing in them. It has no other segment. So its result has the data
that connect the segment with earlier ones: the first and the last entry of each order, the ids, and conditions on
earlier entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from msgspec import UNSET, Struct

from ledger.application.archive.manifest import Segment, digest_of
from ledger.application.archive.parquet_files import Row, read_entries
from ledger.application.auditing.program import own_statement
from ledger.application.integrity.check_run import (
    MOST,
    TOGETHER,
    Noted,
    Problem,
    completes,
    note_entry,
    subtree,
)
from ledger.application.worker_pool import without_cycles
from ledger.entries.condition import check_condition, opposing
from ledger.entries.envelope import OpenedEntry, open_each
from ledger.entries.keyring import Keyring
from ledger.entries.payload import Condition
from ledger.entries.placement import Link, check_place
from ledger.errors import RecordError
from ledger.tlog.tree import leaf_hash
from ledger.verify.field_forms import check_public
from ledger.verify.progress import VerificationLog
from ledger.verify.time_brackets import Times


class SegmentCheck(Struct, frozen=True, kw_only=True):
    """The input that the checks of all segments of a log share.

    `reserved` are the ids of the register and the map order. `with_orders` asks for the entries of each order, which
    the map of heads needs.
    """

    origin: str
    keyring: Keyring
    times: Times
    reserved: frozenset[str]
    with_orders: bool


class Opening(Struct, frozen=True, array_like=True, gc=False):
    """The link from the first entry of an order in a segment to the previous entry, which is in an earlier segment.

    `index` is that of the first entry, `seq` and `leaf` (hex) are those of the previous entry, `instrument` is that of
    the order.
    """

    index: int
    seq: int
    leaf: str
    instrument: str | None


class OpenCondition(Struct, frozen=True):
    """An entry whose condition concerns entries of earlier segments: its index and leaf hash (hex), its condition."""

    index: int
    leaf: str
    condition: Condition


class SegmentRun(Struct, kw_only=True):
    """Hold the result for one segment. `program` is the statement of the program that checked it.

    `peaks` is (leaves, peak hashes) of its tree, `upper` the stored hashes above it, which its last entry completes.
    `partial` has by size the peaks of its tree at the sizes of signed states. `leaves` are joined, 32 bytes each, `ids`
    joined, 16 bytes each, sorted. `reserved` are the entries of the register and the map order, as (index, leaf).
    """

    program: bytes
    signatures: int = 0
    peaks: tuple[int, list[bytes]] = (0, [])
    upper: bytes = b""
    partial: dict[int, list[bytes]] = {}
    problems: list[Problem] = []
    noted: Noted
    leaves: bytes = b""
    ids: bytes = b""
    reserved: list[tuple[int, bytes]] = []
    openings: dict[str, Opening] = {}
    first: list[tuple[int, str]] = []  # orders that begin in this segment, with the index of their first entry
    lasts: dict[str, Link] = {}
    orders: dict[str, list[int]] = {}
    conditions: list[OpenCondition] = []


def check_segment(check: SegmentCheck, data: bytes, segment: Segment, sizes: Sequence[int]) -> SegmentRun:
    """Check the entries in the file of a segment; `sizes` are those of signed states within it.

    Faults are in the result: ARC-DIGEST and ARC-FORMAT for the file, the codes of entries and LOG-CORRUPT for its
    content.
    """
    run = SegmentRun(program=program(), noted=Noted())
    try:
        if len(data) != segment.bytes or digest_of(data) != segment.sha256:
            raise RecordError("ARC-DIGEST", "it is not the file of the manifest")
        rows = read_entries(data, segment.end - segment.start)
    except RecordError as wrong:
        run.problems.append(Problem(wrong.code, segment.path, wrong.says))
        return run
    with without_cycles():
        _Run(check, segment, run, VerificationLog()).check(rows, sizes)
    return run


@cache
def program() -> bytes:
    """Return the statement of this program, which is computed from all of its files once in a process."""
    return own_statement()


class _Run(Struct):
    """Hold one check of a segment; `heads` has the newest entry of each order so far."""

    common: SegmentCheck
    segment: Segment
    run: SegmentRun
    book: VerificationLog
    heads: dict[str, Link] = {}

    def check(self, rows: Sequence[Row], sizes: Sequence[int]) -> None:
        """Check these rows, and put the results into the run."""
        run, start = self.run, self.segment.start
        leaves: list[bytes] = []
        ids: list[bytes] = []
        for row, opened in _opened(rows):
            own = None
            try:
                if isinstance(opened, RecordError):
                    raise opened
                run.signatures += 1
                own = bytes.fromhex(opened.leaf)
                self._check_columns(row, start + len(leaves), opened, own)
                ids.append(row.entry)
                self._check_entry(rows, row, opened, own)
            except RecordError as wrong:
                self.heads.pop(row.order, None)
                run.problems.append(Problem(wrong.code, f"#{start + len(leaves)}", wrong.says))
            leaves.append(own or leaf_hash(row.raw))
            if len(run.problems) >= MOST:
                return  # the rest is not read, so the segment has no tree
        run.lasts = self.heads
        run.ids = b"".join(sorted(ids))
        run.leaves = b"".join(leaves)
        self._check_hashes(rows, leaves)
        run.partial = {size: subtree(leaves[: size - start])[1] for size in sizes}
        run.noted.findings = len(self.book.remarks)
        run.noted.remarks = self.book.remarks[:MOST]

    def _check_columns(self, row: Row, index: int, opened: OpenedEntry, own: bytes) -> None:
        p = opened.payload
        if row.index != index:
            raise RecordError("LOG-CORRUPT", f"entry {row.index} is at this position")
        if (p.order, p.seq, p.kind, bytes.fromhex(p.entry), own) != (row.order, row.seq, row.kind, row.entry, row.leaf):
            raise RecordError("LOG-CORRUPT", "the columns do not match the signed entry")

    def _check_entry(self, rows: Sequence[Row], row: Row, opened: OpenedEntry, own: bytes) -> None:
        common, run, p = self.common, self.run, opened.payload
        before = self.heads.get(p.order)
        if before is None:
            if p.seq > 1 and p.prev is not None:
                before = Link(p.seq - 1, p.prev, p.instrument)  # compared when the segments are joined
                run.openings[p.order] = Opening(row.index, before.seq, before.leaf, before.instrument)
            else:
                run.first.append((row.index, p.order))
        self.heads[p.order] = Link(p.seq, opened.leaf, p.instrument)
        check_place(opened, common.origin, before)
        if p.order in common.reserved:
            run.reserved.append((row.index, own))
        if p.order != common.keyring.registry:  # the register was checked when it was read
            check_public(p)
            common.keyring.check(opened, row.index)
        if common.with_orders:
            run.orders.setdefault(p.order, []).append(row.index)
        reported = [key for key in common.keyring.keys.values() if key.reported is not None]
        note_entry(row.index, opened, common.keyring, reported, common.times, run.noted, self.book)
        if p.unless is not UNSET:
            condition = OpenCondition(row.index, opened.leaf, p.unless)
            if p.unless.after < self.segment.start:
                run.conditions.append(condition)
            else:
                oppose(
                    condition, ((r.index, r.order, r.kind) for r in rows[: row.index - self.segment.start]), self.book
                )

    def _check_hashes(self, rows: Sequence[Row], leaves: Sequence[bytes]) -> None:
        run = self.run
        completed, peaks = subtree(leaves)
        for made, row in zip(completed, rows, strict=True):
            if len(row.nodes) != 32 * completes(row.index) or not row.nodes.startswith(made):
                run.problems.append(Problem("LOG-CORRUPT", f"#{row.index}", "a Merkle hash is not that of the entries"))
                break
        run.peaks = (len(leaves), peaks)
        run.upper = rows[-1].nodes[len(completed[-1]) :] if rows else b""


def oppose(condition: OpenCondition, entries: Iterable[tuple[int, str, str]], book: VerificationLog) -> None:
    """Add the finding CTX-CONDITION if one of these entries, as (index, order, kind), opposes a condition."""
    try:
        check_condition(condition.condition, condition.index, opposing(condition.condition, entries))
    except RecordError as disregarded:
        book.remark(disregarded.code, disregarded.says, condition.leaf)


def _opened(rows: Sequence[Row]) -> Iterator[tuple[Row, OpenedEntry | RecordError]]:
    """Yield each row with its opened entry, or the error."""
    for at in range(0, len(rows), TOGETHER):
        part = rows[at : at + TOGETHER]
        yield from zip(part, open_each([row.raw for row in part]), strict=True)

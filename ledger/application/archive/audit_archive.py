"""Audit the entries of an archive: check every segment on an engine, and join the results in the order of the log.

The register is read first, since the position of an entry decides which key may sign it. Segments are then checked in
any order. Memory grows with the number of orders, not with the number of entries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from ledger.adapters.folders.handed_folder import HandedFolder
from ledger.adapters.log.head_store import TemporaryMap
from ledger.adapters.storage.connection import ReadableLocation
from ledger.application.archive.check_segment import (
    OpenCondition,
    SegmentCheck,
    SegmentRun,
    oppose,
    program,
)
from ledger.application.archive.engines import EngineName, Submit, started
from ledger.application.archive.entry_ids import EntryIds
from ledger.application.archive.kept_runs import KeptRuns
from ledger.application.archive.manifest import SEGMENT, Manifest, Segment, digest_of
from ledger.application.archive.parquet_files import Row, read_entries
from ledger.application.integrity.audit import Audit, commits_in, read_register, sizes_of, wrong_commits
from ledger.application.integrity.check_run import MOST, OTHER_REGISTER, Noted, Problem
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import Link, map_of, registry_of
from ledger.errors import LedgerError, RecordError
from ledger.tlog.map_of_heads import RootsBySize
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import Frontier, leaf_hash, node_hash
from ledger.verify.progress import VerificationLog
from ledger.verify.time_brackets import Times

_LEVEL = SEGMENT.bit_length() - 1  # of the root of a whole segment


@dataclass(slots=True)
class ArchiveAudit:
    """Audit an archive. An instance is called instead of `ledger.application.integrity.audit.audit`.

    `workers` is the number to start, `address` that of a running cluster. `also` are sizes of further checkpoints whose
    roots are computed. `context` is a digest of all inputs that decide the results in `kept`, except register, states
    and segments. After the call `kept_segments` is the number of segments that a killed run had checked, and `last` the
    newest entry of the register.
    """

    folder: HandedFolder
    manifest: Manifest
    engine: EngineName = "local"
    workers: int | None = None
    address: str = ""
    also: Sequence[int] = ()
    kept: KeptRuns | None = None
    context: bytes = b""
    kept_segments: int = 0
    last: Link | None = None

    def __call__(
        self,
        place: ReadableLocation,
        origin: str,
        registrar: Registrar,
        head: Checkpoint,
        times: Times,
        progress: Callable[[int, int], None],
    ) -> Audit:
        """Check every entry. Faults are collected, not raised. `LedgerError` NO-ENGINE, ENGINE-AWAY, ENGINE-OTHER."""
        keyring = Keyring(registry_of(origin), registrar)
        report = Audit(self.manifest.size, keyring=keyring)
        places = {keyring.registry: [], map_of(origin): []}  # type: dict[str, list[tuple[int, bytes]]]
        try:
            for row in self._reserved(places):
                places[row.order].append((row.index, row.raw))
        except RecordError as wrong:
            report.problems.append(Problem(wrong.code, wrong.where, wrong.says))
            return report
        register = read_register(places[keyring.registry], origin, keyring, report)
        if report.problems:
            return report
        if register:
            newest = register[max(register)]
            self.last = Link(newest.payload.seq, newest.leaf, newest.payload.instrument)
        commits = commits_in(places[map_of(origin)])
        check = SegmentCheck(
            origin=origin, keyring=keyring, times=times, reserved=frozenset(places), with_orders=bool(commits)
        )
        if self.kept is not None:
            self.kept.begin(self._context(places, times))
        sizes = {each.checkpoint.size for each in times.heads.all.values()} | set(self.also)
        with EntryIds() as ids, closing(TemporaryMap()) as heads:
            roots = RootsBySize(sizes_of(commits), heads)
            joined = _Joined(self, report, roots, ids, _leaves(places), sizes)
            with started(self.engine, check, self.workers, self.address) as (submit, workers):
                for segment, run in self._runs(submit, workers, sizes):
                    joined.add(segment, run)
                    if len(report.problems) >= MOST:
                        break
                    progress(segment.end, self.manifest.size)
            if not report.problems:
                report.problems += joined.rest()
                report.problems += wrong_commits(commits, roots.all(), keyring)
        del report.problems[MOST:]
        if self.kept is not None:
            self.kept.end()
        return report

    def read(self, segment: Segment) -> bytes:
        """Return the bytes of a segment, compared with its digest; `RecordError` ARC-MISSING, ARC-DIGEST."""
        data = self.folder.read(segment.path, segment.bytes)
        if data is None:
            raise RecordError("ARC-MISSING", "a file that the manifest lists is missing", where=segment.path)
        if digest_of(data) != segment.sha256:
            raise RecordError("ARC-DIGEST", "it is not the file of the manifest", where=segment.path)
        return data

    def rows(self, segment: Segment) -> list[Row]:
        """Return the entries of a segment. Only the digest of the file is checked; `RecordError` ARC-*."""
        try:
            return read_entries(self.read(segment), segment.end - segment.start)
        except RecordError as wrong:
            raise RecordError(wrong.code, wrong.says, where=wrong.where or segment.path) from None

    def _reserved(self, orders: Iterable[str]) -> Iterator[Row]:
        """Yield the entries of these orders; raise ARC-MANIFEST if a segment has another number than the manifest."""
        wanted = frozenset(orders)
        for segment in self.manifest.segments:
            if segment.reserved:
                found = [row for row in self.rows(segment) if row.order in wanted]
                if len(found) != segment.reserved:
                    says = f"it has {len(found)} entries of register and map; the manifest states {segment.reserved}"
                    raise RecordError("ARC-MANIFEST", says, where=segment.path)
                yield from found

    def _runs(self, submit: Submit, workers: int, sizes: Iterable[int]) -> Iterator[tuple[Segment, SegmentRun]]:
        """Yield each segment with its result, in the order of the log; later segments are checked at the same time."""
        waiting: deque[tuple[Segment, Callable[[], SegmentRun], bool]] = deque()
        within: dict[int, list[int]] = {}
        for size in sorted(sizes):
            within.setdefault(size // SEGMENT * SEGMENT, []).append(size)
        for segment in self.manifest.segments:
            if len(waiting) > 2 * workers:
                yield self._next(waiting)
            inside = [size for size in within.get(segment.start, ()) if segment.start < size < segment.end]
            waiting.append((segment, *self._begun(segment, submit, inside)))
        while waiting:
            yield self._next(waiting)

    def _begun(self, segment: Segment, submit: Submit, sizes: Sequence[int]) -> tuple[Callable[[], SegmentRun], bool]:
        """Submit a segment to a worker; return a function that waits for the result, and True if it is to be kept."""
        try:
            data = self.read(segment)
        except RecordError as wrong:
            faulty = SegmentRun(program=program(), noted=Noted())
            faulty.problems.append(Problem(wrong.code, wrong.where, wrong.says))
            return lambda: faulty, False
        if self.kept is not None and (before := self.kept.get(segment)) is not None:
            self.kept_segments += 1
            return lambda: before, False
        return submit(data, segment, sizes), True

    def _next(self, waiting: deque[tuple[Segment, Callable[[], SegmentRun], bool]]) -> tuple[Segment, SegmentRun]:
        segment, wait, fresh = waiting.popleft()
        run = wait()
        if run.program != program():
            says = "a worker has another version of this program, or other rules"
            raise LedgerError("ENGINE-OTHER", says, "install the same version of Comity on every worker")
        if self.kept is not None and fresh:
            self.kept.put(segment, run)
        return segment, run

    def _context(self, places: Mapping[str, Iterable[tuple[int, bytes]]], times: Times) -> bytes:
        states = sorted(
            (digest, sorted((key.text, time) for key, time in each.cosignatures))
            for digest, each in times.heads.all.items()
        )
        listed = [(index, leaf_hash(raw).hex()) for rows in places.values() for index, raw in rows]
        return self.context + program() + repr((states, listed, sorted(self.also))).encode()


def _leaves(places: Mapping[str, Iterable[tuple[int, bytes]]]) -> dict[int, bytes]:
    """Return the leaf hashes of the entries that were read first, by index."""
    return {index: leaf_hash(raw) for rows in places.values() for index, raw in rows}


@dataclass(slots=True)
class _Joined:
    """Join the results of the segments in the order of the log; add the tree, the problems and notes to the report.

    `reserved` has the leaf hashes of the entries that were read before all others, by index.
    """

    audit: ArchiveAudit
    report: Audit
    roots: RootsBySize
    ids: EntryIds
    reserved: dict[int, bytes]
    sizes: set[int]
    heads: dict[str, Link] = field(default_factory=dict)
    conditions: list[OpenCondition] = field(default_factory=list)
    together: bool = True  # the segments make a tree until an entry is missing

    def add(self, segment: Segment, run: SegmentRun) -> None:
        """Add the result of the next segment."""
        report, problems = self.report, self.report.problems
        report.signatures += run.signatures
        problems += run.problems
        report.noted.add(run.noted)
        if run.problems:
            self.together = False
            return
        here = range(segment.start, segment.end)
        if dict(run.reserved) != {n: leaf for n, leaf in self.reserved.items() if n in here}:
            problems.append(OTHER_REGISTER)
        if self.together:  # after an entry that was not read, no chain can be followed
            problems += self._chains(run)
        self.ids.add(run.ids)
        self.conditions += run.conditions
        leaves = [run.leaves[n : n + 32] for n in range(0, len(run.leaves), 32)]
        self.roots.follow(run.orders, segment.start, leaves)
        if self.together:
            problems += self._climb(segment, run)

    def _chains(self, run: SegmentRun) -> Iterator[Problem]:
        for index, order in run.first:
            if order in self.heads:
                yield Problem("CTX-CHAIN", f"#{index}", "it begins an order that has entries before it")
        for order, opening in run.openings.items():
            before = self.heads.get(order)
            where = f"#{opening.index}"
            if before is None:
                yield Problem("CTX-CHAIN", where, "the entry before it in its order is missing")
            elif (before.seq, before.leaf) != (opening.seq, opening.leaf):
                yield Problem("CTX-CHAIN", where, "it does not continue the entry before it in its order")
            elif before.instrument != opening.instrument:
                says = f"{opening.instrument} in an order under {before.instrument}"
                yield Problem("CTX-INSTRUMENT", where, says)
        self.heads.update(run.lasts)

    def _climb(self, segment: Segment, run: SegmentRun) -> Iterator[Problem]:
        """Add the subtree of a segment to the tree, and compare the archived hashes above it with the computed ones."""
        tree = self.report.frontier
        size, peaks = run.peaks
        for inner, its in run.partial.items():
            self.report.roots[inner] = Frontier(inner, [*tree.peaks, *its]).root()
        if Frontier(size, peaks).root().hex() != segment.root:
            yield Problem("ARC-MANIFEST", segment.path, "the root of its entries is not the one in the manifest")
        merged, level, upper = list(tree.peaks), _LEVEL, run.upper
        if size < SEGMENT:
            merged += peaks
        else:
            (node,) = peaks
            n = tree.size >> level
            while n & 1:
                node = node_hash(merged.pop(), node)
                if upper[:32] != node:
                    says = f"a stored hash of entry {segment.end - 1} is not that of the entries"
                    yield Problem("LOG-CORRUPT", f"level {level + 1}", says)
                upper, level, n = upper[32:], level + 1, n >> 1
            merged.append(node)
        self.report.frontier = Frontier(tree.size + size, merged)
        if segment.end in self.sizes:
            self.report.roots[segment.end] = self.report.frontier.root()

    def rest(self) -> Iterator[Problem]:
        """Yield the problems that only all segments together show; add findings on conditions to the report."""
        for one in self.ids.repeated():
            yield Problem("CTX-REPLAY", "entries", f"two entries have the id {one.hex()}")
        made = self.report.frontier.root()
        if made.hex() != self.audit.manifest.root:
            yield Problem("ARC-MANIFEST", "archive.json", "its root is not that of the entries")
        book = VerificationLog()
        self._compare_conditions(book)
        noted = self.report.noted
        noted.findings += len(book.remarks)
        noted.remarks += book.remarks[: MOST - len(noted.remarks)]

    def _compare_conditions(self, book: VerificationLog) -> None:
        """Compare the conditions with the entries of earlier segments, each of which is read once for all of them."""
        if not self.conditions:
            return
        wanted = frozenset(order for each in self.conditions for order in each.condition.orders)
        kinds = frozenset(kind for each in self.conditions for kind in each.condition.kinds)
        first = min(each.condition.after for each in self.conditions)
        found: dict[str, dict[str, list[int]]] = {}  # order -> kind -> indexes, which grow
        for segment in self.audit.manifest.segments[first // SEGMENT : -(-self.conditions[-1].index // SEGMENT)]:
            for row in self.audit.rows(segment):
                if row.order in wanted and row.kind in kinds:
                    found.setdefault(row.order, {}).setdefault(row.kind, []).append(row.index)
        for each in self.conditions:
            oppose(each, _first_between(found, each), book)


def _first_between(found: Mapping[str, Mapping[str, Sequence[int]]], of: OpenCondition) -> list[tuple[int, str, str]]:
    """Return the first entry of an order and a kind that a condition excludes, as (index, order, kind), or none."""
    condition, excluded = of.condition, []
    for order in condition.orders:
        by_kind = found.get(order, {})
        for kind in by_kind.keys() & frozenset(condition.kinds):
            place = bisect_left(by_kind[kind], condition.after)
            if place < len(by_kind[kind]) and by_kind[kind][place] < of.index:
                excluded.append((by_kind[kind][place], order, kind))
    return sorted(excluded)[:1]

"""Audit a ledger: check all signatures, forms, chains, keys, leaves, inner hashes, roots and committed heads again.

The register is read first. The position of an entry decides which key may sign it, so the other entries can
then be checked in any order, on every core. A worker takes an aligned run of entries, which is a complete
subtree of the log, so memory does not grow with the ledger. Each run is read by position. A database index is
trusted only if it leads back to a row that was read by position.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import orjson

from ledger.adapters.storage import statements
from ledger.adapters.storage.connection import (
    ReadableLocation,
    ReadConnection,
    open_connection,
    translate_errors,
)
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import ForeignFile
from ledger.entries.envelope import OpenedEntry, instrument_of, open_, open_each
from ledger.entries.keyring import Keyring, RegisteredKey, Registrar
from ledger.entries.placement import Link, check_place, committed_by, map_of, registry_of
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.tlog.map_of_heads import roots_at
from ledger.tlog.tree import Frontier, leaf_hash, node_hash
from ledger.verify.entries import is_suspect, note_texts
from ledger.verify.field_forms import check_public, known
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Bracket, Remark
from ledger.verify.time_brackets import Times, absent_of, check_time

logger = logging.getLogger(__name__)

RUN = 1 << 13  # entries that a worker checks at a time; for each order it looks up one entry of an earlier run
LAST = 1 << 10  # the smallest run, near the end, so that no core waits long for another
TOGETHER = 64  # entries opened in one call: enough to save time, few enough for a processor's cache
MOST = 100  # limit of reported problems and of findings; the first problem already decides
LISTED = 1_000  # limit of listed brackets; those of a larger ledger are only counted
SMALLEST = 64  # bytes: the least space of an entry in its file
TOLD = frozenset({"log-key-rotated", "log-succeeded", "witness-changed"})  # register entries that the audit keeps

# Queries for rows that an index does not lead to; each code names the constraint that should have refused them.
_NOT_FOUND = {"CTX-CHAIN": statements.NOT_FOUND_BY_VERSION, "CTX-REPLAY": statements.NOT_FOUND_BY_ENTRY_ID}


@dataclass(frozen=True, slots=True)
class Problem:
    """Hold one proven fault: released code, entry (`#index` in the log) or file, and a sentence."""

    code: str
    where: str
    says: str


@dataclass(slots=True)
class Noted:
    """Hold what entries state without proving a fault: findings, brackets, doubtful keys, other logs.

    `remarks` and `brackets` are the first of all that `findings` and `entries` count. `suspect` has, by
    public key, the indexes of the entries that the key's owner may not have signed; `naming` has the indexes
    of entries that name other logs. `not_held` and `unknown` are leaves: of entries whose key did not hold
    their role, and of unknown kinds. `absent` has the digests of cited states that are missing here.
    """

    entries: int = 0
    findings: int = 0
    remarks: list[Remark] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    open_ends: int = 0
    late: int = 0
    sealed: int = 0
    suspect: dict[str, list[int]] = field(default_factory=dict)
    naming: list[int] = field(default_factory=list)
    not_held: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)

    def add(self, other: Noted) -> None:
        """Add the notes on the entries that follow these."""
        self.entries += other.entries
        self.findings += other.findings
        self.remarks += other.remarks[: MOST - len(self.remarks)]
        self.brackets += other.brackets[: LISTED + 1 - len(self.brackets)]
        self.open_ends += other.open_ends
        self.late += other.late
        self.sealed += other.sealed
        self.naming += other.naming
        self.not_held += other.not_held[: MOST - len(self.not_held)]
        self.unknown += other.unknown[: MOST - len(self.unknown)]
        self.absent |= other.absent
        for key, indexes in other.suspect.items():
            self.suspect.setdefault(key, []).extend(indexes)


@dataclass(slots=True)
class Audit:
    """Hold the result of reading every entry: the numbers read and checked, the tree, the problems.

    If an entry is missing, the tree ends with the run before it. `keyring` is the register as read, and
    `told` has its entries of some kinds by index. `noted` is empty without `times`.
    """

    size: int
    signatures: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    problems: list[Problem] = field(default_factory=list)
    keyring: Keyring | None = None
    told: dict[int, OpenedEntry] = field(default_factory=dict)
    noted: Noted = field(default_factory=Noted)


def audit(
    place: ReadableLocation,
    origin: str,
    registrar: Registrar,
    *,
    times: Times | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Audit:
    """Check every entry of the event store at `place`; `progress(entries done, entries in all)` reports progress.

    Faults are collected, not raised, so that the report is complete. With `times`, entries are also compared
    with the known times, and what they state of other logs is noted. `LedgerError` LOG-CORRUPT if the
    numbering of the entries cannot be true.
    """
    with closing(open_connection(place)) as c, translate_errors(place):
        first, size = c.execute(statements.BOUNDS).fetchone()
        if first < 1 or size > _room(place):
            raise LedgerError("LOG-CORRUPT", f"{place} numbers its entries from {first - 1} to {size - 1}")
        keyring = Keyring(registry_of(origin), registrar)
        report = Audit(size, keyring=keyring)
        register = 0
        for index, opened in _registry(c, origin, keyring):
            if isinstance(opened, RecordError):
                report.problems.append(Problem(opened.code, f"#{index}", f"registry: {opened.says}"))
                continue
            register += 1
            if opened.payload.kind in TOLD:
                report.told[index] = opened
        check = partial(_check_run, place, origin, keyring, times)
        workers = workers or os.cpu_count() or 1
        runs = list(_runs(size, workers))
        together = True  # the runs make a tree until an entry is missing
        for (start, stop), run in zip(runs, _spread(check, runs, workers), strict=True):
            report.signatures += run.signatures
            report.problems += run.problems
            report.noted.add(run.noted)
            register -= run.register
            if len(report.problems) >= MOST:
                break
            together = together and run.peaks[0] == stop - start
            if together:
                _climb(c, report, run.peaks)
            logger.info("entries %d to %d of %d read, %d problems", start, stop - 1, size, len(report.problems))
            progress(stop, size)
        if register and not report.problems:
            says = "the register that is found by its order is not the one that stands in the log"
            report.problems.append(Problem("LOG-CORRUPT", "register", says))
        if not report.problems:
            report.problems += _wrong_commits(c, origin, keyring)
        del report.problems[MOST:]
    return report


def _wrong_commits(c: ReadConnection, origin: str, keyring: Keyring) -> Iterator[Problem]:
    """Yield the entries that committed to another map of heads than that of the entries, which were all checked."""
    stated: dict[int, list[tuple[int, bytes]]] = {}  # by size: the entries, and the root that each states
    for index, raw in c.execute(statements.OF_ORDER, (map_of(origin), 0)).fetchall():
        p = open_(_bytes(raw), verify=False).payload
        commit = committed_by(p)
        if commit is None or not keyring.holds(p.signer, index):
            continue
        size, root = commit
        if 0 <= size <= index:
            stated.setdefault(size, []).append((index, root))
        else:
            yield Problem("MAP-SIZE", f"#{index}", f"it commits the heads of {size} entries, which do not precede it")
    for size, root in roots_at(_leaves(c, max(stated, default=0)), stated):
        for index, said in stated[size]:
            if said != root:
                says = f"it commits the heads of {size} entries under {_short(said)}, and they have {_short(root)}"
                yield Problem("MAP-ROOT", f"#{index}", says)


def _leaves(c: ReadConnection, size: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield index, order and leaf hash of the first entries, a page at a time."""
    for start in range(0, size, RUN):
        rows = c.execute(statements.HEADS_BETWEEN, (start, min(start + RUN, size))).fetchall()
        yield from ((index, order, leaf) for index, (order, leaf) in enumerate(rows, start))


def _short(digest: bytes) -> str:
    return f"{digest.hex()[:8]}.."


def _room(place: ReadableLocation) -> int:
    """Return how many entries a place can hold, as a limit against a file that claims an endless number."""
    if isinstance(place, Address):
        return sys.maxsize
    path = place.path if isinstance(place, ForeignFile) else place
    wal = path.with_name(f"{path.name}-wal")
    return (path.stat().st_size + (wal.stat().st_size if wal.is_file() else 0)) // SMALLEST


@dataclass(slots=True)
class _Run:
    """Hold the result of one run: counts, the peaks of its subtree, problems and notes.

    `signatures` counts the good ones, `register` the entries of the register. `peaks` is (leaves, peak
    hashes); a full run has one peak.
    """

    signatures: int
    register: int
    peaks: tuple[int, list[bytes]]
    problems: list[Problem]
    noted: Noted


def _runs(size: int, workers: int) -> Iterator[tuple[int, int]]:
    """Yield the entries of a log as runs (start, stop): each a power of two, shrinking, so that all begin aligned."""
    start = 0
    while start < size:
        fair = max((size - start) // (2 * workers), LAST) if workers > 1 else RUN
        run = min(1 << fair.bit_length() - 1, RUN)
        yield start, min(start + run, size)
        start += run


def _spread(check: Callable[[int, int], _Run], runs: list[tuple[int, int]], workers: int) -> Iterator[_Run]:
    if len(runs) < 2 or workers < 2:
        yield from (check(*run) for run in runs)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(check,)) as pool:
        waiting = iter(runs)
        going = [pool.submit(_go, *run) for run in islice(waiting, workers * 2)]
        while going:
            yield going.pop(0).result()
            going += [pool.submit(_go, *run) for run in islice(waiting, 1)]


_work: list[Callable[[int, int], _Run]] = []  # the check of a worker process, sent once


def _begin(check: Callable[[int, int], _Run]) -> None:
    gc.disable()  # entries make no reference cycles, and the search for them costs a worker 1/30 of its time
    _work.append(check)


def _go(start: int, stop: int) -> _Run:
    return _work[-1](start, stop)


def _registry(c: ReadConnection, origin: str, keyring: Keyring) -> Iterable[tuple[int, OpenedEntry | RecordError]]:
    """Read the register into the keyring; yield its entries by index, up to the first wrong one."""
    rows = c.execute(statements.OF_ORDER, (keyring.registry, 0))
    before: Link | None = None
    for index, raw in rows:
        try:
            opened = open_(_bytes(raw))
            check_public(opened.payload)
            check_place(opened, origin, before)
            keyring.admit(opened, index)
        except RecordError as wrong:
            yield index, wrong
            return  # the keys that may sign later entries are unknown
        yield index, opened
        before = Link(opened.payload.seq, opened.leaf, opened.payload.instrument)


def _check_run(
    place: ReadableLocation, origin: str, keyring: Keyring, times: Times | None, start: int, stop: int
) -> _Run:
    problems: list[Problem] = []
    noted, book = Noted(), VerificationLog()
    reported = [key for key in keyring.keys.values() if key.reported is not None]
    leaves: list[bytes] = []  # as computed here; `stored_hashes` has the stored ones
    stored_hashes: list[tuple[int, bytes | None]] = []
    signatures = register = 0
    heads: dict[str, Link] = {}  # the newest entry of each order in this run
    places: dict[str, list[int]] = {}  # by order: the number of its first entry here, and the indexes of all
    with closing(open_connection(place)) as c:
        expected = start
        for (index, order, seq, topic, raw, leaf, stored, entry), opened in _opened(
            c.execute(statements.AUDITED_COLUMNS, (start, stop))
        ):
            if index != expected:
                problems.append(Problem("LOG-CORRUPT", f"#{expected}", "an entry is missing"))
            expected = index + 1
            own = None
            try:
                if isinstance(opened, RecordError):
                    raise opened
                signatures += 1
                p, own = opened.payload, bytes.fromhex(opened.leaf)
                if (p.order, p.seq, p.kind, bytes.fromhex(p.entry), own) != (order, seq, topic, entry, leaf):
                    raise RecordError("LOG-CORRUPT", "the columns beside the entry do not say what it says")
                before = heads.get(order) or _before(c, order, seq, index)
                heads[order] = Link(seq, opened.leaf, p.instrument)
                places.setdefault(order, [seq]).append(index)
                check_place(opened, origin, before)
                if order == keyring.registry:
                    register += 1  # `_registry` checked it
                else:
                    check_public(p)
                    keyring.check(opened, index)
                if times is not None:
                    _note(index, opened, keyring, reported, times, noted, book)
            except RecordError as wrong:
                heads.pop(order, None)
                problems.append(Problem(wrong.code, f"#{index}", wrong.says))
            leaves.append(own or leaf_hash(_bytes(raw)))
            stored_hashes.append((index, stored))
            if len(problems) >= MOST:
                break
        else:
            if expected != stop:
                problems.append(Problem("LOG-CORRUPT", f"#{expected}", "an entry is missing"))
        for code, ask in _NOT_FOUND.items():
            if code == "CTX-CHAIN" and not problems and _plainly_found(c, places):
                continue
            if not problems and (row := c.execute(ask, (start, stop)).fetchone()):
                says = "its number in its order, or its id, is found for another entry, or not at all"
                problems.append(Problem(code, f"#{row[0]}", says))
    nodes, peaks = subtree(leaves)
    for completed, (index, stored) in zip(nodes, stored_hashes, strict=True):
        if not isinstance(stored, bytes) or len(stored) != 32 * _completes(index) or not stored.startswith(completed):
            problems.append(Problem("LOG-CORRUPT", f"#{index}", "a stored Merkle hash is not that of the entries"))
    noted.findings = len(book.remarks)
    noted.remarks = book.remarks[:MOST]
    return _Run(signatures, register, (len(leaves), peaks), problems, noted)


def _note(
    index: int,
    opened: OpenedEntry,
    keyring: Keyring,
    reported: Sequence[RegisteredKey],
    times: Times,
    noted: Noted,
    book: VerificationLog,
) -> None:
    """Note what an entry states apart from faults."""
    p = opened.payload
    note_texts(opened, book)
    bracket = check_time(index, opened, times, book)
    noted.entries += 1
    noted.sealed += len(p.sealed)
    noted.late += bracket.not_after is None
    noted.open_ends += bracket.not_before is None or bracket.not_after is None
    if len(noted.brackets) <= LISTED:
        noted.brackets.append(bracket)
    for key in reported:
        if is_suspect(opened, index, key, times):
            noted.suspect.setdefault(key.public, []).append(index)
    if not keyring.holds(p.signer, index):
        noted.not_held.append(opened.leaf)
    if (digest := absent_of(opened, times)) is not None:
        noted.absent.add(digest)
    if known(p) is None:
        noted.unknown.append(opened.leaf)
    if p.other or p.kind == KIND:
        noted.naming.append(index)


def _bytes(cell: Any) -> bytes:
    """Return a cell that has to hold bytes; empty if a damaged file holds another type."""
    return cell if isinstance(cell, bytes) else b""


def _opened(cursor: Any) -> Iterator[tuple[tuple[Any, ...], OpenedEntry | RecordError]]:
    """Yield rows of `AUDITED_COLUMNS`, each with its opened entry or the error."""
    while rows := cursor.fetchmany(TOGETHER):
        yield from zip(rows, open_each([_bytes(row[4]) for row in rows]), strict=True)


def _before(c: ReadConnection, order: str, seq: int, index: int) -> Link | None:
    """Return the preceding entry of an order, from another run, which checks its signature; None for the first."""
    if seq == 1:
        return None
    row = c.execute(statements.AT_VERSION, (order, seq - 1)).fetchone()
    if row is None:
        raise RecordError("CTX-CHAIN", "the entry before it in its order is missing")
    if row[0] > index:
        raise RecordError("CTX-CHAIN", "the entry before it in its order stands behind it in the log")
    raw = _bytes(row[1])
    return Link(seq - 1, leaf_hash(raw).hex(), instrument_of(raw))


def _plainly_found(c: ReadConnection, places: Mapping[str, Sequence[int]]) -> bool:
    """Return True if the index of orders leads to these entries by number, in this order, and to no others."""
    ranges = [f"{order}{first:016d}{first + len(rest) - 1:016d}" for order, (first, *rest) in places.items()]
    indexes = [index for (index,) in c.execute(statements.FOUND_BY_VERSION, (orjson.dumps(ranges).decode(),))]
    return indexes == [index for _, *rest in places.values() for index in rest]


def subtree(leaves: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the tree over the leaf hashes of a run: the joined hashes that each leaf completes, and its peaks."""
    completed, peaks = [b""] * len(leaves), []
    level, each = leaves, 1  # leaves below each node of the level
    while level:
        if len(level) & 1:
            peaks.append(level[-1])
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        each *= 2
        for last, node in zip(range(each - 1, len(leaves), each), level, strict=True):
            completed[last] += node
    return completed, peaks[::-1]


def _climb(c: ReadConnection, report: Audit, part: tuple[int, list[bytes]]) -> None:
    """Add a run's subtree to the tree, and compare the inner hashes above it with the stored ones."""
    size, (node, *rest) = part  # only the last run has a rest, and it merges with no peak
    tree = report.frontier
    level = size.bit_length() - 1
    n = tree.size >> level
    merged = list(tree.peaks)
    last = tree.size + size - 1  # the leaf that completes these subtrees; its row stores their hashes
    stored = _bytes((c.execute(statements.NODES, (last,)).fetchone() or (b"",))[0])
    while n & 1:
        node = node_hash(merged.pop(), node)
        if stored[32 * level : 32 * level + 32] != node:
            report.problems.append(
                Problem("LOG-CORRUPT", f"level {level + 1}", f"a hash stored with entry {last} is not the entries'")
            )
        level, n = level + 1, n >> 1
    report.frontier = Frontier(tree.size + size, [*merged, node, *rest])


def _completes(index: int) -> int:
    """Return how many subtrees of more than one entry end with this entry."""
    return (index ^ (index + 1)).bit_length() - 1

"""Audit a ledger: check all signatures, forms, chains, keys, leaves, inner hashes, roots and committed heads again.

The register is read first. The position of an entry decides which key may sign it, so the other entries can
then be checked in any order, on every core. A worker takes an aligned run of entries, which is a complete
subtree of the log, so memory does not grow with the ledger. Each run is read by position. A database index is
trusted only if it leads back to a row that was read by position. The map of heads is made again in a temporary file.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from msgspec import Struct

from ledger.adapters.log.head_store import TemporaryMap
from ledger.adapters.storage import statements
from ledger.adapters.storage.connection import (
    ReadableLocation,
    ReadConnection,
    open_connection,
    translate_errors,
)
from ledger.adapters.storage.foreign_file import ForeignFile
from ledger.adapters.storage.postgres import Address
from ledger.application.integrity.check_run import MOST, OTHER_REGISTER, Noted, Problem, Run, bytes_of, check_run
from ledger.application.worker_pool import worker_pool
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import SignedBy
from ledger.entries.placement import Link, check_place, committed_by, map_of, registry_of
from ledger.errors import LedgerError, RecordError
from ledger.tlog.map_of_heads import RootsBySize
from ledger.tlog.tree import Frontier, node_hash
from ledger.verify.field_forms import check_public, known
from ledger.verify.time_brackets import Times

logger = logging.getLogger(__name__)

RUN = 1 << 13  # entries that a worker checks at a time; for each order it looks up one entry of an earlier run
LAST = 1 << 10  # the smallest run, near the end, so that no core waits long for another
SMALLEST = 64  # bytes: the least space of an entry in its file
LOG_CHANGES = frozenset({"log-key-rotated", "log-succeeded", "witness-changed"})  # kinds of the register


@dataclass(slots=True)
class Audit:
    """Hold the result of reading every entry: the numbers read and checked, the tree, the problems.

    If an entry is missing, the tree ends with the run before it. `keyring` is the register as read, and
    `log_changes` has its entries that change the keys of the log, or who cosigns it, by index. `noted` is
    empty without `times`. An earlier audit checked the unread entries among the first `rests`. `roots` are those
    computed where no hashes are stored, by size.
    """

    size: int
    rests: int = 0
    signatures: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    problems: list[Problem] = field(default_factory=list)
    keyring: Keyring | None = None
    log_changes: dict[int, OpenedEntry] = field(default_factory=dict)
    noted: Noted = field(default_factory=Noted)
    roots: dict[int, bytes] = field(default_factory=dict)


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
    with closing(open_connection(place)) as c, translate_errors(place), closing(TemporaryMap()) as heads:
        keyring = Keyring(registry_of(origin), registrar)
        report, entries = begin(c, place, origin, keyring)
        size, register = report.size, len(entries)
        commits = commits_from(c, origin)
        roots = RootsBySize(sizes_of(commits), heads)
        check = partial(check_run, place, origin, keyring, times, bool(commits))
        workers = workers or os.cpu_count() or 1
        runs = list(_runs(size, workers))
        together = True  # the runs make a tree until an entry is missing
        for (start, stop), run in zip(runs, spread(check, runs, workers), strict=True):
            report.signatures += run.signatures
            report.problems += run.problems
            report.noted.add(run.noted)
            register -= run.register
            if len(report.problems) >= MOST:
                break
            together = together and run.peaks[0] == stop - start
            if together:
                climb(c, report, run.peaks)
            roots.follow(run.orders, start, run.leaves)
            logger.info("entries %d to %d of %d read, %d problems", start, stop - 1, size, len(report.problems))
            progress(stop, size)
        if register and not report.problems:
            report.problems.append(OTHER_REGISTER)
        if not report.problems:
            report.problems += wrong_commits(commits, roots.all(), keyring)
        del report.problems[MOST:]
    return report


def begin(
    c: ReadConnection, place: ReadableLocation, origin: str, keyring: Keyring
) -> tuple[Audit, dict[int, OpenedEntry]]:
    """Read the register into the keyring; return the audit as it begins, and the entries of the register by index.

    `LedgerError` LOG-CORRUPT if the numbering of the entries cannot be true.
    """
    first, size = c.execute(statements.BOUNDS).fetchone()
    if first < 1 or size > _room(place):
        raise LedgerError("LOG-CORRUPT", f"{place} numbers its entries from {first - 1} to {size - 1}")
    report = Audit(size, keyring=keyring)
    rows = c.execute(statements.OF_ORDER, (keyring.registry, 0))
    return report, read_register(((index, bytes_of(raw)) for index, raw in rows), origin, keyring, report)


def read_register(
    rows: Iterable[tuple[int, bytes]], origin: str, keyring: Keyring, report: Audit
) -> dict[int, OpenedEntry]:
    """Read the entries of the register, as (index, envelope), into the keyring; return them by index.

    What is wrong with one, and changes of the log's keys, go into the report.
    """
    register: dict[int, OpenedEntry] = {}
    for index, opened in _registry(rows, origin, keyring):
        if isinstance(opened, RecordError):
            report.problems.append(Problem(opened.code, f"#{index}", f"registry: {opened.says}"))
            continue
        register[index] = opened
        if opened.payload.kind in LOG_CHANGES and known(opened.payload) is not None:
            report.log_changes[index] = opened
    return register


class Commit(Struct, frozen=True):
    """An entry that commits to the map of heads of the first `size` entries; `root` has 32 bytes."""

    index: int
    signer: SignedBy
    size: int
    root: bytes


def commits_from(c: ReadConnection, origin: str, start: int = 0) -> list[Commit]:
    """Return the commits from index `start` on. They are checked as all entries are, with the run in which they are."""
    rows = c.execute(statements.OF_ORDER, (map_of(origin), 0)).fetchall()
    return commits_in((index, bytes_of(raw)) for index, raw in rows if index >= start)


def commits_in(rows: Iterable[tuple[int, bytes]]) -> list[Commit]:
    """Return the commits among entries of the map order, given as (index, envelope)."""
    commits = []
    for index, raw in rows:
        try:
            p = open_(raw, verify=False).payload
        except RecordError:  # a problem of its run
            continue
        if (commit := committed_by(p)) is not None:
            commits.append(Commit(index, p.signer, *commit))
    return commits


def sizes_of(commits: Iterable[Commit]) -> set[int]:
    """Return the sizes of the maps that are committed to, without impossible ones."""
    return {commit.size for commit in commits if 0 <= commit.size <= commit.index}


def wrong_commits(commits: Iterable[Commit], roots: Mapping[int, bytes], keyring: Keyring) -> Iterator[Problem]:
    """Yield the commits to other maps than those of the entries, which have these `roots` by size."""
    for commit in commits:
        size, where = commit.size, f"#{commit.index}"
        if not keyring.holds(commit.signer, commit.index):
            continue
        if not 0 <= size <= commit.index:
            yield Problem("MAP-SIZE", where, f"it commits the heads of {size} entries, which do not precede it")
        elif roots[size] != commit.root:
            yield Problem("MAP-ROOT", where, other_root(size, commit.root, roots[size]))


def other_root(size: int, said: bytes, made: bytes) -> str:
    """Return the sentence on a commit to the heads of `size` entries under another root than these entries have."""
    return f"it commits the heads of {size} entries under {_short(said)}, and they have {_short(made)}"


def _short(digest: bytes) -> str:
    return f"{digest.hex()[:8]}.."


def _room(place: ReadableLocation) -> int:
    """Return how many entries a place can hold, as a limit against a file that claims an endless number."""
    if isinstance(place, Address):
        return sys.maxsize
    path = place.path if isinstance(place, ForeignFile) else place
    wal = path.with_name(f"{path.name}-wal")
    return (path.stat().st_size + (wal.stat().st_size if wal.is_file() else 0)) // SMALLEST


def _runs(size: int, workers: int) -> Iterator[tuple[int, int]]:
    """Yield the entries of a log as runs (start, stop): each a power of two, shrinking, so that all begin aligned."""
    start = 0
    while start < size:
        fair = max((size - start) // (2 * workers), LAST) if workers > 1 else RUN
        run = min(1 << fair.bit_length() - 1, RUN)
        yield start, min(start + run, size)
        start += run


def spread(check: Callable[[int, int], Run], runs: list[tuple[int, int]], workers: int) -> Iterator[Run]:
    """Yield the result of each run, in their order, from this number of processes."""
    if len(runs) < 2 or workers < 2:
        yield from (check(*run) for run in runs)
        return
    with worker_pool(workers, _begin, check) as pool:
        waiting = iter(runs)
        going = [pool.submit(_go, *run) for run in islice(waiting, workers * 2)]
        while going:
            yield going.pop(0).result()
            going += [pool.submit(_go, *run) for run in islice(waiting, 1)]


_work: list[Callable[[int, int], Run]] = []  # the check of a worker process, sent once


def _begin(check: Callable[[int, int], Run]) -> None:
    gc.disable()  # entries make no reference cycles, and the search for them costs a worker 1/30 of its time
    _work.append(check)


def _go(start: int, stop: int) -> Run:
    return _work[-1](start, stop)


def _registry(
    rows: Iterable[tuple[int, bytes]], origin: str, keyring: Keyring
) -> Iterable[tuple[int, OpenedEntry | RecordError]]:
    """Read the register into the keyring; yield its entries by index, up to the first wrong one."""
    before: Link | None = None
    for index, raw in rows:
        try:
            opened = open_(raw)
            check_public(opened.payload)
            check_place(opened, origin, before)
            keyring.admit(opened, index)
        except RecordError as wrong:
            yield index, wrong
            return  # the keys that may sign later entries are unknown
        yield index, opened
        before = Link(opened.payload.seq, opened.leaf, opened.payload.instrument)


def climb(c: ReadConnection, report: Audit, part: tuple[int, list[bytes]]) -> None:
    """Add a run's subtree to the tree, and compare the inner hashes above it with the stored ones."""
    size, (node, *rest) = part  # only the last run has a rest, and it merges with no peak
    tree = report.frontier
    level = size.bit_length() - 1
    n = tree.size >> level
    merged = list(tree.peaks)
    last = tree.size + size - 1  # the leaf that completes these subtrees; its row stores their hashes
    stored = bytes_of((c.execute(statements.NODES, (last,)).fetchone() or (b"",))[0])
    while n & 1:
        node = node_hash(merged.pop(), node)
        if stored[32 * level : 32 * level + 32] != node:
            report.problems.append(
                Problem("LOG-CORRUPT", f"level {level + 1}", f"a hash stored with entry {last} is not the entries'")
            )
        level, n = level + 1, n >> 1
    report.frontier = Frontier(tree.size + size, [*merged, node, *rest])

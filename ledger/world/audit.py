"""Read the whole shelf again and believe nothing: every signature, chain, leaf, inner hash and the root.

The registry is folded first; since position decides which key may sign, the rest can then be checked in any order, on
every core. A worker takes an aligned run of entries, which is a complete subtree of the log, so memory does not grow
with the ledger.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from ledger.chain import Link, check_place, registry_of
from ledger.envelope import instrument_of, open_, open_each
from ledger.keyring import Keyring, Registrar
from ledger.refusal import Refused
from ledger.tlog import Frontier, leaf_hash, node_hash
from ledger.world.place import Line, Place, faults, line

RUN = 1 << 13  # entries a worker checks at a time: of each order it has to look up one entry in an earlier run
LAST = 1 << 10  # the same towards the end, so that no core waits long for another
TOGETHER = 64  # entries opened in one go: many enough to pay, few enough to stay in a processor's cache
MOST = 100  # problems reported; the first one already decides

_ROWS = """SELECT e.rowid - 1, e.originator_id, e.originator_version, e.topic, e.state, l.leaf, l.nodes, l.entry_id
    FROM stored_events e LEFT JOIN log_leaf l ON l.idx = e.rowid - 1
    WHERE e.rowid > ? AND e.rowid <= ? ORDER BY e.rowid"""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something proved wrong: released code, entry (`#index` in the log) or file, and a sentence."""

    code: str
    where: str
    says: str


@dataclass(slots=True)
class Audit:
    """What a full reading of the shelf showed: how much was read and checked, the tree it makes, what is wrong.

    Where an entry is missing, the tree ends with the run of entries before it.
    """

    size: int
    signatures: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    problems: list[Problem] = field(default_factory=list)


def audit(
    place: Place,
    origin: str,
    registrar: Registrar,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Audit:
    """Check every entry of the shelf at `place`; `progress(entries done, entries in all)` is called as it goes.

    What is found wrong is collected, never raised: an audit that stops at the first scratch says too little.
    """
    with closing(line(place)) as c, faults(place):
        size = c.execute("SELECT ifnull(max(rowid), 0) FROM stored_events").fetchone()[0]
        report = Audit(size)
        keyring = Keyring(registry_of(origin), registrar)
        for code, where, says in _registry(c, origin, keyring):
            report.problems.append(Problem(code, where, says))
        check = partial(_check_run, place, origin, keyring)
        workers = workers or os.cpu_count() or 1
        runs = list(_runs(size, workers))
        together = True  # as long as no entry is missing, the runs make a tree
        for (start, stop), run in zip(runs, _spread(check, runs, workers), strict=True):
            report.signatures += run.signatures
            report.problems += run.problems
            if len(report.problems) >= MOST:
                break
            together = together and run.peaks[0] == stop - start
            if together:
                _climb(c, report, run.peaks)
            progress(stop, size)
        del report.problems[MOST:]
    return report


@dataclass(slots=True)
class _Run:
    """What a worker brings back: good signatures, the peaks of its subtree (one, if the run is full), problems."""

    signatures: int
    peaks: tuple[int, list[bytes]]
    problems: list[Problem]


def _runs(size: int, workers: int) -> Iterator[tuple[int, int]]:
    """The entries of a log, run by run: shorter and shorter ones, each a power of two, so that all begin aligned."""
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
    # what is read makes no cycles, and looking for them among it would cost a worker a thirtieth of its time
    with ProcessPoolExecutor(workers, initializer=gc.disable) as pool:
        waiting = iter(runs)
        going = [pool.submit(check, *run) for run in islice(waiting, workers * 2)]
        while going:
            yield going.pop(0).result()
            going += [pool.submit(check, *run) for run in islice(waiting, 1)]


def _registry(c: Line, origin: str, keyring: Keyring) -> Iterable[tuple[str, str, str]]:
    rows = c.execute(
        "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? ORDER BY originator_version",
        (keyring.registry,),
    )
    before: Link | None = None
    for index, raw in rows:
        try:
            opened = open_(raw)
            check_place(opened, origin, before)
            keyring.admit(opened, index)
        except Refused as wrong:
            yield wrong.code, f"#{index}", f"registry: {wrong.says}"
            return  # after this, which keys may sign is not known
        before = Link(opened.payload.seq, opened.leaf, opened.payload.instrument)


def _check_run(place: Place, origin: str, keyring: Keyring, start: int, stop: int) -> _Run:
    problems: list[Problem] = []
    leaves: list[bytes] = []  # as hashed here, and what the shelf has beside each
    kept: list[tuple[int, bytes | None]] = []
    signatures = 0
    heads: dict[str, Link] = {}  # the newest entries of the orders met in this run
    with closing(line(place)) as c:
        expected = start
        for index, order, seq, topic, raw, leaf, stored, entry, opened in _opened(c.execute(_ROWS, (start, stop))):
            if index != expected:
                problems.append(Problem("LOG-CORRUPT", f"#{expected}", "an entry is missing"))
            expected = index + 1
            own = None
            try:
                if isinstance(opened, Refused):
                    raise opened
                signatures += 1
                p, own = opened.payload, bytes.fromhex(opened.leaf)
                if (p.order, p.seq, p.kind, bytes.fromhex(p.entry), own) != (order, seq, topic, entry, leaf):
                    raise Refused("LOG-CORRUPT", "the columns beside the entry do not say what it says")
                before = heads.get(order) or _before(c, order, seq, index)
                heads[order] = Link(seq, opened.leaf, p.instrument)
                check_place(opened, origin, before)
                if order != keyring.registry:  # its own entries were checked one by one as the keys were folded
                    keyring.check(opened, index)
            except Refused as wrong:
                heads.pop(order, None)
                problems.append(Problem(wrong.code, f"#{index}", wrong.says))
            leaves.append(own or leaf_hash(raw))
            kept.append((index, stored))
            if len(problems) >= MOST:
                break
        else:
            if expected != stop:
                problems.append(Problem("LOG-CORRUPT", f"#{expected}", "an entry is missing"))
    nodes, peaks = subtree(leaves)
    for completed, (index, stored) in zip(nodes, kept, strict=True):
        if stored is None or len(stored) != 32 * _completes(index) or not stored.startswith(completed):
            problems.append(Problem("LOG-CORRUPT", f"#{index}", "a stored Merkle hash is not that of the entries"))
    return _Run(signatures, (len(leaves), peaks), problems)


def _opened(shelf: Any) -> Iterator[tuple[Any, ...]]:
    """Rows of `_ROWS`, each with what opening its entry gave."""
    while rows := shelf.fetchmany(TOGETHER):
        for row, opened in zip(rows, open_each([row[4] for row in rows]), strict=True):
            yield *row, opened


def _before(c: Line, order: str, seq: int, index: int) -> Link | None:
    """The entry before in its order, from another run; its signature is checked there."""
    if seq == 1:
        return None
    found = c.execute(
        "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version = ?",
        (order, seq - 1),
    ).fetchone()
    if found is None:
        raise Refused("CTX-CHAIN", "the entry before it in its order is missing")
    if found[0] > index:
        raise Refused("CTX-CHAIN", "the entry before it in its order stands behind it in the log")
    return Link(seq - 1, leaf_hash(found[1]).hex(), instrument_of(found[1]))


def subtree(leaves: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The tree over the leaf hashes of a run, level by level: the hashes each leaf completes, joined, and its peaks."""
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


def _climb(c: Line, report: Audit, part: tuple[int, list[bytes]]) -> None:
    """Put a run's subtree into the tree, comparing the inner hashes above it with those on the shelf."""
    size, (node, *rest) = part  # only the last run has a rest, and that one meets nothing of its height
    tree = report.frontier
    level = size.bit_length() - 1
    n = tree.size >> level
    merged = list(tree.peaks)
    last = tree.size + size - 1  # the leaf that completes these subtrees, and whose row keeps their hashes
    stored = (c.execute("SELECT nodes FROM log_leaf WHERE idx = ?", (last,)).fetchone() or (b"",))[0]
    while n & 1:
        node = node_hash(merged.pop(), node)
        if stored[32 * level : 32 * level + 32] != node:
            report.problems.append(
                Problem("LOG-CORRUPT", f"level {level + 1}", f"a hash stored with entry {last} is not the entries'")
            )
        level, n = level + 1, n >> 1
    report.frontier = Frontier(tree.size + size, [*merged, node, *rest])


def _completes(index: int) -> int:
    """How many subtrees of more than one entry end with this entry."""
    return (index ^ (index + 1)).bit_length() - 1

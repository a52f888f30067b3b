"""Continue the audit of a ledger behind the segments that an auditor has checked before, with the same checks.

A run reads the register, the entries behind the last verdict, and the segments that are checked once more: because a
key was reported after their verdict, or at random. Of the other segments the root alone is compared, as it is in the
verdict, with the stored hashes and with the tree that the log has signed. If one verdict does not hold, none counts.

No register entry changes which key may sign at an earlier position (`ledger.entries.keyring`). A report of a key casts
doubt on earlier entries that it signed: segments that were checked before the report are read once more.
"""

from __future__ import annotations

import os
import random
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from ledger.adapters.storage import statements
from ledger.adapters.storage.connection import ReadableLocation, ReadConnection, open_connection, translate_errors
from ledger.adapters.storage.entry_reader import read_hashes
from ledger.application.auditing.run import sign_subtree
from ledger.application.integrity.audit import (
    LAST,
    Audit,
    begin,
    climb,
    commits_from,
    sizes_of,
    spread,
    wrong_commits,
)
from ledger.application.integrity.check_run import (
    MOST,
    OTHER_REGISTER,
    TOGETHER,
    Problem,
    Run,
    bytes_of,
    check_run,
    subtree,
)
from ledger.application.integrity.kept_verdicts import SEGMENT, KeptVerdicts, NewSegment
from ledger.entries.envelope import OpenedEntry, open_each
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import registry_of
from ledger.errors import RecordError
from ledger.tlog.map_of_heads import roots_at
from ledger.tlog.note import Checkpoint
from ledger.tlog.subtree_cosignature import Subtree
from ledger.tlog.tree import leaf_hash
from ledger.verify.time_brackets import Times

_LEVEL = SEGMENT.bit_length() - 1  # of the root of a segment


@dataclass(slots=True)
class ContinuedAudit:
    """Audit an event store behind kept verdicts; it is called in the place of `audit`.

    `spot` segments are checked once more, chosen by `seed`. After the call `rests` is the number of entries, from the
    first, that had verdicts before, and `read` that of the entries read. `again` says by start why a segment with a
    verdict was read in this run, `signed` is the number of segments with a new verdict. `refused` is why the kept
    verdicts count for nothing, if they do not.
    """

    kept: KeptVerdicts
    spot: int = 0
    seed: int = 0
    workers: int | None = None
    rests: int = 0
    read: int = 0
    again: dict[int, str] = field(default_factory=dict)
    signed: int = 0
    refused: RecordError | None = None

    def __call__(
        self,
        place: ReadableLocation,
        origin: str,
        registrar: Registrar,
        head: Checkpoint,
        times: Times,
        progress: Callable[[int, int], None],
    ) -> Audit:
        """Check the entries of the store at `place`; `head` is the newest tree that the log has signed.

        A segment gets its verdict as soon as it is checked, if `head` has it. Faults are collected, not raised.
        `LedgerError` as `audit` raises it, and BUSY if another process continues the same audit.
        """
        kept = self.kept
        try:
            verdicts = kept.roots()
        except RecordError as refused:
            self.refused, verdicts = refused, {}
            kept.begin_anew(notes=False)
        with closing(open_connection(place)) as c, translate_errors(place):
            keyring = Keyring(registry_of(origin), registrar)
            report, register = begin(c, place, origin, keyring)
            self.rests = report.rests = kept.size
            if not report.problems:
                report.problems += self._unlike(report.size, register)
            if not report.problems:
                self.again = self._chosen(keyring, register)
                check = partial(check_run, place, origin, keyring, times, True)
                _Run(self, c, report, keyring, sorted(register), head, verdicts).check(check, progress)
            del report.problems[MOST:]
        return report

    def _unlike(self, size: int, register: Mapping[int, OpenedEntry]) -> Iterator[Problem]:
        """Yield how the ledger differs from what was checked before."""
        if self.rests > size:
            yield Problem("LOG-ROLLBACK", "entries", f"{self.rests} were checked before, and there are {size}")
        elif [(n, opened.leaf) for n, opened in register.items() if n < self.rests] != self.kept.register():
            yield Problem("LOG-CORRUPT", "register", "its entries are not the ones checked before")

    def _chosen(self, keyring: Keyring, register: Mapping[int, OpenedEntry]) -> dict[int, str]:
        """Return by start why a segment with a verdict is read once more."""
        again: dict[int, str] = {}
        for index, opened in register.items():
            if opened.payload.kind == "key-compromised":
                actor = str(opened.payload.public.get("actor"))
                accepted = [key.accepted for key in keyring.keys.values() if key.actor == actor]
                first = min((n for n in accepted if n is not None), default=0)
                says = f"entry {index} reports a key of {actor}"
                again = dict.fromkeys(self.kept.unaware(index, first), says) | again
        rest = [start for start in range(0, self.rests, SEGMENT) if start not in again]
        chosen = random.Random(self.seed).sample(rest, min(self.spot, len(rest)))  # noqa: S311 -- the seed is printed
        return again | dict.fromkeys(chosen, "spot check")


@dataclass(slots=True)
class _Run:
    """Hold one run of a continued audit.

    `register` has the indexes of its entries; `roots` are those of segments that had a verdict before, by start.
    """

    audit: ContinuedAudit
    c: ReadConnection
    report: Audit
    keyring: Keyring
    register: list[int]
    head: Checkpoint
    roots: dict[int, bytes]
    together: bool = True  # the runs make a tree until an entry is missing

    def check(self, check: Callable[[int, int], Run], progress: Callable[[int, int], None]) -> None:
        """Compare the segments with verdicts, and read the others and the entries behind them."""
        border, size = self.audit.rests, self.report.size
        whole = max(border, min(self.head.size, size) // SEGMENT * SEGMENT)  # no verdict on the entries behind it
        ranges = [(start, start + SEGMENT) for start in (*sorted(self.audit.again), *range(border, whole, SEGMENT))]
        ranges += [(start, min(start + LAST, size)) for start in range(whole, size, LAST)]
        runs = zip(ranges, spread(check, ranges, self.audit.workers or os.cpu_count() or 1), strict=True)
        for start in range(0, border, SEGMENT):
            self._compare(start, next(runs)[1] if start in self.audit.again else None)
        self._catch_up(border)
        commits = commits_from(self.c, self.head.origin, border)
        sizes = sizes_of(commits)
        roots = self._earlier({each for each in sizes if each < border})
        tail: list[tuple[int, Run]] = []

        def wrong(further: Mapping[int, bytes]) -> Iterator[Problem]:
            roots.update(further)
            return wrong_commits([each for each in commits if since <= each.index < upto], roots, self.keyring)

        for (start, upto), run in runs:
            since = start
            self._add(start, upto, run)
            if len(self.report.problems) >= MOST:
                return
            if upto > whole:
                tail.append((start, run))
            elif not self.report.problems:
                segment = self._signed(start, run)
                if segment is not None:
                    self.report.problems += self.audit.kept.follow([(start, run)], sizes, wrong, segment)
                    self.audit.signed += not self.report.problems
            progress(upto, size)
        self.audit.kept.finish()
        if not self.report.problems:
            since, upto = whole, size
            self.report.problems += self.audit.kept.follow(tail, sizes, wrong)
        reported = {key.public for key in self.keyring.keys.values() if key.reported is not None}
        suspect = {key: indexes for key, indexes in self.audit.kept.suspect().items() if key in reported}
        for _, run in tail:
            for key, indexes in run.noted.suspect.items():
                suspect.setdefault(key, []).extend(indexes)
        self.report.noted.suspect = suspect

    def _compare(self, start: int, run: Run | None) -> None:
        """Compare a segment that has a verdict, which was read once more if `run` is given."""
        verdict = self.roots[start]
        if run is None:
            last = start + SEGMENT - 1
            stored = bytes_of((self.c.execute(statements.NODES, (last,)).fetchone() or (b"",))[0])
            if stored[32 * (_LEVEL - 1) : 32 * _LEVEL] != verdict:
                self._other(start)
            if self.together:
                climb(self.c, self.report, (SEGMENT, [verdict]))
            return
        before = len(self.report.problems)
        self._add(start, start + SEGMENT, run)
        if run.peaks != (SEGMENT, [verdict]):
            self._other(start)
        elif len(self.report.problems) == before and (segment := self._signed(start, run)) is not None:
            self.audit.kept.replace(start, run.noted, segment)

    def _other(self, start: int) -> None:
        says = f"they are not the entries that {self.audit.kept.name} checked before"
        self.report.problems.append(Problem("SUB-PATH", f"entries {start} to {start + SEGMENT - 1}", says))

    def _add(self, start: int, stop: int, run: Run) -> None:
        """Add the result of the run over these entries."""
        report = self.report
        self.audit.read += run.peaks[0]
        report.signatures += run.signatures
        report.problems += run.problems
        report.noted.add(run.noted)
        if not run.problems and run.register != bisect_left(self.register, stop) - bisect_left(self.register, start):
            report.problems.append(OTHER_REGISTER)
        self.together = self.together and run.peaks[0] == stop - start
        if self.together:
            climb(self.c, report, run.peaks)

    def _signed(self, start: int, run: Run) -> NewSegment | None:
        """Return the verdict on a segment without problems; None, and a problem, if it cannot be given."""
        root = run.peaks[1][0]
        if self.roots.get(start, root) != root:
            self._other(start)
            return None
        try:
            subtree = Subtree(self.head.origin, start, start + SEGMENT, root)
            note = sign_subtree(subtree, self.head, self.audit.kept.auditor, self._hashes)
        except RecordError as wrong:
            where = f"entries {start} to {start + SEGMENT - 1}"
            self.report.problems.append(Problem(wrong.code, where, f"the log has not signed them: {wrong.says}"))
            return None
        return NewSegment(note, self.keyring.registry, self.report.size)

    def _hashes(self, positions: Sequence[int]) -> list[bytes]:
        return read_hashes(lambda statement, params: self.c.execute(statement, params).fetchall(), positions)

    def _earlier(self, sizes: Collection[int]) -> dict[int, bytes]:
        """Return the roots of the map of heads at sizes before the first new segment, for entries that commit them.

        Such an entry was sealed while others were recorded. All entries before it are read, without their signatures.
        """
        kept = self.audit.kept
        roots = kept.map_roots(sizes)
        missing = set(sizes) - roots.keys()
        if missing and not self.report.problems:
            read = (entry for part in self._followed(0, max(missing)) for entry in part)
            roots |= roots_at(read, missing)
            if not self.report.problems:
                kept.keep_map_roots(roots)
        return roots

    def _catch_up(self, border: int) -> None:
        """Add the entries to the map of heads that a killed run has not added."""
        kept = self.audit.kept
        for part in self._followed(mapped := kept.mapped(), border):
            mapped += SEGMENT
            if self.report.problems:
                return
            kept.catch_up([(order, leaf) for _, order, leaf in part], mapped)

    def _followed(self, start: int, stop: int) -> Iterator[list[tuple[int, str, bytes]]]:
        """Yield index, order and leaf hash of the entries of each segment, which are compared with its verdict."""
        for first in range(start, stop, SEGMENT):
            leaves: list[bytes] = []
            entries: list[tuple[int, str, bytes]] = []
            cursor = self.c.execute(statements.PAGE, (first, first + SEGMENT, SEGMENT))
            while rows := cursor.fetchmany(TOGETHER):
                raws = [bytes_of(raw) for _, raw in rows]
                for raw, opened in zip(raws, open_each(raws, verify=False), strict=True):
                    leaves.append(leaf_hash(raw))
                    if isinstance(opened, OpenedEntry):
                        entries.append((first + len(leaves) - 1, opened.payload.order, leaves[-1]))
            if subtree(leaves)[1] != [self.roots[first]]:
                self._other(first)
            yield entries

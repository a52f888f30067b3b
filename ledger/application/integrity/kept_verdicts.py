"""Keep the verdicts of an auditor on the segments of a log, and what the check of later entries needs of earlier ones.

A segment is an aligned run of entries. Its verdict is a note of its subtree, signed by the auditor's key
(docs/reference/formats/audit-statement.md). The file is outside of the folder that is judged, and has all that a
continued audit knows of earlier entries: the newest entry of each order, the ids of all entries, the register with its
positions, the map of heads. So no row of an earlier entry is believed. Each segment is one transaction: after a kill
the audit continues at the last one.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.keys import mldsa
from ledger.adapters.log.head_store import SCHEMA as MAP_SCHEMA
from ledger.adapters.log.head_store import KeptMap
from ledger.adapters.storage.sqlite import SQLiteErrors, open_or_create, transaction
from ledger.application.auditing.run import Auditor
from ledger.application.integrity import checked_entries
from ledger.application.integrity.audit import RUN
from ledger.application.integrity.check_run import Noted, Problem, Run
from ledger.application.integrity.checked_entries import CheckedEntries
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.tlog.audit_statement import auditor_of
from ledger.tlog.subtree_cosignature import open_subtree
from ledger.trust.trust_folder import format_registrar

SEGMENT = RUN  # entries
_CACHE = 1 << 16  # KiB: ids are random, so each segment writes to most pages of their table
_CHECKPOINT = 1 << 14  # pages of the WAL before they are written back
_LAG = 16  # segments that the map of heads may be behind: one step for many costs less than one for each
_MOST_LAG = 64  # as many as it has, up to this number

_SCHEMA = (
    # the first `size` entries, whose verdicts were made under this registrar
    """CREATE TABLE checked (
        one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, registrar BLOB NOT NULL) STRICT""",
    # the note of a segment; known: the size of the log whose register its check had read
    "CREATE TABLE segment (start INTEGER PRIMARY KEY, note BLOB NOT NULL, known INTEGER NOT NULL) STRICT",
    # roots of the map of heads at sizes that later entries commit
    "CREATE TABLE map_root (size INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT",
    "CREATE TABLE register (idx INTEGER PRIMARY KEY, leaf TEXT NOT NULL) STRICT",
    # entries that the owner of a key that was reported may not have signed
    "CREATE TABLE suspect (key TEXT NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (key, idx)) STRICT, WITHOUT ROWID",
)
_CLEARED = (*checked_entries.TABLES, "map_root", "register", "suspect")


class NewSegment(Struct, frozen=True):
    """A segment to be kept: its note, the id of the register, and the size of the log whose register was read."""

    note: bytes
    registry: str
    known: int


class _Undo(Exception):
    """End a transaction without effect."""


class KeptVerdicts:
    """The verdicts of one auditor on one log, in an open file, which is made if it is missing."""

    def __init__(self, path: Path, origin: str, registrar: Registrar, auditor: Auditor) -> None:
        """Open the file; `LedgerError` TRUST if its verdicts were made under another registrar, LOG-CORRUPT."""
        private_folder(path.parent)
        named = format_registrar(registrar)
        self.path, self.origin, self.auditor = path, origin, auditor
        self._name = auditor_of(auditor.key, auditor.statement)
        schema = (*_SCHEMA, *checked_entries.SCHEMA, *MAP_SCHEMA)
        self._c = open_or_create(path, (*schema, ("INSERT INTO checked VALUES (1, 0, ?)", (named,))))
        self._map = KeptMap(self._c, path)
        self._unmapped: list[tuple[int, Run]] = []  # runs with verdicts that are not in the map of heads yet
        try:
            with SQLiteErrors(path):
                self._c.execute(f"PRAGMA cache_size = -{_CACHE}")
                self._c.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
                size, under = self._c.execute("SELECT size, registrar FROM checked").fetchone()
                self._checked = CheckedEntries(self._c)
        except BaseException:
            self._c.close()
            raise
        self._size: int = size
        if under != named:
            self._c.close()
            hint = "move the file away: the entries are then read again, from the first on"
            raise LedgerError("TRUST", f"{path} was made under another registrar", hint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._c.close()

    @property
    def size(self) -> int:
        """Return the number of entries, from the first, that the verdicts are about."""
        return self._size

    @property
    def name(self) -> str:
        """Return the auditor's name."""
        return self._name

    def begin_anew(self, *, notes: bool = True) -> None:
        """Forget what is known of the entries. With `notes` the notes stay, to be compared with what is found now."""
        with transaction(self._c, self.path) as c:
            for table in _CLEARED if notes else (*_CLEARED, "segment"):
                c.execute(f"DELETE FROM {table}")  # noqa: S608 -- names of our own
            self._map.clear()
            c.execute("UPDATE checked SET size = 0")
        self._checked.forget()
        self._size, self._unmapped = 0, []

    def roots(self) -> dict[int, bytes]:
        """Return the root of each segment that has a verdict, by its start.

        `RecordError` if a note is missing, damaged, of another range or log, or not signed by the auditor's key:
        CP-FORMAT, SUB-FORMAT, CP-SIG.
        """
        roots: dict[int, bytes] = {}
        with SQLiteErrors(self.path):
            rows = self._c.execute("SELECT start, note FROM segment ORDER BY start").fetchall()
        for start, note in rows:
            subtree = open_subtree(note, [self.auditor.key], mldsa=mldsa.verify).subtree
            if (subtree.origin, subtree.start, subtree.end) != (self.origin, start, start + SEGMENT):
                says = f"a note of {subtree.origin}, entries {subtree.start} to {subtree.end - 1}"
                raise RecordError("SUB-FORMAT", says, where=f"the entries {start} to {start + SEGMENT - 1}")
            roots[start] = subtree.root
        if lost := [start for start in range(0, self._size, SEGMENT) if start not in roots]:
            raise RecordError("SUB-FORMAT", f"the entries {lost[0]} to {lost[0] + SEGMENT - 1} have no note")
        return roots

    def map_roots(self, sizes: Collection[int]) -> dict[int, bytes]:
        """Return those roots of the map of heads at `sizes` that were computed before."""
        with SQLiteErrors(self.path):
            rows = dict(self._c.execute("SELECT size, root FROM map_root").fetchall())
        return {size: rows[size] for size in sizes if size in rows}

    def keep_map_roots(self, roots: Mapping[int, bytes]) -> None:
        """Keep roots of the map of heads, by size."""
        with transaction(self._c, self.path) as c:
            c.executemany("INSERT OR REPLACE INTO map_root VALUES (?, ?)", roots.items())

    def register(self) -> list[tuple[int, str]]:
        """Return the entries of the register among those checked, as (index, leaf hash in hex)."""
        with SQLiteErrors(self.path):
            return list(self._c.execute("SELECT idx, leaf FROM register ORDER BY idx").fetchall())

    def unaware(self, report: int, accepted: int) -> list[int]:
        """Return the starts of the segments that were checked before the register's entry `report` was known.

        Segments that end before position `accepted` are left out.
        """
        query = "SELECT start FROM segment WHERE known <= ? AND start + ? > ? AND start < ? ORDER BY start"
        with SQLiteErrors(self.path):
            return [start for (start,) in self._c.execute(query, (report, SEGMENT, accepted, self._size))]

    def suspect(self) -> dict[str, list[int]]:
        """Return by public key the indexes of the checked entries that its owner may not have signed."""
        found: dict[str, list[int]] = {}
        with SQLiteErrors(self.path):
            for key, index in self._c.execute("SELECT key, idx FROM suspect ORDER BY key, idx"):
                found.setdefault(key, []).append(index)
        return found

    def follow(
        self,
        runs: Sequence[tuple[int, Run]],
        sizes: Collection[int],
        wrong: Callable[[Mapping[int, bytes]], Iterable[Problem]],
        segment: NewSegment | None = None,
    ) -> list[Problem]:
        """Compare runs of entries without problems, each with its first index, with all entries before them.

        `wrong` gets the roots of the map of heads at the `sizes` that the runs reach, and returns the commits
        that contradict them. Return the problems. If the runs are the next `segment` and there is no problem, its
        verdict is kept; else nothing is changed. `LedgerError` BUSY if another process has continued the audit.
        """
        problems: list[Problem] = []
        roots: dict[int, bytes] = {}
        stop = runs[-1][0] + len(runs[-1][1].leaves) if runs else self._size
        reached = {size for size in sizes if self._size <= size <= stop}
        with suppress(_Undo), transaction(self._c, self.path) as c:
            if c.execute("SELECT size FROM checked").fetchone()[0] != self._size:
                raise LedgerError("BUSY", f"another process continues the audit in {self.path}", "try again")
            problems += self._checked.compare(runs)
            if reached:
                roots = self._extend([*self._unmapped, *runs], reached, stop)
            problems += wrong(roots)
            if problems or segment is None:
                raise _Undo
            for start, run in runs:
                rows = [(index, run.leaves[index - start].hex()) for index in run.orders.get(segment.registry, ())]
                c.executemany("INSERT INTO register VALUES (?, ?)", rows)
                self._write(c, self._size, run.noted, segment)
                self._checked.add(start, run)
            c.execute("UPDATE checked SET size = ?", (stop,))
        if segment is not None and not problems:
            self._size = stop
            self._checked.added(run for _, run in runs)
            if self._checked.lag >= _LAG:
                self._settle()
            self._unmapped = [] if reached else [*self._unmapped, *runs]
            if len(self._unmapped) >= self._lag():
                self._map_rest()
        return problems

    def finish(self) -> None:
        """Add what the last segments have to the tables and to the map of heads."""
        self._settle()
        self._map_rest()

    def _lag(self) -> int:
        """Return how many segments the map of heads may be behind."""
        return min(max(_LAG, self._map.state()[0] // SEGMENT), _MOST_LAG)

    def _settle(self) -> None:
        with transaction(self._c, self.path):
            self._checked.settle()
        self._checked.settled()

    def _map_rest(self) -> None:
        if self._unmapped:
            with transaction(self._c, self.path):
                self._extend(self._unmapped, (), self._size)
            self._unmapped = []

    def mapped(self) -> int:
        """Return the number of entries that are in the map of heads: less than `size` after a kill."""
        with SQLiteErrors(self.path):
            return self._map.state()[0]

    def catch_up(self, entries: Iterable[tuple[str, bytes]], size: int) -> None:
        """Add the next entries, as order id and leaf hash, to the map of heads, up to `size`."""
        with transaction(self._c, self.path):
            self._map.extend(entries, size, b"")

    def replace(self, start: int, noted: Noted, segment: NewSegment) -> None:
        """Keep the verdict on a segment that was read once more."""
        with transaction(self._c, self.path) as c:
            self._write(c, start, noted, segment)

    def _write(self, c: sqlite3.Connection, start: int, noted: Noted, segment: NewSegment) -> None:
        c.execute("DELETE FROM suspect WHERE idx >= ? AND idx < ?", (start, start + SEGMENT))
        rows = [(key, index) for key, indexes in noted.suspect.items() for index in indexes]
        c.executemany("INSERT INTO suspect VALUES (?, ?)", rows)
        c.execute("INSERT OR REPLACE INTO segment VALUES (?, ?, ?)", (start, segment.note, segment.known))

    def _extend(self, runs: Sequence[tuple[int, Run]], wanted: Collection[int], stop: int) -> dict[int, bytes]:
        """Add the entries of runs to the map of heads, up to `stop`; return its roots at the `wanted` sizes."""
        roots: dict[int, bytes] = {}
        at = self._map.state()[0]
        for end in sorted({*wanted, stop}):
            added = [
                (order, run.leaves[index - start])
                for start, run in runs
                for order, its in run.orders.items()
                for index in its[bisect_left(its, at) : bisect_left(its, end)]
            ]
            if end > at:
                self._map.extend(added, end, b"")
            if end in wanted:
                roots[end] = self._map.heads().root
            at = end
        return roots

"""Views kept for speed: any fold over the log, paged into views.db, thrown away at will.

A page of entries and the position behind it become durable in one transaction, so a page is applied once or not at all,
whatever is killed in between. A view is named by what it shows and by the digest of the rules it was made with: under
other rules it is another view, and is made again from the first entry.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore, SQLiteTrackingRecorder

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.sqlite import VERSION, check_version, faults
from ledger.errors import LedgerError

PAGE = 5_000  # entries folded into one transaction


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of a view: its content, and from when on time alone makes it stale (None: never)."""

    body: bytes
    stale_at: datetime | None = None


Fold = Callable[[Sequence[tuple[int, bytes]]], Mapping[str, Shown]]


class _Recorder(SQLiteTrackingRecorder):
    """The library's tracking of positions, with the rows of the views beside it."""

    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS shown (view TEXT, key TEXT, body BLOB, stale_at INTEGER,"
            " PRIMARY KEY (view, key)) WITHOUT ROWID",
            "CREATE INDEX IF NOT EXISTS shown_stale ON shown (view, stale_at) WHERE stale_at IS NOT NULL",
        ]


class View:
    """One view of one ledger, as far as it was folded; `name` says what it shows and under which rules."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        try:
            self._recorder = self._open()
        except LedgerError as fault:
            if fault.code != "LOG-CORRUPT":
                raise
            for file in (path, *(path.with_name(path.name + tail) for tail in ("-wal", "-shm"))):
                file.unlink(missing_ok=True)  # nothing is lost that cannot be folded again
            self._recorder = self._open()

    def _open(self) -> _Recorder:
        self.path.touch(mode=0o600)
        with faults(self.path), closing(sqlite3.connect(self.path)) as c:
            # a damaged file is met here: the library would leave it open
            check_version(c, self.path, f"update comity, or delete {self.path.name}: it is made again")
            if not c.execute("PRAGMA schema_version").fetchone()[0]:  # a new file
                c.execute(f"PRAGMA user_version = {VERSION}")
        recorder = _Recorder(SQLiteDatastore(str(self.path), single_row_tracking=True))
        try:
            with faults(self.path):
                recorder.create_table()
        except LedgerError:
            recorder.datastore.close()
            raise
        return recorder

    def close(self) -> None:
        """Close the file."""
        self._recorder.datastore.close()

    @property
    def size(self) -> int:
        """The number of entries that were folded."""
        with faults(self.path):
            return self._recorder.max_tracking_id(self.name) or 0

    def apply(self, rows: Mapping[str, Shown], size: int | None = None) -> None:
        """Put rows into the view, with the number of entries folded so far, in one transaction."""
        with faults(self.path), self._recorder.datastore.transaction(commit=True) as c:
            if size is not None:
                self._recorder._insert_tracking(c, Tracking(self.name, size))
            self._put(c, rows)

    def _put(self, c: SQLiteCursor, rows: Mapping[str, Shown]) -> None:
        c.executemany(
            "INSERT INTO shown VALUES (?, ?, ?, ?) ON CONFLICT (view, key)"
            " DO UPDATE SET body = excluded.body, stale_at = excluded.stale_at",
            [(self.name, key, row.body, seconds(row.stale_at)) for key, row in rows.items()],
        )

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Every row as (key, content), by key."""
        return iter(self._all("SELECT key, body FROM shown WHERE view = ? ORDER BY key", self.name))

    def stale(self, moment: datetime, limit: int = -1) -> list[str]:
        """The keys of rows that time has changed by `moment`, or that are in doubt; at most `limit` of them."""
        found = self._all(
            "SELECT key FROM shown WHERE view = ? AND stale_at <= ? LIMIT ?", self.name, seconds(moment), limit
        )
        return [key for (key,) in found]

    def doubt(self) -> None:
        """Every row is stale from now on: something changed that any of them may rest on."""
        with faults(self.path), self._recorder.datastore.transaction(commit=True) as c:
            c.execute("UPDATE shown SET stale_at = 0 WHERE view = ?", (self.name,))

    def catch_up(self, store: EntryReader, fold: Fold, page: int = PAGE) -> int:
        """Fold what the log has and the view has not; the number of entries that were new to it.

        A view of more entries than there are is one of another copy of the ledger, and is made again.
        """
        if self.size > store.size():
            self._forget()
        start = at = self.size
        while entries := store.page(at, page):
            at = entries[-1][0] + 1
            try:
                self.apply(fold(entries), at)
            except IntegrityError:  # another process has folded as far, or further
                at = self.size
        return at - start

    def _forget(self) -> None:
        with faults(self.path), self._recorder.datastore.transaction(commit=True) as c:
            self._drop(c)

    def _drop(self, c: SQLiteCursor) -> None:
        c.execute("DELETE FROM shown WHERE view = ?", (self.name,))
        c.execute("DELETE FROM tracking WHERE application_name = ?", (self.name,))

    def _all(self, statement: str, *params: object) -> list[Any]:
        with faults(self.path), self._recorder.datastore.transaction(commit=False) as c:
            c.execute(statement, params)
            return [tuple(row) for row in c.fetchall()]


def seconds(moment: datetime | None) -> int | None:
    """A moment as the file keeps it: whole seconds of Unix time."""
    return None if moment is None else int(moment.timestamp())

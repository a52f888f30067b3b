"""Store materialised views of the log in views.db, which can be deleted and made again.

The rows of a page of entries and the position after it are stored in one transaction, so a page is applied once or not
at all, wherever a crash comes. The name of a view has a digest of its rules: under other rules it is another view, and
is made again from the first entry.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore, SQLiteTrackingRecorder

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.sqlite import VERSION, SQLiteErrors, check_version
from ledger.errors import LedgerError

PAGE = 5_000  # entries applied in one transaction


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One row of a view: its content, and the moment from which time alone makes it stale (None: never)."""

    body: bytes
    stale_at: datetime | None = None


Rows = Mapping[str, ViewRow | None]  # None: the view no longer has this row
Fold = Callable[[Sequence[tuple[int, bytes]]], Rows]


class View(SQLiteTrackingRecorder):
    """One view of one ledger: a tracking recorder of the library whose rows are stored with the position.

    `name` is the name of the view in the table of positions, where the library has the name of an application.
    """

    def __init__(self, path: Path, name: str) -> None:
        """Open or create the file. A damaged file is deleted: every view can be made again."""
        self.path = path
        self.name = name
        try:
            self._open()
        except LedgerError as error:
            if error.code != "LOG-CORRUPT":
                raise
            for file in (path, *(path.with_name(path.name + tail) for tail in ("-wal", "-shm"))):
                file.unlink(missing_ok=True)
            self._open()

    def _open(self) -> None:
        self.path.touch(mode=0o600)
        with SQLiteErrors(self.path), closing(sqlite3.connect(self.path)) as c:
            # before the library opens the file: it would leave a damaged one open
            check_version(c, self.path, f"update comity, or delete {self.path.name}: it is made again")
            tables = {name for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables and "shown" not in tables:
                raise LedgerError("LOG-CORRUPT", f"{self.path} has no rows for what it says was applied")
            if not c.execute("PRAGMA schema_version").fetchone()[0]:  # a new file
                c.execute(f"PRAGMA user_version = {VERSION}")
        super().__init__(SQLiteDatastore(str(self.path), single_row_tracking=True))
        try:
            with SQLiteErrors(self.path):
                self.create_table()
        except LedgerError:
            self.datastore.close()
            raise

    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS shown (view TEXT, key TEXT, body BLOB, stale_at INTEGER,"
            " PRIMARY KEY (view, key)) WITHOUT ROWID",
            "CREATE INDEX IF NOT EXISTS shown_stale ON shown (view, stale_at) WHERE stale_at IS NOT NULL",
        ]

    def close(self) -> None:
        """Close the file."""
        self.datastore.close()

    @property
    def size(self) -> int:
        """The number of entries that were applied."""
        with SQLiteErrors(self.path):
            return self.max_tracking_id(self.name) or 0

    def apply(self, rows: Rows, size: int | None = None) -> None:
        """Store rows, with the number of entries applied so far, in one transaction.

        Raises IntegrityError of the library if as many entries, or more, were applied already.
        """
        with SQLiteErrors(self.path), self.datastore.transaction(commit=True) as c:
            if size is not None:
                self._insert_tracking(c, Tracking(self.name, size))
            self._put(c, rows)

    def _put(self, c: SQLiteCursor, rows: Rows) -> None:
        gone = [(self.name, key) for key, row in rows.items() if row is None]
        c.executemany("DELETE FROM shown WHERE view = ? AND key = ?", gone)
        c.executemany(
            "INSERT INTO shown VALUES (?, ?, ?, ?) ON CONFLICT (view, key)"
            " DO UPDATE SET body = excluded.body, stale_at = excluded.stale_at",
            [(self.name, key, row.body, seconds(row.stale_at)) for key, row in rows.items() if row is not None],
        )

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Iterate over the rows as (key, content), sorted by key."""
        return iter(self.select("SELECT key, body FROM shown WHERE view = ? ORDER BY key", self.name))

    def stale(self, moment: datetime, limit: int = -1) -> list[str]:
        """Return the keys of up to `limit` rows that are stale at a moment; -1 is no limit."""
        rows = self.select(
            "SELECT key FROM shown WHERE view = ? AND stale_at <= ? LIMIT ?", self.name, seconds(moment), limit
        )
        return [key for (key,) in rows]

    def mark_all_stale(self) -> None:
        """Make every row stale: something that any of them may depend on has changed."""
        with SQLiteErrors(self.path), self.datastore.transaction(commit=True) as c:
            c.execute("UPDATE shown SET stale_at = 0 WHERE view = ?", (self.name,))

    def catch_up(self, store: EntryReader, fold: Fold, page: int = PAGE) -> int:
        """Apply the entries of the log that were not applied yet, and return their number.

        A view of more entries than the log has belongs to another copy of the ledger, and is made again.
        """
        if self.size > store.size():
            self.clear()
        start = at = self.size
        while entries := store.page(at, page):
            before, at = at, entries[-1][0] + 1
            try:
                self.apply(fold(entries), at)
            except IntegrityError:
                at = self.size  # another process has applied this page
                if at <= before:
                    says = f"the rows of {self.path} contradict each other"
                    raise LedgerError("LOG-CORRUPT", says, "delete the file: it is made again") from None
        return at - start

    def clear(self) -> None:
        """Remove every row and the position: the view is made again from the first entry."""
        with SQLiteErrors(self.path), self.datastore.transaction(commit=True) as c:
            self._drop(c)

    def _drop(self, c: SQLiteCursor) -> None:
        c.execute("DELETE FROM shown WHERE view = ?", (self.name,))
        c.execute("DELETE FROM tracking WHERE application_name = ?", (self.name,))

    def select(self, statement: str, *params: object) -> list[Any]:
        """Return the rows of a query."""
        with self.reading() as select:
            return select(statement, *params)

    @contextmanager
    def reading(self) -> Iterator[Callable[..., list[Any]]]:
        """Yield a function that returns the rows of a query, with its parameters; all queries see one state."""
        with SQLiteErrors(self.path), self.datastore.transaction(commit=False) as c:

            def select(statement: str, *params: object) -> list[Any]:
                c.execute(statement, params)
                return [tuple(row) for row in c.fetchall()]

            yield select


def seconds(moment: datetime | None) -> int | None:
    """Return a moment in whole seconds of Unix time, as views.db has it."""
    return None if moment is None else int(moment.timestamp())

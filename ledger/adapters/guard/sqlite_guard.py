"""Keep the guard of a log in an SQLite file of this machine: one row, which triggers let move only forward.

A closed guard has a table `closed` and version 2, so that an earlier program refuses the file. A trigger refuses a
process that had opened the file before.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.guard.signed_state import Signed, decode, encode
from ledger.adapters.storage.sqlite import (
    SQLiteErrors,
    check_version,
    connect,
    create,
    delete_stale_wal,
    keep_wal,
    stored_instant,
    transaction,
    typed,
)
from ledger.entries.case import wire
from ledger.errors import LedgerError

_CLOSED_VERSION = 2
_FORWARD = """CREATE TRIGGER guard_forward BEFORE UPDATE ON guard
    WHEN NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root) OR NEW.signed_at < OLD.signed_at
    BEGIN SELECT RAISE(ABORT, 'the guard moves only forward'); END"""
SCHEMA = (
    """CREATE TABLE guard (
        one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL CHECK (size >= 0),
        root BLOB NOT NULL CHECK (length(root) = 32), note BLOB NOT NULL, signed_at TEXT NOT NULL) STRICT""",
    _FORWARD,
    "CREATE TRIGGER guard_stays BEFORE DELETE ON guard BEGIN SELECT RAISE(ABORT, 'the guard stays'); END",
    """CREATE TRIGGER guard_one BEFORE INSERT ON guard WHEN EXISTS (SELECT 1 FROM guard)
        BEGIN SELECT RAISE(ABORT, 'there is one guard'); END""",
)
_FETCH = "SELECT size, root, note, signed_at, user_version FROM guard, pragma_user_version"
_OPEN = ("DROP TRIGGER IF EXISTS guard_closed", "DROP TABLE IF EXISTS closed", "PRAGMA user_version = 1")
_CLOSE = (
    "CREATE TABLE closed (reason TEXT NOT NULL) STRICT",
    "CREATE TRIGGER guard_closed BEFORE UPDATE ON guard BEGIN SELECT RAISE(ABORT, 'the guard is closed'); END",
    f"PRAGMA user_version = {_CLOSED_VERSION}",
)


class SQLiteGuard:
    """The guard in one file, as `GuardBackend` says."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None
        self._keeper: sqlite3.Connection | None = None
        self._known: tuple[object, bytes] = (None, b"")  # the row that was read or written last, and its value

    @property
    def _c(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = connect(self._path, newest=_CLOSED_VERSION)
            if self._opened.execute("SELECT 1 FROM sqlite_schema WHERE name = 'closed'").fetchone() is None:
                check_version(self._opened, self._path)
            # SQLite overwrites its WAL from the start: a sync that changes no file size takes half the time
            self._opened.execute("PRAGMA wal_autocheckpoint = 64")
            self._keeper = keep_wal(self._path, _CLOSED_VERSION)
        return self._opened

    def fetch(self) -> bytes | None:
        """Return the value as `GuardBackend.fetch` says."""
        if not self._path.exists():
            return None
        with SQLiteErrors(self._path):
            row = self._c.execute(_FETCH).fetchone()
            if row is None:
                return None
            size, root, note, at, version = row
            if version == _CLOSED_VERSION:
                return encode(_signed(size, root, note, at), self._closed())
            if self._known[0] != row[:-1]:
                self._known = row[:-1], encode(_signed(size, root, note, at))
            return self._known[1]

    def _closed(self) -> str:
        row = self._c.execute("SELECT reason FROM closed").fetchone()
        return "" if row is None else str(row[0])

    def replace(self, old: bytes, new: bytes) -> bool:
        """Replace the value as `GuardBackend.replace` says."""
        (before, closed), (after, to_close) = decode(old, self._path), decode(new, self._path)
        if closed or to_close or after.at < before.at:
            return self._replace_whole(old, after, to_close)
        with SQLiteErrors(self._path):
            try:  # one statement, one transaction
                replaced = self._update(self._c, before, after)
                if replaced:
                    self._known = _row(after), new
                return replaced
            except sqlite3.IntegrityError as error:
                if self.fetch() != old:
                    return False  # it was closed meanwhile
                says = f"{after.size} does not follow {before.size}: {error}"
                raise LedgerError("LOG-ROLLBACK", says) from error

    def _replace_whole(self, old: bytes, after: Signed, to_close: str) -> bool:
        """Replace a value in a way that the triggers refuse: the guard is closed, opened, or dated earlier."""
        with transaction(self._c, self._path) as c:
            if self.fetch() != old:
                return False
            for statement in (*_OPEN, "DROP TRIGGER guard_forward"):
                c.execute(statement)
            self._update(c, decode(old, self._path)[0], after)
            for statement in (_FORWARD, *(_CLOSE if to_close else ())):
                c.execute(statement)
            if to_close:
                c.execute("INSERT INTO closed VALUES (?)", (to_close,))
        return True

    @staticmethod
    def _update(c: sqlite3.Connection, before: Signed, after: Signed) -> bool:
        done = c.execute(
            "UPDATE guard SET size = ?, root = ?, note = ?, signed_at = ?"
            " WHERE size = ? AND root = ? AND note = ? AND signed_at = ?",
            (*_row(after), *_row(before)),
        )
        return done.rowcount == 1

    def create(self, new: bytes) -> bool:
        """Make the file as `GuardBackend.create` says."""
        private_folder(self._path.parent)
        delete_stale_wal(self._path)
        try:
            create(self._path, (*SCHEMA, ("INSERT INTO guard VALUES (1, ?, ?, ?, ?)", _row(decode(new, "")[0]))))
        except FileExistsError:
            return False
        return True

    def close(self) -> None:
        """Close the file."""
        for c in (self._opened, self._keeper):
            if c is not None:
                c.close()
        self._opened = self._keeper = None


def make_whole(path: Path) -> None:
    """Copy the WAL of a guard into its file and delete it, so that the file can be moved alone."""
    connect(path, newest=_CLOSED_VERSION).close()  # the last connection that can write does it


def _signed(size: object, root: object, note: object, at: object) -> Signed:
    return Signed(typed(size, int), typed(root, bytes), typed(note, bytes), stored_instant(at))


def _row(signed: Signed) -> tuple[int, bytes, bytes, str]:
    return signed.size, signed.root, signed.note, wire(signed.at)

"""Guard a log against signing twice: keep its last signed state where no backup of the ledger reaches.

A log must never sign two trees that contradict each other. A database restored from last week's backup lacks
this week's checkpoints; the guard has them. The guard is outside the ledger's folder and is never copied or
restored. It moves only forward, by compare-and-swap, before a signature is returned. Without it, nothing is
signed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import (
    SQLiteErrors,
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

LATENESS = timedelta(minutes=5)  # a clock that is further behind the last signature is wrong

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


@dataclass(frozen=True, slots=True)
class Signed:
    """Hold the last checkpoint of a log: size, root (32 bytes), signed note, and the log's clock then (UTC)."""

    size: int
    root: bytes
    note: bytes
    at: datetime


class Guard:
    """Hold the guard of one log."""

    def __init__(self, path: Path) -> None:
        """Open an existing guard; `LedgerError` GUARD-MISSING."""
        if not path.exists():
            raise LedgerError(
                "GUARD-MISSING",
                f"{path} is missing, so nothing says what this log has signed before",
                "is this another account or machine? Write where the guard is, or have it serve (comity signer serve). "
                "Only if it is lost for good: comity log remake-guard, else comity succeed",
            )
        self.path = path
        self._c = connect(path)
        # SQLite overwrites its WAL from the start: a sync that changes no file size takes half the time
        self._c.execute("PRAGMA wal_autocheckpoint = 64")
        self._keeper = keep_wal(path)

    @classmethod
    def create(cls, path: Path, first: Signed) -> Guard:
        """Make the guard of a new log; FileExistsError if it exists, because a log never begins twice."""
        private_folder(path.parent)
        delete_stale_wal(path)
        values = (first.size, first.root, first.note, wire(first.at))
        create(path, (*SCHEMA, ("INSERT INTO guard VALUES (1, ?, ?, ?, ?)", values)))
        return cls(path)

    def close(self, *, whole: bool = False) -> None:
        """Close the file. With `whole` its WAL is copied into it and deleted, so that the file can be moved alone."""
        for c in (self._keeper, self._c) if whole else (self._c, self._keeper):
            c.close()

    def last(self) -> Signed:
        """Return the state that was signed last."""
        with SQLiteErrors(self.path):
            row = self._c.execute("SELECT size, root, note, signed_at FROM guard").fetchone()
            if row is None:
                raise LedgerError("GUARD-MISSING", f"{self.path} is empty")
            size, root, note, at = row
            return Signed(typed(size, int), typed(root, bytes), typed(note, bytes), stored_instant(at))

    def set_back(self, last: Signed, at: datetime) -> bool:
        """Date the last signature earlier; the signed state stays. Return False if another state was signed since."""
        with transaction(self._c, self.path) as c:
            c.execute("DROP TRIGGER guard_forward")
            values = (wire(at), last.size, last.root)
            done = c.execute("UPDATE guard SET signed_at = ? WHERE size = ? AND root = ?", values)
            c.execute(_FORWARD)
        return done.rowcount == 1

    def advance(self, before: Signed, after: Signed) -> bool:
        """Replace `before` by `after`, durably; return False if another process has advanced the guard."""
        with SQLiteErrors(self.path):
            try:
                done = self._c.execute(  # one statement, one transaction
                    "UPDATE guard SET size = ?, root = ?, note = ?, signed_at = ? WHERE size = ? AND root = ?",
                    (after.size, after.root, after.note, wire(after.at), before.size, before.root),
                )
            except sqlite3.IntegrityError as error:
                raise LedgerError("LOG-ROLLBACK", f"{after.size} does not follow {before.size}: {error}") from error
        return done.rowcount == 1


def signing_time(last: datetime, now: datetime, say: Callable[[str], None]) -> datetime:
    """Return the time for the next signature, never before the last one; CLOCK-BACK if the clock is far behind."""
    now = now.astimezone(UTC)
    if now < last - LATENESS:
        raise LedgerError(
            "CLOCK-BACK",
            f"this log signed at {wire(last)}, and the clock says {wire(now)}",
            "set the clock; nothing was signed. If it is right now, and was ahead then: comity log clock",
        )
    if now < last:
        say(f"the clock is {int((last - now).total_seconds())} s behind the last signature")
        return last
    return now

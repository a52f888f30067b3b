"""Where the answers to requests are kept: `requests.db` of the ledger's folder, or a table that several servers share.

The table is in the schema `comity_requests` of the database with the entries. A server makes it, or finds the schema
that the owner of the database made for it. Neither is a part of the record; both can be deleted. A power cut may take
the newest answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.storage.postgres import Address, PostgresErrors, is_connection_lost
from ledger.adapters.storage.sqlite import SQLiteErrors, open_or_create
from server.tables import Tables, open_tables

KEPT = 7 * 86_400  # seconds
MOST = 100_000  # answers

Name = tuple[str, str]  # sender and key of a request
Kept = tuple[bytes, bytes]  # digest of a request, and its answer

_STATEMENTS = (
    """CREATE TABLE answer (
        sender TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (sender, key)) STRICT""",
    "CREATE INDEX answer_at ON answer (at)",
)
TABLES = Tables("comity_requests", _STATEMENTS)


class Answers(Protocol):
    """Keeps answers; one thread calls it at a time."""

    def claim(self, name: Name) -> bool:
        """Return True if no other server does the request of this name; it does not until `release`."""
        ...

    def kept(self, name: Name) -> Kept | None:
        """Return the answer to a request; None if it was not done, or is not kept any more."""
        ...

    def keep(self, name: Name, kept: Kept, now: int) -> None:
        """Keep an answer, given at `now` (seconds since 1970)."""
        ...

    def release(self, name: Name) -> None:
        """Let others do requests of this name."""
        ...

    def prune(self, now: int) -> None:
        """Delete answers older than `KEPT`, and the oldest above `MOST`."""
        ...

    def close(self) -> None: ...


def open_answers(folder: Folder) -> Answers:
    """Open the answers of a ledger, and make their place if there is none; where the entries are in a database, there.

    `LedgerError`: what opening the file or the database raises; LEDGER-VERSION.
    """
    entries = folder.entries
    return AnswerTable(entries) if isinstance(entries, Address) else AnswerFile(folder.path / "requests.db")


class AnswerFile:
    """Answers in an SQLite file, for the one server that uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._c = open_or_create(path, TABLES.statements, version=TABLES.version)
        self._c.execute("PRAGMA synchronous=NORMAL")

    def claim(self, name: Name) -> bool:
        return True

    def kept(self, name: Name) -> Kept | None:
        with SQLiteErrors(self._path):
            row: Kept | None = self._c.execute(
                "SELECT request, body FROM answer WHERE sender = ? AND key = ?", name
            ).fetchone()
            return row

    def keep(self, name: Name, kept: Kept, now: int) -> None:
        with SQLiteErrors(self._path):
            self._c.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", (*name, *kept, now))

    def release(self, name: Name) -> None:
        pass

    def prune(self, now: int) -> None:
        newest = "SELECT rowid FROM answer ORDER BY at DESC LIMIT -1 OFFSET ?"
        with SQLiteErrors(self._path):
            self._c.execute("DELETE FROM answer WHERE at < ?", (now - KEPT,))
            self._c.execute(f"DELETE FROM answer WHERE rowid IN ({newest})", (MOST,))  # noqa: S608 - a constant

    def close(self) -> None:
        self._c.close()


class AnswerTable:
    """Answers in PostgreSQL, for all servers of a log. A claim is an advisory lock, and ends with its session."""

    def __init__(self, location: Address) -> None:
        self._location = location
        self._c = open_tables(location, TABLES, quick=True)

    def claim(self, name: Name) -> bool:
        return bool(self._one("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", _lock_of(name))[0])

    def kept(self, name: Name) -> Kept | None:
        row = self._one("SELECT request, body FROM answer WHERE sender = %s AND key = %s", *name)
        return (row[0], row[1]) if row else None

    def keep(self, name: Name, kept: Kept, now: int) -> None:
        self._do("INSERT INTO answer VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING", *name, *kept, now)

    def release(self, name: Name) -> None:
        c = self._c.connection
        if c.closed:
            return  # the claim has ended with the connection
        with PostgresErrors(self._location):
            try:
                c.execute(b"SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (_lock_of(name),))
            except Exception as error:
                if not is_connection_lost(error):
                    raise

    def prune(self, now: int) -> None:
        self._do("DELETE FROM answer WHERE at < %s", now - KEPT)
        self._do("DELETE FROM answer WHERE at <= (SELECT at FROM answer ORDER BY at DESC OFFSET %s LIMIT 1)", MOST)

    def close(self) -> None:
        self._c.close()

    def _one(self, text: str, *params: object) -> Any:
        return self._do(text, *params).fetchone()

    def _do(self, text: str, *params: object) -> Any:
        with PostgresErrors(self._location):
            return self._c.execute(text, params)


def _lock_of(name: Name) -> str:
    return f"{TABLES.schema} {name[0]} {name[1]}"

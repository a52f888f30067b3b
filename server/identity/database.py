"""Open the database of identities: `identity.db` of the ledger's folder, or tables next to the entries in PostgreSQL.

Both have the same tables, and every statement has one text: `?` marks a parameter. What a crash may take (spent nonces,
the last use of a session) is written without waiting for the disk, everything else is durable when a call returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from ledger.adapters.folders.ledger_folder import IDENTITY_DB, Folder
from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import Address, PostgresErrors, is_connection_lost, retries
from ledger.adapters.storage.sqlite import SQLiteErrors, connect, create, transaction
from ledger.errors import LedgerError

SCHEMA = "comity_identity"
VERSION = 1

Params = Sequence[str | int]
Rows = list[tuple[Any, ...]]

# In PostgreSQL INTEGER is BIGINT, and STRICT is left out. Times are seconds since 1970. `roles` is a list with spaces.
TABLES = (
    """CREATE TABLE account (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, office TEXT NOT NULL, roles TEXT NOT NULL,
        handle TEXT NOT NULL UNIQUE, locked INTEGER NOT NULL) STRICT""",
    "CREATE TABLE account_key (key TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account) STRICT",
    "CREATE TABLE account_certificate (sha256 TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account) STRICT",
    """CREATE TABLE account_subject (
        issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL REFERENCES account,
        PRIMARY KEY (issuer, subject)) STRICT""",
    """CREATE TABLE passkey (
        id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, public TEXT NOT NULL, counter INTEGER NOT NULL,
        made INTEGER NOT NULL, used INTEGER NOT NULL) STRICT""",
    """CREATE TABLE enrolment (
        digest TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, until INTEGER NOT NULL) STRICT""",
    """CREATE TABLE session (
        digest TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, way TEXT NOT NULL, began INTEGER NOT NULL,
        seen INTEGER NOT NULL) STRICT""",
    """CREATE TABLE spent (
        sender TEXT NOT NULL, nonce TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (sender, nonce)) STRICT""",
    "CREATE INDEX spent_until ON spent (until)",
    "CREATE TABLE server_secret (one INTEGER PRIMARY KEY, secret TEXT NOT NULL) STRICT",
    "CREATE TABLE act (at INTEGER NOT NULL, act TEXT NOT NULL, account TEXT NOT NULL) STRICT",
    "CREATE INDEX act_at ON act (at)",
)


class Database(Protocol):
    """What the stores of identities need from a database; several threads may call it at once."""

    def rows(self, text: str, params: Params = ()) -> Rows:
        """Return the rows of a query."""
        ...

    def change(self, text: str, params: Params = (), *, quick: bool = False) -> int:
        """Execute a statement and return the number of changed rows; `quick` does not wait for the disk."""
        ...

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the calls of this thread in the block as one transaction."""
        ...

    def close(self) -> None: ...


def open_database(folder: Folder) -> Database:
    """Open the identities of a ledger where its entries are, and make the tables if there are none.

    `LedgerError`: what opening the file or the database raises.
    """
    entries = folder.entries
    return PostgresDatabase(entries) if isinstance(entries, Address) else SQLiteDatabase(folder.path / IDENTITY_DB)


class SQLiteDatabase:
    """Identities in a file. Nothing of it is in a published log or a bundle."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            with suppress(FileExistsError):  # another process has just made it
                create(path, TABLES, secure_delete=True, version=VERSION)
        self._path = path
        self._lock = RLock()
        self._within = False
        self._durable = self._open("FULL")
        try:
            self._quick = self._open("NORMAL")
        except BaseException:
            self._durable.close()
            raise

    def _open(self, synchronous: str) -> sqlite3.Connection:
        c = connect(self._path, secure_delete=True, newest=VERSION)
        c.execute(f"PRAGMA synchronous={synchronous}")
        c.execute("PRAGMA foreign_keys=ON")
        c.row_factory = None
        return c

    def rows(self, text: str, params: Params = ()) -> Rows:
        with self._lock, SQLiteErrors(self._path):
            return self._durable.execute(text, params).fetchall()

    def change(self, text: str, params: Params = (), *, quick: bool = False) -> int:
        with self._lock, SQLiteErrors(self._path):
            c = self._quick if quick and not self._within else self._durable
            return c.execute(text, params).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock, transaction(self._durable, self._path):
            self._within = True
            try:
                yield
            finally:
                self._within = False

    def close(self) -> None:
        self._quick.close()
        self._durable.close()


class PostgresDatabase:
    """Identities in the schema `comity_identity` of the database with the entries, which several servers share."""

    def __init__(self, location: Address) -> None:
        self._location = location
        self._lock = RLock()
        self._within = False
        self._c = self._connect()
        self._quick = self._connect(quick=True)

    def _connect(self, *, quick: bool = False) -> postgres.Connection:
        c = postgres.connect(self._location)
        try:
            with PostgresErrors(self._location):
                _make_tables(c, self._location)
                c.execute("SELECT set_config('search_path', %s, false)", (SCHEMA,))
                if quick:
                    c.execute("SET synchronous_commit = off")
        except BaseException:
            c.close()
            raise
        return c

    def rows(self, text: str, params: Params = ()) -> Rows:
        rows: Rows = self._run(lambda: self._c.execute(_marked(text), _without_nul(params)).fetchall())
        return rows

    def change(self, text: str, params: Params = (), *, quick: bool = False) -> int:
        def act() -> int:
            c = self._quick if quick and not self._within else self._c
            return c.execute(_marked(text), _without_nul(params)).rowcount

        return int(self._run(act))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            self._run(lambda: self._c.execute("SELECT 1"))  # connects again where the connection was lost
            with PostgresErrors(self._location), self._c.transaction():
                self._within = True
                try:
                    yield
                finally:
                    self._within = False

    def close(self) -> None:
        self._quick.close()
        self._c.close()

    def _run(self, act: Callable[[], Any]) -> Any:
        """Run an act; outside a transaction, again for 30 seconds where the connection is lost."""
        with self._lock, PostgresErrors(self._location):
            for wait in retries():
                try:
                    if self._c.closed and not self._within:
                        self._c = self._connect()
                    if self._quick.closed and not self._within:
                        self._quick = self._connect(quick=True)
                    return act()
                except Exception as error:
                    if self._within or not is_connection_lost(error) or not wait():
                        raise
        raise AssertionError("unreachable")


def _make_tables(c: postgres.Connection, location: Address) -> None:
    with c.transaction():
        c.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        if c.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,):
            c.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        if c.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.version",)).fetchone() == (None,):
            c.execute("SELECT set_config('search_path', %s, true)", (SCHEMA,))
            for text in TABLES:
                c.execute(text.replace("INTEGER", "BIGINT").replace(" STRICT", "").encode())
            c.execute("CREATE TABLE version AS SELECT %s::integer AS version", (VERSION,))
        found = c.execute(f"SELECT version FROM {SCHEMA}.version".encode()).fetchone()  # noqa: S608 - a constant
    if found != (VERSION,):
        says = f"the identities in {location} are of another version than {VERSION}"
        raise LedgerError("LEDGER-VERSION", says, "update comity")


def _without_nul(params: Params) -> Params:
    # PostgreSQL has no NUL in texts, and no stored value has one: \1 finds nothing either, without an error
    return [each.replace("\0", "\1") if isinstance(each, str) else each for each in params]


def _marked(text: str) -> bytes:
    return text.replace("?", "%s").encode()

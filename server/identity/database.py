"""Open the database of identities: `identity.db` of the ledger's folder, or tables next to the entries in PostgreSQL.

Both have the same tables, and every statement has one text: `?` marks a parameter. Spent nonces and the
last use of a session are written without waiting for the disk: a crash may delete them. All other values are durable
when a call returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from ledger.adapters.folders.ledger_folder import IDENTITY_DB, Folder
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.sqlite import SQLiteErrors, check_version, open_or_create, transaction
from server.tables import Tables, open_tables

Params = Sequence[str | int]
Rows = list[tuple[Any, ...]]

# Times are seconds since 1970. `roles` is a list with spaces.
_STATEMENTS = (
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
# `old_key` is the key that ends, empty for one more key; `decided` is 0 as long as a request waits.
_KEY_REQUESTS = (
    """CREATE TABLE key_request (
        id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, act TEXT NOT NULL, key TEXT NOT NULL,
        old_key TEXT NOT NULL, device TEXT NOT NULL, cause TEXT NOT NULL, made INTEGER NOT NULL, state TEXT NOT NULL,
        reason TEXT NOT NULL, decided INTEGER NOT NULL) STRICT""",
    "CREATE INDEX key_request_account ON key_request (account)",
    "CREATE INDEX key_request_state ON key_request (state)",
)
# `handle` is that of the account that the person of an invitation makes; `account` is empty until then.
_GUESTS = (
    """CREATE TABLE invitation (
        id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, office TEXT NOT NULL,
        name TEXT NOT NULL, handle TEXT NOT NULL, by_office TEXT NOT NULL, by_name TEXT NOT NULL, made INTEGER NOT NULL,
        until INTEGER NOT NULL, state TEXT NOT NULL, account TEXT NOT NULL) STRICT""",
    "CREATE INDEX invitation_order ON invitation (order_id)",
    """CREATE TABLE guest (
        account TEXT PRIMARY KEY REFERENCES account, order_id TEXT NOT NULL, by_office TEXT NOT NULL,
        since INTEGER NOT NULL) STRICT""",
)
# What people note about their work on orders: outside of the log. `order_id` is an order, `by_account` the account that
# made a row, `entry` the index of an entry of the log, or -1; `seen` and `mailed` are 0 or 1.
_WORK = (
    """CREATE TABLE work_assigned (
        order_id TEXT NOT NULL, account TEXT NOT NULL REFERENCES account, office TEXT NOT NULL,
        by_account TEXT NOT NULL REFERENCES account, at INTEGER NOT NULL, PRIMARY KEY (order_id, account)) STRICT""",
    "CREATE INDEX work_assigned_account ON work_assigned (account)",
    "CREATE INDEX work_assigned_office ON work_assigned (office)",
    """CREATE TABLE work_watched (
        order_id TEXT NOT NULL, account TEXT NOT NULL REFERENCES account, at INTEGER NOT NULL,
        PRIMARY KEY (order_id, account)) STRICT""",
    "CREATE INDEX work_watched_account ON work_watched (account)",
    """CREATE TABLE work_note (
        id TEXT PRIMARY KEY, order_id TEXT NOT NULL, office TEXT NOT NULL, account TEXT NOT NULL REFERENCES account,
        text TEXT NOT NULL, at INTEGER NOT NULL) STRICT""",
    "CREATE INDEX work_note_order ON work_note (order_id)",
    """CREATE TABLE work_notice (
        id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, order_id TEXT NOT NULL, why TEXT NOT NULL,
        by_account TEXT NOT NULL, entry INTEGER NOT NULL, at INTEGER NOT NULL, seen INTEGER NOT NULL,
        mailed INTEGER NOT NULL) STRICT""",
    "CREATE INDEX work_notice_account ON work_notice (account, seen)",
    "CREATE INDEX work_notice_order ON work_notice (order_id)",
    """CREATE TABLE work_view (
        id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, office TEXT NOT NULL, name TEXT NOT NULL,
        query TEXT NOT NULL, shared INTEGER NOT NULL) STRICT""",
    "CREATE INDEX work_view_office ON work_view (office)",
    """CREATE TABLE work_mail (
        account TEXT PRIMARY KEY REFERENCES account, address TEXT NOT NULL, language TEXT NOT NULL,
        day TEXT NOT NULL) STRICT""",
    "CREATE TABLE work_followed (one INTEGER PRIMARY KEY, size INTEGER NOT NULL) STRICT",
)
_REQUESTER_POLICIES = (
    """CREATE TABLE requester_policy (
        office TEXT PRIMARY KEY, asked TEXT NOT NULL, changed INTEGER NOT NULL, account TEXT NOT NULL) STRICT""",
)
TABLES = Tables("comity_identity", _STATEMENTS, (_KEY_REQUESTS, _GUESTS, _WORK, _REQUESTER_POLICIES))


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
        """Run the calls of this thread in the block as one transaction; one within another is a part of it."""
        ...

    def close(self) -> None: ...


def open_database(folder: Folder) -> Database:
    """Open the identities of a ledger where its entries are, and make the tables if there are none.

    `LedgerError`: what opening the file or the database raises.
    """
    entries = folder.entries
    return PostgresDatabase(entries) if isinstance(entries, Address) else SQLiteDatabase(folder.path / IDENTITY_DB)


class SQLiteDatabase:
    """Tables in a file, by default those of identities. Nothing of it is in a published log or a bundle."""

    def __init__(self, path: Path, tables: Tables = TABLES) -> None:
        self._path = path
        self._tables = tables
        self._lock = RLock()
        self._within = False
        self._durable = self._open("FULL")
        try:
            self._raise()
            self._quick = self._open("NORMAL")
        except BaseException:
            self._durable.close()
            raise

    def _open(self, synchronous: str) -> sqlite3.Connection:
        c = open_or_create(self._path, self._tables.behind(0), secure_delete=True, version=self._tables.version)
        c.execute(f"PRAGMA synchronous={synchronous}")
        c.execute("PRAGMA foreign_keys=ON")
        return c

    def _raise(self) -> None:
        """Raise a file of an earlier version to the newest one."""
        if self._version() < self._tables.version:
            with self.transaction():
                for statement in self._tables.behind(self._version()):
                    self._durable.execute(statement)
                self._durable.execute(f"PRAGMA user_version = {self._tables.version}")

    def _version(self) -> int:
        return check_version(self._durable, self._path, newest=self._tables.version)

    def rows(self, text: str, params: Params = ()) -> Rows:
        with self._lock, SQLiteErrors(self._path):
            return self._durable.execute(text, params).fetchall()

    def change(self, text: str, params: Params = (), *, quick: bool = False) -> int:
        with self._lock, SQLiteErrors(self._path):
            c = self._quick if quick and not self._within else self._durable
            return c.execute(text, params).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock, nullcontext() if self._within else transaction(self._durable, self._path):
            outer, self._within = self._within, True
            try:
                yield
            finally:
                self._within = outer

    def close(self) -> None:
        self._quick.close()
        self._durable.close()


class PostgresDatabase:
    """Tables, by default those of identities, in the database with the entries, which several servers share."""

    def __init__(self, location: Address, tables: Tables = TABLES) -> None:
        self._location = location
        self._lock = RLock()
        self._c = open_tables(location, tables)
        self._quick = open_tables(location, tables, quick=True)

    def rows(self, text: str, params: Params = ()) -> Rows:
        with self._lock, PostgresErrors(self._location):
            return self._c.execute(_marked(text), params).fetchall()

    def change(self, text: str, params: Params = (), *, quick: bool = False) -> int:
        with self._lock, PostgresErrors(self._location):
            c = self._quick if quick and not self._c.within else self._c
            return c.execute(_marked(text), params).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock, PostgresErrors(self._location), nullcontext() if self._c.within else self._c.transaction():
            yield

    def close(self) -> None:
        self._quick.close()
        self._c.close()


def _marked(text: str) -> str:
    return text.replace("?", "%s")

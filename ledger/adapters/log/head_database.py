"""Hold the heads of a log in a file, `heads.db`, or in the PostgreSQL database that machines with its entries share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, Protocol, TypeVar

from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import Address, PostgresErrors, Reconnecting
from ledger.adapters.storage.shared.tables import check_tables
from ledger.adapters.storage.sqlite import (
    CLOSED,
    VERSION,
    SQLiteErrors,
    check_version,
    connect,
    create,
    delete_stale_wal,
    keep_wal,
    moved_error,
    moved_place,
    transaction,
)
from ledger.adapters.storage.statements import Statement
from ledger.errors import LedgerError

_T = TypeVar("_T")
Row = tuple[Any, ...]

# Raw replies of time-stamp authorities; head: the digest of the stamped note, at: the log's clock then.
_TOKENS = (
    """CREATE TABLE IF NOT EXISTS token (
        n INTEGER PRIMARY KEY, head TEXT NOT NULL, authority TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
        reply BLOB NOT NULL, at TEXT NOT NULL) STRICT""",
    """CREATE TRIGGER IF NOT EXISTS token_update BEFORE UPDATE ON token
        BEGIN SELECT RAISE(ABORT, 'tokens are kept'); END""",
    """CREATE TRIGGER IF NOT EXISTS token_delete BEFORE DELETE ON token
        BEGIN SELECT RAISE(ABORT, 'tokens are kept'); END""",
)
SCHEMA = (
    *_TOKENS,
    # at: the log's clock; cosigned: the earliest time a witness gives, in seconds since 1970
    """CREATE TABLE head (
        n INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, note BLOB NOT NULL,
        at TEXT NOT NULL, cosigned INTEGER) STRICT""",
    "CREATE INDEX head_size ON head (size)",
    "CREATE INDEX head_cosigned ON head (size, cosigned) WHERE cosigned IS NOT NULL",
    "CREATE TRIGGER head_update BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'heads are kept'); END",
    "CREATE TRIGGER head_delete BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'heads are kept'); END",
    """CREATE TRIGGER head_twice BEFORE INSERT ON head
        WHEN EXISTS (SELECT 1 FROM head WHERE digest = NEW.digest OR n = NEW.n)
        BEGIN SELECT RAISE(ABORT, 'heads are kept'); END""",
)

# Each takes the same parameters in both; in PostgreSQL, the log is the first one.
_HEAD = "SELECT size, note, at, cosigned FROM head"


def _statement(sqlite: str, postgres: str) -> Statement:
    return Statement(f"{_HEAD} {sqlite}", f"{_HEAD} WHERE log = %s {postgres}")


BY_DIGEST = _statement("WHERE digest = ?", "AND digest = %s")
NEWEST = _statement(
    "ORDER BY size DESC, cosigned DESC, n DESC LIMIT 1", "ORDER BY size DESC, cosigned DESC NULLS LAST, n DESC LIMIT 1"
)
NEWEST_COSIGNED = _statement(
    "WHERE cosigned IS NOT NULL ORDER BY size DESC, cosigned DESC LIMIT 1",
    "AND cosigned IS NOT NULL ORDER BY size DESC, cosigned DESC LIMIT 1",
)
KNOWN_AT = _statement(
    "WHERE ifnull(cosigned, CAST(strftime('%s', at) AS INTEGER)) <= ?"
    " ORDER BY size DESC, cosigned DESC, n DESC LIMIT 1",
    "AND coalesce(cosigned, floor(extract(epoch FROM at::timestamptz))) <= %s"
    " ORDER BY size DESC, cosigned DESC NULLS LAST, n DESC LIMIT 1",
)
ALL = _statement("ORDER BY n", "ORDER BY n")
OTHER_LOGS = Statement("", "SELECT DISTINCT log FROM head WHERE log <> %s ORDER BY log")
_ALL_TOKENS = "SELECT head, authority, reply, at FROM token ORDER BY n"


class HeadDatabase(Protocol):
    """Define what the store of heads needs from its database; several threads may call it at once."""

    def read(self, statement: Statement, params: Sequence[object], make: Callable[[list[Row]], _T]) -> _T:
        """Return what `make` makes of the rows; its errors are those of the database."""
        ...

    def tokens(self, make: Callable[[list[Row]], _T]) -> _T:
        """Return what `make` makes of the rows of time stamps."""
        ...

    def keep(self, rows: Sequence[Row], *, durable: bool) -> None:
        """Insert heads, all or none: digest, size, note, at, cosigned."""
        ...

    def stamp(self, rows: Sequence[Row]) -> None:
        """Insert time stamps durably, all or none: head, authority, digest, reply, at."""
        ...

    def close(self) -> None: ...


def create_file(path: Path) -> None:
    """Make an empty file; FileExistsError if it exists."""
    delete_stale_wal(path)
    create(path, SCHEMA)


class SQLiteHeads:
    """The heads of one log in a file."""

    def __init__(self, path: Path, *, writable: bool, moved: bool = False, keeping: bool = True) -> None:
        """Open the file; with `moved` also one that is closed, and without `keeping` empty its WAL at the end."""
        self._path = path
        self._c = connect(path, writable=writable, newest=VERSION + CLOSED if moved else VERSION)
        try:
            if not moved_place(self._c, VERSION):
                check_version(self._c, path, newest=VERSION)
        except BaseException:
            self._c.close()
            raise
        self._keeper = keep_wal(path) if writable and keeping else None

    def read(self, statement: Statement, params: Sequence[object], make: Callable[[list[Row]], _T]) -> _T:
        with SQLiteErrors(self._path):
            return make([tuple(row) for row in self._c.execute(statement.sqlite, params)])

    def tokens(self, make: Callable[[list[Row]], _T]) -> _T:
        with SQLiteErrors(self._path):
            if not self._c.execute("SELECT 1 FROM sqlite_schema WHERE name = 'token'").fetchone():
                return make([])
            return make([tuple(row) for row in self._c.execute(_ALL_TOKENS)])

    def keep(self, rows: Sequence[Row], *, durable: bool) -> None:
        self._write(
            "INSERT INTO head (digest, size, note, at, cosigned) SELECT ?1, ?2, ?3, ?4, ?5"
            " WHERE NOT EXISTS (SELECT 1 FROM head WHERE digest = ?1)",
            rows,
            durable=durable,
        )

    def stamp(self, rows: Sequence[Row]) -> None:
        self._write(  # durable: the stamped head becomes durable as well
            "INSERT INTO token (head, authority, digest, reply, at) SELECT ?1, ?2, ?3, ?4, ?5"
            " WHERE NOT EXISTS (SELECT 1 FROM token WHERE digest = ?3)",
            rows,
            durable=True,
            first=_TOKENS,  # a ledger may be older than the table of tokens
        )

    def _write(self, statement: str, rows: Sequence[Row], *, durable: bool, first: Sequence[str] = ()) -> None:
        if not rows:
            return
        with SQLiteErrors(self._path):
            self._c.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        try:
            with transaction(self._c, self._path) as c:
                for each in first:
                    c.execute(each)
                c.executemany(statement, rows)
        except sqlite3.IntegrityError:
            if place := moved_place(self._c):  # while this process had the file open
                raise moved_error(self._path, place) from None
            raise

    def close(self) -> None:
        self._c.close()
        if self._keeper is not None:
            self._keeper.close()


class PostgresHeads:
    """The heads of one log in the database with the entries of this log; `log` is empty, or names another one."""

    def __init__(self, location: Address, log: str, *, writable: bool, moved: bool = False) -> None:
        self._location = location
        self._log = log
        self._lock = RLock()
        self._c = Reconnecting(
            lambda: (
                postgres.connect_schema(location, "comity", writable=writable)
                if moved
                else postgres.connect(location, writable=writable)
            )
        )
        try:
            with PostgresErrors(location):
                check_tables(self._c.connection, location)
        except BaseException:
            self._c.close()
            raise

    def read(self, statement: Statement, params: Sequence[object], make: Callable[[list[Row]], _T]) -> _T:
        return self._rows(statement.postgres, (self._log, *params), make)

    def tokens(self, make: Callable[[list[Row]], _T]) -> _T:
        return make([]) if self._log else self._rows(_ALL_TOKENS, (), make)

    def _rows(self, query: str, params: Sequence[object], make: Callable[[list[Row]], _T]) -> _T:
        with self._lock, PostgresErrors(self._location):
            rows = self._c.execute(query, params).fetchall()
        try:
            return make(rows)
        except sqlite3.DataError as error:  # of a value that does not have its form
            raise LedgerError("LOG-CORRUPT", f"{self._location} is damaged: {error}", "comity fsck says more") from None

    def keep(self, rows: Sequence[Row], *, durable: bool) -> None:
        values = [(self._log, *row, not durable) for row in rows]
        self._write("SELECT keep_head(%s, %s, %s, %s, %s, %s, %s)", values, durable=durable)

    def stamp(self, rows: Sequence[Row]) -> None:
        self._write("SELECT keep_token(%s, %s, %s, %s, %s)", rows, durable=True)

    def _write(self, query: str, rows: Sequence[Row], *, durable: bool) -> None:
        with self._lock, PostgresErrors(self._location):
            if not durable:
                for row in rows:
                    self._c.execute(query, row)  # repeated, it changes nothing
                return
            with self._c.transaction() as c:
                for row in rows:
                    c.execute(query.encode(), row)

    def close(self) -> None:
        self._c.close()

"""Open the database of subject keys: `keys.db` of this machine, or a PostgreSQL database that machines share.

Both execute the statements of `statements.py`. A transaction has the write lock from its start, so that what it reads
is valid at its commit.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from ledger.adapters.storage import postgres
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import (
    Address,
    PostgresErrors,
    Reconnecting,
    check_moved,
    connect_schema,
    durable,
)
from ledger.adapters.storage.sqlite import (
    BUSY_SECONDS,
    SQLiteErrors,
    check_version,
    connect,
    create,
    moved_error,
    moved_place,
    transaction,
)
from ledger.adapters.storage.statements import Statement
from ledger.adapters.subject_keys import schema
from ledger.errors import Busy, LedgerError

POSTGRES_SCHEMA = "comity_keys"
POSTGRES_VERSION = 1
USED = "SELECT 1 FROM subject_name UNION ALL SELECT 1 FROM erased UNION ALL SELECT 1 FROM companion LIMIT 1"


class KeyDatabase(Protocol):
    """Define what a store of subject keys needs from its database."""

    def execute(self, statement: Statement, params: Sequence[Any] = ()) -> Any:
        """Execute one statement and return its cursor; rows can be unpacked."""
        ...

    def executemany(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """Execute one statement for each row of parameters, within a transaction."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Run a transaction; durable at its end."""
        ...

    def errors(self) -> AbstractContextManager[None]:
        """Translate errors of the database into `LedgerError`."""
        ...

    def overwrite(self) -> None:
        """Remove from the files of the database what was deleted, as far as it can."""
        ...

    def close(self) -> None: ...


def open_keys(place: Location, *, writable: bool, secret: Callable[[], bytes]) -> KeyDatabase:
    """Open a database of subject keys. `secret` makes the key of its digests, for a file of an earlier version.

    `LedgerError`: NO-LEDGER, LEDGER-VERSION, KEYS-MISSING for a database without keys of this ledger, STORE-*.
    """
    if isinstance(place, Address):
        return PostgresKeys(place, writable=writable)
    return SQLiteKeys(place, writable=writable, secret=secret)


def create_keys(place: Location, secret: bytes) -> None:
    """Create an empty database of subject keys; `secret` is the key of its digests, 32 bytes.

    Raises FileExistsError for a file that exists, and `LedgerError` LEDGER-EXISTS for a database with keys in it.
    """
    if isinstance(place, Address):
        _create_in_postgres(place, secret)
        return
    statements: tuple[str | tuple[str, Sequence[object]], ...] = (
        *schema.SCHEMA,
        *schema.INDEX,
        schema.COMPANIONS,
        schema.insert_marking(secret),
    )
    create(place, statements, version=schema.VERSION)


class SQLiteKeys:
    """`keys.db`. It overwrites what it deletes, and empties its write-ahead log after every erasure."""

    def __init__(self, path: Path, *, writable: bool, secret: Callable[[], bytes]) -> None:
        """Open the file. One of an earlier version is migrated if `writable`, else read without a change."""
        self._path = path
        self._has_views = False  # True while a file of version 1 is read without a change
        self._c = connect(path, writable=writable, secure_delete=writable, newest=schema.VERSION)
        try:
            with SQLiteErrors(path):
                version = check_version(self._c, path, newest=schema.VERSION)
                if writable and version < schema.VERSION:
                    self._migrate(secret())
                elif schema.needs_views(version):
                    self._has_views = True
                    schema.create_views(self._c)
        except BaseException:
            self._c.close()
            raise

    def _migrate(self, secret: bytes) -> None:
        with transaction(self._c, self._path) as c:
            version = check_version(c, self._path, newest=schema.VERSION)
            if version == schema.VERSION:  # another process was faster
                return
            schema.migrate(c, version, secret)
        self.overwrite()

    def execute(self, statement: Statement, params: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute one statement; drop the views of version 1 if another process has migrated the file."""
        if self._has_views and not schema.needs_views(check_version(self._c, self._path, newest=schema.VERSION)):
            schema.drop_views(self._c)
            self._has_views = False
        try:
            return self._c.execute(statement.sqlite, params)
        except sqlite3.OperationalError:
            if place := moved_place(self._c):  # while this process had the file open
                raise moved_error(self._path, place) from None
            raise

    def executemany(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        self._c.executemany(statement.sqlite, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with transaction(self._c, self._path):
            yield

    def errors(self) -> SQLiteErrors:
        return SQLiteErrors(self._path)

    def overwrite(self) -> None:
        """Empty the write-ahead log: it has the earlier content of pages. Raises `Busy` after thirty seconds."""
        give_up = time.monotonic() + BUSY_SECONDS
        with SQLiteErrors(self._path):
            while self._c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # a reader needs the log
                if time.monotonic() > give_up:
                    raise Busy(str(self._path))
                time.sleep(0.05)

    def close(self) -> None:
        self._c.close()


class PostgresKeys:
    """Subject keys in a PostgreSQL database, which has the keys of one ledger and nothing else."""

    def __init__(self, location: Address, *, writable: bool) -> None:
        self._location = location
        self._c = Reconnecting(lambda: _connect(location, writable=writable))

    def execute(self, statement: Statement, params: Sequence[Any] = ()) -> Any:
        """Execute one statement; outside a transaction, again for `PATIENCE` seconds where the connection is lost."""
        try:
            return self._c.execute(statement.postgres, params)
        except Exception:
            if not self._c.within:
                with self.errors():  # while this process had it open
                    check_moved(self._c.connection, self._location, POSTGRES_SCHEMA)
            raise

    def executemany(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        with self._c.connection.cursor() as cursor:
            cursor.executemany(statement.postgres.encode(), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.errors(), self._c.transaction() as c:
            c.execute("SELECT pg_advisory_xact_lock(hashtext('comity_keys'))")
            check_moved(c, self._location, POSTGRES_SCHEMA)
            yield

    def errors(self) -> PostgresErrors:
        return PostgresErrors(self._location)

    def overwrite(self) -> None:
        """Do nothing: PostgreSQL keeps deleted rows until VACUUM, and in its write-ahead log (docs/how-to)."""

    def close(self) -> None:
        self._c.close()


def _connect(location: Address, *, writable: bool) -> postgres.Connection:
    c = connect_schema(location, POSTGRES_SCHEMA, writable=writable)
    try:
        with PostgresErrors(location):
            _check_store(c, location)
    except BaseException:
        c.close()
        raise
    return c


def _check_store(c: postgres.Connection, location: Address) -> None:
    """Raise `LedgerError` KEYS-MISSING, LEDGER-VERSION, STORE-MOVED unless a database has keys of this ledger."""
    check_moved(c, location, POSTGRES_SCHEMA)
    if c.execute("SELECT to_regclass('comity_keys.store')").fetchone() == (None,):
        raise LedgerError(
            "KEYS-MISSING", f"there are no keys of data subjects in {location}", "put its own backup back"
        )
    version, origin = c.execute("SELECT version, origin FROM store").fetchone() or (0, "")
    if version != POSTGRES_VERSION:
        says = f"the keys in {location} are of version {version}, and this program knows version {POSTGRES_VERSION}"
        raise LedgerError("LEDGER-VERSION", says, "update comity")
    if origin != location.origin:
        raise LedgerError("KEYS-OTHER", f"the keys in {location} are those of {origin}, not of {location.origin}")


def _create_in_postgres(location: Address, secret: bytes) -> None:
    c = connect_schema(location, POSTGRES_SCHEMA)
    with c, PostgresErrors(location), durable(c), c.transaction():
        c.execute("SELECT pg_advisory_xact_lock(hashtext('comity_keys'))")
        if c.execute("SELECT to_regnamespace('comity_keys')").fetchone() == (None,):
            c.execute(Path(__file__).with_name("postgres_keys.sql").read_bytes())
            c.execute("INSERT INTO store VALUES (true, %s, %s)", (POSTGRES_VERSION, location.origin))
            c.execute("INSERT INTO marking VALUES (1, %s)", (secret,))
            return
        _check_store(c, location)
        if c.execute(USED.encode()).fetchone() is not None:
            says = f"the keys of {location.origin} are in {location} already, and are in use"
            raise LedgerError("LEDGER-EXISTS", says, "createdb makes another database")

"""Copy an event store to a new SQLite file, and move such a file into a new PostgreSQL database.

A backup is the same file for both databases, so either can be restored as the other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import IntegrityError
from msgspec import Struct

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.foreign_file import ForeignFile, connect_foreign
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.errors import LedgerError
from ledger.tlog.tree import root

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.rows import TupleRow

    from ledger.adapters.storage.postgres_recorder import PostgresEntryRecorder

PAGE = 2_500  # rows in memory at a time
_TABLES = ("stored_events", "log_leaf", "ciphertext", "order_reference", "order_link")  # each refers to earlier ones
_COLUMNS = {
    "stored_events": "rowid, originator_id, originator_version, topic, state",
    "log_leaf": "idx, entry_id, leaf, nodes",
    "ciphertext": "idx, field, digest, key_id, ciphertext",
    "order_reference": "reference, order_id",
    "order_link": "named, order_id",
}
_POSTGRES_COLUMNS = _COLUMNS | {
    "stored_events": "notification_id, originator_id, originator_version, topic, state",
}


def copy(location: Location, path: Path) -> None:
    """Write a consistent copy of a store to a new SQLite file, while other processes may write to the store."""
    if isinstance(location, Address):
        copy_out(postgres.connect(location, writable=False), location, path)
        return
    source = sqlite.connect(location, writable=False)
    with SQLiteErrors(location), closing(source), closing(sqlite3.connect(path)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=WAL")


def copy_out(source: postgres.Connection, location: Address, path: Path) -> None:
    """Write a consistent copy of a store to a new SQLite file, over an open connection, which is closed at the end."""
    sqlite.create(path, SCHEMA)
    target = sqlite.connect(path)
    with closing(source), closing(target), PostgresErrors(location), source.transaction():
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with sqlite.transaction(target, path):
            for table in _TABLES:
                columns = _COLUMNS[table]
                marks = ", ".join("?" for _ in columns.split(","))
                with source.cursor(name="copy") as rows:
                    rows.itersize = PAGE
                    rows.execute(f"SELECT {_POSTGRES_COLUMNS[table]} FROM {table} ORDER BY 1".encode())  # noqa: S608
                    try:
                        target.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608
                    except sqlite3.IntegrityError as error:
                        says = f"{location}: its rows are no whole event store: {error}"
                        raise LedgerError("LOG-CORRUPT", says, "comity fsck says how far") from error


_LATER = (
    """CREATE TABLE stored_events (
        rowid INTEGER PRIMARY KEY, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL, state BLOB NOT NULL) STRICT""",
    """CREATE TABLE log_leaf (
        idx INTEGER PRIMARY KEY, entry_id BLOB NOT NULL, leaf BLOB NOT NULL, nodes BLOB NOT NULL) STRICT""",
    """CREATE TABLE ciphertext (
        idx INTEGER NOT NULL, field TEXT NOT NULL, digest TEXT NOT NULL, key_id TEXT NOT NULL, ciphertext BLOB,
        PRIMARY KEY (idx, field)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE order_reference (
        reference TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (reference, order_id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE order_link (
        named TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (named, order_id)) STRICT, WITHOUT ROWID""",
)
_LATER_ORDERS = "order_id IN (SELECT originator_id FROM stored_events WHERE {id} > {start})"
_LATER_ROWS = {
    "stored_events": "{id} > {start}",
    "log_leaf": "idx >= {start}",
    "ciphertext": "idx >= {start}",
    "order_reference": _LATER_ORDERS,
    "order_link": _LATER_ORDERS,
}


class LaterRow(Struct, frozen=True):
    """An entry with its leaf hash (32 bytes) and the hashes that it completes, joined; `index` counts from 0."""

    index: int
    state: bytes
    leaf: bytes
    nodes: bytes


def copy_later(location: Location, start: int, path: Path) -> None:
    """Write the entries from index `start` on, with all that is stored of them, to a new SQLite file.

    Consistent, while other processes may write to the store. References and links are those of the orders of
    these entries.
    """
    with SQLiteErrors(path), closing(sqlite3.connect(path, isolation_level=None)) as target:
        target.execute("BEGIN")
        for statement in _LATER:
            target.execute(statement)
        if isinstance(location, Address):
            source = postgres.connect(location, writable=False)
            with closing(source), PostgresErrors(location), source.transaction():
                source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                for table, where in _LATER_ROWS.items():
                    with source.cursor(name="later") as rows:
                        rows.itersize = PAGE
                        chosen = where.format(id="notification_id", start=start)
                        rows.execute(f"SELECT {_POSTGRES_COLUMNS[table]} FROM {table} WHERE {chosen}".encode())  # noqa: S608
                        _insert(target, table, rows)
        else:
            here = sqlite.connect(location, writable=False)
            here.row_factory = None
            with SQLiteErrors(location), closing(here):
                here.execute("BEGIN")
                for table, where in _LATER_ROWS.items():
                    chosen = where.format(id="rowid", start=start)
                    _insert(target, table, here.execute(f"SELECT {_COLUMNS[table]} FROM {table} WHERE {chosen}"))  # noqa: S608
        target.execute("COMMIT")


def _insert(target: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]], *, known: bool = False) -> None:
    """Insert rows with the columns of a table; with `known` leave out the stored ones."""
    columns = _COLUMNS[table]
    marks = ", ".join("?" for _ in columns.split(","))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
    if known:
        same = " AND ".join(f"{column} = ?{n}" for n, column in enumerate(columns.split(", "), 1))
        marks = ", ".join(f"?{n}" for n, _ in enumerate(columns.split(", "), 1))
        statement = (
            f"INSERT INTO {table} ({columns}) SELECT {marks} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
        )
    target.executemany(statement, rows)


def later_rows(path: Path) -> Iterator[list[LaterRow]]:
    """Yield the entries of a file of `copy_later` in pages, by index."""
    with SQLiteErrors(path), closing(connect_foreign(ForeignFile(path, _LATER))) as source:
        source.row_factory = None
        rows = source.execute(
            "SELECT e.rowid - 1, e.state, l.leaf, l.nodes FROM stored_events e LEFT JOIN log_leaf l"
            " ON l.idx = e.rowid - 1 ORDER BY e.rowid"
        )
        while page := rows.fetchmany(PAGE):
            yield [LaterRow(index, state, leaf or b"", nodes or b"") for index, state, leaf, nodes in page]


def append_later(path: Path, later: Path) -> None:
    """Add the entries of a file of `copy_later` to the SQLite store that they follow, completely or not at all.

    `LedgerError` LOG-CORRUPT if they do not follow what is stored there.
    """
    target = sqlite.connect(path)
    with closing(target), SQLiteErrors(later), closing(connect_foreign(ForeignFile(later, _LATER))) as source:
        source.row_factory = None
        try:
            with sqlite.transaction(target, path):
                for table in _TABLES:
                    known = table in ("order_reference", "order_link")
                    order = f"SELECT {_COLUMNS[table]} FROM {table} ORDER BY 1"  # noqa: S608 - our own names
                    _insert(target, table, source.execute(order), known=known)
        except sqlite3.IntegrityError as error:
            says = f"{later.name}: its rows do not follow the rows that are there: {error}"
            raise LedgerError("LOG-CORRUPT", says, "take another copy") from error


def move_in(path: Path, location: Address) -> None:
    """Copy the store in an SQLite file into a new store in a database, completely or not at all.

    If the database has the same entries already, a killed process has copied them, and nothing is done. Raises what
    `postgres.create` raises.
    """
    from ledger.adapters.storage.postgres_recorder import open_recorder

    try:
        postgres.create(location)
    except LedgerError as error:
        if error.code != "LEDGER-EXISTS" or not _is_moved(location, path):
            raise
        return
    source = sqlite.connect(path, writable=False)
    source.row_factory = None
    target = open_recorder(location, writable=True)
    with closing(source), closing(target.datastore), PostgresErrors(location), SQLiteErrors(path):
        try:
            with target.writing() as c:
                _fill(target, c, source, location)
        except IntegrityError as error:
            raise LedgerError("LOG-CORRUPT", f"{path}: its rows are no whole event store: {error}") from error


def _tree(location: Location) -> bytes:
    """Return the root over all entries of a store; empty bytes if there are none."""
    with closing(EntryReader(location)) as reader:
        size = reader.size()
        return root(size, reader.hashes) if size else b""


def _is_moved(location: Address, path: Path) -> bool:
    """Return True if a store was copied into a database, not created there, and has the entries of this file."""
    try:
        with closing(postgres.connect(location, writable=False)) as c, PostgresErrors(location):
            founder = c.execute("SELECT founder FROM comity.ledger").fetchone()
        return founder == (b"",) and _tree(location) == _tree(path)
    except LedgerError:
        return False


def _fill(target: PostgresEntryRecorder, c: Cursor[TupleRow], source: sqlite3.Connection, location: Address) -> None:
    first = target.begin(c, ())
    if first:  # it was empty a moment ago
        raise LedgerError("LEDGER-EXISTS", f"{location} has {first} entries already", "take another database")
    entries = source.execute(_ENTRIES)
    while page := entries.fetchmany(PAGE):
        ciphertexts = source.execute(_CIPHERTEXTS, (first, first, first + len(page))).fetchall()
        target.append(c, first, page, ciphertexts)
        first += len(page)
    references, links = (
        source.execute(f"SELECT {_COLUMNS[table]} FROM {table}").fetchall()  # noqa: S608 - our own names
        for table in ("order_reference", "order_link")
    )
    target.append(c, first, order_reference=references, order_link=links)


_ENTRIES = """SELECT originator_id, originator_version, topic, state, entry_id, leaf, nodes
    FROM stored_events JOIN log_leaf ON idx = stored_events.rowid - 1 ORDER BY stored_events.rowid"""
_CIPHERTEXTS = "SELECT idx - ?, field, digest, key_id, ciphertext FROM ciphertext WHERE idx >= ? AND idx < ?"

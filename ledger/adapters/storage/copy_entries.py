"""Copy an event store to a new SQLite file, and move such a file into a new PostgreSQL database.

A backup is the same file for both databases, so either can be restored as the other.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from eventsourcing.persistence import IntegrityError

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.entry_reader import EntryReader
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

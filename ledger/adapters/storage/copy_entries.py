"""A shelf moved as a whole: out of whatever it is in as an SQLite file, and from such a file into a database.

A copy of a ledger is the same file whatever database the ledger uses, so either can be put back as the other.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from eventsourcing.persistence import IntegrityError

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.connection import Place
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.schema import SCHEMA
from ledger.errors import LedgerError
from ledger.tlog.tree import root

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.rows import TupleRow

    from ledger.adapters.storage.postgres_recorder import PostgresRecorder

PAGE = 2_500  # rows that are held at a time
_TABLES = {  # in an order in which each may be filled
    "stored_events": "rowid, originator_id, originator_version, topic, state",
    "log_leaf": "idx, entry_id, leaf, nodes",
    "ciphertext": "idx, field, digest, key_id, ciphertext",
    "order_reference": "reference, order_id",
    "order_link": "named, order_id",
}


def copy(place: Place, path: Path) -> None:
    """Write a consistent copy of a shelf to a new SQLite file, whatever others write meanwhile."""
    if isinstance(place, Address):
        _copy_out(place, path)
        return
    source = sqlite.connect(place, writable=False)
    with sqlite.faults(place), closing(source), closing(sqlite3.connect(path)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=WAL")


def _copy_out(place: Address, path: Path) -> None:
    sqlite.create(path, SCHEMA)
    source, target = postgres.connect(place, writable=False), sqlite.connect(path)
    with closing(source), closing(target), postgres.faults(place), source.transaction():
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with sqlite.transaction(target, path):
            for table, columns in _TABLES.items():
                marks = ", ".join("?" for _ in columns.split(","))
                with source.cursor(name="copy") as rows:
                    rows.itersize = PAGE
                    rows.execute(postgres.spoken(f"SELECT {columns} FROM {table} ORDER BY 1").encode())  # noqa: S608
                    try:
                        target.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608
                    except sqlite3.IntegrityError as error:
                        says = f"{place}: what is there does not make a shelf: {error}"
                        raise LedgerError("LOG-CORRUPT", says, "comity fsck says how far") from error


def move_in(path: Path, place: Address) -> None:
    """Put the shelf in an SQLite file into a new one in a database, all of it or nothing; raises what `create` does.

    A database into which this very shelf was put, and nothing else since, stays as it is: whoever did so was killed.
    """
    from ledger.adapters.storage.postgres_recorder import recorder

    try:
        postgres.create(place)
    except LedgerError as fault:
        if fault.code != "LEDGER-EXISTS" or not _moved(place, path):
            raise
        return
    source = sqlite.connect(path, writable=False)
    source.row_factory = None
    target = recorder(place, writable=True)
    with closing(source), closing(target.datastore), postgres.faults(place), sqlite.faults(path):
        try:
            with target.writing() as c:
                _fill(target, c, source, place)
        except IntegrityError as error:
            raise LedgerError("LOG-CORRUPT", f"{path}: what is there does not make a shelf: {error}") from error


def _tree(place: Place) -> bytes:
    """The root over all entries of a shelf; empty where there are none."""
    with closing(EntryReader(place)) as shelf:
        size = shelf.size()
        return root(size, shelf.hashes) if size else b""


def _moved(place: Address, path: Path) -> bool:
    """True if the ledger in a database was moved there, not begun there, and has just the entries of this shelf."""
    try:
        with closing(postgres.connect(place, writable=False)) as c, postgres.faults(place):
            founder = c.execute("SELECT founder FROM comity.ledger").fetchone()
        return founder == (b"",) and _tree(place) == _tree(path)
    except LedgerError:
        return False


def _fill(target: PostgresRecorder, c: Cursor[TupleRow], source: sqlite3.Connection, place: Address) -> None:
    first = target.begin(c, ())
    if first:  # it was empty a moment ago
        raise LedgerError("LEDGER-EXISTS", f"{place} has {first} entries already", "take another database")
    entries = source.execute(_ENTRIES)
    while page := entries.fetchmany(PAGE):
        closed = source.execute(_CLOSED, (first, first, first + len(page))).fetchall()
        target.append(c, first, page, closed)
        first += len(page)
    quoted, linked = (
        source.execute(f"SELECT {_TABLES[table]} FROM {table}").fetchall()  # noqa: S608 - our own names
        for table in ("order_reference", "order_link")
    )
    target.append(c, first, order_reference=quoted, order_link=linked)


_ENTRIES = """SELECT originator_id, originator_version, topic, state, entry_id, leaf, nodes
    FROM stored_events JOIN log_leaf ON idx = stored_events.rowid - 1 ORDER BY stored_events.rowid"""
_CLOSED = "SELECT idx - ?, field, digest, key_id, ciphertext FROM ciphertext WHERE idx >= ? AND idx < ?"

"""Move the keys of data subjects to another place: close the store here, copy it, compare the copy, and then use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ledger.adapters.migration.close_store import KEYS, close, moved_to, open_file
from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.sqlite import SQLiteErrors, sync_folder, temporary_path
from ledger.adapters.subject_keys.key_database import USED, create_keys
from ledger.errors import LedgerError

_COLUMNS = {  # of each table, by its order
    "subject_name": "name, subject",
    "subject_key": "key_id, subject, order_id, secret",
    "destroyed_key": "key_id, cause, custodians",
    "erased": "mark, key_id",
    "marking": "one, secret",
    "indexed_value": "hash, key_id",
    "index_position": "one, size",
    "companion": "main, companion",
}

Rows = dict[str, list[tuple[Any, ...]]]


def move_keys(here: Location, to: Location) -> None:
    """Move a store of subject keys to `to`, and compare the copy; keys that had moved away from `to` are replaced.

    `LedgerError`: STORE-MOVED, LEDGER-EXISTS, PATH-TAKEN, STORE-SHARED; then nothing has changed here.
    """
    found = moved_to(here, KEYS)
    if found and found != str(to):  # by another machine, whose address may name another role
        if isinstance(to, Address) and not moved_to(to, KEYS) and _in_use(to):
            return
        raise sqlite.moved_error(here, found)
    _check_target(to, resumed=bool(found))
    close(here, KEYS, str(to))
    rows = _rows(here, closed=True)
    if isinstance(to, Path):
        _write_file(rows, to)
    elif moved_to(to, KEYS) or not _in_use(to):
        _write_database(rows, to)
    else:
        return  # a killed command has copied them, and they may have changed since
    if _rows(to) != rows:
        raise LedgerError("KEYS-OTHER", f"the keys in {to} are not those that were copied", "repeat the command")


def overwrite_file(path: Path) -> None:
    """Overwrite the content of a file with its write-ahead log, and remove it."""
    for file in (Path(f"{path}-wal"), Path(f"{path}-shm"), path):
        if file.exists():
            with file.open("r+b") as opened:
                size = os.fstat(opened.fileno()).st_size
                opened.write(bytes(size))
                opened.flush()
                os.fsync(opened.fileno())
            file.unlink()
    sync_folder(path.parent)


def _check_target(to: Location, *, resumed: bool) -> None:
    """Raise `LedgerError` before anything is closed, if the keys cannot go to a place; make an empty store there."""
    if isinstance(to, Path):
        if to.exists() and not resumed and not moved_to(to, KEYS):
            raise LedgerError("PATH-TAKEN", f"{to} is there already, and its keys have not moved", "look at it first")
    elif not moved_to(to, KEYS):
        if not _in_use(to):
            create_keys(to, bytes(32))  # the secret is copied with the rows
        elif not resumed:
            raise LedgerError("LEDGER-EXISTS", f"{to} has keys already", "createdb makes another database")


def _in_use(to: Address) -> bool:
    """Return True if a database has keys of this ledger."""
    with closing(postgres.connect_schema(to, KEYS.schema, writable=False)) as c, PostgresErrors(to):
        if c.execute("SELECT to_regclass('comity_keys.subject_key')").fetchone() == (None,):
            return False
        return c.execute(USED.encode()).fetchone() is not None


def _rows(place: Location, *, closed: bool = False) -> Rows:
    """Return the rows of all tables, sorted; of a closed store, the keys are in the table of the other name."""
    if isinstance(place, Address):
        c: Any = postgres.connect_schema(place, KEYS.schema, writable=False)
        errors: Any = PostgresErrors(place)
    else:
        c, errors = open_file(place, KEYS, writable=False), SQLiteErrors(place)
    with closing(c), errors:
        return {
            table: sorted((tuple(row) for row in c.execute(statement).fetchall()), key=repr)
            for table, statement in _selects(closed=closed)
        }


def _selects(*, closed: bool) -> Iterator[tuple[str, str]]:
    for table, columns in _COLUMNS.items():
        name = f"moved_{table}" if closed and table in KEYS.hidden else table
        yield table, f"SELECT {columns} FROM {name}"  # noqa: S608 - our own names


def _write_file(rows: Rows, to: Path) -> None:
    new = temporary_path(to.with_name("keys-moving.db"))
    create_keys(new, bytes(32))
    with closing(sqlite.connect(new, secure_delete=True, newest=KEYS.version)) as f, sqlite.transaction(f, new):
        for table, columns in _COLUMNS.items():
            f.execute(f"DELETE FROM {table}")  # noqa: S608
            marks = ", ".join("?" for _ in columns.split(","))
            f.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows[table])  # noqa: S608
    if to.exists():
        overwrite_file(to)  # it has keys that were destroyed since
    os.replace(new, to)
    sync_folder(to.parent)


def _write_database(rows: Rows, to: Address) -> None:
    with (
        closing(postgres.connect_schema(to, KEYS.schema)) as c,
        PostgresErrors(to),
        postgres.durable(c),
        c.transaction(),
        c.cursor() as cursor,
    ):
        if postgres.moved_place(c, KEYS.schema):
            cursor.execute("DROP FUNCTION refuse_moved CASCADE")
            cursor.execute("DROP TABLE moved")
            cursor.execute("ALTER TABLE moved_subject_key RENAME TO subject_key")
        for table, columns in _COLUMNS.items():
            cursor.execute(f"DELETE FROM {table}".encode())  # noqa: S608
            marks = ", ".join("%s" for _ in columns.split(","))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})".encode(), rows[table])  # noqa: S608

"""Close a store whose content moves to another place: nothing is written there any more, and openers learn the place.

An SQLite file gets a table `moved` and a later version, so that earlier programs refuse it. A schema of PostgreSQL
gets the same table. In both, tables get triggers that refuse writes, or other names, for processes that have the store
open. Rows are not changed. `reopen` takes it back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.adapters.storage.statements import Statement
from ledger.adapters.subject_keys import schema

Execute = Callable[..., object]


class Store(Struct, frozen=True):
    """The kind of a store: its schema in PostgreSQL, the version of its file, and the tables that change.

    `hidden` are tables that get another name while the store is closed, so that no process reads them.
    """

    schema: str
    version: int
    tables: tuple[str, ...]
    hidden: tuple[str, ...] = ()


ENTRIES = Store("comity", 1, ("stored_events", "log_leaf", "ciphertext"))
KEYS = Store(
    "comity_keys",
    schema.VERSION,
    ("subject_name", "destroyed_key", "erased", "companion", "indexed_value", "subject_key"),
    hidden=("subject_key",),
)


def moved_to(location: Location, store: Store) -> str:
    """Return the place to which a closed store has moved; empty if the store is open."""
    if isinstance(location, Address):
        with closing(postgres.connect_schema(location, store.schema, writable=False)) as c, PostgresErrors(location):
            return postgres.moved_place(c, store.schema)
    with closing(open_file(location, store, writable=False)) as f:
        return sqlite.moved_place(f)


def open_file(path: Path, store: Store, *, writable: bool = True) -> sqlite3.Connection:
    """Open the file of a store, closed or not. `LedgerError` as `sqlite.connect`."""
    f = sqlite.connect(path, writable=writable, newest=store.version + sqlite.CLOSED)
    try:
        with SQLiteErrors(path):
            if not sqlite.moved_place(f):
                sqlite.check_version(f, path, newest=store.version)
    except BaseException:
        f.close()
        raise
    return f


def close(location: Location, store: Store, place: str) -> None:
    """Close a store, because its content moves to `place`; repeated, it changes nothing.

    `LedgerError` STORE-MOVED if it has moved to another place; READ-ONLY for a role that does not own the tables.
    """
    with _changing(location, store) as (execute, found):
        if found == place:
            return
        if found:
            raise sqlite.moved_error(location, found)
        for statement in _closing(location, store):
            execute(statement)
        insert = Statement("INSERT INTO moved VALUES (?)", "INSERT INTO moved VALUES (%s)")
        execute(insert.sqlite if isinstance(location, Path) else insert.postgres, (place,))


def reopen(location: Location, store: Store) -> None:
    """Open a closed store again, with what it had."""
    with _changing(location, store) as (execute, found):
        if found:
            for statement in _reopening(location, store):
                execute(statement)


def _closing(location: Location, store: Store) -> Iterator[str]:
    yield "CREATE TABLE moved (place text NOT NULL)"
    shown = [table for table in store.tables if table not in store.hidden]
    if isinstance(location, Path):
        for table in shown:
            for event in ("INSERT", "UPDATE"):
                yield (
                    f"CREATE TRIGGER moved_{table}_{event} BEFORE {event} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'this store has moved'); END"
                )
        yield f"PRAGMA user_version = {store.version + sqlite.CLOSED}"
    else:
        yield (
            "CREATE FUNCTION refuse_moved() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'this store has moved' USING ERRCODE = 'CM002'; END $$"
        )
        for table in shown:  # each statement waits for the transactions of writers
            yield f"GRANT TRIGGER ON {table} TO CURRENT_USER"
            yield f"CREATE TRIGGER moved BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse_moved()"
            yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER moved"
        yield "GRANT SELECT ON moved TO PUBLIC"
    for table in store.hidden:
        yield f"ALTER TABLE {table} RENAME TO moved_{table}"


def _reopening(location: Location, store: Store) -> Iterator[str]:
    for table in store.hidden:
        yield f"ALTER TABLE moved_{table} RENAME TO {table}"
    if isinstance(location, Path):
        for table in store.tables:
            for event in ("INSERT", "UPDATE"):
                yield f"DROP TRIGGER IF EXISTS moved_{table}_{event}"
        yield "DROP TABLE moved"
        yield f"PRAGMA user_version = {store.version}"
    else:
        yield "DROP FUNCTION refuse_moved CASCADE"
        yield "DROP TABLE moved"


@contextmanager
def _changing(location: Location, store: Store) -> Iterator[tuple[Execute, str]]:
    """Run a transaction that changes the schema of a store; yield how to execute, and where the store has moved."""
    if isinstance(location, Path):
        with closing(open_file(location, store)) as f, sqlite.transaction(f, location):
            yield f.execute, sqlite.moved_place(f)
        return
    with (
        closing(postgres.connect_schema(location, store.schema)) as c,
        PostgresErrors(location),
        postgres.durable(c),
        c.transaction(),
    ):
        c.execute("SELECT pg_advisory_xact_lock(hashtext('moved'))")

        def execute(statement: str, params: Sequence[object] = ()) -> object:
            return c.execute(statement.encode(), params)

        yield execute, postgres.moved_place(c, store.schema)

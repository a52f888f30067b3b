"""Open tables of the office server in the PostgreSQL database that has the entries, in a schema of their own."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import Address, PostgresErrors, Reconnecting
from ledger.errors import LedgerError


class Tables(Struct, frozen=True):
    """The schema of some tables in PostgreSQL, their version, and the statements that make them in SQLite."""

    schema: str
    version: int
    statements: Sequence[str]


def open_tables(location: Address, tables: Tables, *, quick: bool = False) -> Reconnecting:
    """Connect to tables, and make them if there are none; `quick` commits without waiting for the disk.

    A writer without the right to make a schema uses the one that the owner of the database made for it. Raises
    `LedgerError`: what `postgres.connect` raises; LEDGER-VERSION for tables of another version.
    """
    return Reconnecting(lambda: _connect(location, tables, quick=quick))


def _connect(location: Address, tables: Tables, *, quick: bool) -> postgres.Connection:
    c = postgres.connect(location)
    try:
        with PostgresErrors(location):
            c.execute("SELECT set_config('search_path', %s, false)", (tables.schema,))
            _make(c, tables)
            found = c.execute(f"SELECT version FROM {tables.schema}.version".encode()).fetchone()  # noqa: S608 - a constant
            if found != (tables.version,):
                says = f"the schema {tables.schema} in {location} is of another version than {tables.version}"
                raise LedgerError("LEDGER-VERSION", f"{says}; nothing was written", "update comity")
            if quick:
                c.execute("SET synchronous_commit = off")
    except BaseException:
        c.close()
        raise
    return c


def _make(c: postgres.Connection, tables: Tables) -> None:
    with c.transaction():
        c.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (tables.schema,))
        if c.execute("SELECT to_regnamespace(%s)", (tables.schema,)).fetchone() == (None,):
            c.execute(f"CREATE SCHEMA {tables.schema}".encode())
        if c.execute("SELECT to_regclass(%s)", (f"{tables.schema}.version",)).fetchone() == (None,):
            for statement in tables.statements:
                c.execute(_translated(statement).encode())
            c.execute("CREATE TABLE version AS SELECT %s::integer AS version", (tables.version,))


def _translated(statement: str) -> str:
    return statement.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA").replace(" STRICT", "")

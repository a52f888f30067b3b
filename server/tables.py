"""Open tables of the office server in the PostgreSQL database that has the entries, in a schema of their own."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import Address, PostgresErrors, Reconnecting
from ledger.errors import LedgerError


class Tables(Struct, frozen=True):
    """The schema of some tables in PostgreSQL, and the statements that make them in SQLite.

    `statements` make version 1, and each of `later` makes the next version of the one before.
    """

    schema: str
    statements: Sequence[str]
    later: Sequence[Sequence[str]] = ()

    @property
    def version(self) -> int:
        """Return the newest version."""
        return 1 + len(self.later)

    def behind(self, version: int) -> list[str]:
        """Return the statements that raise tables of a version to the newest one; 0: there are no tables."""
        steps = (self.statements, *self.later)
        return [statement for step in steps[version:] for statement in step]


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
            found = _raise(c, tables)
            if found > tables.version:
                says = f"the schema {tables.schema} in {location} is of version {found}, newer than {tables.version}"
                raise LedgerError("LEDGER-VERSION", f"{says}; nothing was written", "update comity")
            if quick:
                c.execute("SET synchronous_commit = off")
    except BaseException:
        c.close()
        raise
    return c


def _raise(c: postgres.Connection, tables: Tables) -> int:
    """Make the tables, or raise them to the newest version; return the version that they have."""
    version = f"{tables.schema}.version".encode()  # a constant
    with c.transaction():
        c.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (tables.schema,))
        if c.execute("SELECT to_regnamespace(%s)", (tables.schema,)).fetchone() == (None,):
            c.execute(f"CREATE SCHEMA {tables.schema}".encode())
        if c.execute("SELECT to_regclass(%s)", (f"{tables.schema}.version",)).fetchone() == (None,):
            c.execute("CREATE TABLE version AS SELECT 0::integer AS version")
        found = int((c.execute(b"SELECT version FROM " + version).fetchone() or (0,))[0])
        if found >= tables.version:
            return found
        for statement in tables.behind(found):
            c.execute(_translated(statement).encode())
        c.execute(b"UPDATE " + version + b" SET version = %s", (tables.version,))
        return tables.version


def _translated(statement: str) -> str:
    return statement.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA").replace(" STRICT", "")

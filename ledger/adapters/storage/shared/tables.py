"""Make the tables of what machines share besides entries, in a database that has the entries already."""

from __future__ import annotations

from contextlib import closing

from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import SHARED, Address, PostgresErrors
from ledger.errors import LedgerError


def make_tables(location: Address) -> None:
    """Make the tables if they are missing. `LedgerError` READ-ONLY for a role that does not own the entries."""
    with closing(postgres.connect(location)) as c, PostgresErrors(location), postgres.durable(c), c.transaction():
        c.execute("SELECT pg_advisory_xact_lock(hashtext('comity_shared'))")
        if not has_tables(c):
            c.execute(SHARED.read_bytes())


def has_tables(c: postgres.Connection) -> bool:
    """Return True if a database has the tables."""
    return c.execute("SELECT to_regclass('comity.received')").fetchone() != (None,)


def check_tables(c: postgres.Connection, location: Address) -> None:
    """Raise `LedgerError` NO-LEDGER if a database does not have the tables."""
    if not has_tables(c):
        raise missing(location)


def missing(location: Address) -> LedgerError:
    """Return the error for a database without the tables, and a folder without the files."""
    says = f"the heads of this log are neither in heads.db nor in {location}"
    return LedgerError("NO-LEDGER", says, "put heads.db back: comity migrate --store, as its owner, moves it there")

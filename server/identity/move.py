"""Move accounts with the entries of their ledger: between `identity.db` and the schema `comity_identity`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from ledger.adapters.folders.ledger_folder import IDENTITY_DB
from ledger.adapters.storage import postgres
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.errors import LedgerError
from server.identity.database import TABLES, Database, PostgresDatabase, SQLiteDatabase

_NAMES = (  # each refers to earlier ones
    "account", "account_key", "account_certificate", "account_subject", "passkey", "enrolment", "session", "spent",
    "server_secret", "act", "key_request", "invitation", "guest", "work_assigned", "work_watched", "work_note",
    "work_notice", "work_view", "work_mail", "work_followed",
)  # fmt: skip

Rows = dict[str, list[tuple[Any, ...]]]


def accounts_at(here: Location, folder: Path) -> Rows | None:
    """Return the rows of all tables at a place, closed or not; None if there are none, or they have moved away.

    `folder` has the file for entries that are in a file. `LedgerError` READ-ONLY for a role that may not read them,
    LEDGER-VERSION.
    """
    if isinstance(here, Path):
        if not (folder / IDENTITY_DB).exists():
            return None
        with closing(SQLiteDatabase(folder / IDENTITY_DB)) as file:
            return {name: file.rows(f"SELECT * FROM {name} ORDER BY rowid") for name in _NAMES}  # noqa: S608 - our names
    with closing(postgres.connect_schema(here, "comity", writable=False)) as c, PostgresErrors(here):
        if c.execute("SELECT to_regclass('comity_identity.version')").fetchone() == (None,):
            return None
        if c.execute("SELECT to_regclass('comity_identity.moved')").fetchone() != (None,):
            return None
        try:
            if c.execute("SELECT version FROM comity_identity.version").fetchone() != (TABLES.version,):
                PostgresDatabase(here).close()  # raises an older version, and refuses a newer one
            queries = {name: f"SELECT * FROM comity_identity.{name}".encode() for name in _NAMES}  # noqa: S608
            return {name: c.execute(query).fetchall() for name, query in queries.items()}
        except Exception as error:
            if getattr(error, "sqlstate", None) == "42501":
                says = f"this role may not read the accounts in {here}"
                raise LedgerError("READ-ONLY", says, "GRANT the role of the server to it") from error
            raise


def move_accounts(here: Location, to: Location, folder: Path) -> None:
    """Replace the accounts at a place by those of another one, compare them, and mark the latter as moved.

    Repeated, it changes nothing. `LedgerError` as `accounts_at`; LOG-CORRUPT if the copy is another one.
    """
    rows = accounts_at(here, folder)
    if rows is None:
        return
    with closing(_opened(to, folder)) as there:
        with there.transaction():
            if isinstance(to, Address):
                there.change("DROP TABLE IF EXISTS moved")
            for name in reversed(_NAMES):
                there.change(f"DELETE FROM {name}")  # noqa: S608
            for name in _NAMES:
                for row in rows[name]:
                    there.change(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        if _sorted({name: there.rows(f"SELECT * FROM {name}") for name in _NAMES}) != _sorted(rows):  # noqa: S608
            raise LedgerError("LOG-CORRUPT", f"the accounts in {to} are not the copied ones", "repeat this")
    if isinstance(here, Address):
        with closing(postgres.connect_schema(here, "comity")) as c, PostgresErrors(here):
            c.execute("CREATE TABLE IF NOT EXISTS comity_identity.moved (place text NOT NULL)")


def _opened(place: Location, folder: Path) -> Database:
    return PostgresDatabase(place) if isinstance(place, Address) else SQLiteDatabase(folder / IDENTITY_DB)


def _sorted(rows: Rows) -> Rows:
    return {name: sorted((tuple(row) for row in some), key=repr) for name, some in rows.items()}

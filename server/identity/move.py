"""Move accounts, or other tables of a server, with the entries of their ledger: between a file and a schema."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import IDENTITY_DB
from ledger.adapters.storage import postgres
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.errors import LedgerError
from server.identity.database import TABLES, Database, PostgresDatabase, SQLiteDatabase
from server.tables import Tables

_ACCOUNTS = (  # each refers to earlier ones
    "account", "account_key", "account_certificate", "account_subject", "passkey", "enrolment", "session", "spent",
    "server_secret", "act", "key_request", "invitation", "guest", "work_assigned", "work_watched", "work_note",
    "work_notice", "work_view", "work_mail", "work_followed", "requester_policy",
)  # fmt: skip


class Moved(Struct, frozen=True):
    """Tables that move together: their names, each of which refers to earlier ones alone, and their file.

    `what` names them for people.
    """

    tables: Tables
    names: tuple[str, ...]
    file: str
    what: str


ACCOUNTS = Moved(TABLES, _ACCOUNTS, IDENTITY_DB, "accounts")

Rows = dict[str, list[tuple[Any, ...]]]


def accounts_at(here: Location, folder: Path, moved: Moved = ACCOUNTS) -> Rows | None:
    """Return the rows of all tables at a place, closed or not; None if there are none, or they have moved away.

    `folder` has the file for entries that are in a file. `LedgerError` READ-ONLY for a role that may not read them,
    LEDGER-VERSION.
    """
    if isinstance(here, Path):
        if not (folder / moved.file).exists():
            return None
        with closing(SQLiteDatabase(folder / moved.file, moved.tables)) as file:
            return {name: file.rows(f"SELECT * FROM {name} ORDER BY rowid") for name in moved.names}  # noqa: S608 - our names
    schema = moved.tables.schema
    with closing(postgres.connect_schema(here, "comity", writable=False)) as c, PostgresErrors(here):
        if c.execute("SELECT to_regclass(%s)", (f"{schema}.version",)).fetchone() == (None,):
            return None
        if c.execute("SELECT to_regclass(%s)", (f"{schema}.moved",)).fetchone() != (None,):
            return None
        try:
            stated = c.execute(f"SELECT version FROM {schema}.version".encode()).fetchone()  # noqa: S608
            if stated != (moved.tables.version,):
                PostgresDatabase(here, moved.tables).close()  # raises an older version, and refuses a newer one
            queries = {name: f"SELECT * FROM {schema}.{name}".encode() for name in moved.names}  # noqa: S608
            return {name: c.execute(query).fetchall() for name, query in queries.items()}
        except Exception as error:
            if getattr(error, "sqlstate", None) == "42501":
                says = f"this role may not read the {moved.what} in {here}"
                raise LedgerError("READ-ONLY", says, "GRANT the role of the server to it") from error
            raise


def move_accounts(here: Location, to: Location, folder: Path, moved: Moved = ACCOUNTS) -> None:
    """Replace the accounts at a place by those of another one, compare them, and mark the latter as moved.

    Repeated, it changes nothing. `LedgerError` as `accounts_at`; LOG-CORRUPT if the copy is another one.
    """
    rows = accounts_at(here, folder, moved)
    if rows is None:
        return
    with closing(_opened(to, folder, moved)) as there:
        with there.transaction():
            if isinstance(to, Address):
                there.change("DROP TABLE IF EXISTS moved")
            for name in reversed(moved.names):
                there.change(f"DELETE FROM {name}")  # noqa: S608
            for name in moved.names:
                for row in rows[name]:
                    there.change(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        if _sorted({name: there.rows(f"SELECT * FROM {name}") for name in moved.names}) != _sorted(rows):  # noqa: S608
            raise LedgerError("LOG-CORRUPT", f"the {moved.what} in {to} are not the copied ones", "repeat this")
    if isinstance(here, Address):
        with closing(postgres.connect_schema(here, "comity")) as c, PostgresErrors(here):
            c.execute(f"CREATE TABLE IF NOT EXISTS {moved.tables.schema}.moved (place text NOT NULL)".encode())


def _opened(place: Location, folder: Path, moved: Moved) -> Database:
    if isinstance(place, Address):
        return PostgresDatabase(place, moved.tables)
    return SQLiteDatabase(folder / moved.file, moved.tables)


def _sorted(rows: Rows) -> Rows:
    return {name: sorted((tuple(row) for row in some), key=repr) for name, some in rows.items()}

"""Open the event store for reading: an own SQLite file, a foreign SQLite file, or a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.foreign_file import ForeignFile, connect_foreign
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.statements import Statement

Location = Path | Address
ReadableLocation = Location | ForeignFile


class ReadConnection(Protocol):
    """A connection that executes the statements of `statements.py`. Rows are tuples."""

    def execute(self, statement: Statement, params: Sequence[Any] = ..., /) -> Any:
        """Execute one statement and return its cursor."""

    def close(self) -> None: ...


def open_connection(location: ReadableLocation, *, writable: bool = False) -> ReadConnection:
    """Open a connection for reading; raises what `connect` of the database raises.

    `writable` states that the caller has a second connection that writes to the same store.
    """
    if isinstance(location, Address):
        return postgres.PostgresReadConnection(location, writable=writable)
    if isinstance(location, ForeignFile):
        return sqlite.SQLiteReadConnection(connect_foreign(location))
    return sqlite.SQLiteReadConnection(sqlite.connect(location, writable=writable))


def translate_errors(location: ReadableLocation) -> AbstractContextManager[None]:
    """Translate errors of the database into `LedgerError`; violated constraints pass through."""
    if isinstance(location, Address):
        return postgres.PostgresErrors(location)
    return sqlite.SQLiteErrors(location.path if isinstance(location, ForeignFile) else location)

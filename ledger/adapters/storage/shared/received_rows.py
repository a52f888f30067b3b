"""Keep the bytes received from other logs in the PostgreSQL database with the entries."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from ledger.adapters.storage import postgres
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.shared.tables import missing
from ledger.adapters.storage.statements import Statement
from ledger.errors import LedgerError

_ONE = Statement("", "SELECT content FROM received WHERE path = %s")
_NAMES = Statement("", "SELECT path FROM received WHERE starts_with(path, %s) ORDER BY path")
_UNDER = Statement("", "SELECT path, content FROM received WHERE starts_with(path, %s) ORDER BY path")
_TABLE = Statement("", "SELECT to_regclass('comity.received')")
_MARK = Statement("", "SELECT max(change) FROM received WHERE starts_with(path, %s)")


class ReceivedRows:
    """The rows of the table `received`, by path. Reading uses the connection of the open store."""

    def __init__(self, store: EntryReader, location: Address) -> None:
        self._store = store
        self._location = location

    def read(self, path: str) -> bytes | None:
        """Return the content of one path; None if there is none."""
        rows = self._rows(_ONE, path)
        return bytes(rows[0][0]) if rows else None

    def names(self, folder: str) -> list[str]:
        """Return the names below a folder, sorted."""
        return [path.removeprefix(f"{folder}/") for (path,) in self._rows(_NAMES, f"{folder}/")]

    def under(self, folder: str) -> dict[str, bytes]:
        """Return the contents below a folder, by name."""
        rows = self._rows(_UNDER, f"{folder}/")
        return {path.removeprefix(f"{folder}/"): bytes(content) for path, content in rows}

    def mark(self, folder: str) -> object:
        """Return a value that is equal as long as nothing below a folder changes."""
        return self._rows(_MARK, f"{folder}/")[0][0]

    def _rows(self, statement: Statement, path: str) -> list[Any]:
        try:
            return self._store.rows(statement, (path,))
        except LedgerError:
            if self._store.rows(_TABLE) == [(None,)]:
                raise missing(self._location) from None
            raise

    def keep(self, files: Mapping[str, bytes], *, replacing: bool = False) -> None:
        """Store contents by path, all or none, durably; existing ones stay unless they are to be replaced."""
        if not files:
            return
        location = self._location
        with closing(postgres.connect(location)) as c, PostgresErrors(location), postgres.durable(c), c.transaction():
            c.execute("SELECT keep_received(%s, %s, %s)", (list(files), list(files.values()), replacing))

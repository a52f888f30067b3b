"""Keep guards of logs in a PostgreSQL database, which has nothing else in it: a row for each log, by its origin.

Not the database with the entries: an older copy of that one, put back, would have the older guard in it. A machine with
another time than the server of the database signs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ledger.adapters.guard.clocks import SKEW, ClockDiffers, check_clock
from ledger.adapters.guard.signed_state import decode
from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import (
    PostgresErrors,
    address,
    connect_schema,
    durable,
    is_connection_lost,
    retries,
)
from ledger.errors import LedgerError

SCHEMA = "comity_guard"
VERSION = 1

_T = TypeVar("_T")


class PostgresGuard:
    """The guard of one log in a database, as `GuardBackend` says."""

    def __init__(self, uri: str, origin: str) -> None:
        """Open nothing yet. Raises `RecordError` STORE-ADDRESS."""
        self._location = address(uri, origin)
        self._opened: postgres.Connection | None = None

    def fetch(self) -> bytes | None:
        """Return the value as `GuardBackend.fetch` says."""
        return self._retry(self._fetch)

    def replace(self, old: bytes, new: bytes) -> bool:
        """Replace the value as `GuardBackend.replace` says; an answer that was lost is found by reading again."""
        size = decode(new, self._location)[0].size
        update = (
            "UPDATE guard SET size = %s, value = %s WHERE origin = %s AND value = %s"
            " AND abs(extract(epoch FROM clock_timestamp()) - %s) <= %s"
        )
        values = (size, new, self._location.origin, old)
        return self._retry(lambda c: self._write(c, update, (*values, time.time(), SKEW), new))

    def create(self, new: bytes) -> bool:
        """Store the first value as `GuardBackend.create` says; make the table if the database has none."""
        size = decode(new, self._location)[0].size
        insert = "INSERT INTO guard VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        self._retry(self._make)
        return self._retry(lambda c: self._write(c, insert, (self._location.origin, size, new), new))

    def close(self) -> None:
        """Close the connection."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _write(self, c: postgres.Connection, statement: str, params: tuple[Any, ...], new: bytes) -> bool:
        with durable(c):
            done = c.execute(statement.encode(), params)
        return done.rowcount == 1 or self._fetch(c) == new

    def _fetch(self, c: postgres.Connection) -> bytes | None:
        if c.execute("SELECT to_regclass('comity_guard.guard')").fetchone() == (None,):
            return None
        (version,) = c.execute("SELECT version FROM guard_schema").fetchone() or (0,)
        if version != VERSION:
            says = f"the guards in {self._location} are of version {version}, and this program knows version {VERSION}"
            raise LedgerError("LEDGER-VERSION", says, "update comity")
        asked = time.time()
        now = "SELECT extract(epoch FROM clock_timestamp())::float8, (SELECT value FROM guard WHERE origin = %s)"
        given, value = c.execute(now.encode(), (self._location.origin,)).fetchone() or (asked, None)
        try:
            check_clock(given, asked, time.time())
        except ClockDiffers as error:
            hint = "set the clock of this machine, or of the server of the database if that one is wrong"
            raise LedgerError("CLOCK-AHEAD", f"{self._location} {error}; nothing was signed", hint) from None
        return None if value is None else bytes(value)

    @staticmethod
    def _make(c: postgres.Connection) -> None:
        with c.transaction():
            c.execute("SELECT pg_advisory_xact_lock(hashtext('comity_guard'))")
            if c.execute("SELECT to_regnamespace('comity_guard')").fetchone() == (None,):
                c.execute(Path(__file__).with_suffix(".sql").read_bytes())
                c.execute("INSERT INTO comity_guard.guard_schema VALUES (true, %s)", (VERSION,))

    def _retry(self, act: Callable[[postgres.Connection], _T]) -> _T:
        """Run `act` over the connection; again for `PATIENCE` seconds where it is lost."""
        for wait in retries():
            known = self._opened is not None  # else the address may be wrong
            try:
                with PostgresErrors(self._location):
                    if self._opened is None or self._opened.closed:
                        self._opened = connect_schema(self._location, SCHEMA)
                    return act(self._opened)
            except Exception as error:
                if not (known and is_connection_lost(error) and wait()):
                    raise
        raise AssertionError("unreachable")

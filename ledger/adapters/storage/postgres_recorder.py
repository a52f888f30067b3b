"""The recorder of `eventsourcing` for PostgreSQL with our insert path: one call of `comity.append` for a page of rows.

Its datastore and reads are the library's. Its insert is not: it wants a lock that a role which may only append cannot
take, its ids come from a sequence and have gaps, and it asks again where a lock was not given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from select import POLLIN, poll
from typing import Any

from eventsourcing.persistence import InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.errors import Diagnostic
from psycopg.rows import DictRow, TupleRow, dict_row, tuple_row

from ledger.adapters.storage.append import AppendTransaction, Row
from ledger.adapters.storage.postgres import Address, connect, faults, is_lost, patiently, spoken, unsafe
from ledger.errors import LedgerError

_APPEND = (
    "SELECT append("
    + ", ".join(
        f"%b::{kind}"
        for kind in (
            "bigint",
            *("text[]", "bigint[]", "text[]", "bytea[]", "bytea[]", "bytea[]", "bytea[]"),
            *("bigint[]", "text[]", "text[]", "text[]", "bytea[]"),
            *("text[]", "text[]", "text[]", "text[]"),
        )
    )
    + ")"
)

Rows = Sequence[tuple[Any, ...]]


class Pool:
    """Connections to one database, opened when asked for; no threads, since a process that stores also forks."""

    def __init__(self, place: Address, writable: bool) -> None:
        self.place, self.writable = place, writable
        self._idle: list[Connection[DictRow]] = []

    def open(self, wait: bool = False, timeout: float = 0) -> None:
        """The library calls this before it asks; there is nothing to be started."""

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """A connection for the length of a block; a broken one is not used again."""
        c = self._waiting() or self._connect()
        try:
            yield c
        finally:
            if c.closed:
                self.close()  # whatever ended this one has ended the others
            else:
                self._idle.append(c)

    def _waiting(self) -> Connection[DictRow] | None:
        with suppress(IndexError):  # of several threads one gets the last
            while True:
                c = self._idle.pop()
                line = poll()
                line.register(c.fileno(), POLLIN)
                if not line.poll(0):
                    return c
                c.close()  # the server has spoken without being asked: it has hung up
        return None

    def _connect(self) -> Connection[DictRow]:
        c: Any = connect(self.place, writable=self.writable)
        c.row_factory = dict_row
        opened: Connection[DictRow] = c
        return opened

    def close(self) -> None:
        """Hang up."""
        while self._idle:
            self._idle.pop().close()


class PostgresRecorder(AppendTransaction, PostgresApplicationRecorder):
    """Event, leaf, hashes, ciphertexts, reference, in one call under the lock of `comity.turn`."""

    _last: Connection[DictRow] | None = None  # whoever is reached by another one may have another shelf

    @contextmanager
    def writing(self) -> Iterator[Cursor[TupleRow]]:
        said: list[str] = []

        def hear(notice: Diagnostic) -> None:
            if notice.severity_nonlocalized == "WARNING":
                said.append(str(notice.message_primary))

        with self.datastore.get_connection() as c:
            if c is not self._last:
                self.grown, self._last = None, c
            try:
                with c.transaction():
                    yield c.cursor(row_factory=tuple_row)
                    c.add_notice_handler(hear)  # from here on it is about the commit
            finally:
                with suppress(ValueError):
                    c.remove_notice_handler(hear)
        if said:  # somebody ended its waiting for a standby
            raise unsafe(said[0], "once the standby is there again, comity checkpoint signs what is on the shelf")

    def settle(self) -> None:
        """After a crash, what was waiting for a standby can be read before it is there; this waits for it too."""
        with self.writing() as c:
            self.begin(c, ())

    def ask(self, c: Cursor[TupleRow], statement: str, params: Sequence[Any]) -> list[Any]:
        return c.execute(spoken(statement).encode(), params).fetchall()

    def begin(self, c: Cursor[TupleRow], rows: Sequence[Row]) -> int:
        return int(self.ask(c, "SELECT turn()", ())[0][0])

    def finish(self, c: Cursor[TupleRow], rows: Sequence[Row], first: int, nodes: list[bytes]) -> None:
        self.append(
            c,
            first,
            [
                (r.originator_id, r.originator_version, r.topic, r.state, r.entry_id, r.leaf, completed)
                for r, completed in zip(rows, nodes, strict=True)
            ],
            [(n, s.field, s.digest, s.key_id, s.ciphertext) for n, r in enumerate(rows) for s in r.ciphertexts],
            [(r.reference, r.originator_id) for r in rows if r.reference is not None],
            [(named, r.originator_id) for r in rows for named in r.links],
        )

    def append(
        self,
        c: Cursor[TupleRow],
        first: int,
        entries: Rows = (),
        ciphertext: Rows = (),
        order_reference: Rows = (),
        order_link: Rows = (),
    ) -> None:
        """Call `comity.append`: rows of what its parameters name, column by column."""
        columns = (
            *_columns(entries, 7),
            *_columns(ciphertext, 5),
            *_columns(order_reference, 2),
            *_columns(order_link, 2),
        )
        c.execute(_APPEND.encode(), (first, *columns))

    def insert_events(self, stored_events: Sequence[StoredEvent], **given: Any) -> Sequence[int] | None:
        """As `AppendTransaction`; where the server goes away, for up to thirty seconds again.

        What it took and could not say comes back as a broken constraint, and whoever stores compares the bytes.
        """
        for wait in patiently():
            try:
                return super().insert_events(stored_events, **given)
            except (InterfaceError, OperationalError, LedgerError) as error:
                if not is_lost(error) or not wait():
                    raise
        raise AssertionError("unreachable")

    def empty(self, key_id: str) -> None:
        """Drop the ciphertexts made under a key."""
        with self.writing() as c:
            self.begin(c, ())  # as durable as an entry: who is told that it is erased is told once
            c.execute("SELECT empty(%s)", (key_id,))


def _columns(rows: Rows, count: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def recorder(place: Address, *, writable: bool) -> PostgresRecorder:
    """The recorder over an existing database; raises what `connect` does."""
    datastore = PostgresDatastore("", "", "", "", "", schema="comity", originator_id_type="text")
    datastore.pool = Pool(place, writable)  # type: ignore[assignment] # what the library uses of one is all here
    with faults(place):  # it asks the database about its types at once
        return PostgresRecorder(datastore)

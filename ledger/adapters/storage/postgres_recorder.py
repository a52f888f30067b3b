"""The recorder of `eventsourcing` for PostgreSQL that stores sealed entries: one call of `comity.append` for each page.

Datastore and reads are those of the library. Its insert path is not used: it takes a table lock that a role with the
right to append only cannot take, its ids come from a sequence and have gaps, and it retries after a lock timeout.
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

from ledger.adapters.storage.entry_recorder import EntryRecorder, EntryRow
from ledger.adapters.storage.postgres import Address, PostgresErrors, connect, is_connection_lost, retries, unsafe
from ledger.adapters.storage.statements import Statement
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


class PostgresPool:
    """A pool of connections without threads.

    The pool of the library (`psycopg_pool`) has threads, and a process that stores entries also forks.
    """

    def __init__(self, location: Address, writable: bool) -> None:
        self.location, self.writable = location, writable
        self._idle: list[Connection[DictRow]] = []

    def open(self, wait: bool = False, timeout: float = 0) -> None:
        """Do nothing: the library calls this before each use, and connections are opened when they are needed."""

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """Lend a connection; a closed one is not reused."""
        c = self._reuse() or self._connect()
        try:
            yield c
        finally:
            if c.closed:
                self.close()  # the server ended this one, so it ended the others
            else:
                self._idle.append(c)

    def _reuse(self) -> Connection[DictRow] | None:
        with suppress(IndexError):  # another thread may take the last one
            while True:
                c = self._idle.pop()
                socket = poll()
                socket.register(c.fileno(), POLLIN)
                if not socket.poll(0):
                    return c
                c.close()  # the server sent data without a query: it has closed the connection
        return None

    def _connect(self) -> Connection[DictRow]:
        c: Any = connect(self.location, writable=self.writable)
        c.row_factory = dict_row
        opened: Connection[DictRow] = c
        return opened

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()


class PostgresEntryRecorder(EntryRecorder, PostgresApplicationRecorder):
    """An application recorder that stores each event with its leaf, Merkle hashes, ciphertexts and reference.

    One call of `comity.append` stores a page, under the lock of `comity.turn`.
    """

    @contextmanager
    def writing(self) -> Iterator[Cursor[TupleRow]]:
        warnings: list[str] = []

        def add_warning(notice: Diagnostic) -> None:
            if notice.severity_nonlocalized == "WARNING":
                warnings.append(str(notice.message_primary))

        with self.datastore.get_connection() as c:
            self.write_by(c)
            try:
                with c.transaction():
                    yield c.cursor(row_factory=tuple_row)
                    c.add_notice_handler(add_warning)  # a warning from here on is about the commit
            finally:
                with suppress(ValueError):
                    c.remove_notice_handler(add_warning)
        if warnings:  # an administrator ended the wait for a standby
            raise unsafe(warnings[0], "once the standby is there again, comity checkpoint signs what is stored")

    def wait_until_durable(self) -> None:
        """Wait for the standby: after a crash, entries that still wait for it can be read."""
        with self.writing() as c:
            self.begin(c, ())

    def query(self, c: Cursor[TupleRow], statement: Statement, params: Sequence[Any]) -> list[Any]:
        return c.execute(statement.postgres.encode(), params).fetchall()

    def begin(self, c: Cursor[TupleRow], rows: Sequence[EntryRow]) -> int:
        (size,) = c.execute("SELECT turn()").fetchall()[0]
        return int(size)

    def finish(self, c: Cursor[TupleRow], rows: Sequence[EntryRow], first: int, nodes: list[bytes]) -> None:
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
        """Call `comity.append` with the rows of four tables; it takes them column by column."""
        columns = (
            *_columns(entries, 7),
            *_columns(ciphertext, 5),
            *_columns(order_reference, 2),
            *_columns(order_link, 2),
        )
        c.execute(_APPEND.encode(), (first, *columns))

    def insert_events(self, stored_events: Sequence[StoredEvent], **given: Any) -> Sequence[int] | None:
        """Store as `EntryRecorder` does; retry for up to thirty seconds where the connection is lost.

        If the first attempt was committed, the second violates a constraint, and the caller compares the bytes.
        """
        for wait in retries():
            try:
                return super().insert_events(stored_events, **given)
            except (InterfaceError, OperationalError, LedgerError) as error:
                if not is_connection_lost(error) or not wait():
                    raise
        raise AssertionError("unreachable")

    def remove_ciphertexts(self, key_id: str) -> None:
        """Remove the ciphertexts of a key, for good; their rows stay."""
        with self.writing() as c:
            self.begin(c, ())  # checks the settings: an erasure has to be as durable as an entry
            c.execute("SELECT empty(%s)", (key_id,))


def _columns(rows: Rows, count: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def open_recorder(location: Address, *, writable: bool) -> PostgresEntryRecorder:
    """Return the recorder over an existing database; raises what `connect` raises."""
    datastore = PostgresDatastore("", "", "", "", "", schema="comity", originator_id_type="text")
    datastore.pool = PostgresPool(location, writable)  # type: ignore[assignment] # it has the methods that the library calls
    with PostgresErrors(location):  # it reads the types of the database at once
        return PostgresEntryRecorder(datastore)

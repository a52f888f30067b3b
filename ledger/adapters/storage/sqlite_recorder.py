"""The recorder of `eventsourcing` for SQLite that stores sealed entries.

Connections, transactions and reads are those of the library; the schema and the insert path are ours. The `state` of an
event is the envelope itself, so no second copy can differ from it. Its `topic` is the kind of fact, never the path of a
class. Indices are assigned under the write lock and no row is ever deleted, so they have no gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from ledger.adapters.storage.entry_recorder import EntryRecorder, EntryRow
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite import BUSY_SECONDS, connect
from ledger.adapters.storage.statements import Statement
from ledger.errors import LedgerError

_INSERT_EVENT = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?)"
# One statement for a whole batch. ?1 is a JSON array with one array for each row. The bytes of all rows are joined in
# one parameter for each column; offset and length in the array say which bytes belong to a row.
_INSERT_LEAVES = """INSERT INTO log_leaf
    SELECT ?5 + key, substr(?2, 1 + 16 * key, 16), substr(?3, 1 + 32 * key, 32),
        ifnull(substr(?4, 1 + json_extract(value, '$[0]'), json_extract(value, '$[1]')), x'') FROM json_each(?1)"""
_INSERT_CIPHERTEXTS = """INSERT INTO ciphertext
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), substr(?2, 1 + json_extract(value, '$[4]'), json_extract(value, '$[5]'))
    FROM json_each(?1)"""
_INSERT_REFERENCE = (
    "INSERT INTO order_reference SELECT ?1, ?2"
    " WHERE NOT EXISTS (SELECT 1 FROM order_reference WHERE reference = ?1 AND order_id = ?2)"
)
_INSERT_LINK = (
    "INSERT INTO order_link SELECT ?1, ?2"
    " WHERE NOT EXISTS (SELECT 1 FROM order_link WHERE named = ?1 AND order_id = ?2)"
)
_PAGES_BEFORE_CHECKPOINT = 4_000  # 16 MB: every batch changes the same index pages, and a checkpoint copies them once
_CACHE_KIB = 16_000  # keeps the same pages in memory between two batches


class SQLitePool(SQLiteConnectionPool):
    """A pool of connections of `sqlite.connect`, which are durable and never create a file."""

    def __init__(self, path: Path, writable: bool) -> None:
        super().__init__(db_name=str(path), lock_timeout=BUSY_SECONDS, pool_timeout=BUSY_SECONDS)
        self.path, self.writable = path, writable

    def get_connection(self, timeout: float | None = None, *, is_writer: bool | None = None) -> SQLiteConnection:
        """Return a connection as the library does, which keeps the lock of writers if it cannot make one."""
        try:
            return super().get_connection(timeout, is_writer=is_writer)
        except LedgerError:
            if is_writer:
                self._num_writers -= 1
                self._writer_lock.release()
            raise

    def _create_connection(self) -> SQLiteConnection:
        c = connect(self.path, writable=self.writable)
        c.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BEFORE_CHECKPOINT}")
        c.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return SQLiteConnection(sqlite_conn=c, max_age=self.max_age)


class SQLiteEntryRecorder(EntryRecorder, SQLiteApplicationRecorder):
    """An application recorder that stores each event with its leaf, Merkle hashes, ciphertexts and reference."""

    def construct_create_table_statements(self) -> list[str]:
        return list(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[SQLiteCursor]:
        with self.datastore.transaction(commit=True) as c:
            self.write_by(c.sqlite_cursor.connection)
            yield c

    def wait_until_durable(self) -> None:
        """Do nothing: a reader of a file on this disk sees only commits that were synced."""

    def query(self, c: SQLiteCursor, statement: Statement, params: Sequence[Any]) -> list[Any]:
        c.execute(statement.sqlite, params)
        return list(c.fetchall())

    def begin(self, c: SQLiteCursor, rows: Sequence[EntryRow]) -> int:
        """Insert the events first: BEGIN takes no lock, and a stale read cannot be upgraded to a write."""
        c.executemany(_INSERT_EVENT, [(r.originator_id, r.originator_version, r.topic, r.state) for r in rows])
        c.execute("SELECT last_insert_rowid()")
        return int(c.fetchone()[0]) - len(rows)

    def finish(self, c: SQLiteCursor, rows: Sequence[EntryRow], first: int, nodes: list[bytes]) -> None:
        listed, hashes = _join([((), completed) for completed in nodes])
        ids, leaves = b"".join(row.entry_id for row in rows), b"".join(row.leaf for row in rows)
        c.execute(_INSERT_LEAVES, (listed, ids, leaves, hashes, first))
        ciphertexts = [
            ((n, s.field, s.digest, s.key_id), s.ciphertext or b"")
            for n, r in enumerate(rows, first)
            for s in r.ciphertexts
        ]
        if ciphertexts:
            c.execute(_INSERT_CIPHERTEXTS, _join(ciphertexts))
        for row in rows:
            if row.reference is not None:
                c.execute(_INSERT_REFERENCE, (row.reference, row.originator_id))
            for named in row.links:
                c.execute(_INSERT_LINK, (named, row.originator_id))

    def remove_ciphertexts(self, key_id: str) -> None:
        """Remove the ciphertexts of a key, for good; their rows stay."""
        with self.writing() as c:
            c.execute("UPDATE ciphertext SET ciphertext = NULL WHERE key_id = ?", (key_id,))


def _join(rows: Sequence[tuple[tuple[Any, ...], bytes]]) -> tuple[str, bytes]:
    """Return rows as a JSON array of arrays, each with offset and length of its bytes, and all bytes joined."""
    listed, offset = [], 0
    for values, data in rows:
        listed.append((*values, offset, len(data)))
        offset += len(data)
    return orjson.dumps(listed).decode(), b"".join(data for _, data in rows)


def open_recorder(path: Path, *, writable: bool) -> SQLiteEntryRecorder:
    """Return the recorder over an existing file."""
    datastore = SQLiteDatastore(str(path), originator_id_type="text")
    datastore.pool = SQLitePool(path, writable)
    return SQLiteEntryRecorder(datastore)

"""What one transaction writes: the event, its leaf, the Merkle hashes it completes, ciphertexts, reference.

The recorder of `eventsourcing` with our own insert path and schema; its pool, transactions and reads are the library's.
The `state` of an event is the sealed line itself, so there is no second copy to drift from; its `topic` is the kind of
fact, never a class path. Indices are assigned under the write lock and nothing is ever deleted, so they have no gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
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

from ledger.adapters.storage.append import AppendTransaction, Row
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite import BUSY_SECONDS, connect

_INSERT_EVENT = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?)"
# One statement for a whole batch. ?1 lists the rows as JSON arrays; bytes come in one run each, cut by the offsets in
# the list.
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


_PAGES_BEFORE_CHECKPOINT = 4_000  # 16 MB: pages of the indexes change in every batch, and are copied home once
_CACHE_KIB = 16_000  # the same pages, to be changed where they are and not read again for each batch


class Pool(SQLiteConnectionPool):
    """Connections of `sqlite.connect`: durable, never creating, and with room for more than one prepared statement."""

    def __init__(self, path: Path, writable: bool) -> None:
        super().__init__(db_name=str(path), lock_timeout=BUSY_SECONDS, pool_timeout=BUSY_SECONDS)
        self.path, self.writable = path, writable

    def _create_connection(self) -> SQLiteConnection:
        c = connect(self.path, writable=self.writable)
        c.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BEFORE_CHECKPOINT}")
        c.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return SQLiteConnection(sqlite_conn=c, max_age=self.max_age)


class Recorder(AppendTransaction, SQLiteApplicationRecorder):
    """The library's recorder with our insert path: event, leaf, hashes, ciphertexts, reference."""

    def construct_create_table_statements(self) -> list[str]:
        return list(SCHEMA)

    def writing(self) -> AbstractContextManager[SQLiteCursor]:
        return self.datastore.transaction(commit=True)

    def settle(self) -> None:
        """One disk: what was synced last has all that was there before."""

    def ask(self, c: SQLiteCursor, statement: str, params: Sequence[Any]) -> list[Any]:
        c.execute(statement, params)
        return list(c.fetchall())

    def begin(self, c: SQLiteCursor, rows: Sequence[Row]) -> int:
        """Writes first: BEGIN takes no lock, and a read that has gone stale cannot be upgraded."""
        c.executemany(_INSERT_EVENT, [(r.originator_id, r.originator_version, r.topic, r.state) for r in rows])
        return int(self.ask(c, "SELECT last_insert_rowid()", ())[0][0]) - len(rows)

    def finish(self, c: SQLiteCursor, rows: Sequence[Row], first: int, nodes: list[bytes]) -> None:
        grown, hashes = _cut([((), completed) for completed in nodes])
        ids, leaves = b"".join(row.entry_id for row in rows), b"".join(row.leaf for row in rows)
        c.execute(_INSERT_LEAVES, (grown, ids, leaves, hashes, first))
        closed = [
            ((n, s.field, s.digest, s.key_id), s.ciphertext or b"")
            for n, r in enumerate(rows, first)
            for s in r.ciphertexts
        ]
        if closed:
            c.execute(_INSERT_CIPHERTEXTS, _cut(closed))
        for row in rows:
            if row.reference is not None:
                c.execute(_INSERT_REFERENCE, (row.reference, row.originator_id))
            for named in row.links:
                c.execute(_INSERT_LINK, (named, row.originator_id))

    def empty(self, key_id: str) -> None:
        """Drop the ciphertexts made under a key."""
        with self.writing() as c:
            c.execute("UPDATE ciphertext SET ciphertext = NULL WHERE key_id = ?", (key_id,))


def _cut(rows: Sequence[tuple[tuple[Any, ...], bytes]]) -> tuple[str, bytes]:
    """Rows as a JSON list of arrays, each ending with offset and length of its bytes, and all the bytes in one run."""
    listed, at = [], 0
    for values, data in rows:
        listed.append((*values, at, len(data)))
        at += len(data)
    return orjson.dumps(listed).decode(), b"".join(data for _, data in rows)


def recorder(path: Path, *, writable: bool) -> Recorder:
    """The recorder over an existing file."""
    datastore = SQLiteDatastore(str(path), originator_id_type="text")
    datastore.pool = Pool(path, writable)
    return Recorder(datastore)

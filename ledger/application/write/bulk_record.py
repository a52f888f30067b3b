"""Record many facts, all or none, in constant memory: seal them outside the lock, stage, store in one transaction.

Sealed entries wait in a private file that is deleted as soon as it is opened, so a killed process leaves nothing of
them. The lock of the store is held while the staged lines are copied, and not while they are signed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.entry_recorder import REFERENCES, EntryRow
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.application.case_reader import CaseReader
from ledger.application.write.draft import Draft
from ledger.application.write.parallel_open import PAGE
from ledger.application.write.seal import Sealer
from ledger.application.write.write_position import PendingBatch, WritePosition
from ledger.entries.condition import Found
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Registrar
from ledger.entries.payload import Condition
from ledger.entries.placement import Link
from ledger.errors import RecordError

_FILE = Path("the staging file")  # its name in errors: the file has no name; TMPDIR says where it is
_SCHEMA = """
    CREATE TABLE staged (
        n INTEGER PRIMARY KEY, order_id TEXT, seq INTEGER, kind TEXT, state BLOB, entry_id BLOB UNIQUE,
        leaf BLOB UNIQUE,
        reference TEXT, closed BLOB) STRICT;
    CREATE TABLE head (order_id TEXT PRIMARY KEY, seq INTEGER, leaf TEXT, instrument TEXT) STRICT, WITHOUT ROWID"""


class Staging:
    """Sealed entries that wait to be stored, and the newest of each order among them."""

    def __init__(self) -> None:
        with SQLiteErrors(_FILE):
            self._c = sqlite3.connect("", isolation_level=None)  # SQLite's name for a file of one's own, on no path
            self._c.execute("PRAGMA journal_mode=OFF")
            self._c.executescript(_SCHEMA)
        self.size = 0

    def close(self) -> None:
        """Close the file, which removes it."""
        self._c.close()

    def add(self, rows: Sequence[EntryRow], heads: Mapping[str, Link]) -> None:
        """Stage rows with the newest entry of each of their orders; CTX-REPLAY if an id occurs twice."""
        try:
            with SQLiteErrors(_FILE):
                self._c.execute("BEGIN")
                self._c.executemany(
                    "INSERT INTO staged VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", [_flat(row) for row in rows]
                )
                self._c.executemany(
                    "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)",
                    [(order, link.seq, link.leaf, link.instrument) for order, link in heads.items()],
                )
                self._c.execute("COMMIT")
        except sqlite3.IntegrityError:
            raise RecordError("CTX-REPLAY", "an entry id comes twice") from None
        self.size += len(rows)

    def head(self, order: str) -> Link | None:
        """Return the newest staged entry of an order; None if there is none."""
        row = self._c.execute("SELECT seq, leaf, instrument FROM head WHERE order_id = ?", (order,)).fetchone()
        return Link(*row) if row else None

    def entry(self, leaf: str) -> bytes | None:
        """Return the staged line with a leaf hash; None if there is none."""
        row = self._c.execute("SELECT state FROM staged WHERE leaf = ?", (bytes.fromhex(leaf),)).fetchone()
        return row[0] if row else None

    def opposing(self, condition: Condition) -> Found | None:
        """Return the first staged entry that a condition excludes; None if there is none."""
        row = self._c.execute(
            "SELECT order_id, kind FROM staged WHERE order_id IN (SELECT value FROM json_each(?))"
            " AND kind IN (SELECT value FROM json_each(?)) ORDER BY n LIMIT 1",
            (msgspec.json.encode(condition.orders).decode(), msgspec.json.encode(condition.kinds).decode()),
        ).fetchone()
        return (None, *row) if row else None

    def pages(self) -> Iterator[list[EntryRow]]:
        """Yield the staged rows in their order, a page at a time."""
        for start in range(0, self.size, PAGE):
            with SQLiteErrors(_FILE):
                rows = self._c.execute(
                    "SELECT order_id, seq, kind, state, entry_id, leaf, reference, closed FROM staged"
                    " WHERE n > ? AND n <= ? ORDER BY n",
                    (start, start + PAGE),
                ).fetchall()
            yield [_row(*flat) for flat in rows]


def _flat(row: EntryRow) -> tuple[Any, ...]:
    closed = msgspec.msgpack.encode((row.links, [(c.field, c.digest, c.key_id, c.ciphertext) for c in row.ciphertexts]))
    place = (row.originator_id, row.originator_version, row.topic)
    return (*place, row.state, row.entry_id, row.leaf, row.reference, closed)


def _row(
    order: str, seq: int, kind: str, state: bytes, entry: bytes, leaf: bytes, ref: str | None, raw: bytes
) -> EntryRow:
    links, values = msgspec.msgpack.decode(raw)
    closed = tuple(Ciphertext(*one) for one in values)
    return EntryRow(
        order, seq, kind, state, entry_id=entry, leaf=leaf, ciphertexts=closed, reference=ref, links=tuple(links)
    )


class Ahead(WritePosition):
    """The state of a ledger that a writer needs, staged entries included."""

    def __init__(
        self, origin: str, registrar: Registrar, cases: CaseReader, store: EntryStore, staging: Staging
    ) -> None:
        super().__init__(origin, registrar, cases, store)
        self._staging = staging

    def entry(self, leaf: str) -> tuple[OpenedEntry, Mapping[str, Any]] | None:
        """Return the staged or stored entry with a leaf hash; no value of a staged entry is opened."""
        staged = self._staging.entry(leaf)
        return (open_(staged, verify=False), {}) if staged else super().entry(leaf)

    def opposing(self, condition: Condition) -> Found | None:
        """Return an entry, staged or stored, that a condition excludes; None if there is none."""
        return self._staging.opposing(condition) or super().opposing(condition)

    def head(self, order: str) -> Link | None:
        """Return the newest entry of an order, staged or stored."""
        return self._staging.head(order) or super().head(order)


class Bulk:
    """Facts that will be recorded together or not at all. `known` finds the stored entry with the id of a draft.

    `quoted` is how many references orders had before the facts were checked against them.
    """

    def __init__(
        self,
        staging: Staging,
        past: WritePosition,
        sealer: Sealer,
        known: Callable[[Draft], str | None],
        quoted: int,
    ) -> None:
        self._staging = staging
        self._past = past
        self._sealer = sealer
        self._known = known
        self._page: list[EntryRow] = []
        self._trial = PendingBatch(past)
        self._still = dict(past.still)
        self._quoted = quoted
        self.already = 0  # drafts that were stored before
        self.indices = range(0)  # where the others stand in the log, once they do

    def add(self, draft: Draft, *, fresh: bool = False) -> str:
        """Seal one more fact, or find its stored entry: its leaf hash. Raises what `Journal.record` raises.

        `fresh` spares the search where the store had no entry of the order; if it has by now, storing is a `Conflict`.
        """
        if not fresh and (leaf := self._known(draft)):
            self.already += 1
            return leaf
        row = self._sealer.seal(draft, self._trial)
        if row.reference is not None:
            self._still[REFERENCES] = self._quoted
        self._page.append(row)
        if len(self._page) == PAGE:
            self._turn()
        return row.leaf.hex()

    def store(self, store: EntryStore, report: Callable[[int, int], None]) -> range:
        """Store the staged entries in one transaction; `report(done, total)` is called as it goes."""
        self._turn()
        if self._staging.size:
            self.indices = store.append_pages(self._reported(report), expected=self._still)
        return self.indices

    def _reported(self, report: Callable[[int, int], None]) -> Iterator[list[EntryRow]]:
        done = 0
        for page in self._staging.pages():
            yield page
            done += len(page)
            report(done, self._staging.size)

    def _turn(self) -> None:
        if self._page:
            self._staging.add(self._page, self._trial.heads)
            self._still = {**self._trial.still, **self._still}
            self._page, self._trial = [], PendingBatch(self._past)


def staged() -> closing[Staging]:
    """Return a staging file that a block closes."""
    return closing(Staging())

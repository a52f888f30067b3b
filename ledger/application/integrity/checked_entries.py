"""Remember of checked entries what later ones are compared with: the newest of each order, and the ids of all.

Ids and orders are random, so each of them is on another page of its table. What the last segments add is therefore one
row for each segment, and goes into the tables for many segments at once, sorted. After a kill it is read from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from ledger.application.integrity.check_run import Problem, Run

SCHEMA = (
    "CREATE TABLE head (order_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, leaf TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE entry (id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
    # what a segment adds to both tables: joined ids of 16 bytes, and (order, number, leaf) in MessagePack
    "CREATE TABLE added (start INTEGER PRIMARY KEY, ids BLOB NOT NULL, heads BLOB NOT NULL) STRICT",
)
TABLES = ("head", "entry", "added")
_ASKED = 500  # rows looked up by one statement
_ID = 16  # bytes

_T = TypeVar("_T")
_Heads = dict[str, tuple[int, str]]  # by order: number and leaf (hex) of its newest entry


class CheckedEntries:
    """The newest entry of each order and the ids of all entries, in the tables of an open file."""

    def __init__(self, c: sqlite3.Connection) -> None:
        self._c = c
        self._heads: _Heads = {}
        self._ids: set[bytes] = set()
        self.lag = 0  # segments that are not in the tables
        for ids, heads in c.execute("SELECT ids, heads FROM added ORDER BY start"):
            self._remember(_apart(ids), {order: (seq, leaf) for order, seq, leaf in msgspec.msgpack.decode(heads)})
        self._empty = c.execute("SELECT NOT EXISTS (SELECT * FROM entry)").fetchone() == (1,)

    def forget(self) -> None:
        """Forget all entries. The caller has deleted the rows of the tables."""
        self._heads, self._ids, self.lag, self._empty = {}, set(), 0, True

    def compare(self, runs: Iterable[tuple[int, Run]]) -> Iterator[Problem]:
        """Yield what does not follow the remembered entries in runs, each with its first index; remember nothing."""
        heads: _Heads = {}
        ids: set[bytes] = set()
        for start, run in runs:
            known = self._known(run.ends, heads)
            for order, end in run.ends.items():
                if known.get(order) != ((end.before.seq, end.before.leaf) if end.before else None):
                    says = "the entry before it in its order is not the newest of that order that was checked"
                    yield Problem("CTX-CHAIN", f"#{run.orders[order][0]}", says)
            heads |= _ends(run)
            here = set(run.ids)
            again = len(run.ids) - len(here) + len(here & ids) + len(here & self._ids) + self._stored(here)
            if again:
                says = f"{again} of these entries have the id of an entry before them, which was checked"
                yield Problem("CTX-REPLAY", f"entries {start} to {start + len(run.ids) - 1}", says)
            ids |= here

    def add(self, start: int, run: Run) -> None:
        """Remember the run over a segment; the caller has a transaction."""
        heads = msgspec.msgpack.encode([(order, *head) for order, head in _ends(run).items()])
        self._c.execute("INSERT INTO added VALUES (?, ?, ?)", (start, b"".join(run.ids), heads))

    def added(self, runs: Iterable[Run]) -> None:
        """Note that the transaction with these runs has ended well."""
        for run in runs:
            self._remember(run.ids, _ends(run))

    def settle(self) -> None:
        """Put what the last segments have added into the tables; the caller has a transaction, and then `settled`."""
        rows = [(order, *head) for order, head in sorted(self._heads.items())]
        self._c.executemany("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", rows)
        self._c.executemany("INSERT INTO entry VALUES (?)", [(each,) for each in sorted(self._ids)])
        self._c.execute("DELETE FROM added")

    def settled(self) -> None:
        """Note that the transaction of `settle` has ended well."""
        self._empty = self._empty and not self._ids
        self._heads, self._ids, self.lag = {}, set(), 0

    def _remember(self, ids: Iterable[bytes], heads: Mapping[str, tuple[int, str]]) -> None:
        self._ids.update(ids)
        self._heads |= heads
        self.lag += 1

    def _known(self, orders: Collection[str], newer: _Heads) -> _Heads:
        """Return the newest entries of these orders, of which `newer` are not remembered yet."""
        known = {order: head for order in orders if (head := newer.get(order) or self._heads.get(order))}
        if self._empty:
            return known
        missing = [order for order in orders if order not in known]
        for asked in _parts(missing):
            query = f"SELECT order_id, seq, leaf FROM head WHERE order_id IN ({_marks(asked)})"  # noqa: S608
            known |= {order: (seq, leaf) for order, seq, leaf in self._c.execute(query, asked)}
        return known

    def _stored(self, ids: Collection[bytes]) -> int:
        """Return how many of these ids are in their table."""
        if self._empty:
            return 0
        found = 0
        for asked in _parts(sorted(ids)):
            query = f"SELECT count(*) FROM entry WHERE id IN ({_marks(asked)})"  # noqa: S608
            found += self._c.execute(query, asked).fetchone()[0]
        return found


def _ends(run: Run) -> _Heads:
    return {order: (end.last.seq, end.last.leaf) for order, end in run.ends.items()}


def _apart(joined: bytes) -> list[bytes]:
    return [joined[at : at + _ID] for at in range(0, len(joined), _ID)]


def _parts(values: list[_T]) -> Iterator[list[_T]]:
    yield from (values[at : at + _ASKED] for at in range(0, len(values), _ASKED))


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))

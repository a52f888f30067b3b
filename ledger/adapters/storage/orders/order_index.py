"""Index the view of orders, so that a page of the list costs what it shows, whatever the size of the ledger.

Every answer is one indexed query for one page. All that a reader filters by (words, Party, instrument, provider, state)
is in one full-text index, in which each value to filter by is a word. Whether a deadline is over is decided by its
stored end and the moment of the query, so it is right at every moment. The index is made from the rows of the view
alone: it is deleted with them, and made again if it belongs to other rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from eventsourcing.sqlite import SQLiteCursor
from msgspec import json

from ledger.adapters.storage.orders.order_answers import NAME as ANSWERS
from ledger.adapters.storage.orders.order_answers import TABLES as ANSWER_TABLES
from ledger.adapters.storage.orders.order_answers import insert_answers
from ledger.adapters.storage.orders.order_counts import NAMES as COUNTS
from ledger.adapters.storage.orders.order_counts import TABLES as COUNT_TABLES
from ledger.adapters.storage.orders.order_counts import insert_counts
from ledger.adapters.storage.orders.order_query import (
    FAR,
    PICKED,
    RUNS,
    DeadlineCounts,
    OpenDeadline,
    OrderQuery,
    condition,
)
from ledger.adapters.storage.orders.order_row import (
    OrderRow,
    end_second,
    filter_values,
    filter_word,
    filter_words,
    place,
    read_row,
    search_words,
    unix_second,
)
from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.adapters.storage.views import Rows, View, seconds
from ledger.entries.case import instant
from ledger.errors import LedgerError

MOST_COUNTED = 1_000  # matching orders are counted up to this number
COLUMNS = ("ref", "state", "issued_on", "last_on")  # of `board`: texts by which orders are sorted; "" for none
CLOCK_DUE = f"ifnull(due, {-1 << 62})"  # a deadline without an end comes first
UNDETERMINED = "UNDETERMINED"  # the verdict of a deadline that could not be computed
_EDITION = "8"  # increased when these tables change
_TABLES = (
    # number: see `place`; last: the moment of the last entry; first_due: of the first deadline; the rest as in its row
    "CREATE TABLE board (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, last INTEGER NOT NULL,"
    " first_due INTEGER, ref TEXT NOT NULL, state TEXT NOT NULL, issued_on TEXT NOT NULL, last_on TEXT NOT NULL)",
    *(f"CREATE INDEX board_sorted_{column} ON board ({column}, key)" for column in COLUMNS),
    "CREATE INDEX board_first_due ON board (first_due) WHERE first_due IS NOT NULL",
    f"CREATE INDEX board_by_due ON board (ifnull(first_due, {1 << 62}), number)",
    "CREATE INDEX board_by_last ON board (last, number)",
    # place: the position of the deadline in its row; unknown: 1 if the deadline could not be computed
    "CREATE TABLE board_clock (number INTEGER NOT NULL, place INTEGER NOT NULL, due INTEGER, id TEXT NOT NULL,"
    " unknown INTEGER NOT NULL, PRIMARY KEY (number, place)) WITHOUT ROWID",
    f"CREATE INDEX board_clock_sorted ON board_clock ({CLOCK_DUE}, number, place)",
    "CREATE INDEX board_clock_due ON board_clock (due, number, place)",
    "CREATE VIRTUAL TABLE board_words USING fts5 (words, picked, prefix = '2 3 4')",
    "CREATE TABLE board_value (name TEXT, value TEXT, orders INTEGER NOT NULL, PRIMARY KEY (name, value))"
    " WITHOUT ROWID",
    "CREATE TABLE board_name (number INTEGER, name TEXT, PRIMARY KEY (number, name)) WITHOUT ROWID",
    "CREATE INDEX board_by_name ON board_name (name, number)",
    # the registers of other logs when the rows were judged: a mark of all their files, the sizes by origin as JSON
    "CREATE TABLE board_received (mark TEXT NOT NULL, sizes BLOB NOT NULL)",
    "CREATE TABLE board_of (view TEXT NOT NULL)",
    *COUNT_TABLES,
    *ANSWER_TABLES,
)
_FIRST_DUE = f"ifnull(b.first_due, {FAR})"
_ROWS = ("board", "board_clock", "board_words", "board_value", "board_name", "board_received", ANSWERS, *COUNTS)
_NAMES = (*_ROWS, "board_of")


class SeenRegisters(NamedTuple):
    """The registers of other logs at a moment: a mark that changes with any of them, their sizes by origin."""

    mark: str
    sizes: dict[str, int]


class OrderIndex(View):
    """The view of the orders of one ledger with an index, read page by page."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def _index(self) -> None:
        """Make the index if there is none, or if it belongs to other rows or to another edition."""
        mine = self._mine
        with SQLiteErrors(self.path), self.datastore.transaction(commit=False) as c:
            c.execute("SELECT 1 FROM sqlite_master WHERE name = 'board_of'")
            if c.fetchone() is not None:
                c.execute("SELECT view FROM board_of")
                row = c.fetchone()
                if row is not None and row[0] == mine:
                    return
        with SQLiteErrors(self.path), self.datastore.transaction(commit=True) as c:
            for table in _NAMES:
                c.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES:
                c.execute(statement)
            c.execute("INSERT INTO board_of VALUES (?)", (mine,))
            last = ""
            while some := self._page(c, last):
                self._insert(c, [read_row(body) for _, body in some])
                last = some[-1][0]

    @property
    def _mine(self) -> str:
        return f"{_EDITION} {self.name}"

    def _require_mine(self, found: Sequence[Sequence[Any]]) -> None:
        """Raise LEDGER-VERSION unless the rows of `board_of` name this view."""
        if [row[0] for row in found] != [self._mine]:
            says = f"{self.path.name} was made again by another version of comity"
            raise LedgerError("LEDGER-VERSION", says, "start this program again")

    @contextmanager
    def reading(self) -> Iterator[Callable[..., list[Any]]]:
        """Yield what `View.reading` does. `LedgerError` LEDGER-VERSION if the file has the view of other rules now."""
        with super().reading() as select:
            self._require_mine(select("SELECT view FROM board_of"))
            yield select

    def _page(self, c: SQLiteCursor, after: str) -> list[tuple[str, bytes]]:
        c.execute("SELECT key, body FROM shown WHERE view = ? AND key > ? ORDER BY key LIMIT 1000", (self.name, after))
        return [(key, body) for key, body in c.fetchall()]

    # -- writing ------------------------------------------------------------------------------------------------------

    def _put(self, c: SQLiteCursor, rows: Rows) -> None:
        c.execute("SELECT view FROM board_of")
        self._require_mine(c.fetchall())
        old_rows = self._known(c, list(rows))
        super()._put(c, rows)
        numbers = [(place(row),) for row in old_rows]
        for table, column in (
            ("board", "number"),
            ("board_clock", "number"),
            ("board_name", "number"),
            ("board_words", "rowid"),
            (ANSWERS, "number"),
            ("board_count", "number"),
            ("board_cost", "number"),
        ):
            c.executemany(f"DELETE FROM {table} WHERE {column} = ?", numbers)  # noqa: S608 - fixed names
        self._insert(c, [read_row(shown.body) for shown in rows.values() if shown is not None], old_rows)

    def _known(self, c: SQLiteCursor, keys: Sequence[str]) -> list[OrderRow]:
        rows = []
        for key in keys:
            c.execute("SELECT body FROM shown WHERE view = ? AND key = ?", (self.name, key))
            row = c.fetchone()
            if row is not None:
                rows.append(read_row(row[0]))
        return rows

    def _insert(self, c: SQLiteCursor, rows: Sequence[OrderRow], instead_of: Iterable[OrderRow] = ()) -> None:
        ends = [[end_second(clock) for clock in row.due] for row in rows]
        first = [min((end for end in some if end is not None), default=None) for some in ends]
        c.executemany(
            "INSERT INTO board VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    place(row),
                    row.order,
                    0 if row.last_on is None else unix_second(instant(row.last_on)),
                    due,
                    *(getattr(row, column) or "" for column in COLUMNS),
                )
                for row, due in zip(rows, first, strict=True)
            ],
        )
        c.executemany(
            "INSERT INTO board_clock VALUES (?, ?, ?, ?, ?)",
            [
                (place(row), n, end, row.due[n].id, row.due[n].verdict == UNDETERMINED)
                for row, some in zip(rows, ends, strict=True)
                for n, end in enumerate(some)
            ],
        )
        c.executemany(
            "INSERT INTO board_words (rowid, words, picked) VALUES (?, ?, ?)",
            [
                (
                    place(row),
                    " ".join(search_words(row)),
                    " ".join([*filter_words(row), *runs]),
                )
                for row, due in zip(rows, first, strict=True)
                for runs in [[] if due is None else [RUNS]]
            ],
        )
        c.executemany(
            "INSERT INTO board_name VALUES (?, ?)", [(place(row), name) for row in rows for name in row.rests_on]
        )
        insert_answers(c, [(place(row), row) for row in rows])
        insert_counts(c, [(place(row), row.counted) for row in rows])
        counts = Counter(value for row in rows for value in filter_values(row))
        counts.subtract(value for row in instead_of for value in filter_values(row))
        c.executemany(
            "INSERT INTO board_value VALUES (?, ?, ?) ON CONFLICT (name, value) DO UPDATE SET orders = orders + ?3",
            [(*value, change) for value, change in counts.items() if change],
        )

    def _drop(self, c: SQLiteCursor) -> None:
        super()._drop(c)
        for table in _ROWS:
            c.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names

    def mark_stale(self, names: Iterable[str]) -> None:
        """Make the rows stale that rest on an office, a Party or another log of these names."""
        with SQLiteErrors(self.path), self.datastore.transaction(commit=True) as c:
            self._mark(c, names)

    def mark_received(self, names: Iterable[str] | None, registers: SeenRegisters) -> None:
        """Make the rows stale that rest on these names (None: every row), and store which registers the rows know."""
        with SQLiteErrors(self.path), self.datastore.transaction(commit=True) as c:
            if names is None:
                c.execute("UPDATE shown SET stale_at = 0 WHERE view = ?", (self.name,))
            else:
                self._mark(c, names)
            c.execute("DELETE FROM board_received")
            c.execute("INSERT INTO board_received VALUES (?, ?)", (registers.mark, json.encode(registers.sizes)))

    def _mark(self, c: SQLiteCursor, names: Iterable[str]) -> None:
        c.executemany(
            "UPDATE shown SET stale_at = 0 WHERE view = ? AND key IN"
            " (SELECT b.key FROM board_name n CROSS JOIN board b ON b.number = n.number WHERE n.name = ?)",
            [(self.name, name) for name in names],
        )

    def received(self) -> SeenRegisters:
        """Return which registers of other logs the rows know."""
        rows = self.select("SELECT mark, sizes FROM board_received")
        return (
            SeenRegisters(rows[0][0], json.decode(rows[0][1], type=dict[str, int])) if rows else SeenRegisters("", {})
        )

    # -- asking -------------------------------------------------------------------------------------------------------

    def row(self, order: str) -> OrderRow | None:
        """Return the row of one order; None if it has none."""
        rows = self.select("SELECT body FROM shown WHERE view = ? AND key = ?", self.name, order)
        return read_row(rows[0][0]) if rows else None

    def orders(
        self,
        asked: OrderQuery,
        now: datetime,
        before: tuple[int, int] | None = None,
        limit: int = 50,
        sort: str = "made",
    ) -> list[OrderRow]:
        """Return a page of orders that match, sorted by one of `SORTS`, from behind the position `before`."""
        source, number, params = condition(asked, now)
        value, way = {"made": (number, "DESC"), "last": ("b.last", "DESC"), "due": (_FIRST_DUE, "ASC")}[sort]
        keys = (value,) if sort == "made" else (value, number)  # one column: the full-text index is in this order
        start = (-FAR, -FAR) if way == "ASC" else (FAR, FAR)
        rows = self.select(
            f"SELECT s.body FROM (SELECT b.key AS key, {value} AS value, {number} AS number FROM {source}"  # noqa: S608
            f" AND ({', '.join(keys)}) {'>' if way == 'ASC' else '<'} ({', '.join('?' * len(keys))})"
            f" ORDER BY {', '.join(f'{key} {way}' for key in keys)} LIMIT ?) f"
            f" CROSS JOIN shown s ON s.view = ? AND s.key = f.key ORDER BY f.value {way}, f.number {way}",
            *params,
            *(before or start)[: len(keys)],
            limit,
            self.name,
        )
        return [read_row(body) for (body,) in rows]

    def count(self, asked: OrderQuery, now: datetime) -> int:
        """Return how many orders match, counted up to `MOST_COUNTED` + 1."""
        if not asked.words and not asked.overdue and len(asked.picked) <= 1:
            return sum(self.values(*value) for value in asked.picked.items()) if asked.picked else self._number()
        source, _, params = condition(asked, now)
        counted = f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {MOST_COUNTED + 1})"  # noqa: S608 - fixed text
        rows = self.select(counted, *params)
        return int(rows[0][0])

    def _number(self) -> int:
        return int(self.select("SELECT count(*) FROM board")[0][0])

    def values(self, name: str, value: str) -> int:
        """Return how many orders have this value."""
        rows = self.select("SELECT orders FROM board_value WHERE name = ? AND value = ?", name, value)
        return int(rows[0][0]) if rows else 0

    def has(self, name: str, value: str) -> bool:
        """Return True if an order has this value to filter by: an office (`by`) or a kind of entry as well."""
        match = f'picked : "{filter_word(name, value)}"'
        return bool(self.select("SELECT 1 FROM board_words WHERE board_words MATCH ? LIMIT 1", match))

    def choices(self) -> dict[str, list[tuple[str, int]]]:
        """Return every value to filter by, by name, with the number of orders that have it."""
        choices: dict[str, list[tuple[str, int]]] = {name: [] for name in PICKED}
        for name, value, orders in self.select("SELECT name, value, orders FROM board_value WHERE orders > 0"):
            choices.setdefault(name, []).append((value, orders))
        return choices

    def due(
        self,
        first: datetime | None,
        last: datetime | None,
        after: tuple[int, int, int] | None = None,
        limit: int = 50,
        *,
        newest: bool = False,
    ) -> list[OpenDeadline]:
        """Return a page of open deadlines that end after `first` and not after `last`, soonest first.

        The page begins after the position `after`. `newest` turns the order round.
        """
        low = -FAR if first is None else unix_second(first) + 1
        high = FAR if last is None else unix_second(last)
        sign, way, start = ("<", "DESC", (high, FAR, FAR)) if newest else (">", "ASC", (low, -1, -1))
        rows = self.select(
            f"{_CLOCKS} WHERE (c.due, c.number, c.place) {sign} (?, ?, ?) AND c.due >= ? AND c.due <= ?"
            f" ORDER BY c.due {way}, c.number {way}, c.place {way} LIMIT ?",
            self.name,
            *(after or start),
            low,
            high,
            limit,
        )
        return list(_opened(rows))

    def unknown(self, after: tuple[int, int, int] | None = None, limit: int = 50) -> list[OpenDeadline]:
        """Return a page of open deadlines whose end could not be computed."""
        _, number, place = after or (0, -1, -1)
        rows = self.select(
            f"{_CLOCKS} WHERE c.due IS NULL AND (c.number, c.place) > (?, ?) ORDER BY c.number, c.place LIMIT ?",
            self.name,
            number,
            place,
            limit,
        )
        return list(_opened(rows))

    def tally(self, now: datetime, soon: datetime, old: datetime) -> DeadlineCounts:
        """Return the numbers of deadlines and orders; `soon` is the moment between soon and later."""
        before, over, to_soon, dated, unknown = self.select(
            "SELECT (SELECT count(*) FROM board_clock WHERE due <= ?3), (SELECT count(*) FROM board_clock"
            " WHERE due <= ?1), (SELECT count(*) FROM board_clock WHERE due <= ?2), (SELECT count(*) FROM board_clock"
            " WHERE due IS NOT NULL), (SELECT count(*) FROM board_clock WHERE due IS NULL)",
            unix_second(now),
            unix_second(soon),
            unix_second(old),
        )[0]
        return DeadlineCounts(over - before, to_soon - over, dated - to_soon, unknown, before, *self.numbers(now))

    def numbers(self, now: datetime) -> tuple[int, int]:
        """Return the number of orders, and of those with an open deadline that is over."""
        orders, overdue = self.select(
            "SELECT (SELECT count(*) FROM board), (SELECT count(*) FROM board WHERE first_due <= ?)", unix_second(now)
        )[0]
        return orders, overdue

    def stale_count(self, moment: datetime) -> int:
        """Return how many rows have to be judged again."""
        return int(
            self.select("SELECT count(*) FROM shown WHERE view = ? AND stale_at <= ?", self.name, seconds(moment))[0][0]
        )


_CLOCKS = (
    "SELECT c.due, c.number, c.place, s.body FROM board_clock c CROSS JOIN board b ON b.number = c.number"
    " CROSS JOIN shown s ON s.view = ? AND s.key = b.key"
)


def _opened(found: Iterable[Sequence[Any]]) -> Iterator[OpenDeadline]:
    for due, number, nth, body in found:
        row = read_row(body)
        yield OpenDeadline(row, row.due[nth], (due or 0, number, nth))

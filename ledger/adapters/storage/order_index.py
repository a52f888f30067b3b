"""The board: the docket with an index over it, so that a page of it costs what it shows, whatever the ledger holds.

Every answer is one indexed query for one page. What a reader picks (words, Party, instrument, provider, state) is one
index over words, in which a picked value is a word of its own; what is over is decided by comparing the stored end of
each clock with the moment asked about, so it is right whenever it is asked. The index is made of the rows alone: it is
dropped with them, and made again where it belongs to other rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from eventsourcing.sqlite import SQLiteCursor

from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.adapters.storage.views import View, ViewRow, seconds
from ledger.entries.case import instant

PICKED = ("instrument", "state", "party", "provider")
MOST_COUNTED = 1_000  # orders that match are counted up to here
_EDITION = "2"  # raised when these tables change
_TABLES = (
    # number: the leaf index of the order's first entry, so that the newest order has the highest
    "CREATE TABLE board (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, first_due INTEGER)",
    "CREATE INDEX board_first_due ON board (first_due) WHERE first_due IS NOT NULL",
    # place: which of the clocks of its row
    "CREATE TABLE board_clock (number INTEGER NOT NULL, place INTEGER NOT NULL, due INTEGER,"
    " PRIMARY KEY (number, place)) WITHOUT ROWID",
    "CREATE INDEX board_clock_due ON board_clock (due, number, place)",
    "CREATE VIRTUAL TABLE board_words USING fts5 (words, picked, prefix = '2 3 4')",
    "CREATE TABLE board_value (name TEXT, value TEXT, orders INTEGER NOT NULL, PRIMARY KEY (name, value))"
    " WITHOUT ROWID",
    "CREATE TABLE board_of (view TEXT NOT NULL)",
)
_NAMES = ("board", "board_clock", "board_words", "board_value", "board_of")


class Due(msgspec.Struct, frozen=True):
    """One open clock of a row: `due` as the wire writes it, None where it could not be computed."""

    id: str
    due: str | None
    policy: str
    verdict: str
    cite: str
    entries: list[str]


class OrderRow(msgspec.Struct, frozen=True):
    """What the docket shows of one order; it holds no sealed value. `number` is the leaf index of its first entry."""

    order: str
    ref: str | None
    label: str | None
    instrument: str
    state: str
    due: list[Due]
    number: int
    case_ref: str | None = None
    from_party: str | None = None
    to_party: str | None = None
    authority: str | None = None
    providers: list[str] = []
    names: list[str] = []  # of the authority and the providers
    issued_on: str | None = None
    last_on: str | None = None
    entries: int = 0
    findings: dict[str, int] = {}  # how many of each level: V, W, G


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders: those with all of these words (two letters or more may begin one) and values, and `overdue`."""

    words: str = ""
    picked: Mapping[str, str] = field(default_factory=dict)
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class OpenDeadline:
    """One open clock on the board; `at` is where it stands, so that the next page goes on behind it."""

    row: OrderRow
    clock: Due
    at: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DeadlineCounts:
    """How many clocks ran out, end by a moment, end later, are not known; how many orders there are, and overdue."""

    over: int
    soon: int
    later: int
    unknown: int
    orders: int
    overdue: int


read_row = msgspec.json.Decoder(OrderRow).decode


class OrderIndex(View):
    """The docket of one ledger, to be asked page by page."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def _index(self) -> None:
        """Make the index where there is none, or where it is of other rows or of another edition."""
        mine = f"{_EDITION} {self.name}"
        with SQLiteErrors(self.path), self.datastore.transaction(commit=False) as c:
            c.execute("SELECT 1 FROM sqlite_master WHERE name = 'board_of'")
            if c.fetchone() is not None:
                c.execute("SELECT view FROM board_of")
                found = c.fetchone()
                if found is not None and found[0] == mine:
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

    def _page(self, c: SQLiteCursor, after: str) -> list[tuple[str, bytes]]:
        c.execute("SELECT key, body FROM shown WHERE view = ? AND key > ? ORDER BY key LIMIT 1000", (self.name, after))
        return [(key, body) for key, body in c.fetchall()]

    # -- writing ------------------------------------------------------------------------------------------------------

    def _put(self, c: SQLiteCursor, rows: Mapping[str, ViewRow]) -> None:
        known = self._known(c, list(rows))
        super()._put(c, rows)
        numbers = [(row.number,) for row in known]
        for table, column in (("board", "number"), ("board_clock", "number"), ("board_words", "rowid")):
            c.executemany(f"DELETE FROM {table} WHERE {column} = ?", numbers)  # noqa: S608 - our own names
        self._insert(c, [read_row(shown.body) for shown in rows.values()], known)

    def _known(self, c: SQLiteCursor, keys: Sequence[str]) -> list[OrderRow]:
        found = []
        for key in keys:
            c.execute("SELECT body FROM shown WHERE view = ? AND key = ?", (self.name, key))
            row = c.fetchone()
            if row is not None:
                found.append(read_row(row[0]))
        return found

    def _insert(self, c: SQLiteCursor, rows: Sequence[OrderRow], instead_of: Iterable[OrderRow] = ()) -> None:
        ends = [[_end(clock) for clock in row.due] for row in rows]
        first = [min((end for end in some if end is not None), default=None) for some in ends]
        c.executemany(
            "INSERT INTO board VALUES (?, ?, ?)",
            [(row.number, row.order, due) for row, due in zip(rows, first, strict=True)],
        )
        c.executemany(
            "INSERT INTO board_clock VALUES (?, ?, ?)",
            [(row.number, n, end) for row, some in zip(rows, ends, strict=True) for n, end in enumerate(some)],
        )
        c.executemany(
            "INSERT INTO board_words (rowid, words, picked) VALUES (?, ?, ?)",
            [
                (row.number, " ".join(_words(row)), " ".join([*(_term(*value) for value in _values(row)), *runs]))
                for row, due in zip(rows, first, strict=True)
                for runs in [[] if due is None else [_RUNS]]
            ],
        )
        counts = Counter(value for row in rows for value in _values(row))
        counts.subtract(value for row in instead_of for value in _values(row))
        c.executemany(
            "INSERT INTO board_value VALUES (?, ?, ?) ON CONFLICT (name, value) DO UPDATE SET orders = orders + ?3",
            [(*value, change) for value, change in counts.items() if change],
        )

    def _drop(self, c: SQLiteCursor) -> None:
        super()._drop(c)
        for table in ("board", "board_clock", "board_words", "board_value"):
            c.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    # -- asking -------------------------------------------------------------------------------------------------------

    def row(self, order: str) -> OrderRow | None:
        """What the docket shows of one order."""
        found = self._all("SELECT body FROM shown WHERE view = ? AND key = ?", self.name, order)
        return read_row(found[0][0]) if found else None

    def orders(self, asked: OrderQuery, now: datetime, before: int | None = None, limit: int = 50) -> list[OrderRow]:
        """A page of orders, newest first, below the number `before`."""
        source, number, params = _found(asked, now)
        found = self._all(
            f"SELECT s.body FROM {source} AND {number} < ? ORDER BY {number} DESC LIMIT ?",  # noqa: S608 - our own words
            self.name,
            *params,
            before if before is not None else 1 << 62,
            limit,
        )
        return [read_row(body) for (body,) in found]

    def count(self, asked: OrderQuery, now: datetime) -> int:
        """How many orders match, counted up to `MOST_COUNTED` + 1."""
        if not asked.words and not asked.overdue and len(asked.picked) <= 1:
            return sum(self.values(*value) for value in asked.picked.items()) if asked.picked else self._number()
        source, _, params = _found(asked, now, rows=False)
        counted = f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {MOST_COUNTED + 1})"  # noqa: S608 - our own words
        found = self._all(counted, *params)
        return int(found[0][0])

    def _number(self) -> int:
        return int(self._all("SELECT count(*) FROM board")[0][0])

    def values(self, name: str, value: str) -> int:
        """How many orders have a value."""
        found = self._all("SELECT orders FROM board_value WHERE name = ? AND value = ?", name, value)
        return int(found[0][0]) if found else 0

    def choices(self) -> dict[str, list[tuple[str, int]]]:
        """Every value that can be picked, by name, with how many orders have it."""
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in PICKED}
        for name, value, orders in self._all("SELECT name, value, orders FROM board_value WHERE orders > 0"):
            found.setdefault(name, []).append((value, orders))
        return found

    def due(
        self,
        first: datetime | None,
        last: datetime | None,
        after: tuple[int, int, int] | None = None,
        limit: int = 50,
    ) -> list[OpenDeadline]:
        """A page of open clocks that end after `first`, not after `last`, soonest first, behind the place `after`."""
        low = -(1 << 62) if first is None else _second(first) + 1
        start = after or (low, -1, -1)
        found = self._all(
            f"{_CLOCKS} WHERE (c.due, c.number, c.place) > (?, ?, ?) AND c.due >= ? AND c.due <= ?"
            " ORDER BY c.due, c.number, c.place LIMIT ?",
            self.name,
            *start,
            low,
            1 << 62 if last is None else _second(last),
            limit,
        )
        return list(_opened(found))

    def unknown(self, after: tuple[int, int, int] | None = None, limit: int = 50) -> list[OpenDeadline]:
        """A page of clocks whose end could not be computed."""
        _, number, place = after or (0, -1, -1)
        found = self._all(
            f"{_CLOCKS} WHERE c.due IS NULL AND (c.number, c.place) > (?, ?) ORDER BY c.number, c.place LIMIT ?",
            self.name,
            number,
            place,
            limit,
        )
        return list(_opened(found))

    def tally(self, now: datetime, soon: datetime) -> DeadlineCounts:
        """Counts for the head of the board, with what ends by `soon` apart."""
        over, to_soon, dated, unknown, orders, overdue = self._all(
            "SELECT (SELECT count(*) FROM board_clock WHERE due <= ?1), (SELECT count(*) FROM board_clock"
            " WHERE due <= ?2), (SELECT count(*) FROM board_clock WHERE due IS NOT NULL),"
            " (SELECT count(*) FROM board_clock WHERE due IS NULL), (SELECT count(*) FROM board),"
            " (SELECT count(*) FROM board WHERE first_due <= ?1)",
            _second(now),
            _second(soon),
        )[0]
        return DeadlineCounts(over, to_soon - over, dated - to_soon, unknown, orders, overdue)

    def stale_count(self, moment: datetime) -> int:
        """How many rows have yet to be judged again."""
        return int(
            self._all("SELECT count(*) FROM shown WHERE view = ? AND stale_at <= ?", self.name, seconds(moment))[0][0]
        )


_CLOCKS = (
    "SELECT c.due, c.number, c.place, s.body FROM board_clock c CROSS JOIN board b ON b.number = c.number"
    " CROSS JOIN shown s ON s.view = ? AND s.key = b.key"
)


def _opened(found: Iterable[Sequence[Any]]) -> Iterator[OpenDeadline]:
    for due, number, place, body in found:
        row = read_row(body)
        yield OpenDeadline(row, row.due[place], (due or 0, number, place))


def _found(asked: OrderQuery, now: datetime, *, rows: bool = True) -> tuple[str, str, list[Any]]:
    """From where and on which condition the orders asked for are taken, what holds their numbers, and the parameters.

    With `rows`, the view's name comes before these.
    """
    shown = " CROSS JOIN shown s ON s.view = ? AND s.key = b.key" if rows else ""
    terms = [_term(name, value) for name, value in asked.picked.items() if name in PICKED]
    terms += [_RUNS] * asked.overdue
    query = [f'picked : "{term}"' for term in terms]
    said = asked.words.replace('"', " ").replace("\0", " ").split()
    query += [f'words : "{word}"' + " *" * (len(word) > 1) for word in said]  # a letter alone begins too many words
    over = " AND b.first_due <= ?" if asked.overdue else ""
    params: list[Any] = [" AND ".join(query)] if query else []
    if asked.overdue:
        params.append(_second(now))
    if query:
        source = f"board_words w CROSS JOIN board b ON b.number = w.rowid{shown} WHERE board_words MATCH ?{over}"
        return source, "w.rowid", params
    return f"board b{shown} WHERE 1{over}", "b.number", params


_RUNS = "runs"  # of an order with a clock that has an end: no other can be overdue


def _term(name: str, value: str) -> str:
    """A picked value as one word of the index, whatever it is made of."""
    return f"{name}{value.encode().hex()}"


def _values(row: OrderRow) -> list[tuple[str, str]]:
    """What can be picked of a row, each value once."""
    parties = dict.fromkeys(p for p in (row.from_party, row.to_party) if p)
    return [
        ("instrument", row.instrument),
        ("state", row.state),
        *(("party", p) for p in parties),
        *(("provider", p) for p in dict.fromkeys(row.providers)),
    ]


def _words(row: OrderRow) -> Iterator[str]:
    """What a row can be found by."""
    said = (row.ref, row.label, row.case_ref, row.order, row.authority, row.from_party, row.to_party, row.instrument)
    yield from (word for word in (*said, *row.providers, *row.names) if word)


def _end(clock: Due) -> int | None:
    return None if clock.due is None else _second(instant(clock.due))


def _second(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())

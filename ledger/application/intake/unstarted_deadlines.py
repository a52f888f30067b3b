"""Find the rows of a table that start no deadline, and what they lack, by the rules of the law itself.

A deadline that never starts stays UNDETERMINED, and no reminder follows. So the rows are reported before the table is
recorded, while its columns can still be filled in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from msgspec import Struct

from ledger.entries.case import Case, Entry
from ledger.law import read_order
from ledger.law.deadlines.table import REGISTER
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.reliability import Lack
from ledger.law.terms.rule import Deadline
from ledger.messages import Message, joined

SENT, RECEIVED = "order-transmitted", "order-received"
NOT_RECEIVED = Lack(Message("no row says when the order arrived"), "kind", Message("{0}, in another row", RECEIVED))


class UnwoundItem(Struct, frozen=True):
    """Rows of one kind that start no deadline; `first_row` is the first of them."""

    kind: str
    rows: int
    first_row: int
    clocks: tuple[str, ...]
    lacks: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Unwound:
    """Rows of one kind that would start these deadlines (ids of findings.md 3), and what all of them lack."""

    kind: str
    clocks: tuple[str, ...]
    lacks: tuple[Lack, ...]

    def sentence(self, rows: int, first: str) -> str:
        """Return a sentence: `257 rows of order-received wind no clock (D-7-7): ...; the first is row 3`."""
        clocks, why = ", ".join(self.clocks), joined("; ", (lack.words for lack in self.lacks))
        if rows == 1:
            return Message("1 row of {0} winds no clock ({1}): {2}; the first is {3}", self.kind, clocks, why, first)
        return Message(
            "{0} rows of {1} wind no clock ({2}): {3}; the first is {4}", rows, self.kind, clocks, why, first
        )

    def item(self, rows: int, first: int) -> UnwoundItem:
        """Return it as part of an answer; `first` is the number of the first such row."""
        return UnwoundItem(self.kind, rows, first, self.clocks, self.lacks)


class Clocks:
    """Count the rows that start no deadline, under the entries of the register, at the moment `now`."""

    def __init__(self, register: Iterable[Entry], now: datetime) -> None:
        self._now = now
        self._registry = tuple(register)
        self._readings: dict[str, OrderReading] = {}
        self._counts: Counter[Unwound] = Counter()
        self._first: dict[Unwound, tuple[int, int]] = {}
        self._sent: dict[str, tuple[str, tuple[int, int]]] = {}  # order -> instrument, number and line of the row
        self._received: set[str] = set()

    def add(self, entry: Entry, instrument: str, row: int, line: int, *, new: bool = True) -> None:
        """Check one row, by its number and its line, for what the deadlines of its kind need; `new`: of a new order."""
        kind = entry.kind
        if kind == RECEIVED:
            self._received.add(entry.order)
        elif kind == SENT and new:
            self._sent.setdefault(entry.order, (instrument, (row, line)))
        clocks, perhaps = winds(kind, instrument), may_wind(kind, instrument)
        if not clocks and not perhaps:
            return
        lacks = self._reading(instrument).receipts.lacks_as_trigger(entry)
        if lacks and perhaps:
            clocks = (*clocks, *self._unstarted(entry, instrument, perhaps))
        if lacks and clocks:
            self._count(Unwound(kind, clocks, lacks), (row, line))

    def found(self) -> Iterator[tuple[Unwound, int, tuple[int, int]]]:
        """Return what rows lack, how many lack it, and number and line of the first; the most frequent first.

        An order that is sent and of which no row says when it arrived is counted by the row that sent it.
        """
        for order, (instrument, place) in self._sent.items():
            if order not in self._received and (clocks := winds(RECEIVED, instrument)):
                self._count(Unwound(SENT, clocks, (NOT_RECEIVED,)), place)
        for unwound, rows in self._counts.most_common():
            yield unwound, rows, self._first[unwound]

    def _count(self, unwound: Unwound, place: tuple[int, int]) -> None:
        self._counts[unwound] += 1
        self._first.setdefault(unwound, place)

    def _unstarted(self, entry: Entry, instrument: str, rules: tuple[Deadline, ...]) -> tuple[str, ...]:
        """Return the ids of those deadlines that the entry alone would start, if its time were known."""
        reading = self._reading(instrument).of_case(Case("", instrument, (entry,), self._registry))
        return tuple(d.id for d in rules if any(c.due is None for c in d.run(d, reading)))

    def _reading(self, instrument: str) -> OrderReading:
        if instrument not in self._readings:
            case = Case("", instrument, (), self._registry)
            self._readings[instrument] = read_order(case, self._now)
        return self._readings[instrument]


@cache
def winds(kind: str, instrument: str) -> tuple[str, ...]:
    """Return the deadlines that an entry of this kind starts under an instrument, from the table of deadlines."""
    return tuple(d.id for d in REGISTER if kind in d.winds and d.applies(instrument))


@cache
def may_wind(kind: str, instrument: str) -> tuple[Deadline, ...]:
    """Return the deadlines that an entry of this kind starts under a condition, by the words of the table."""
    return tuple(d for d in REGISTER if not d.winds and d.applies(instrument) and named(kind, d.wound_by))


def named(kind: str, words: str) -> bool:
    """Return True if the words of a deadline name a kind."""
    return re.search(rf"(?<![a-z-]){re.escape(kind)}(?![a-z-])", words) is not None

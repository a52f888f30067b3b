"""Find the rows of a table that start no deadline, and what they lack, by the rules of the law itself.

A deadline that never starts stays UNDETERMINED, and no reminder follows. So the rows are reported before the table is
recorded, while its columns can still be filled in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.application.write.draft import Draft
from ledger.application.write.seal import unsigned
from ledger.law.reading.reliability import Lack

if TYPE_CHECKING:
    from ledger.application.journal import Journal
    from ledger.law.reading.order_reading import OrderReading


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
        many = f"{rows} rows of {self.kind} wind" if rows != 1 else f"1 row of {self.kind} winds"
        why = "; ".join(f"{lack.says} (it would with {lack.column} {lack.value})" for lack in self.lacks)
        return f"{many} no clock ({', '.join(self.clocks)}): {why}; the first is {first}"

    def item(self, rows: int, first: int) -> UnwoundItem:
        """Return it as part of an answer; `first` is the number of the first such row."""
        return UnwoundItem(self.kind, rows, first, self.clocks, self.lacks)


class Clocks:
    """Count the rows that start no deadline, for a journal with its present register."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._registry = tuple(journal.cases.register(reveal=False))
        self._readings: dict[str, OrderReading] = {}
        self._counts: Counter[Unwound] = Counter()
        self._first: dict[Unwound, tuple[int, int]] = {}

    def add(self, draft: Draft, instrument: str, row: int, line: int) -> None:
        """Check one row, by its number and its line, for what the deadlines of its kind need."""
        clocks = winds(draft.fact.kind, instrument)
        lacks = self._reading(instrument).receipts.lacks_as_trigger(unsigned(draft, instrument)) if clocks else ()
        if lacks:
            unwound = Unwound(draft.fact.kind, clocks, lacks)
            self._counts[unwound] += 1
            self._first.setdefault(unwound, (row, line))

    def found(self) -> Iterator[tuple[Unwound, int, tuple[int, int]]]:
        """Return what rows lack, how many lack it, and number and line of the first; the most frequent first."""
        for unwound, rows in self._counts.most_common():
            yield unwound, rows, self._first[unwound]

    def _reading(self, instrument: str) -> OrderReading:
        from ledger.entries.case import Case
        from ledger.law import read_order

        if instrument not in self._readings:
            case = Case("", instrument, (), self._registry)
            self._readings[instrument] = read_order(case, self._journal.now())
        return self._readings[instrument]


@cache
def winds(kind: str, instrument: str) -> tuple[str, ...]:
    """Return the deadlines that an entry of this kind starts under an instrument, from the table of deadlines."""
    from ledger.law.deadlines.table import REGISTER

    return tuple(d.id for d in REGISTER if kind in d.winds and d.applies(instrument))

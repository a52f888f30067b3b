"""State machines: each is a table with the rows of findings.md 4.

An effective entry changes the state by the first row that fits its kind, the state and the condition. If its kind is in
the table and no row fits, the state stays and the entry is out of sequence (W-OUT-OF-SEQUENCE). A kind outside the
table changes nothing. At the end of some clocks the state changes by time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from ledger.entries.case import Entry
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.rule import StateChange, StateHistory

NOTHING_YET: Final = "-"
ANY: Final = "any"  # in every state
OTHER: Final = "any other"  # the same, in a row after rows for particular states
STAYS: Final = "stays"
BEFORE: Final = "the state before"  # the one from which the present state was entered

Condition = Callable[[OrderReading, Entry], bool]
Circumstance = Callable[[OrderReading, datetime], bool]


class Move(Struct, frozen=True):
    """A row: from these states, by an entry of these kinds, if the condition is met, to another state.

    `states` and `kinds` are words with spaces between. `to` is a state, `STAYS` or `BEFORE`.
    """

    states: str
    kinds: str
    to: str
    when: Condition | None = None


class TimedMove(Struct, frozen=True):
    """A row by time alone: from these states to another at the end of an unmet clock, if the condition is met."""

    states: str
    ends: str
    to: str
    when: Circumstance | None = None


class Machine:
    """The table of one or more instruments, with the rows of every machine around its own."""

    def __init__(self, *instruments: str, rows: tuple[Move, ...], alone: tuple[TimedMove, ...] = ()) -> None:
        self.instruments = instruments
        self.rows = rows
        self.alone = alone
        self._by_kind: dict[str, list[tuple[frozenset[str] | None, Move]]] = {}
        for row in rows:
            states = None if row.states in (ANY, OTHER) else frozenset(row.states.split())
            for kind in row.kinds.split():
                self._by_kind.setdefault(kind, []).append((states, row))

    def run(self, r: OrderReading) -> StateHistory:
        """Return the history of the state, by the effective entries in the order in which they happened."""
        state = former = NOTHING_YET
        changes: list[StateChange] = []
        out_of_sequence: list[str] = []
        ends = sorted(self._ends(r), key=lambda end: end[0])
        for e in r.entries.current:
            for change in _by_time(ends, r, state, e.on):
                state, former = change.to, state
                changes.append(change)
            if e.kind not in self._by_kind or not r.entries.is_effective(e):
                continue
            row = self.row(state, r, e)
            if row is None:
                out_of_sequence.append(e.leaf)
                continue
            to = {STAYS: state, BEFORE: former}.get(row.to, row.to)
            if to != state:
                changes.append(StateChange(e.on, state, to, leaf=e.leaf))
                state, former = to, state
        for change in _by_time(ends, r, state, r.at):
            state = change.to
            changes.append(change)
        return StateHistory(state, tuple(changes), tuple(out_of_sequence))

    def row(self, state: str, r: OrderReading, e: Entry) -> Move | None:
        """Return the first row that fits the kind of an entry, the state and the condition; None if none does."""
        for states, row in self._by_kind.get(e.kind, ()):
            if (states is None or state in states) and (row.when is None or row.when(r, e)):
                return row
        return None

    def _ends(self, r: OrderReading) -> Iterator[tuple[datetime, TimedMove]]:
        """Yield the ends of the unmet clocks that change the state of this machine."""
        for alone in self.alone:
            for clock in r.deadlines.clocks:
                if clock.id != alone.ends or clock.due is None:
                    continue
                if not any(r.entries.by_leaf[leaf].on < clock.due for leaf in clock.met_by):
                    yield clock.due, alone


def _by_time(
    ends: list[tuple[datetime, TimedMove]], r: OrderReading, state: str, until: datetime
) -> Iterator[StateChange]:
    """Yield the changes by time alone up to and including `until`: `due` is the first instant after a period."""
    for due, alone in ends:
        if due <= until and state in alone.states.split() and (alone.when is None or alone.when(r, due)):
            yield StateChange(due, state, alone.to, clock=alone.ends)
            state = alone.to

"""The state of an order: a machine is a table, its rows are those of findings.md 4.

An effective entry moves the state by the first row that fits its kind, the state and the condition. If its kind stands
somewhere in the table and no row fits, the state stays and the entry is a stray (W-OUT-OF-SEQUENCE). A kind that does
not stand in the table moves nothing. Some moves need no entry: a clock ends, and the state changes by time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from ledger.entries.case import Entry
from ledger.law.deadlines.with_deadlines import Reading

NOTHING_YET: Final = "-"
ANY: Final = "any"  # whatever the state
OTHER: Final = "any other"  # the same, said of a row that comes after rows for particular states
STAYS: Final = "stays"
BEFORE: Final = "the state before"  # the one from which the present state was entered

Condition = Callable[[Reading, Entry], bool]
Circumstance = Callable[[Reading, datetime], bool]


class Row(Struct, frozen=True):
    """From these states, by an entry of these kinds, if the condition holds, to that state.

    `states` and `kinds` are words with spaces between. `to` is a state, `STAYS` or `BEFORE`.
    """

    states: str
    kinds: str
    to: str
    when: Condition | None = None


class Alone(Struct, frozen=True):
    """From these states to another at the end of a clock, without an entry, if it is not met and the moment allows."""

    states: str
    ends: str
    to: str
    when: Circumstance | None = None


class Step(Struct, frozen=True):
    """A move of the state: by the entry `leaf`, or by time alone at the end of `clock`."""

    on: datetime
    source: str
    to: str
    leaf: str | None = None
    clock: str | None = None


class Course(Struct, frozen=True):
    """What a run showed: the state at the moment asked about, the moves, and the entries that fit no row."""

    state: str
    steps: tuple[Step, ...]
    strays: tuple[str, ...]


class Machine:
    """The table of one or more instruments, with the rows of every machine around its own."""

    def __init__(self, *instruments: str, rows: tuple[Row, ...], alone: tuple[Alone, ...] = ()) -> None:
        self.instruments = instruments
        self.rows = rows
        self.alone = alone
        self._by_kind: dict[str, list[tuple[frozenset[str] | None, Row]]] = {}
        for row in rows:
            states = None if row.states in (ANY, OTHER) else frozenset(row.states.split())
            for kind in row.kinds.split():
                self._by_kind.setdefault(kind, []).append((states, row))

    def run(self, r: Reading) -> Course:
        """The state of an order from its effective entries, in the order in which things happened."""
        state = former = NOTHING_YET
        steps: list[Step] = []
        strays: list[str] = []
        ends = sorted(self._ends(r), key=lambda end: end[0])
        for e in r.entries:
            for step in _by_time(ends, r, state, e.on):
                state, former = step.to, state
                steps.append(step)
            if e.kind not in self._by_kind or not r.is_effective(e):
                continue
            row = self.row(state, r, e)
            if row is None:
                strays.append(e.leaf)
                continue
            to = {STAYS: state, BEFORE: former}.get(row.to, row.to)
            if to != state:
                steps.append(Step(e.on, state, to, leaf=e.leaf))
                state, former = to, state
        for step in _by_time(ends, r, state, r.at):
            state = step.to
            steps.append(step)
        return Course(state, tuple(steps), tuple(strays))

    def row(self, state: str, r: Reading, e: Entry) -> Row | None:
        """The first row that fits the kind of an entry, the state and the condition; None if none does."""
        for states, row in self._by_kind.get(e.kind, ()):
            if (states is None or state in states) and (row.when is None or row.when(r, e)):
                return row
        return None

    def _ends(self, r: Reading) -> Iterator[tuple[datetime, Alone]]:
        """The ends of the clocks that move this machine; one that was answered before its end moves nothing."""
        for alone in self.alone:
            for clock in r.clocks:
                if clock.id != alone.ends or clock.due is None:
                    continue
                if not any(r.by_leaf[leaf].on < clock.due for leaf in clock.met_by):
                    yield clock.due, alone


def _by_time(ends: list[tuple[datetime, Alone]], r: Reading, state: str, until: datetime) -> Iterator[Step]:
    """The moves that time alone makes up to and including `until`: `due` is the first instant after a period."""
    for due, alone in ends:
        if due <= until and state in alone.states.split() and (alone.when is None or alone.when(r, due)):
            yield Step(due, state, alone.to, clock=alone.ends)
            state = alone.to

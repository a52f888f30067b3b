"""The board: the open deadlines of all orders that a person may see, first those before which that person has to act.

An order is judged again when an entry of it is recorded, when one of its deadlines ends, and after an hour. One request
judges orders for at most half a second; the page says how many are still to be judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeVar

from msgspec import Struct

from ledger.entries.case import Case
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.law import Clock, ClockVerdict, Judgement, judge
from ledger.law.next_steps.lookup import NextSteps
from projections.render.desk_pages import ENDED
from projections.reports.front_page import subject
from projections.views.due import due
from projections.views.state import name_of
from server.access import Caller
from server.api.reading import LedgerView
from server.desk.steps import FormLink, forms_of, meeting_forms
from server.desk.turns import Waits, rules, waits_for

BUDGET: Final = 0.5  # seconds of one request
VALID: Final = timedelta(hours=1)  # until an order is judged again
OLD: Final = timedelta(days=30)  # a deadline that ran out longer ago is no work of today
SHOWN: Final = 25  # lines of each part of the board
HIDDEN: Final = tuple(kind for kind, fact in KINDS.items() if fact.shown_to)  # kinds that only some roles know of

Key = TypeVar("Key")
Value = TypeVar("Value")


class OpenClock(Struct, frozen=True):
    """One open deadline: what meets it, who acts in the words of its rule, and the forms that meet it.

    Where its end could not be computed, the forms are those of what it lacks.
    """

    clock: Clock
    acts: str
    met_by: str
    forms: tuple[FormLink, ...]
    waits: Waits


class OrderLine(Struct, frozen=True):
    """One order in lists, as one group of roles sees it; `until` is when time alone may change it."""

    order: str
    name: str
    reference: str
    provider: str
    instrument: str
    state: str
    ended: bool
    from_party: str
    to_party: str
    issued_on: datetime | None
    last_on: datetime
    findings: int
    open: tuple[OpenClock, ...]
    until: datetime

    @property
    def next(self) -> OpenClock | None:
        """Return the open deadline that ends first; None if none has an end."""
        return next((each for each in self.open if each.clock.due is not None), None)


class Turn(Struct, frozen=True):
    """One open deadline with the time left, and whether it is the caller's turn; `line` is its order on the board."""

    line: OrderLine | None
    open: OpenClock
    left: timedelta | None
    mine: bool

    @property
    def over(self) -> bool:
        """Return True if the time has run out."""
        return self.left is not None and self.left <= timedelta(0)


class Board(Struct, frozen=True):
    """What a person sees first: own turns, those of others, what ran out long ago, and how much was judged.

    `resting` counts the orders in which no deadline is open.
    """

    mine: list[Turn]
    others: list[Turn]
    old: list[Turn]
    orders: int
    resting: int
    to_judge: int


class OrderLines:
    """The orders of one ledger as lines, judged when they are asked for and kept until they may have changed."""

    def __init__(self, view: LedgerView) -> None:
        self._view = view
        self._lock = Lock()
        self._size = 0
        self._orders: list[str] = []
        self._lines: dict[tuple[bool, str], OrderLine] = {}
        self._seen: dict[tuple[str, frozenset[str]], dict[str, bool]] = {}  # by office and roles: may they see an order
        self._register = 0

    def read(self, caller: Caller, budget: float = BUDGET) -> tuple[list[OrderLine], int]:
        """Return the lines of the orders that a caller may see, and how many more are to be judged."""
        with self._lock:
            self._follow()
            orders, size = list(self._orders), self._size
            seen = self._seen.setdefault((caller.actor, caller.roles), {})
        now, end = self._view.now(), time.monotonic() + budget
        keeps = self._view.access.keeps(caller)
        knows = any(self._view.access.sees_kind(caller, kind) for kind in HIDDEN)
        lines, left = [], 0
        for order in orders:
            if not keeps:
                if (may := seen.get(order)) is None:
                    may = self._view.may_see(caller, order)
                    self._keep(seen, order, may, size)
                if not may:
                    continue
            line = self._lines.get((knows, order))
            if line is None or line.until <= now:
                if time.monotonic() > end:
                    left += 1
                    continue
                line = self._line(caller, order, now)
                if line is None:
                    continue
                self._keep(self._lines, (knows, order), line, size)
            lines.append(line)
        return lines, left

    def _keep(self, table: dict[Key, Value], key: Key, value: Value, size: int) -> None:
        """Keep a value that was computed when the log had `size` entries, unless it has grown since."""
        with self._lock:
            if size == self._size:
                table[key] = value

    def _follow(self) -> None:
        """Take up the orders that began or changed; after an entry of the register every order is judged again."""
        size, begun, changed = self._view.orders_since(self._size)
        if size == self._size:
            return
        self._size = size
        self._orders += begun
        registered = len(self._view.registered())
        if registered != self._register:
            self._register = registered
            self._lines.clear()
            self._seen.clear()
        for order in changed:
            for seen in self._seen.values():
                seen.pop(order, None)
            self._lines.pop((False, order), None)
            self._lines.pop((True, order), None)

    def _line(self, caller: Caller, order: str, now: datetime) -> OrderLine | None:
        try:
            case = self._view.case(caller, order)
        except RecordError:  # behind the head
            return None
        return line_of(case, now)


def line_of(case: Case, now: datetime) -> OrderLine:
    """Return an order as a line, as of a moment."""
    judgement = judge(case, now)
    about = subject(case, judgement)
    duties = due(judgement, now)
    ends = [d.clock.due for d in duties if d.clock.due is not None and d.clock.due > now]
    return OrderLine(
        order=case.order,
        name=about.request.called or about.name,
        reference=about.reference or "",
        provider=", ".join(about.providers),
        instrument=about.instrument,
        state=about.state,
        ended=about.state == ENDED,
        from_party=about.from_party or "",
        to_party=about.to_party or "",
        issued_on=about.issued_on,
        last_on=max(e.on for e in case.entries),
        findings=len(judgement.findings),
        open=tuple(open_clock(d.clock, case, judgement) for d in duties),
        until=min([now + VALID, *ends]),
    )


def open_clock(clock: Clock, case: Case, judgement: Judgement) -> OpenClock:
    """Return an open deadline with the forms that settle it."""
    rule = rules().get(clock.id)
    if clock.verdict is ClockVerdict.UNDETERMINED:
        forms = forms_of(NextSteps(case, judgement, name_of(case)).of_clock(clock), case)
    else:
        forms = meeting_forms(clock, case)
    words = (rule.acts, rule.met_by) if rule else ("", "")
    return OpenClock(clock, *words, tuple(forms), waits_for(clock, case))


def board(lines: Iterable[OrderLine], to_judge: int, caller: Caller, now: datetime) -> Board:
    """Sort the open deadlines of orders: own turns, then others', each soonest first; old ones the newest first."""
    mine: list[Turn] = []
    others: list[Turn] = []
    old: list[Turn] = []
    orders = resting = 0
    for line in lines:
        orders += 1
        resting += not line.open
        for each in line.open:
            left = None if each.clock.due is None else each.clock.due - now
            turn = Turn(line, each, left, each.waits.is_for(caller))
            if line.ended or (left is not None and left < -OLD):
                old.append(turn)
            else:
                (mine if turn.mine else others).append(turn)
    for some in (mine, others):
        some.sort(key=_soonest)
    old.sort(key=_soonest, reverse=True)
    return Board(mine, others, old, orders, resting, to_judge)


def _soonest(turn: Turn) -> tuple[bool, timedelta, str]:
    """Return the key by which turns are sorted; one whose end is not known comes first, as its urgency is not known."""
    return turn.left is not None, turn.left or timedelta(0), turn.line.order if turn.line else ""

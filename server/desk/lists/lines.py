"""The orders of one ledger as lines of lists: judged once, and kept until they may have changed.

An order is judged again when an entry of it is recorded, when an entry of the register names what it rests on, and when
time may change it. Until then lists have its earlier line, and say how many orders are to be judged. One request judges
the orders that just changed; `LineKeeper` judges the rest in the background.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from inspect import get_annotations
from pathlib import Path
from threading import Lock, RLock
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from ledger.errors import LedgerError, RecordError
from ledger.facts import KINDS
from ledger.law import Clock
from ledger.law.parties.register_reach import names_of, reach
from ledger.law.provisions import rules_digest
from ledger.messages import Message
from server.access import Caller
from server.api.reading import LedgerView
from server.desk.lists import query
from server.desk.lists.board import PARTS, Board, Part, Turn, board
from server.desk.lists.choice import Choice, Marks
from server.desk.lists.order_line import OpenClock, OrderLine, line_of
from server.desk.lists.query import Asked
from server.desk.lists.store import ENTRY, NEW, REGISTER, TIME, Judged, LineStore
from server.desk.lists.tables import SCHEMA
from server.desk.steps import FormLink
from server.desk.turns import Waits

logger = logging.getLogger(__name__)

BUDGET: Final = 0.5  # seconds of one request
SOON: Final = 0.1  # seconds, where a page has more than a list
FEW: Final = 100  # orders to be judged of which a request judges any; of more, the ones that an entry changed
COUNTED_FOR: Final = 10.0  # seconds for which the numbers of orders by value hold for a caller who sees some orders
HIDDEN: Final = tuple(kind for kind, fact in KINDS.items() if fact.shown_to)  # kinds that only some roles know of

DAMAGE: Final = (msgspec.MsgspecError, sqlite3.DatabaseError)  # of a file of rows

_Result = TypeVar("_Result")


class OrderLines:
    """The orders of one ledger as lines, in a file of the folder `place`; None: in one that is deleted at the end."""

    def __init__(self, view: LedgerView, place: Path | None = None) -> None:
        self._view = view
        self._place = place
        self.in_background = False  # `LineKeeper` judges: requests show the earlier line of what time alone changes
        self._lock = RLock()  # of what follows the log
        self._judging = Lock()
        self._opened: LineStore | None = None
        self._size = -1
        self._register = 0
        self._asked: set[bool] = set()
        self._callers: dict[tuple[bool, str | None], Caller] = {}  # the last one of each group that sees the same rows
        self._counted: dict[tuple[bool, str | None], tuple[float, dict[str, list[tuple[str, int]]]]] = {}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    # -- what a list shows ---------------------------------------------------------------------------------------------

    def page(
        self, caller: Caller, choice: Choice, zone: str, marks: Marks, begin: int = 0, limit: int = -1
    ) -> tuple[list[OrderLine], int]:
        """Return a page of a list of the orders that a caller may see, and how many orders the list has."""

        def found(c: sqlite3.Connection, asked: Asked) -> tuple[list[OrderLine], int]:
            number = query.count(c, asked, choice, zone, marks)
            ids = query.chosen(c, asked, choice, zone, marks, begin, limit) if number > begin else []
            return self._seen(asked, query.lines(c, ids)), number

        return self._read(caller, found)

    def every(self, caller: Caller, choice: Choice, zone: str, marks: Marks) -> Iterator[OrderLine]:
        """Yield all lines of a list of the orders that a caller may see, some hundred read at a time.

        `LedgerError` BUSY if the rows are made anew meanwhile: the list would lack lines.
        """
        times = self._store().times

        def same(question: Callable[[sqlite3.Connection, Asked], _Result]) -> _Result:
            found = self._read(caller, question)
            if self._store().times != times:
                raise LedgerError(
                    "BUSY", Message("the lists were made anew meanwhile"), Message("try again in a moment")
                )
            return found

        ids = same(lambda c, asked: query.chosen(c, asked, choice, zone, marks))
        for begin in range(0, len(ids), query.TOGETHER):
            some = ids[begin : begin + query.TOGETHER]
            yield from same(lambda c, asked, some=some: self._seen(asked, query.lines(c, some)))  # type: ignore[misc]

    def board(self, caller: Caller, whole: str = "") -> Board:
        """Return the open deadlines of the orders that a caller may see; `whole` is the part that is shown whole."""

        def found(c: sqlite3.Connection, asked: Asked) -> Board:
            made = board(c, asked, whole)
            parts = {name: getattr(made, name) for name in PARTS}
            return replace(
                made, **{name: Part(self._turns(asked, part.turns), part.count) for name, part in parts.items()}
            )

        return self._read(caller, found)

    def numbers(self, caller: Caller) -> tuple[int, int]:
        """Return how many orders a caller may see, and how many of them are to be judged."""
        return self._read(caller, lambda c, asked: (query.tally(c, asked, "orders"), query.to_judge(c, asked)))

    def counted(self, caller: Caller) -> dict[str, list[tuple[str, int]]]:
        """Return the values by which lists are picked, with the number of orders that the caller may see."""

        def found(c: sqlite3.Connection, asked: Asked) -> dict[str, list[tuple[str, int]]]:
            if asked.names is None:
                return query.counted(c, asked)
            key = (asked.knows, next(iter(asked.names), None))
            kept = self._counted.get(key)
            if kept is None or kept[0] < time.monotonic():
                kept = self._counted[key] = time.monotonic() + COUNTED_FOR, query.counted(c, asked)
            return kept[1]

        return self._read(caller, found)

    def some(self, caller: Caller, orders: Sequence[str]) -> dict[str, OrderLine]:
        """Return the lines of these orders, as far as the caller may see them and they were judged."""

        def found(c: sqlite3.Connection, asked: Asked) -> dict[str, OrderLine]:
            rows = query.ids_of(c, asked, orders)
            return {line.order: line for line in self._seen(asked, query.lines(c, rows))}

        if not orders:
            return {}
        self.follow(caller, SOON)
        return self._read(caller, found)

    def _seen(self, asked: Asked, lines: Iterator[OrderLine]) -> list[OrderLine]:
        """Return the lines that a caller may see by the entries themselves: the rows alone show no order."""
        return [line for line in lines if asked.names is None or self._view.may_see(asked.caller, line.order)]

    def _turns(self, asked: Asked, turns: list[Turn]) -> list[Turn]:
        """Return the turns of orders that a caller may see, as `_seen`."""
        return [turn for turn in turns if turn.line is None or self._seen(asked, iter([turn.line]))]

    def _read(self, caller: Caller, question: Callable[[sqlite3.Connection, Asked], _Result]) -> _Result:
        """Return the answer to a question to the rows; a file that turns out to be damaged is made anew."""
        try:
            return self._answer(caller, question)
        except (*DAMAGE, LedgerError) as error:
            self.mend(error)
        self.follow(caller)
        return self._answer(caller, question)

    def mend(self, error: Exception) -> None:
        """Forget the rows if the error says that they are damaged; every other error is raised again."""
        damaged = error.code == "LOG-CORRUPT" if isinstance(error, LedgerError) else isinstance(error, DAMAGE)
        if not damaged:
            raise error
        logger.warning("the lists are made anew: %s", type(error).__name__)
        with self._lock:
            self._store().clear()
            self._size, self._asked = -1, set()

    def _answer(self, caller: Caller, question: Callable[[sqlite3.Connection, Asked], _Result]) -> _Result:
        now = self._view.moment()
        knows, names = self._knows(caller), self._view.access.sees_by(caller)
        store = self._store()
        asked = query.asked_by(caller, knows=knows, names=names, now=now, waits=store.waits())
        with store.reading() as c:
            return question(c, asked)

    # -- what is to be judged ------------------------------------------------------------------------------------------

    def follow(self, caller: Caller, budget: float = BUDGET) -> None:
        """Take up new entries, and judge what a caller's lists lack: all of few orders, else those just changed."""
        try:
            self._up_to_date(caller, time.monotonic() + budget)
        except (*DAMAGE, LedgerError) as error:
            self.mend(error)
            self._up_to_date(caller, time.monotonic() + budget)

    def _up_to_date(self, caller: Caller, end: float) -> None:
        knows, names = self._knows(caller), self._view.access.sees_by(caller)
        store = self._store()
        self._follow()
        name = None if names is None else next(iter(names), "")
        with self._lock:
            if knows not in self._asked:
                store.ask(knows=knows)
                self._asked.add(knows)
            if name != "":
                self._callers[knows, name] = caller
        store.roll(self._view.moment())
        if name == "":
            return
        if name is not None:
            self.read_names(end)
        whys = (NEW, ENTRY, REGISTER) if self.in_background else (NEW, ENTRY, REGISTER, TIME)
        if not store.stale(knows=knows, name=name, limit=1, whys=whys):
            return
        with self._judging:
            orders = store.stale(knows=knows, name=name, limit=FEW + 1, whys=whys)
            if self.in_background and len(orders) > FEW:
                orders = store.stale(knows=knows, name=name, limit=FEW, whys=(ENTRY,))
            while orders and time.monotonic() <= end:
                self.judge(caller, orders, knows=knows, until=end)
                orders = [] if self.in_background else store.stale(knows=knows, name=name, limit=FEW, whys=whys)

    def judge(
        self,
        caller: Caller,
        orders: Sequence[str],
        *,
        knows: bool,
        until: float = 0.0,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """Judge orders and keep their lines; no further one after the moment `until` of the clock, if there is one.

        `pause` is called after each.
        """
        now = self._view.now()
        judged: list[Judged] = []
        for order in orders:
            if until and time.monotonic() > until:
                break
            size = self._view.head().size
            try:
                case = self._view.case(caller, order)
                line, rests = (line_of(case, now) if case.order == order else None), names_of(case)
            except RecordError:
                if not self._view.may_see(caller, order):
                    continue  # it is not for this caller to say that the order has no line
                line, rests = None, frozenset()
            judged.append(Judged(knows, order, line, size, rests))
            pause()
        if judged:
            self._store().put(judged, self._view.moment())
        elif orders and not until:
            with self._lock:
                self._callers = {group: each for group, each in self._callers.items() if each != caller}

    def stale(self, limit: int) -> tuple[Caller, bool, list[str]] | None:
        """Return orders that are to be judged, for one of the callers who have asked; None if there is none."""
        self._follow()
        store = self._store()
        store.roll(self._view.moment())
        with self._lock:
            callers = dict(self._callers)
        for (knows, name), caller in sorted(callers.items(), key=lambda each: each[0][1] is not None):
            if orders := store.stale(knows=knows, name=name, limit=limit):
                return caller, knows, orders
        return None

    def read_names(self, until: float = 0.0, pause: Callable[[], object] = lambda: None) -> None:
        """Read which offices and Parties orders name whose entries are new; none after the moment `until` of the clock.

        `pause` is called after each; without `until`, only some are read.
        """
        while orders := self._store().unnamed(FEW):
            named = []
            for order in orders:
                if until and time.monotonic() > until:
                    break
                named.append((order, self._view.named(order)))
                pause()
            self._store().put_names(named)
            if len(named) < len(orders) or not until:
                return

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _knows(self, caller: Caller) -> bool:
        return any(self._view.access.sees_kind(caller, kind) for kind in HIDDEN)

    def _store(self) -> LineStore:
        """Return the rows, opened for the first question; rows of another log are made anew."""
        with self._lock:
            if self._opened is None:
                store = self._opened = LineStore(self._place, made_by())
                size, register, leaf = store.state()
                fits = size <= self._view.head().size and register <= len(self._view.registered())
                if not fits or (size and leaf != self._view.leaf(size - 1)):
                    store.clear()
            return self._opened

    def _follow(self) -> None:
        """Take up the entries behind those of the last call: the orders that they begin, change, or may change."""
        if self._view.head().size == self._size:
            return
        with self._lock:
            store = self._store()
            size, register, _ = store.state()
            end, begun, changed = self._view.orders_since(size)
            if end != size:
                registry = self._view.registered()
                fresh = registry[register:]
                reached = reach(fresh, registry) if fresh and register else frozenset()
                store.follow(end, len(registry), self._view.leaf(end - 1), begun, changed, reached)
            self._size = end


@cache
def made_by() -> str:
    """Return by which rules, by which program and in which form lines are made."""
    parts = (OrderLine, OpenClock, Waits, FormLink, Clock)
    form = " ".join(f"{part.__name__}: {get_annotations(part)}" for part in parts)
    return sha256(f"{version('comity')}\n{rules_digest()}\n{form}\n{SCHEMA}".encode()).hexdigest()

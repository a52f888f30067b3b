"""The orders of one ledger as lines of lists: judged once, and kept until they may have changed.

An order is judged again when an entry of it is recorded, when one of its deadlines ends, and after some hours. One
request judges orders for at most half a second; `LineKeeper` judges the rest in the background.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from msgspec import Struct

from ledger.entries.case import Case
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.law import Clock, ClockVerdict, Judgement, judge
from ledger.law.next_steps.lookup import NextSteps
from projections.render.desk_pages import ENDED
from projections.reports.front_page import subject
from projections.views.due import due, with_end
from projections.views.state import name_of
from server.access import Caller
from server.api.reading import LedgerView
from server.desk.steps import FormLink, forms_of, meeting_forms
from server.desk.turns import SIDES, Waits, rules, waits_for

BUDGET: Final = 0.5  # seconds of one request
VALID: Final = timedelta(hours=1)  # until an order in which a deadline is open is judged again
RESTING: Final = timedelta(hours=12)  # the same for an order without an open deadline
INCOMPLETE: Final = timedelta(seconds=1)  # for which a list with orders that are not judged yet is kept
OLD: Final = timedelta(days=30)  # a deadline that ran out longer ago is no work of today
HIDDEN: Final = tuple(kind for kind, fact in KINDS.items() if fact.shown_to)  # kinds that only some roles know of


class OpenClock(Struct, frozen=True):
    """One open deadline: what meets it, who acts in the words of its rule, and the forms that meet it.

    `side` is the side of the order that acts, empty where the rule leaves it open. `began` is the moment of the entry
    that started it, `number` its number among deadlines with one id and one trigger, as in a calendar. Where the end
    could not be computed, the forms are those of what it lacks.
    """

    clock: Clock
    acts: str
    met_by: str
    forms: tuple[FormLink, ...]
    waits: Waits
    side: str = ""
    began: datetime | None = None
    number: int = 0

    def over(self, now: datetime) -> bool:
        """Return True if the time has run out."""
        return self.clock.due is not None and self.clock.due <= now


class OrderLine(Struct, frozen=True):
    """One order in lists, as one group of roles sees it; `until` is when time alone may change it.

    `codes` are the codes of its findings, `levels` how many of them are violations, remarks and gaps. `words` is the
    text in which a search looks.
    """

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
    codes: tuple[str, ...]
    levels: tuple[int, int, int]
    open: tuple[OpenClock, ...]
    until: datetime
    words: str = ""

    def hopeless(self, each: OpenClock, now: datetime) -> bool:
        """Return True if an open deadline ran out and cannot be met any more, or ran out long ago."""
        if self.ended:
            return True
        if each.clock.due is None or each.clock.due > now:
            return False
        return each.clock.due < now - OLD or not any(form.address for form in each.forms)

    def next(self, now: datetime) -> OpenClock | None:
        """Return the open deadline that ends first and can still be met; else the first one with an end, or None."""
        ending = [each for each in self.open if each.clock.due is not None]
        return next((e for e in ending if not self.hopeless(e, now)), next(iter(ending), None))


class Snapshot(Struct, frozen=True, eq=False):
    """The lines that one group of callers may see, at one state of the log, and how many orders are still to be judged.

    `memo` keeps what was computed of the lines. `OrderLines` makes another snapshot when a line may have changed.
    """

    lines: tuple[OrderLine, ...]
    to_judge: int
    memo: dict[Hashable, Any]


class _Audience(Struct, eq=False):
    """What is kept for callers who see the same orders: which ones, and the last snapshot with its version and end."""

    lock: Any
    seen: dict[str, bool]
    snapshot: Snapshot | None = None
    version: int = -1
    until: datetime | None = None


class OrderLines:
    """The orders of one ledger as lines."""

    def __init__(self, view: LedgerView) -> None:
        self._view = view
        self.in_background = False  # `LineKeeper` judges what time alone has changed: requests show the earlier line
        self._lock = Lock()
        self._size = 0
        self._version = 0
        self._orders: list[str] = []
        self._lines: dict[tuple[bool, str], OrderLine] = {}
        self._audiences: dict[tuple[str, frozenset[str]], _Audience] = {}
        self._register = 0
        self._whole: dict[bool, Caller] = {}  # the last caller who sees every order, by `knows`
        self._changed: set[tuple[bool, str]] = set()  # lines that were made or dropped since `changes` was called

    def read(self, caller: Caller, budget: float = BUDGET) -> Snapshot:
        """Return the lines of the orders that a caller may see."""
        now = self._view.now()
        keeps, knows = self._view.access.keeps(caller), self._knows(caller)
        audience = self._audience(caller, keeps=keeps, knows=knows)
        with audience.lock:
            with self._lock:
                self._follow()
                version = self._version
            kept = audience.snapshot
            if kept is not None and audience.version == version and audience.until is not None and now < audience.until:
                return kept
            return self._made(caller, audience, now, version, budget, keeps=keeps, knows=knows)

    def _made(
        self,
        caller: Caller,
        audience: _Audience,
        now: datetime,
        version: int,
        budget: float,
        *,
        keeps: bool,
        knows: bool,
    ) -> Snapshot:
        with self._lock:
            orders, size = list(self._orders), self._size
            if keeps:
                self._whole[knows] = caller
        end, left, until = time.monotonic() + budget, 0, now + VALID
        lines: list[OrderLine] = []
        for order in orders:
            if not keeps:
                if (may := audience.seen.get(order)) is None:
                    may = self._view.may_see(caller, order)
                    with self._lock:
                        if size == self._size:
                            audience.seen[order] = may
                if not may:
                    continue
            line = self._lines.get((knows, order))
            if line is None or (line.until <= now and not self.in_background):
                if time.monotonic() <= end:
                    fresh = self.judge(caller, order, now, knows=knows)
                    if fresh is None:
                        continue
                    line = fresh
                elif line is None:
                    left += 1
                    continue
            lines.append(line)
            until = min(until, line.until)
        snapshot = Snapshot(tuple(lines), left, {})
        if left:
            until = now + INCOMPLETE
        elif self.in_background:
            until = max(until, now + INCOMPLETE)
        with self._lock:
            # what this call judged itself made the version grow; another entry makes the size grow
            if size == self._size:
                audience.snapshot, audience.version, audience.until = snapshot, self._version, max(until, now)
        return snapshot

    def judge(self, caller: Caller, order: str, now: datetime, *, knows: bool) -> OrderLine | None:
        """Judge an order and keep its line, unless the log has grown meanwhile; None for one behind the head."""
        with self._lock:
            size = self._size
        try:
            line = line_of(self._view.case(caller, order), now)
        except RecordError:  # behind the head
            return None
        with self._lock:
            if size == self._size:
                self._lines[knows, order] = line
                self._changed.add((knows, order))
                self._version += 1
        return line

    def stale(self, now: datetime) -> Iterator[tuple[Caller, bool, str]]:
        """Yield the orders that are to be judged again, for the callers who see every order and have asked."""
        with self._lock:
            self._follow()
            orders, whole = list(self._orders), dict(self._whole)
        for knows, caller in whole.items():
            for order in orders:
                line = self._lines.get((knows, order))
                if line is None or line.until <= now:
                    yield caller, knows, order

    # -- what is kept on disk ------------------------------------------------------------------------------------------

    def changes(self) -> tuple[int, int, dict[tuple[bool, str], OrderLine | None]]:
        """Return the size of the log, that of the register, and the lines that changed since the last call."""
        with self._lock:
            changed = {key: self._lines.get(key) for key in self._changed}
            self._changed.clear()
            return self._size, self._register, changed

    def take(self, size: int, register: int, lines: dict[tuple[bool, str], OrderLine]) -> bool:
        """Take lines that were judged at a size of this log, before the first request; False if none can be taken."""
        with self._lock:
            end, begun, _ = self._view.orders_since(0)
            if size > end or register != len(self._view.registered()):
                return False
            _, _, changed = self._view.orders_since(size)
            self._size, self._register, self._orders = end, register, begun
            self._lines = {key: line for key, line in lines.items() if key[1] not in changed}
            self._changed = {key for key in lines if key[1] in changed}
            self._version += 1
            return True

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _knows(self, caller: Caller) -> bool:
        return any(self._view.access.sees_kind(caller, kind) for kind in HIDDEN)

    def _audience(self, caller: Caller, *, keeps: bool, knows: bool) -> _Audience:
        group = ("", frozenset((str(knows),))) if keeps else (caller.actor, caller.roles)
        with self._lock:
            return self._audiences.setdefault(group, _Audience(Lock(), {}))

    def _follow(self) -> None:
        """Take up the orders that began or changed; after an entry of the register every order is judged again."""
        size, begun, changed = self._view.orders_since(self._size)
        if size == self._size:
            return
        self._size = size
        self._version += 1
        self._orders += begun
        registered = len(self._view.registered())
        if registered != self._register:
            self._register = registered
            self._drop(list(self._lines))
            for audience in self._audiences.values():
                audience.seen.clear()
        for order in changed:
            for audience in self._audiences.values():
                audience.seen.pop(order, None)
        self._drop((knows, order) for order in changed for knows in (False, True))

    def _drop(self, keys: Iterable[tuple[bool, str]]) -> None:
        for key in keys:
            if self._lines.pop(key, None) is not None:
                self._changed.add(key)


def line_of(case: Case, now: datetime) -> OrderLine:
    """Return an order as a line, as of a moment."""
    judgement = judge(case, now)
    about = subject(case, judgement)
    duties = due(judgement, now)
    ends = [d.clock.due for d in duties if d.clock.due is not None and d.clock.due > now]
    name, reference = about.request.called or about.name, about.reference or ""
    provider, parties = ", ".join(about.providers), (about.from_party or "", about.to_party or "")
    twins = {clock: number for (_, _, number), clock in with_end(judgement.deadlines)}
    letters = [f.level.value for f in judgement.findings]
    return OrderLine(
        order=case.order,
        name=name,
        reference=reference,
        provider=provider,
        instrument=about.instrument,
        state=about.state,
        ended=about.state == ENDED,
        from_party=parties[0],
        to_party=parties[1],
        issued_on=about.issued_on,
        last_on=max(e.on for e in case.entries),
        codes=tuple(sorted({f.code for f in judgement.findings})),
        levels=(letters.count("V"), letters.count("W"), letters.count("G")),
        open=tuple(
            open_clock(replace(d.clock, count=None, notes=()), case, judgement, twins.get(d.clock, 0)) for d in duties
        ),
        until=min([now + (VALID if duties else RESTING), *ends]),
        words=" ".join((name, reference, case.order, provider, *parties)).casefold(),
    )


def open_clock(clock: Clock, case: Case, judgement: Judgement, number: int = 0) -> OpenClock:
    """Return an open deadline with the forms that settle it."""
    rule = rules().get(clock.id)
    if clock.verdict is ClockVerdict.UNDETERMINED:
        forms = forms_of(NextSteps(case, judgement, name_of(case)).of_clock(clock), case)
    else:
        forms = meeting_forms(clock, case)
    acts, met_by = (rule.acts, rule.met_by) if rule else ("", "")
    began = next((e.on for e in case.entries if e.leaf == clock.trigger), None)
    side = SIDES.get(acts, "")
    return OpenClock(clock, acts, met_by, tuple(forms), waits_for(clock, case), side, began, number)

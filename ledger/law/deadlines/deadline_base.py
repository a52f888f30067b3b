"""The start, the answer and the verdict of any clock. findings.md 3, "Verdicts"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property

from msgspec import Struct

from ledger.entries.case import Entry, instant
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.reliability import late
from ledger.law.reading.substance import NOTHING
from ledger.law.terms.calendar import CountedPeriod, rolled
from ledger.law.terms.computation import Note, extended, waits
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline

Counting = Callable[[datetime], CountedPeriod]
Answers = Callable[[frozenset[str]], Entry | None]  # the first answer, leaving out some entries by leaf


def first_of(entries: Iterable[Entry]) -> Answers:
    """Return the answer that is the first of these entries, given in order of entries."""
    candidates = tuple(entries)
    return lambda without: next((e for e in candidates if e.leaf not in without), None)


def earliest(*answers: Answers) -> Answers:
    """Return the answer that comes first of these."""

    def answer(without: frozenset[str]) -> Entry | None:
        candidates = [e for a in answers if (e := a(without)) is not None]
        return min(candidates, key=lambda e: (e.on, e.position), default=None)

    return answer


def since(r: OrderReading, *kinds: str) -> tuple[Entry, ...]:
    """Return the entries that may answer a clock started by a receipt: from the last material correction on."""
    return tuple(e for e in r.entries.of(*kinds) if r.order.since is None or e.on >= r.order.since)


class RunningPeriod(Struct, frozen=True, dict=True):
    """One period of one order: its trigger, its count, and an end that was set for it.

    `trigger` is None where the entry that should start it is not on record. `due` is None unless the trigger is known
    or an end was set. `waiting` is the referral back that has stopped it.
    """

    r: OrderReading
    deadline: Deadline
    trigger: Entry | None
    count: CountedPeriod | None
    extension: Entry | None = None
    notes: tuple[Note, ...] = ()
    waiting: Entry | None = None

    @cached_property
    def due(self) -> datetime | None:
        """The first instant after the period: as set, else as counted."""
        if self.extension is not None:
            return instant(self.extension.get("new_due"))
        return self.count.due if self.count else None

    def before(self, e: Entry) -> bool:
        """Return True if an entry happened before the end."""
        return self.due is not None and e.on < self.due

    def judged(
        self, answers: Answers, candidates: Iterable[Entry] = (), end: datetime | None = None
    ) -> tuple[ClockVerdict, Entry | None]:
        """Return the verdict, and the first answer in time or late.

        `candidates` are the entries that can be an answer. An entry that happened before `due` and was recorded late,
        at or after `due`, counts only with a receipt stamp or an entry of the other side. `end` is the end of MET, if
        that is not `due`.
        """
        r, due = self.r, self.due
        if due is None:
            return ClockVerdict.UNDETERMINED, answers(NOTHING)
        end = end or due
        doubtful = frozenset(
            e.leaf for e in candidates if late(e) and e.on < end and due <= e.at and not r.reliability.supported(e, end)
        )
        answer = answers(doubtful)
        if answer is not None and answer.on < end:
            return ClockVerdict.MET, answer
        if doubtful and (unsupported := answers(NOTHING)) is not None and unsupported.on < end:
            return ClockVerdict.UNDETERMINED, unsupported
        if r.at >= end:
            return ClockVerdict.MISSED, answer
        return ClockVerdict.OPEN, None

    def clock(
        self, verdict: ClockVerdict, answer: Entry | None, *also: Entry | None, policy: str | None = None
    ) -> Clock:
        """Return the clock with its verdict; `also` are further entries that it rests on."""
        d, extension = self.deadline, self.extension
        notes = self.notes
        if extension is not None:
            counted = self.count.due if self.count else None
            notes += (extended(counted, str(extension.get("new_due")), extension.on, extension.leaf),)
        if self.waiting is not None:
            notes += (waits(self.waiting.on, self.waiting.leaf),)
        rests = (self.trigger, extension, self.waiting, answer, *also)
        return Clock(
            id=d.id,
            policy=policy or d.policy,
            verdict=verdict,
            due=self.due,
            cite=d.cite,
            mark=d.mark,
            trigger=self.trigger.leaf if self.trigger else None,
            met_by=(answer.leaf,) if answer else (),
            entries=tuple(dict.fromkeys(e.leaf for e in rests if e is not None)),
            count=self.count,
            notes=notes,
        )

    def rolled(self) -> RunningPeriod | None:
        """Return the period that ends with the next working day; None where that is the same, or an end was set."""
        if self.extension is not None or self.count is None:
            return None
        twin = rolled(self.count)
        return (
            RunningPeriod(self.r, self.deadline, self.trigger, twin, None, self.notes) if twin.due != self.due else None
        )


def start_period(
    r: OrderReading,
    d: Deadline,
    trigger: Entry | None,
    counting: Counting,
    start: datetime | None = None,
    *,
    extendable: bool = True,
    versioned: bool = False,
) -> RunningPeriod:
    """Start a period by an entry, from its `on` or from the moment `start` that it states.

    It has no start if the entry is not a known trigger. `versioned`: a receipt starts it, so that an end that was set
    before the last version does not count.
    """
    extension = r.changes.extension(d.id, r.order.since if versioned else None) if extendable else None
    reliable = trigger is not None and r.reliability.known_trigger(trigger)
    count = counting(start or trigger.on) if trigger is not None and reliable else None
    return RunningPeriod(r, d, trigger, count, extension)


def until_stated(
    r: OrderReading, d: Deadline, stating: Entry, count: CountedPeriod, *, extendable: bool = True
) -> RunningPeriod:
    """Return the period until an end that an entry states: it needs no start, so that the moment may be unknown.

    While the entry is disputed, so is what it states.
    """
    extension = r.changes.extension(d.id) if extendable else None
    return RunningPeriod(r, d, stating, None if r.reliability.disputed(stating.leaf) else count, extension)


def start_by_receipt(r: OrderReading, d: Deadline, counting: Counting, *, extendable: bool = True) -> RunningPeriod:
    """Start a period by the governing receipt; it has no start without one."""
    return start_period(r, d, r.receipts.governing, counting, extendable=extendable, versioned=True)


def answered(w: RunningPeriod, entries: Iterable[Entry]) -> Clock:
    """Return the clock of a period that the first of these entries answers, and that nothing stops."""
    entries = tuple(entries)
    return w.clock(*w.judged(first_of(entries), entries))


def window(w: RunningPeriod, entries: Iterable[Entry]) -> Clock:
    """Return the clock of a window: closed unused it is NOT-RUNNING, used late MISSED (decision 30)."""
    entries = tuple(entries)
    verdict, answer = w.judged(first_of(entries), entries)
    return w.clock(ClockVerdict.NOT_RUNNING if verdict is ClockVerdict.MISSED and answer is None else verdict, answer)


def with_twin(w: RunningPeriod, judge: Callable[[RunningPeriod], tuple[ClockVerdict, Entry | None]]) -> Iterator[Clock]:
    """Yield the clock and, where its date differs, its rolled twin, each judged by its own end."""
    yield w.clock(*judge(w))
    if (twin := w.rolled()) is not None:
        yield twin.clock(*judge(twin), policy="2AP-CAL+ROLL")

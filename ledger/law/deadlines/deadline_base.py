"""How any clock is wound, answered and judged: what all of them have in common. findings.md 3, "Verdicts"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property

from msgspec import Struct

from ledger.entries.case import Entry, instant, wire
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.reliability import late
from ledger.law.reading.substance import NOTHING
from ledger.law.terms.calendar import CountedPeriod, rolled
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline

Counting = Callable[[datetime], CountedPeriod]
Answers = Callable[[frozenset[str]], Entry | None]  # the first answer, leaving out some entries by leaf


def first_of(entries: Iterable[Entry]) -> Answers:
    """The answer is the first of these entries, given in order of entries."""
    kept = tuple(entries)
    return lambda without: next((e for e in kept if e.leaf not in without), None)


def earliest(*answers: Answers) -> Answers:
    """Whichever of these answers comes first."""

    def answer(without: frozenset[str]) -> Entry | None:
        found = [e for a in answers if (e := a(without)) is not None]
        return min(found, key=lambda e: (e.on, e.index), default=None)

    return answer


def since(r: OrderReading, *kinds: str) -> tuple[Entry, ...]:
    """Entries that may answer a clock wound by a receipt: from the `on` of a last version that is a correction."""
    return tuple(e for e in r.entries.of(*kinds) if r.order.since is None or e.on >= r.order.since)


class RunningPeriod(Struct, frozen=True, dict=True):
    """One period of one order: what wound it, how it counts, what end was set for it.

    `trigger` is None where the entry that should wind it is not on record. `due` is None unless the trigger is known or
    an end was set. `waiting` is the referral back that has stopped it.
    """

    r: OrderReading
    deadline: Deadline
    trigger: Entry | None
    count: CountedPeriod | None
    extension: Entry | None = None
    notes: tuple[str, ...] = ()
    waiting: Entry | None = None

    @cached_property
    def due(self) -> datetime | None:
        """The first instant after the period: as set, else as counted."""
        if self.extension is not None:
            return instant(self.extension.get("new_due"))
        return self.count.due if self.count else None

    def before(self, e: Entry) -> bool:
        """True if an entry happened before the end."""
        return self.due is not None and e.on < self.due

    def judged(
        self, answers: Answers, said: Iterable[Entry] = (), end: datetime | None = None
    ) -> tuple[ClockVerdict, Entry | None]:
        """Whether an answer came before the end, and the first that did or did not.

        `said` are the entries that can bear an answer: one recorded late, that happened before `due` and was recorded
        at or after it, counts only with a receipt stamp or the word of the other side. `end` is where MET ends, if that
        is not `due`.
        """
        r, due = self.r, self.due
        if due is None:
            return ClockVerdict.UNDETERMINED, answers(NOTHING)
        end = end or due
        doubtful = frozenset(
            e.leaf for e in said if late(e) and e.on < end and due <= e.at and not r.reliability.supported(e, end)
        )
        answer = answers(doubtful)
        if answer is not None and answer.on < end:
            return ClockVerdict.MET, answer
        if doubtful and (unsupported := answers(NOTHING)) is not None and unsupported.on < end:
            return ClockVerdict.UNDETERMINED, unsupported
        if answer is not None or r.at >= end:
            return ClockVerdict.MISSED, answer
        return ClockVerdict.OPEN, None

    def clock(
        self, verdict: ClockVerdict, answer: Entry | None, *also: Entry | None, policy: str | None = None
    ) -> Clock:
        """The clock with its verdict; `also` are further entries it rests on."""
        d, extension = self.deadline, self.extension
        notes = self.notes
        if extension is not None:
            notes += (f"the end was set to {extension.get('new_due')} by an entry of {wire(extension.on)}",)
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
        """The same period ending with the next working day; None where that is the same, or an end was set."""
        if self.extension is not None or self.count is None:
            return None
        twin = rolled(self.count)
        return (
            RunningPeriod(self.r, self.deadline, self.trigger, twin, None, self.notes) if twin.due != self.due else None
        )


def wind(
    r: OrderReading,
    d: Deadline,
    trigger: Entry | None,
    counting: Counting,
    start: datetime | None = None,
    *,
    extendable: bool = True,
    versioned: bool = False,
) -> RunningPeriod:
    """Wind a clock by an entry, from its `on` or from the moment `start` it states.

    It stays unwound if the entry is not a known trigger. `versioned`: it is wound by a receipt, so that an end set
    before the last version is left behind.
    """
    extension = r.changes.extension(d.id, r.order.since if versioned else None) if extendable else None
    known = trigger is not None and r.reliability.known_trigger(trigger)
    count = counting(start or trigger.on) if trigger is not None and known else None
    return RunningPeriod(r, d, trigger, count, extension)


def wind_by_receipt(r: OrderReading, d: Deadline, counting: Counting, *, extendable: bool = True) -> RunningPeriod:
    """Wind a clock by the governing receipt; unwound while there is none."""
    return wind(r, d, r.receipts.governing, counting, extendable=extendable, versioned=True)


def answered(w: RunningPeriod, entries: Iterable[Entry]) -> Clock:
    """The clock of a period that the first of these entries answers, and that nothing stops."""
    entries = tuple(entries)
    return w.clock(*w.judged(first_of(entries), entries))


def window(w: RunningPeriod, entries: Iterable[Entry]) -> Clock:
    """A window: closed unused it is NOT-RUNNING, used late MISSED (decision 30)."""
    entries = tuple(entries)
    verdict, answer = w.judged(first_of(entries), entries)
    return w.clock(ClockVerdict.NOT_RUNNING if verdict is ClockVerdict.MISSED and answer is None else verdict, answer)


def with_twin(w: RunningPeriod, judge: Callable[[RunningPeriod], tuple[ClockVerdict, Entry | None]]) -> Iterator[Clock]:
    """The clock and, where its date differs, its rolled twin, each judged by its own end."""
    yield w.clock(*judge(w))
    if (twin := w.rolled()) is not None:
        yield twin.clock(*judge(twin), policy="2AP-CAL+ROLL")

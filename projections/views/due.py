"""What is due: every open deadline, soonest first; and every deadline that was open once, as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case
from ledger.law import Judgement, read_order
from ledger.law.terms.rule import Clock, ClockVerdict

SECOND = timedelta(seconds=1)


class Duty(Struct, frozen=True):
    """Hold one deadline of one order that still needs an answer.

    `left` is the time that remains (negative once it is over), None where the deadline could not be computed.
    """

    order: str
    label: str | None
    instrument: str
    state: str
    clock: Clock
    left: timedelta | None

    @property
    def over(self) -> bool:
        """Return True if the time ran out with nothing done."""
        return self.left is not None and self.left <= timedelta(0)


def due(judgement: Judgement, now: datetime) -> list[Duty]:
    """Return the deadlines of one order that are open, could not be computed, or ran out unanswered."""
    duties = [
        Duty(
            order=judgement.order,
            label=judgement.label,
            instrument=judgement.instrument,
            state=judgement.state,
            clock=clock,
            left=None if clock.due is None else clock.due - now,
        )
        for clock in judgement.deadlines
        if _unanswered(clock)
    ]
    return soonest_first(duties)


def _unanswered(clock: Clock) -> bool:
    return clock.verdict in (ClockVerdict.OPEN, ClockVerdict.UNDETERMINED) or (
        clock.verdict is ClockVerdict.MISSED and not clock.met_by
    )


def soonest_first(duties: Iterable[Duty]) -> list[Duty]:
    """Sort by the time left; deadlines that could not be computed come first, because their urgency is unknown."""
    return sorted(duties, key=lambda d: (d.left is not None, d.left or timedelta(0), d.order, d.clock.id))


class DeadlineHistory(Struct, frozen=True):
    """Hold one deadline that was open, with an end, at some moment of the record.

    `open` says whether it still is; it is not if it was met, is no longer listed, or has no computed end any
    more. Then `clock` is the last one that had an end. `changes` counts how often `open` or the end changed.
    `number` tells deadlines with one id and one trigger apart, from 0: the rolled twin of a deadline is 1.
    """

    order: str
    instrument: str
    clock: Clock
    number: int
    open: bool = True
    changes: int = 0


def followed(case: Case, now: datetime) -> list[DeadlineHistory]:
    """Return every clock of an order that was open, with an end, at a moment up to `now`, as it is at `now`.

    The record is read as it was known after each of its entries and one second before the next one, so that a clock
    that came or went by time alone is seen too. The same record and the same `now` give the same result, and later
    entries never lower `changes`.
    """
    recorded = {e.received or e.at for e in case.known(now).entries}
    histories: dict[tuple[str, str | None, int], DeadlineHistory] = {}
    for moment in sorted({*recorded, *(after - SECOND for after in recorded), now}):
        listed = dict(with_end(read_order(case, moment).deadlines.clocks))
        for key, clock in listed.items():
            before, here = histories.get(key), _unanswered(clock)
            if before is not None:
                changed = (before.open, before.clock.due) != (here, clock.due)
                histories[key] = replace(before, clock=clock, open=here, changes=before.changes + changed)
            elif here:
                histories[key] = DeadlineHistory(case.order, case.instrument, clock, key[2])
        for key, before in histories.items():
            if before.open and key not in listed:
                histories[key] = replace(before, open=False, changes=before.changes + 1)
    return list(histories.values())


def with_end(clocks: Iterable[Clock]) -> Iterator[tuple[tuple[str, str | None, int], Clock]]:
    """Yield the deadlines that have an end, each by its id, its trigger and its number among equal ones."""
    seen: Counter[tuple[str, str | None]] = Counter()
    for _, _, clock in sorted((c.due, n, c) for n, c in enumerate(clocks) if c.due is not None):
        key = (clock.id, clock.trigger)
        yield (*key, seen[key]), clock
        seen[key] += 1

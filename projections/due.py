"""What is due: every open clock, soonest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from ledger.law import Judgement
from ledger.law.rules import Clock, Verdict


class Duty(Struct, frozen=True):
    """One clock of one order that somebody still has to answer.

    `left` is the time that remains (negative once it is over), None where the clock could not be computed.
    """

    order: str
    label: str | None
    instrument: str
    state: str
    clock: Clock
    left: timedelta | None

    @property
    def over(self) -> bool:
        """True if the time ran out with nothing done."""
        return self.left is not None and self.left <= timedelta(0)


def due(judgement: Judgement, now: datetime) -> list[Duty]:
    """The clocks of one order that are still open or could not be computed, and those that ran out unanswered."""
    found = [
        Duty(
            order=judgement.order,
            label=judgement.label,
            instrument=judgement.instrument,
            state=judgement.state,
            clock=clock,
            left=None if clock.due is None else clock.due - now,
        )
        for clock in judgement.deadlines
        if clock.verdict in (Verdict.OPEN, Verdict.UNDETERMINED)
        or (clock.verdict is Verdict.MISSED and not clock.met_by)
    ]
    return soonest_first(found)


def soonest_first(duties: Iterable[Duty]) -> list[Duty]:
    """Sorted by what is left; what could not be computed stands first, because nobody knows how urgent it is."""
    return sorted(duties, key=lambda d: (d.left is not None, d.left or timedelta(0), d.order, d.clock.id))

"""One order as a line of lists: its name, its state, and which deadlines of it are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from ledger.entries.case import Case
from ledger.law import Clock, ClockVerdict, Judgement, judge
from ledger.law.next_steps.lookup import NextSteps
from ledger.law.turns import next_turn
from projections.render.desk_pages import ENDED
from projections.reports.front_page import subject
from projections.views.due import due, with_end
from projections.views.state import name_of
from server.desk.steps import FormLink, forms_of, meeting_forms
from server.desk.turns import SIDES, Waits, rules, waits_for

AGAIN: Final = timedelta(days=1)  # after which an order is judged again where nothing else asks for it
OLD: Final = timedelta(days=30)  # a deadline that ran out longer ago is no work of today
PICKED: Final = ("state", "provider", "instrument", "party", "finding")
LEVELS: Final = ("violation", "remark", "gap")


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


def values_of(line: OrderLine, name: str) -> Sequence[str]:
    """Return the values of an order by which `name` of `PICKED` picks it; none of them is empty."""
    values: Mapping[str, Sequence[str]] = {
        "state": (line.state,),
        "provider": (line.provider,),
        "instrument": (line.instrument,),
        "party": (line.from_party,) if line.from_party == line.to_party else (line.from_party, line.to_party),
        "finding": (*(level for level, count in zip(LEVELS, line.levels, strict=True) if count), *line.codes),
    }
    return [value for value in values[name] if value]


def line_of(case: Case, now: datetime) -> OrderLine:
    """Return an order as a line, as of a moment."""
    judgement = judge(case, now)
    about = subject(case, judgement)
    duties = due(judgement, now)
    name, reference = about.request.called or about.name, about.reference or ""
    provider, parties = ", ".join(about.providers), (about.from_party or "", about.to_party or "")
    twins = {clock: number for (_, _, number), clock in with_end(judgement.deadlines)}
    letters = [f.level.value for f in judgement.findings]
    turn = next_turn(case, judgement, now)
    return OrderLine(
        order=case.order,
        name=name,
        reference=reference,
        provider=provider,
        instrument=about.instrument,
        state=str(about.state),
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
        until=now + AGAIN if turn is None else min(turn, now + AGAIN),
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

"""Say when time alone changes how an order is judged: the next moment at which a period or a stated day ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from ledger.entries.case import Case, Entry
from ledger.law.instruments.notice import DELAYS
from ledger.law.judge import read_order
from ledger.law.judgement import Judgement
from ledger.law.parties.register_reach import names_of, reach

DAY = timedelta(hours=24)  # E-10-2 with a silent authority is judged until 24 hours after its end (decision 28)


def next_turn(case: Case, judgement: Judgement, moment: datetime) -> datetime | None:
    """Return the first moment after `moment` at which time alone may change the judgement; None if there is none."""
    turns = [end for c in judgement.deadlines if c.due for end in (c.due, c.due + DAY) if end > moment]
    later = [t for e in case.entries for t in (e.at, e.on) if t > moment]  # recorded or dated after `moment`
    registers = (case.registry, *(other.entries for other in case.others))
    if coming := [each for register in registers for each in _still_to_come(register, moment)]:
        names = names_of(case)
        later += [t for t, reached in coming if reached is None or reached & names]
    later += [t for t in _stated_days(case, moment) if t > moment]
    return min([*turns, *later], default=None)


@lru_cache(maxsize=8)  # every order of a ledger is judged over one register
def _still_to_come(registry: tuple[Entry, ...], moment: datetime) -> list[tuple[datetime, frozenset[str] | None]]:
    """Return the entries of the register that are dated after a moment: when, and which names they reach."""
    return [(e.on, reach((e,), registry)) for e in registry if e.on > moment]


def _stated_days(case: Case, moment: datetime) -> Iterator[datetime]:
    """Yield the turns of days that entries state and that may be in no clock: a delay's review, a general notice."""
    delays = [e for e in case.entries if e.kind in DELAYS and e.get("review_on")]
    notices = [e for e in (*case.entries, *case.registry) if e.kind == "notice-published" and e.get("valid_from")]
    if delays or notices:
        days_of = read_order(case, moment).parties.days_of
        for e in delays:
            yield days_of(e.party).end_of(date.fromisoformat(e.get("review_on")))
        for e in notices:
            yield days_of(e.party).end_of(date.fromisoformat(e.get("valid_from")) - timedelta(days=1))

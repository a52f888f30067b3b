"""What was known at a moment, and what changed between two moments.

There are two times: when something happened (`on`) and when it entered the record. A replay reads the log up to
a position: the entries below the newest head that was kept at or before the moment asked about. The holder of
the heads decides which head that is, and whether its time is cosigned or only the log's own clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law import Judgement
from ledger.law.terms.periods import period
from ledger.law.terms.rule import Clock
from ledger.messages import Code, Message, state_code
from projections.sentences.local_time import end_of


@dataclass(frozen=True, slots=True)
class LogMoment:
    """Hold a moment of the record: the time asked about and the log size that had been acknowledged by then."""

    at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Change:
    """Hold one difference between two judgements: what it concerns, before and after (None: absent)."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold what a later moment knows that an earlier one did not."""

    entries: tuple[Entry, ...]
    changes: tuple[Change, ...]


def as_known(case: Case, moment: LogMoment) -> Case:
    """Return the case as the record was at a moment: entries below the log size acknowledged by then."""
    entries = tuple(e for e in case.entries if e.index < moment.size)
    registry = tuple(e for e in case.registry if e.index < moment.size)
    return replace(case, entries=entries, registry=registry)


def difference(
    case: Case, earlier: LogMoment, later: LogMoment, judge: Callable[[Case, datetime], Judgement]
) -> Difference:
    """Return the entries recorded between two moments and every line of the judgement that reads differently."""
    before, after = as_known(case, earlier), as_known(case, later)
    return Difference(
        entries=new_entries(before, after),
        changes=changes(judge(before, earlier.at), judge(after, later.at)),
    )


def new_entries(before: Case | None, after: Case) -> tuple[Entry, ...]:
    """Return the entries of a case that an earlier reading of it lacks; all of them if there was none."""
    leaves = set() if before is None else {e.leaf for e in before.entries}
    return tuple(e for e in after.entries if e.leaf not in leaves)


def changes(before: Judgement | None, after: Judgement) -> tuple[Change, ...]:
    """Return every line of a judgement that reads differently from an earlier one; all of them if there was none."""
    old, new = {} if before is None else _lines(before), _lines(after)
    return tuple(
        Change(what, old.get(what), new.get(what))
        for what in dict.fromkeys([*old, *new])
        if old.get(what) != new.get(what)
    )


def _lines(j: Judgement) -> dict[str, str]:
    lines: dict[str, str] = {Message("state"): state_code(j.state)}
    lines |= {
        Message("region {0}", Code(name, name.replace("_", " "))): state_code(value)
        for name, value in j.regions.items()
    }
    for name, clock in deadline_lines(j).items():
        verdict = state_code(str(clock.verdict))
        lines[name] = (
            verdict
            if clock.due is None
            else Message("{0}, {1}", verdict, end_of(clock.due, clock.zone, clock.last_day))
        )
    lines |= {Message("finding {0}", f.code): f.says for f in j.findings}
    lines |= {Message("criterion {0}", name): state_code(str(c.state)) for name, c in j.criteria.items()}
    return lines


def deadline_lines(j: Judgement) -> dict[str, Clock]:
    """Return the deadlines of a judgement by the names that their changes have; equal names are numbered."""
    named: dict[str, Clock] = {}
    counted: Counter[str] = Counter()
    for clock in j.deadlines:
        name = Message("deadline {0}, counted as {1}", period(clock.id), clock.policy)
        counted[name] += 1
        named[name if counted[name] == 1 else Message("{0}, {1}", name, counted[name])] = clock
    return named

"""What was known at a moment, and what changed between two moments.

There are two times: when something happened (`on`) and when it entered the record. A replay reads the log up to
a position: the entries below the newest head that was kept at or before the moment asked about. The holder of
the heads decides which head that is, and whether its time is cosigned or only the log's own clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case, Entry
from ledger.law import Judgement
from ledger.law.terms.periods import period


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
    return Case(case.order, case.instrument, entries, registry, case.label)


def difference(
    case: Case, earlier: LogMoment, later: LogMoment, judge: Callable[[Case, datetime], Judgement]
) -> Difference:
    """Return the entries recorded between two moments and every line of the judgement that reads differently."""
    before, after = as_known(case, earlier), as_known(case, later)
    leaves = {e.leaf for e in before.entries}
    return Difference(
        entries=tuple(e for e in after.entries if e.leaf not in leaves),
        changes=changes(judge(before, earlier.at), judge(after, later.at)),
    )


def changes(before: Judgement | None, after: Judgement) -> tuple[Change, ...]:
    """Return every line of a judgement that reads differently from an earlier one; all of them if there was none."""
    old, new = {} if before is None else _lines(before), _lines(after)
    return tuple(
        Change(what, old.get(what), new.get(what))
        for what in dict.fromkeys([*old, *new])
        if old.get(what) != new.get(what)
    )


def _lines(j: Judgement) -> dict[str, str]:
    lines = {"state": j.state}
    lines |= {f"region {name}": value for name, value in j.regions.items()}
    for clock in j.deadlines:
        due = "" if clock.due is None else f" due {clock.due:%Y-%m-%dT%H:%M:%SZ}"
        lines[f"deadline {period(clock.id)}, counted as {clock.policy}"] = f"{clock.verdict}{due}"
    lines |= {f"finding {f.code}": f.says for f in j.findings}
    lines |= {f"criterion {name}": str(c.state) for name, c in j.criteria.items()}
    return lines

"""The judgement of an order, and what several judgements under different assumptions have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace as clock_with
from datetime import datetime
from itertools import takewhile
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ledger.law.admissibility.criteria import Criterion
from ledger.law.record_checks.open_duties import OpenDuty
from ledger.law.terms.rule import Clock, ClockVerdict, CriterionState, Finding, StateChange

T = TypeVar("T")

UNDETERMINED: Final = "UNDETERMINED"
UNCONFIRMED: Final = "G-OFFICE-UNCONFIRMED"


class Judgement(Struct, frozen=True):
    """An order at a moment: its state, the regions not at rest, the clocks, the findings by code, the eight criteria.

    `duties` are the open duties of data protection, by question of the processing record; `trail` are the changes of
    the state.
    """

    order: str
    label: str | None
    instrument: str
    as_of: datetime
    state: str
    regions: dict[str, str]
    deadlines: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    criteria: dict[str, Criterion]
    duties: tuple[OpenDuty, ...]
    trail: tuple[StateChange, ...]


def settled(judgements: Sequence[Judgement]) -> Judgement:
    """Return what is the same in all judgements of one order; the rest is UNDETERMINED.

    The first one assumes nothing, and has the finding G-OFFICE-UNCONFIRMED if there are several.
    """
    first, *rest = judgements
    if not rest:
        return first
    results = {name: _criterion(name, judgements) for name in first.criteria}
    pulled = tuple((name, CriterionState.GAP) for name, result in results.items() if result != first.criteria[name])
    return replace(
        first,
        state=same([j.state for j in judgements]),
        regions=dict(_regions(judgements)),
        deadlines=tuple(_clocks(judgements)),
        findings=tuple(_findings(judgements, pulled)),
        criteria=results,
        duties=tuple(duty for duty in first.duties if all(duty in j.duties for j in rest)),
        trail=tuple(step for step, *_ in takewhile(_alike, zip(*(j.trail for j in judgements), strict=False))),
    )


def same(values: Sequence[str]) -> str:
    """Return the value that all have; UNDETERMINED if they differ."""
    return values[0] if _alike(values) else UNDETERMINED


def _alike(values: Sequence[object]) -> bool:
    return all(value == values[0] for value in values)


def _in_all(values: Sequence[T], others: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """Return the values that all the others have too."""
    return tuple(value for value in values if all(value in other for other in others))


def _regions(judgements: Sequence[Judgement]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(name for j in judgements for name in j.regions):
        yield name, same([j.regions.get(name, "") for j in judgements])


def _clocks(judgements: Sequence[Judgement]) -> Iterator[Clock]:
    """Yield every clock of any judgement, in order; UNDETERMINED where they differ."""
    numbered = [dict(_numbered(j.deadlines)) for j in judgements]
    for name in dict.fromkeys(name for clocks in numbered for name in clocks):
        found = [clocks.get(name) for clocks in numbered]
        clock = next(c for c in found if c is not None)
        ends = {None if c is None else c.due for c in found}
        if not _alike([c and (c.verdict, c.due, c.policy) for c in found]):
            due = clock.due if len(ends) == 1 else None
            clock = clock_with(clock, verdict=ClockVerdict.UNDETERMINED, due=due, met_by=(), count=None)
        yield clock


def _numbered(clocks: Sequence[Clock]) -> Iterator[tuple[tuple[object, int], Clock]]:
    count: Counter[object] = Counter()
    for clock in clocks:
        name = (clock.id, clock.trigger, clock.policy)
        count[name] += 1
        yield (name, count[name]), clock


def _findings(judgements: Sequence[Judgement], pulled: tuple[tuple[str, CriterionState], ...]) -> Iterator[Finding]:
    """Yield the findings of all judgements, each with the entries and effects that it has in every one."""
    first, *rest = judgements
    others = [{f.code: f for f in j.findings} for j in rest]
    for finding in first.findings:
        if finding.code == UNCONFIRMED:
            yield replace(finding, effects=pulled)
        elif all(finding.code in found for found in others):
            same_ones = [found[finding.code] for found in others]
            yield replace(
                finding,
                entries=_in_all(finding.entries, [other.entries for other in same_ones]) or finding.entries,
                effects=_in_all(finding.effects, [other.effects for other in same_ones]),
            )


def _criterion(name: str, judgements: Sequence[Judgement]) -> Criterion:
    first, *rest = (j.criteria[name] for j in judgements)
    if all(result == first for result in rest):
        return first
    says = next((f.says for f in judgements[0].findings if f.code == UNCONFIRMED), "")
    lacks = _in_all(first.lacks, [result.lacks for result in rest])
    return Criterion(
        state=first.state if all(result.state == first.state for result in rest) else CriterionState.GAP,
        rests_on=_in_all(first.rests_on, [result.rests_on for result in rest]),
        lacks=(*lacks, f"{UNCONFIRMED}: {says}"),
    )

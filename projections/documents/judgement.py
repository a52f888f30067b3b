"""The parts of JSON documents that say what the law makes of one order: deadlines, findings, criteria, duties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, UnsetType

from ledger.law import Clock, Finding, Judgement
from ledger.law.next_steps.clocks import who_acts
from ledger.law.next_steps.step import NextStep
from ledger.messages import pattern_of, values_of
from projections.documents.times import Time

if TYPE_CHECKING:
    from ledger.law.next_steps.lookup import NextSteps


class ClockItem(Struct, frozen=True, kw_only=True):
    """One deadline: its first instant too late (`due`, left out where it could not be computed), and its verdict.

    `last_day` is the last local day that still counts, left out for a period that ends within a day. `who` must act.
    """

    id: str
    due: Time | UnsetType = UNSET
    policy: str
    verdict: str
    cite: str
    entries: tuple[str, ...]
    last_day: str | UnsetType = UNSET
    who: str
    next: tuple[NextStep, ...] | UnsetType = UNSET


class FindingItem(Struct, frozen=True):
    """One finding: V violation, W remark, G gap; the criteria it bears on, and the entries (leaf hashes).

    `message_id` is the pattern of `says` with its places numbered from 0, and `values` fill them in order
    (`ledger.messages.built`), for a program that says it in another language. A sealed value is `sealed` there too.
    """

    code: str
    level: str
    criterion: str | None
    says: str
    cite: str
    entries: tuple[str, ...]
    next: tuple[NextStep, ...] | UnsetType = UNSET
    message_id: str = ""
    values: list[Any] = []


class CriterionItem(Struct, frozen=True):
    """One criterion: its state, the entries it rests on (leaf hashes), and what the record lacks."""

    state: str
    rests_on: tuple[str, ...]
    lacks: tuple[str, ...]
    next: tuple[NextStep, ...] | UnsetType = UNSET


class DutyItem(Struct, frozen=True):
    """One open duty of data protection, by question of `comity register`."""

    question: int
    says: str
    entries: tuple[str, ...]
    next: tuple[NextStep, ...] | UnsetType = UNSET


class ChangeItem(Struct, frozen=True):
    """One difference between two judgements, as texts; null where the moment has nothing."""

    what: str
    before: str | None
    after: str | None


def judged(j: Judgement, steps: NextSteps | None = None) -> dict[str, Any]:
    """Return the fields of an answer that contains a judgement (docs/reference/command-line.md), with next steps."""
    return {
        "order": j.order,
        "label": j.label,
        "instrument": j.instrument,
        "as_of": j.as_of,
        "state": j.state,
        "regions": dict(j.regions),
        "deadlines": [clock_item(c, steps) for c in j.deadlines],
        "findings": [finding_item(f, steps) for f in j.findings],
        "criteria": {
            name: CriterionItem(str(c.state), c.rests_on, c.lacks, steps.of_criterion(c) if steps else UNSET)
            for name, c in j.criteria.items()
        },
        "duties": [DutyItem(d.question, d.says, d.entries, steps.of_duty(d) if steps else UNSET) for d in j.duties],
    }


def clock_item(c: Clock, steps: NextSteps | None = None) -> ClockItem:
    """Return one deadline, with next steps."""
    return ClockItem(
        id=c.id,
        due=UNSET if c.due is None else c.due,
        policy=c.policy,
        verdict=str(c.verdict),
        cite=", ".join(c.cite),
        entries=c.entries,
        last_day=UNSET if c.last_day is None else c.last_day.isoformat(),
        who=who_acts(c.id),
        next=steps.of_clock(c) if steps else UNSET,
    )


def finding_item(f: Finding, steps: NextSteps | None = None) -> FindingItem:
    """Return one finding, with next steps."""
    return FindingItem(
        code=f.code,
        level=f.level.value,
        criterion=", ".join(f.criteria) or None,
        says=f.says,
        cite=", ".join(f.cite),
        entries=f.entries,
        next=steps.of_finding(f) if steps else UNSET,
        message_id=pattern_of(f.says),
        values=values_of(f.says),
    )

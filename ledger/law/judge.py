"""What the law says about an order as it was known at a moment. It refuses nothing and decides nothing."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from types import ModuleType

from msgspec import Struct

from ledger.entries.case import Case
from ledger.law.admissibility.criteria import Criterion, criteria
from ledger.law.instruments import (
    budapest,
    data_protection,
    e_evidence,
    notice,
    second_protocol,
    second_protocol_states,
    stored_communications,
    voluntary,
)
from ledger.law.record_checks import integrity, origin, procedure, withdrawn
from ledger.law.record_checks.open_duties import OpenDuty, open_duties
from ledger.law.record_checks.regions import regions
from ledger.law.rules import acts
from ledger.law.rules.check import Check
from ledger.law.rules.order_contents import MISSING
from ledger.law.rules.order_facts import OrderFacts
from ledger.law.states.machine import Step
from ledger.law.terms.rule import Clock, Finding

FILES: tuple[ModuleType, ...] = (
    *(acts, second_protocol, second_protocol_states, budapest, e_evidence, notice, data_protection),
    *(origin, integrity, procedure, stored_communications, voluntary, withdrawn),
)
CHECKS: tuple[Check, ...] = (
    *MISSING,
    *(check for file in FILES for check in vars(file).values() if isinstance(check, Check)),
)


class Judgement(Struct, frozen=True):
    """An order at a moment: its state, the regions not at rest, the clocks, the findings by code, the eight criteria.

    `duties` are those of data protection that are open, by question of the register; `trail` tells how the state came
    about.
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
    trail: tuple[Step, ...]


def judge(case: Case, at: datetime) -> Judgement:
    """Judge a case as it was known at `at` (aware); what was recorded later does not exist yet."""
    r = OrderFacts(case.known(at), at)
    looked = (check.find(r) for check in _applicable(case.instrument, frozenset(e.kind for e in r.case.entries)))
    findings = tuple(sorted((f for f in looked if f is not None), key=lambda f: f.code))
    return Judgement(
        order=case.order,
        label=case.label,
        instrument=case.instrument,
        as_of=at,
        state=r.course.state,
        regions=regions(r),
        deadlines=r.clocks,
        findings=findings,
        criteria=criteria(r, findings),
        duties=open_duties(r),
        trail=r.course.steps,
    )


def state_at(case: Case, at: datetime) -> str:
    """The state alone that `judge` finds, for a third of what a judgement costs."""
    return OrderFacts(case.known(at), at).course.state


@lru_cache(maxsize=1024)  # most orders of a ledger are made of the same few sets of kinds
def _applicable(instrument: str, kinds: frozenset[str]) -> tuple[Check, ...]:
    """The checks that can find anything under this instrument in a record of these kinds."""
    return tuple(
        check
        for check in CHECKS
        if (not check.instruments or instrument in check.instruments)
        and (not check.kinds or not kinds.isdisjoint(check.kinds))
    )

"""Judge an order as it was known at a moment. The law refuses nothing and decides nothing."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from types import ModuleType

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law.admissibility.criteria import Criterion, criteria
from ledger.law.deadlines.table import clocks
from ledger.law.instruments import (
    budapest,
    costs,
    data_protection,
    e_evidence,
    e_evidence_contents,
    e_evidence_enforcement,
    e_evidence_execution,
    e_evidence_transmission,
    executive_agreements,
    notice,
    second_protocol,
    second_protocol_states,
    stored_communications,
    voluntary,
)
from ledger.law.reading.order_reading import OrderReading
from ledger.law.record_checks import integrity, origin, procedure, withdrawn
from ledger.law.record_checks.open_duties import OpenDuty, open_duties
from ledger.law.record_checks.regions import regions
from ledger.law.rules import acts
from ledger.law.rules.check import FindingRule
from ledger.law.rules.order_contents import MISSING
from ledger.law.states import state_history
from ledger.law.terms.rule import Clock, Finding, StateChange

FILES: tuple[ModuleType, ...] = (
    *(acts, second_protocol, second_protocol_states, budapest),
    *(e_evidence, e_evidence_contents, e_evidence_execution, e_evidence_enforcement, e_evidence_transmission),
    *(costs, notice, data_protection),
    *(origin, integrity, procedure, stored_communications, executive_agreements, voluntary, withdrawn),
)
FINDING_RULES: tuple[FindingRule, ...] = (
    *MISSING,
    *(check for file in FILES for check in vars(file).values() if isinstance(check, FindingRule)),
)


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


def read_order(case: Case, at: datetime) -> OrderReading:
    """Read a case as it was known at `at` (aware); what was recorded later does not exist yet."""
    return read_all(case.known(at), at)


def read_all(case: Case, at: datetime) -> OrderReading:
    """Read all entries of a case at `at` (aware), also those recorded later."""
    return OrderReading(case, at, clocks, state_history)


def judge(case: Case, at: datetime) -> Judgement:
    """Judge a case as it was known at `at` (aware)."""
    r = read_order(case, at)
    results = (rule.find(r) for rule in _applicable(case.instrument, frozenset(e.kind for e in r.case.entries)))
    findings = tuple(sorted((f for f in results if f is not None), key=lambda f: f.code))
    return Judgement(
        order=case.order,
        label=case.label,
        instrument=case.instrument,
        as_of=at,
        state=r.history.state,
        regions=regions(r),
        deadlines=r.deadlines.clocks,
        findings=findings,
        criteria=criteria(r, findings),
        duties=open_duties(r),
        trail=r.history.changes,
    )


def new_findings(case: Case, entry: Entry, at: datetime) -> tuple[Finding, ...]:
    """Return the findings at `at` with one more entry, which is not on record, that are not there without it."""
    before = {(f.code, f.entries) for f in judge(case, at).findings} if case.entries else set()
    return tuple(f for f in judge(with_entry(case, entry), at).findings if (f.code, f.entries) not in before)


def with_entry(case: Case, entry: Entry) -> Case:
    """Return a case with one more entry; the first one of an order brings its instrument."""
    return replace(case, instrument=case.instrument or entry.instrument or "", entries=(*case.entries, entry))


def state_at(case: Case, at: datetime) -> str:
    """Return the state alone, in a third of the time of a judgement."""
    return read_order(case, at).history.state


@lru_cache(maxsize=1024)  # most orders of a ledger have one of a few sets of kinds
def _applicable(instrument: str, kinds: frozenset[str]) -> tuple[FindingRule, ...]:
    """Return the rules that can find anything under this instrument among entries of these kinds."""
    return tuple(
        check
        for check in FINDING_RULES
        if (not check.instruments or instrument in check.instruments)
        and (not check.kinds or not kinds.isdisjoint(check.kinds))
    )

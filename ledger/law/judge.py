"""Judge an order as it was known at a moment. The law refuses nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from types import ModuleType

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law.admissibility.criteria import criteria
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
from ledger.law.judgement import Judgement, same, settled
from ledger.law.parties.received_registers import assumptions, unknown_offices
from ledger.law.reading.order_reading import OrderReading
from ledger.law.record_checks import imported, integrity, origin, procedure, withdrawn
from ledger.law.record_checks.open_duties import open_duties
from ledger.law.record_checks.regions import regions
from ledger.law.rules import acts, categories
from ledger.law.rules.check import FindingRule
from ledger.law.rules.order_contents import MISSING
from ledger.law.states import state_history
from ledger.law.terms.rule import Finding

FILES: tuple[ModuleType, ...] = (
    *(acts, categories, second_protocol, second_protocol_states, budapest),
    *(e_evidence, e_evidence_contents, e_evidence_execution, e_evidence_enforcement, e_evidence_transmission),
    *(costs, notice, data_protection),
    *(origin, integrity, procedure, stored_communications, executive_agreements, voluntary, withdrawn),
)
OF_THE_RECORD = (acts, origin, integrity, procedure, withdrawn)  # the other files are on an order and what follows it


def _rules(files: Iterable[ModuleType]) -> tuple[FindingRule, ...]:
    return tuple(check for file in files for check in vars(file).values() if isinstance(check, FindingRule))


_ON_ORDERS = frozenset(rule.code for rule in (*MISSING, *_rules(file for file in FILES if file not in OF_THE_RECORD)))


def _found_on_order(r: OrderReading) -> Iterator[Finding]:
    rules = _applicable(r.instrument, frozenset(e.kind for e in r.case.entries))
    return (found for rule in rules if rule.code in _ON_ORDERS and (found := rule.find(r)) is not None)


FINDING_RULES: tuple[FindingRule, ...] = (*MISSING, *_rules(FILES), imported.imported_rule(_found_on_order))


def read_order(case: Case, at: datetime, assumed: frozenset[str] = frozenset()) -> OrderReading:
    """Read a case as it was known at `at` (aware); what was recorded later does not exist yet.

    `assumed` are offices that only the register of another log knows and that are taken as confirmed.
    """
    return read_all(case.known(at), at, assumed)


def read_all(case: Case, at: datetime, assumed: frozenset[str] = frozenset()) -> OrderReading:
    """Read all entries of a case at `at` (aware), also those recorded later."""
    return OrderReading(case, at, clocks, state_history, assumed)


def judge(case: Case, at: datetime) -> Judgement:
    """Judge a case as it was known at `at` (aware).

    Where entries rest on offices that only the register of another log knows, the case is judged with and without
    them. A result that is not the same in every judgement is UNDETERMINED, and G-OFFICE-UNCONFIRMED says why.
    """
    offices = unknown_offices(case.known(at), at)
    return settled([_judged(case, at, assumed) for assumed in assumptions(offices)])


def _judged(case: Case, at: datetime, assumed: frozenset[str]) -> Judgement:
    r = read_order(case, at, assumed)
    rules = _applicable(case.instrument, frozenset(e.kind for e in r.case.entries))
    found = (f for rule in rules if (f := rule.find(r)) is not None)
    findings = tuple(sorted((f for f in found if not _is_gap_of_import(r, f)), key=lambda f: f.code))
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
    offices = unknown_offices(case.known(at), at)
    return same([read_order(case, at, assumed).history.state for assumed in assumptions(offices)])


def _is_gap_of_import(r: OrderReading, found: Finding) -> bool:
    return found.code in _ON_ORDERS and imported.rests_on_import(r, found)


@lru_cache(maxsize=1024)  # most orders of a ledger have one of a few sets of kinds
def _applicable(instrument: str, kinds: frozenset[str]) -> tuple[FindingRule, ...]:
    """Return the rules that can find anything under this instrument among entries of these kinds."""
    return tuple(
        check
        for check in FINDING_RULES
        if (not check.instruments or instrument in check.instruments)
        and (not check.kinds or not kinds.isdisjoint(check.kinds))
    )

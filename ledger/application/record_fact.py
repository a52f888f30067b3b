"""Record one fact in two steps: prepare it, with the findings that the law would report, and record it.

plan = prepare(journal, draft, journal.case(order))
for finding in plan.findings:
    print(finding.code, finding.says)
receipt = record(journal, plan)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.entries.case import Case
from ledger.entries.form import (
    check_lookalike,
    check_quotable,
    check_reference,
    issuing_office,
    named_in,
    slips,
)
from ledger.entries.payload import Other
from ledger.entries.wrapped_entry import KIND
from ledger.facts import public_of
from ledger.law import Finding, new_findings


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """A draft whose form was checked, and what recording it would change.

    `findings` has each finding that the law reports with the fact and does not report without it. `recorded` is True if
    an entry has the id of the draft already: it is then neither checked nor judged. `check_again` checks the reference
    of a new order once more when the entry is stored.
    """

    draft: Draft
    findings: tuple[Finding, ...] = ()
    recorded: bool = False
    check_again: Callable[[], None] | None = None


def prepare(
    journal: Journal, draft: Draft, case: Case | None, *, unregistered: bool = False, lookalike: bool = False
) -> RecordPlan:
    """Check the form of a draft and return what recording it would change; nothing is signed or stored.

    `case` is the order so far, None for a new order and for the register. `unregistered` accepts offices and Parties
    that no register has, `lookalike` a reference that looks like another one. Raises `RecordError` for a wrong form.
    """
    check = reference_check(journal, case, draft, lookalike=lookalike)
    if draft.entry is not None and journal.has(draft.entry):
        return RecordPlan(draft, recorded=True, check_again=check)
    _check_form(journal, case, draft, unregistered=unregistered)
    if check is not None:
        check()
    return RecordPlan(draft, tuple(_new_findings(journal, case, draft)), check_again=check)


def record(journal: Journal, plan: RecordPlan) -> Receipt:
    """Record a prepared fact; raises what `Journal.record` raises."""
    return journal.record_batch([plan.draft], plan.check_again)[0]


def record_together(journal: Journal, plans: Sequence[RecordPlan]) -> list[Receipt]:
    """Record several prepared facts, all or none; the check of the first one is made again. Raises as `record`."""
    return journal.record_batch([plan.draft for plan in plans], plans[0].check_again)


def _check_form(journal: Journal, case: Case | None, draft: Draft, *, unregistered: bool) -> None:
    """Raise the first error in the form of a fact: `ledger.entries.form`."""
    for error in slips(
        draft.fact,
        journal.cases.known(journal.read_keyring()),
        draft.said.signed_at,
        whose=draft.said.whose,
        named=lambda: named_in(() if case is None else case.entries),
        unregistered=unregistered,
    ):
        raise error


def reference_check(journal: Journal, case: Case | None, draft: Draft, *, lookalike: bool) -> Callable[[], None] | None:
    """Return the check of the reference of a new order; None for every other fact.

    The check reads the ledger at the moment of the call. It refuses a reference that cannot be quoted, one that is
    taken and, without `lookalike`, one that looks like a taken one.
    """
    cases, offices = journal.cases, journal.read_keyring().offices.keys()
    if (quoted := issued_reference(draft, offices)) is None:
        return None
    reference, office = quoted

    def check() -> None:
        own = () if case is None else cases.references(draft.order)
        check_quotable(reference, own, cases.beginning, offices)
        check_reference(reference, office, draft.order, cases.taken(reference))
        if not lookalike and reference not in own:
            check_lookalike(reference, office, draft.order, cases.alike(reference))

    return check


def issued_reference(draft: Draft, offices: Collection[str]) -> tuple[str, str] | None:
    """Return the reference and the issuing office of a new order; None for every other fact.

    `offices` are those of the register.
    """
    reference = public_of(draft.fact).get("reference") if draft.fact.kind == "order-issued" else None
    return reference and (reference, issuer(draft, offices))


def issuer(draft: Draft, offices: Collection[str]) -> str:
    """Return the office that issues the order of a draft."""
    circumstances = draft.said
    named = public_of(draft.fact).get("issuing_authority")
    return issuing_office(circumstances.speaks, draft.signer.actor, offices, named, circumstances.whose)


def newest_foreign(journal: Journal, order: str, case: Case | None) -> Other | None:
    """Return which entry of another log arrived last in this order: the next signer has seen it. None if none did."""
    if case is None or not any(e.received for e in case.entries):
        return None
    wrappers = [o.payload for _, o in journal.cases.opened(order) if o.payload.kind == KIND]
    return next((p.other for p in reversed(wrappers) if p.other), None)


def _new_findings(journal: Journal, case: Case | None, draft: Draft) -> list[Finding]:
    """Return the findings that the law reports with the fact on record and does not report now."""
    if draft.order == journal.registry:
        return []
    entry = journal.preview(draft.fact, draft.order, draft.signer, draft.said, instrument=draft.instrument)
    now = journal.now()
    if case is None:
        case = Case(draft.order, entry.instrument or "", (), journal.cases.register())
    return list(new_findings(case, entry, now))

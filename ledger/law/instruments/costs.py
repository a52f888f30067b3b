"""Findings on the costs of execution: Regulation (EU) 2023/1543, art. 14(1) [text]; 18 U.S.C. 2706 [known].

Both leave the amount to others: to the national law of the issuing State; to agreement, else to the court.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from ledger.entries.case import Entry
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark


@finding(
    "G-14-1-NO-NATIONAL-LAW",
    cite="EPOC:14(1)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="costs-claimed",
    says="Costs are claimed, and no entry names the law of the issuing State that allows it.",
)
def no_law_for_costs(r: OrderReading) -> Matches:
    """Accept the law that the answer to a claim names."""
    claims = (e for e in r.entries.of("costs-claimed") if not e.stated("national_law"))
    return [e for e in claims if not _names_law(r, e) and not _is_refused(r, e)]


@finding(
    "W-COSTS-DIFFER",
    cite="EPOC:14(1), SCA:2706",
    mark=Mark.DESIGN,
    kinds="costs-reimbursed",
    says="More was reimbursed than was claimed, or in another currency.",
)
def more_paid_than_claimed(r: OrderReading) -> Matches:
    found = []
    for claim in r.entries.of("costs-claimed"):
        answers = _answers(r, claim)
        foreign = any(amount(e) and e.get("currency") != claim.get("currency") for e in answers)
        if foreign or sum(map(amount, answers), Decimal()) > amount(claim):
            found += [claim, *answers]
    return found


def _answers(r: OrderReading, claim: Entry) -> list[Entry]:
    return [e for e in r.entries.of("costs-reimbursed") if r.entries.named(e.get("claim")) is claim]


def _names_law(r: OrderReading, claim: Entry) -> bool:
    return any(e.stated("national_law") for e in _answers(r, claim))


def _is_refused(r: OrderReading, claim: Entry) -> bool:
    """Return True if nothing was paid on a claim: that the law does not allow it needs no provision."""
    answers = _answers(r, claim)
    return bool(answers) and not any(map(amount, answers))


def amount(e: Entry) -> Decimal:
    """Return the amount that an entry on costs states; 0 where it states none, or none of the form of its kind."""
    stated = e.get("amount")
    try:
        number = Decimal(stated) if isinstance(stated, str) else Decimal()
    except InvalidOperation:
        return Decimal()
    return number if number.is_finite() else Decimal()

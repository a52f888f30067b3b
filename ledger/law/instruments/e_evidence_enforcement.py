"""Findings on the procedure for enforcement: Regulation (EU) 2023/1543 art. 16, for both European orders."""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Mark

GROUNDS = {"EPOC": "EPOC:16(4)", "EPOC-PR": "EPOC:16(5)"}  # the paragraph that lists the grounds for each order
OFFENCE = "EPOC:16(4)(b)"  # not an offence of art. 5(4), which is asked for traffic and content data alone
FORMS = ("reasons-for-non-execution-given", "reasoned-objection-filed", "order-referred-back")  # on annex III
CONSULTING = ("consultation-opened", "consultation-concluded", "additional-information-requested")


def _listed(r: OrderReading, ground: str) -> bool:
    """Return True if the article lists a ground for this order and its data."""
    if ground == OFFENCE and r.order.categories and not r.order.traffic_or_content:
        return False
    return ground.startswith(GROUNDS[r.instrument])


def _on_listed_grounds(r: OrderReading, e: Entry) -> bool:
    grounds = e.get("grounds")
    return bool(grounds) and all(_listed(r, ground) for ground in grounds)


def _denials(r: OrderReading) -> list[Entry]:
    return [e for e in r.entries.of("recognition-decided") if e.get("decision") == "denied"]


@finding(
    "W-16-1-TRANSFER",
    cite="EPOC:16(1)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="enforcement-requested",
    says="The record does not show that the order and the form of the addressee went to the enforcing authority in a "
    "language that it accepts, and that the addressee was informed.",
)
def transfer_not_shown(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("enforcement-requested") if not _transferred(r, e)]


def _transferred(r: OrderReading, request: Entry) -> bool:
    """Return True if order, form and language are stated, and the addressee was informed. No form: none was needed."""
    parts = {"order", *(("non-execution-form",) if r.entries.earlier(request, *FORMS) else ())}
    whole = parts <= set(request.get("includes") or ())
    return whole and bool(request.get("languages")) and request.get("addressee_informed") is True


@finding(
    "W-16-3-NOT-INFORMED",
    cite="EPOC:16(3)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="compliance-ordered",
    says="The record does not show that the addressee was informed that it may object, and of the penalties.",
)
def demand_without_information(r: OrderReading) -> Matches:
    demands = r.entries.of("compliance-ordered")
    return [e for e in demands if not {"possibility-to-object", "penalties"} <= set(e.get("includes") or ())]


@finding(
    "W-16-3-GROUND",
    cite="EPOC:16(3)(a)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="addressee-objected",
    says="The addressee objected to enforcement on no ground that the article lists for this order.",
)
def objected_on_another_ground(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("addressee-objected") if not _on_listed_grounds(r, e)]


@finding(
    "V-16-3-OVERDUE",
    cite="EPOC:16(3)(c), EPOC:16(10)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="compliance-ordered",
    contradicts="A6",
    says="The provider neither complied nor objected by the day that the enforcing authority set.",
)
def neither_complied_nor_objected(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-16-3"))


@finding(
    "V-16-4-GROUND",
    cite="EPOC:16(4), EPOC:16(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="recognition-decided",
    gap="A5",
    says="Enforcement was denied on no ground that the article lists for this order.",
)
def denied_on_another_ground(r: OrderReading) -> Matches:
    return [e for e in _denials(r) if not _on_listed_grounds(r, e)]


@finding(
    "W-16-7-NO-CONSULT",
    cite="EPOC:16(7)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="recognition-decided",
    says="Enforcement was denied, and the record does not show that the issuing authority was consulted before.",
)
def denied_without_consultation(r: OrderReading) -> Matches:
    return [e for e in _denials(r) if e.get("issuer_consulted_first") is not True and not _consulted(r, e)]


@finding(
    "W-16-8-NOT-NOTIFIED",
    cite="EPOC:16(8)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="recognition-decided compliance-ordered penalty-imposed",
    says="The record does not show that a decision on enforcement was notified to the issuing authority and to the "
    "addressee.",
)
def decision_not_notified(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-16-8"))


@finding(
    "W-16-10-NOT-RECOGNISED",
    cite="EPOC:16(10)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="penalty-imposed",
    says="A penalty was imposed, and the record does not show that the order had been recognised before.",
)
def penalty_without_recognition(r: OrderReading) -> Matches:
    recognised = [e for e in r.entries.of("recognition-decided") if e.get("decision") == "recognised"]
    penalties = r.entries.of("penalty-imposed")
    return [e for e in penalties if not any(precedes(x, e) for x in recognised)]


def _consulted(r: OrderReading, denial: Entry) -> bool:
    """Return True if the enforcing authority consulted or asked after the request for enforcement, before a denial."""
    asked = r.entries.first("enforcement-requested")
    contacts = (e for e in r.entries.of(*CONSULTING) if r.actors.is_by(e, "NOT"))
    return any((asked is None or precedes(asked, e)) and precedes(e, denial) for e in contacts)

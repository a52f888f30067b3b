"""Findings on European orders: Regulation (EU) 2023/1543.

Articles 3 to 8, in the order of the articles. Elsewhere: articles 10 to 12 and 17 (e_evidence_execution.py), article 16
(e_evidence_enforcement.py), transmission and transfer (e_evidence_transmission.py), the required contents
(rules/order_contents.py), the clocks (deadlines/e_evidence*.py), the states (states/e_evidence.py).
"""

from __future__ import annotations

from ledger.entries.case import Entry, Unread, instant
from ledger.law.deadlines.e_evidence_authorities import pending
from ledger.law.instruments.notification import never_notified, notified_late, notified_that_day
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Mark

# Art. 4(2): traffic and content in an EPOC. Art. 4(1), 4(3): all else, also data that are only to be preserved.
JUDICIAL = ("judge", "court", "investigating-judge")
WITH_PROSECUTOR = (*JUDICIAL, "public-prosecutor")

# Art. 4(5): what an order without validation presupposes; annex I, section I, has a box for it.
CONDITIONS = ("not_obtainable_in_time", "possible_in_domestic_case")

# -- articles 3 to 5: emergency, who may issue, for which offence ------------------------------------------------------


@finding(
    "W-EMERGENCY-DOWNGRADED",
    cite="EPOC:3(18), 2AP:9",
    mark=Mark.DESIGN,
    kinds="emergency-reassessed",
    gap="A7",
    says="The emergency was downgraded after the data had come; notice and use are to be looked at again.",
)
def downgraded_after_disclosure(r: OrderReading) -> Matches:
    downgraded = [e for e in r.entries.of("emergency-reassessed") if e.get("outcome") == "downgraded"]
    return [e for e in downgraded if any(d.on <= instant(e.get("effective_at")) for d in r.substance.disclosures)]


@finding(
    "G-EMERGENCY-FALSE",
    cite="EPOC:3(18), 2AP:3(2)(c)",
    mark=Mark.DESIGN,
    kinds="emergency-reassessed",
    gap="A4",
    says="The facts given for the emergency were known to be untrue.",
)
def emergency_known_to_be_false(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("emergency-reassessed") if e.get("known_false_at_declaration") is True]


@finding(
    "V-4-COMPETENCE",
    cite="EPOC:4(1)-(3), EPOC:4(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    contradicts="A4",
    says="The order was neither issued nor validated by an authority that may do so for these data.",
)
def not_competent(r: OrderReading) -> Matches:
    if r.order.issued is None:
        return None
    may = JUDICIAL if r.instrument == "EPOC" and r.order.traffic_or_content else WITH_PROSECUTOR
    approved = (
        e for e in r.entries.of("order-validated") if e.get("decision") == "approved" and e.get("capacity") in may
    )
    service = r.order.service(r.order.issued) or r.order.served
    validated = any(service is None or e.on <= service for e in approved)
    competent = r.order.issued.get("issuing_capacity") in may or validated or _unvalidated_emergency(r, r.order.issued)
    return None if competent else (r.order.issued,)


def _unvalidated_emergency(r: OrderReading, issued: Entry) -> bool:
    """Return True in the case of art. 4(5), and for a reader that may not read whether a validation is pending.

    Such a reader must not learn it from the finding (decision 41).
    """
    without = issued.get("validation_pending") is True or isinstance(issued.sealed.get("validation_pending"), Unread)
    denied = (e.get(name) is False for e in r.entries.of("ex-post-validation-sought") for name in CONDITIONS)
    light = not (r.instrument == "EPOC" and r.order.traffic_or_content)
    return without and light and not any(denied) and r.emergency.lasts(issued.on)


@finding(
    "W-4-5-CONDITIONS",
    cite="EPOC:4(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="ex-post-validation-sought",
    gap="A4",
    says="The record does not show that validation could not be had in time, or that such an order is possible without "
    "it in a domestic case.",
)
def conditions_not_stated(r: OrderReading) -> Matches:
    """Find it where a condition is not stated; where it is denied, the order is V-4-COMPETENCE."""
    if not pending(r):
        return None
    return [e for e in r.entries.of("ex-post-validation-sought") if any(e.get(name) is None for name in CONDITIONS)]


@finding(
    "V-4-5-LATE",
    cite="EPOC:4(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    contradicts="A4",
    says="Validation after the fact was not sought within 48 hours.",
)
def validation_not_sought(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-4-5"))


@finding(
    "V-4-5-NOT-WITHDRAWN",
    cite="EPOC:4(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="ex-post-validation-refused",
    contradicts="A4",
    says="Validation was refused and the order was not withdrawn.",
)
def not_withdrawn_though_not_validated(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-4-5-WITHDRAWAL"))


@finding(
    "V-4-5-NOT-DELETED",
    cite="EPOC:4(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="ex-post-validation-refused",
    contradicts="A7",
    says="Validation was refused and the data were neither deleted nor restricted.",
)
def kept_though_not_validated(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-4-5-DATA"))


@finding(
    "V-5-4",
    cite="EPOC:5(4)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="order-issued",
    contradicts="A5",
    says="The offence does not reach the threshold for traffic or content data, or it is not stated.",
)
def offence_below_the_threshold(r: OrderReading) -> Matches:
    """Treat a threshold that is not stated as not met (decision 44)."""
    met = r.order.states("offence_threshold") not in (None, "below")
    return r.entries.of("order-issued") if r.order.traffic_or_content and not met else None


# -- article 8: notification -------------------------------------------------------------------------------------------


@finding(
    "V-8-MISSING",
    cite="EPOC:8(1)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="order-issued",
    contradicts="A5",
    says="The enforcing authority was not notified.",
)
def not_notified(r: OrderReading) -> Matches:
    return never_notified(r)


@finding(
    "W-8-NOT-SIMULTANEOUS",
    cite="EPOC:8(1)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="notification-sent",
    gap="A5",
    says="The enforcing authority was not notified at the same time; it was {delta} later.",
)
def not_notified_simultaneously(r: OrderReading) -> Matches:
    return notified_late(r)


@finding(
    "W-8-SAME-DAY",
    cite="EPOC:8(1)",
    mark=Mark.DESIGN,
    under="EPOC",
    kinds="notification-sent",
    says="The enforcing authority was notified on the same day, {delta} after the transmission; that counts as the "
    "same time.",
)
def notified_the_same_day(r: OrderReading) -> Matches:
    return notified_that_day(r)

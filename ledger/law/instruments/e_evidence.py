"""Findings on European orders: Regulation (EU) 2023/1543.

In the order of the articles. Elsewhere: the required contents (rules/order_contents.py), the clocks (deadlines/
e_evidence.py and e_evidence_authorities.py), the states (states/e_evidence.py), transmission and transfer
(e_evidence_transmission.py).
"""

from __future__ import annotations

from ledger.entries.case import Entry, Unread, instant
from ledger.law.deadlines.e_evidence_preservation import extension_in_time, extensions, is_thirty_days
from ledger.law.instruments.notification import never_notified, notified_late
from ledger.law.reading.effective_entries import in_order
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Mark

# Art. 4(2): traffic and content in an EPOC. Art. 4(1), 4(3): all else, also data that are only to be preserved.
JUDICIAL = ("judge", "court", "investigating-judge")
WITH_PROSECUTOR = (*JUDICIAL, "public-prosecutor")

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
    pending = issued.get("validation_pending") is True or isinstance(issued.sealed.get("validation_pending"), Unread)
    return pending and r.emergency.lasts(issued.on) and not (r.instrument == "EPOC" and r.order.traffic_or_content)


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
    met = r.order.issued is not None and r.order.issued.get("offence_threshold") not in (None, "below")
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


# -- articles 10 and 11: execution -------------------------------------------------------------------------------------


@finding(
    "V-10-2-BEFORE-RELEASE",
    cite="EPOC:10(2), EPOC:8(4)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="data-disclosed",
    contradicts="A5",
    says="Data were sent before the enforcing authority's period was over and without its confirmation.",
)
def sent_before_release(r: OrderReading) -> Matches:
    """Treat an unknown end as not reached."""
    return [
        d
        for d in r.substance.disclosures
        if r.review.suspends(d.on)
        and r.deadlines.before_end(d, "E-10-2")
        and not r.entries.earlier(d, "no-ground-confirmed")
        and not any(in_order(g) < in_order(d) for g in r.review.grounds_in_time)
    ]


@finding(
    "V-10-LATE",
    cite="EPOC:10(2)-(4)",
    mark=Mark.TEXT,
    under="EPOC",
    contradicts="A6",
    says="The data were not sent in time.",
)
def not_sent_in_time(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-10-2", "E-10-3", "E-10-4"))


@finding(
    "V-10-4",
    cite="EPOC:10(4)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="ground-for-refusal-raised",
    contradicts="A5",
    says="A ground was raised after the data had been sent, and they were neither deleted nor restricted.",
)
def kept_against_a_ground(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-10-4-DATA"))


@finding(
    "V-11-1-LATE",
    cite="EPOC:11(1)",
    mark=Mark.TEXT,
    under="EPOC-PR",
    kinds="preservation-extended",
    contradicts="A6",
    says="The extension came after the keeping period had ended.",
)
def extended_too_late(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("preservation-extended") if not extension_in_time(r, e)]


@finding(
    "W-11-1-LENGTH",
    cite="EPOC:11(1), EPOC:AnnexVI",
    mark=Mark.TEXT,
    under="EPOC-PR",
    kinds="preservation-extended",
    says="An extension states another length than thirty days, or is not the first; thirty days count, and once.",
)
def extended_otherwise_than_by_thirty_days(r: OrderReading) -> Matches:
    further = extensions(r)[1:]
    in_time = (e for e in r.entries.of("preservation-extended") if extension_in_time(r, e))
    return [e for e in in_time if e in further or not is_thirty_days(e)]


# -- article 12: grounds for refusal -----------------------------------------------------------------------------------


@finding(
    "V-12-2",
    cite="EPOC:12(2)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="ground-for-refusal-raised",
    contradicts="A5",
    says="Data were sent although the enforcing authority had objected.",
)
def sent_against_a_ground(r: OrderReading) -> Matches:
    return [
        e
        for d in r.substance.disclosures
        for g in r.review.grounds_in_time
        if in_order(g) < in_order(d) and r.substance.bars(g, d)
        for e in (g, d)
    ]


@finding(
    "W-12-LATE",
    cite="EPOC:12(1)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="ground-for-refusal-raised",
    says="The ground was raised after the period and has no effect under this article.",
)
def ground_too_late(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("ground-for-refusal-raised") if not r.review.ground_in_time(e)]


@finding(
    "W-12-3-NO-CONTACT",
    cite="EPOC:12(3)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="ground-for-refusal-raised",
    says="The enforcing authority did not contact the issuing authority first.",
)
def issuer_not_contacted(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("ground-for-refusal-raised") if e.get("issuer_contacted_first") is not True]


@finding(
    "W-CLOCK-GAP",
    cite="EPOC:10(2), EPOC:12(1)",
    mark=Mark.DESIGN,
    under="EPOC",
    kinds="notification-received",
    says="The provider had to send before the enforcing authority's time was over.",
)
def provider_bound_before_authority(r: OrderReading) -> Matches:
    provider, authority = r.deadlines.clock("E-10-2"), r.deadlines.clock("E-12-1")
    if provider is None or authority is None or provider.due is None or authority.due is None:
        return None
    return of_clocks((provider, authority)) if authority.due > provider.due else None


# -- article 17: conflict of laws --------------------------------------------------------------------------------------


@finding(
    "W-17-LATE",
    cite="EPOC:17(2)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="reasoned-objection-filed",
    says="The objection came too late to suspend the order.",
)
def objection_too_late(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("reasoned-objection-filed") if not r.deadlines.before_end(e, "E-17-2")]

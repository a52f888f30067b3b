"""Findings on European orders: Regulation (EU) 2023/1543 arts 10 to 12 and 17, in their order."""

from __future__ import annotations

from typing import get_args

from ledger.entries.case import Entry
from ledger.facts.vocabulary import NonExecutionReason
from ledger.law.deadlines.e_evidence import of_a_third_country
from ledger.law.deadlines.e_evidence_preservation import extension_in_time, extensions, is_thirty_days
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.calendar import DAY
from ledger.law.terms.rule import ClockVerdict, Mark

REASONS = get_args(NonExecutionReason)
PRIVILEGE = frozenset(("EPOC:12(1)(a)", "EPOC:16(4)(f)", "EPOC:16(5)(e)"))  # immunities, privileges, press

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
        and not any(precedes(g, d) for g in r.review.grounds_in_time)
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
    "W-10-5-UNDECIDED",
    cite="EPOC:10(5), EPOC:11(4)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="reasons-for-non-execution-given preservation-refused",
    gap="A5",
    says="The provider named an immunity, a privilege or the freedom of the press, and the issuing authority did not "
    "decide on it, or late.",
)
def interference_not_decided(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-10-5"))


@finding(
    "W-10-8-UNDECIDED",
    cite="EPOC:10(7), EPOC:10(8), EPOC:11(6), EPOC:11(7)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="reasons-for-non-execution-given preservation-refused",
    says="The provider gave reasons why it cannot execute, and the issuing authority did not review them, or late.",
)
def reasons_not_reviewed(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-10-7", "E-10-8"))


@finding(
    "W-10-9-NOT-RELEASED",
    cite="EPOC:10(9), EPOC:11(3)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-closed",
    says="The file was closed, and the provider was not told that the data need no longer be produced or kept.",
)
def closed_while_data_are_kept(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("order-closed") if r.receipts.governing is not None and _still_bound(r, e)]


def _still_bound(r: OrderReading, closing: Entry) -> bool:
    """Return True if the provider must still keep the data when the file is closed, as far as its side can know."""
    if r.entries.of("order-withdrawn", "preservation-released", "impossibility-concluded"):
        return False
    if r.instrument == "EPOC-PR":
        keeping = r.deadlines.clock("E-11-1")
        running = keeping is not None and keeping.verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED)
        return running and r.deadlines.before_end(closing, "E-11-1")
    lifted = any(e.get("decision") == "lifted" for e in r.entries.of("court-review-decided"))
    no_data = any(r.substance.is_no_data_for_all(e) for e in r.entries.of("no-data-held"))
    return not (lifted or no_data or r.substance.complete())


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


@finding(
    "V-11-1-CEASED",
    cite="EPOC:11(1), EPOC:11(2)",
    mark=Mark.TEXT,
    under="EPOC-PR",
    kinds="preservation-ceased",
    gap="A5",
    says="The provider ended the preservation before its time was over, or although a request for production had been "
    "confirmed.",
)
def ceased_too_early(r: OrderReading) -> Matches:
    """Find a period that the provider ended before E-11-1, or after a request for the data and before their production.

    A provider that states another cause than the end of the period, or was released, is not found.
    """
    clock = r.deadlines.clock("E-11-1")
    ceased = [
        e
        for e in r.entries.of("preservation-ceased")
        if e.get("cause") == "period-ended" and not r.entries.earlier(e, "order-withdrawn", "preservation-released")
    ]
    early = [e for e in ceased if clock is not None and clock.due is not None and e.on < clock.due]
    asked = (e for e in ceased if e not in early and r.entries.earlier(e, "production-request-confirmed"))
    return [*early, *asked]


@finding(
    "W-11-1-KEPT",
    cite="EPOC:11(1)",
    mark=Mark.TEXT,
    under="EPOC-PR",
    kinds="preservation-ceased preservation-confirmed",
    says="The data were kept after the end of the preservation, and no request for production had been confirmed.",
)
def kept_without_a_request(r: OrderReading) -> Matches:
    """Find a preservation that the provider confirms or ends a day or more after the end of E-11-1 [design: a day]."""
    clock = r.deadlines.clock("E-11-1")
    if clock is None or clock.due is None:
        return None
    kept = (e for e in r.entries.of("preservation-ceased", "preservation-confirmed") if e.on >= clock.due + DAY)
    over = ("production-request-confirmed", "order-withdrawn", "preservation-released")
    return [e for e in kept if e.get("cause") in (None, "period-ended") and not r.entries.earlier(e, *over)]


@finding(
    "W-11-7-GROUND",
    cite="EPOC:11(7), EPOC:AnnexIII(D)",
    mark=Mark.TEXT,
    under="EPOC-PR",
    kinds="preservation-refused",
    says="The provider refused to preserve on a ground that the form of annex III does not have.",
)
def refused_on_a_ground_of_assistance(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("preservation-refused") if e.get("ground") not in REASONS]


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
        if precedes(g, d) and r.substance.bars(g, d)
        for e in (g, d)
    ]


@finding(
    "V-12-2-NOT-WITHDRAWN",
    cite="EPOC:12(2)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="ground-for-refusal-raised",
    contradicts="A5",
    says="The enforcing authority objected to all of the order, and the order was not withdrawn.",
)
def not_withdrawn_after_a_ground(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-12-2"))


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


@finding(
    "W-12-5-WAIVED",
    cite="EPOC:12(5), EPOC:16(4)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="waiver-decided",
    says="A ground rests on an immunity or a privilege alone, which had been waived.",
)
def ground_though_waived(r: OrderReading) -> Matches:
    decisions = r.entries.of("waiver-decided")
    objections = r.entries.of("ground-for-refusal-raised", "recognition-decided", "addressee-objected")
    on_privilege = [e for e in objections if e.get("grounds") and set(e.get("grounds")) <= PRIVILEGE]
    newest = ((e, [d for d in decisions if precedes(d, e)][-1:]) for e in on_privilege)
    return [e for e, decided in newest if any(d.get("decision") == "waived" for d in decided)]


# -- article 17: conflict of laws --------------------------------------------------------------------------------------


@finding(
    "W-17-1-MEMBER-STATE",
    cite="EPOC:17(1)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="reasoned-objection-filed",
    says="The objection rests on the law of a Member State, and not of a third country; it does not suspend the order.",
)
def objection_on_law_of_a_member_state(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("reasoned-objection-filed") if not of_a_third_country(r, e)]


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


@finding(
    "W-17-3-NO-REVIEW",
    cite="EPOC:17(3)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="order-maintained",
    gap="A5",
    says="The issuing authority upheld the order against an objection, and asked no court for a review.",
)
def upheld_without_a_court(r: OrderReading) -> Matches:
    """Find a decision to maintain the order on an objection that suspends it; a review may also be asked for later."""
    found = []
    for e in r.entries.of("order-maintained"):
        objection = r.entries.named(e.get("answers"))
        if objection is None or objection.kind != "reasoned-objection-filed":
            continue
        suspends = of_a_third_country(r, objection) and r.deadlines.before_end(objection, "E-17-2")
        if suspends and not r.entries.later(objection, "court-review-requested"):
            found += [objection, e]
    return found


@finding(
    "W-17-10-NOT-NOTIFIED",
    cite="EPOC:17(10)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="court-review-decided",
    says="The record does not show that the enforcing authority was informed of the outcome of the review.",
)
def outcome_not_notified(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("E-17-10"))

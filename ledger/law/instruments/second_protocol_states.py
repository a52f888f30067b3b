"""Findings on the Second Additional Protocol, CETS 224: articles 8 and 9, between States."""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import CheckResult, Matches, finding, of_clocks
from ledger.law.terms.rule import CriterionState, Mark

# -- article 8: through the other State --------------------------------------------------------------------------------


@finding(
    "V-7-8-NOT-TRIED",
    cite="2AP:7(8)",
    mark=Mark.KNOWN,
    under="2AP-8",
    kinds="order-issued",
    contradicts="A5",
    says="The provider was not asked first, and it is not said why not.",
)
def provider_not_asked_first(r: OrderReading) -> Matches:
    untried = "subscriber" in r.order.categories and r.order.lacks("prior_order") and r.order.lacks("prior_attempts")
    return r.entries.of("order-issued") if untried and r.parties.declared("D-7-8") else None


@finding(
    "V-8-13-RESERVED",
    cite="2AP:8(13)",
    mark=Mark.LIKELY,  # a letter of the Canadian Bar Association says that the reservation exists
    under="2AP-8",
    kinds="order-issued",
    contradicts="A5",
    says="The other Party does not apply article 8 to traffic data.",
)
def traffic_data_reserved(r: OrderReading) -> Matches:
    return r.entries.of("order-issued") if "traffic" in r.order.governing and r.parties.declared("R-8-13") else None


@finding(
    "V-8-11-SENDER",
    cite="2AP:8(11)",
    mark=Mark.TEXT,
    under="2AP-8",
    kinds="order-transmitted",
    contradicts="A5",
    says="The request was not sent by the central authority.",
)
def not_sent_by_the_central_authority(r: OrderReading) -> Matches:
    """Find it unless the sender is the other authority that was mutually determined: designated under D-8-11."""
    sent = (e for e in r.entries.of("order-transmitted") if r.actors.is_by(e, "ISS", "POC"))
    wrong = [e for e in sent if not _mutually_determined(r, e)]
    if not wrong or not r.parties.declared("D-8-11"):
        return None
    again = [e for e in r.entries.later(wrong[-1], "order-transmitted") if r.actors.is_by(e, "CAR")]
    standing = CriterionState.GAP if again else CriterionState.CONTRADICTED
    return CheckResult(tuple(e.leaf for e in (*wrong, *again)), effects=(("A5", standing),))


def _mutually_determined(r: OrderReading, e: Entry) -> bool:
    office = r.register.office(e.actor, r.parties.issuer_days.day(e.on))
    return office is not None and "D-8-11" in office.designations


@finding(
    "W-8-6-SERVICE",
    cite="2AP:8(6)(a)",
    mark=Mark.KNOWN,
    under="2AP-8",
    kinds="request-accepted",
    gap="A6",
    says="The provider was served after the 45 days; the duty is one of reasonable efforts.",
)
def served_late(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("D-8-6-SERVICE"))


@finding(
    "W-8-6-RETURN",
    cite="2AP:8(6)(a)(i)-(ii)",
    mark=Mark.LIKELY,
    under="2AP-8",
    kinds="order-received",
    gap="A6",
    says="The return came after the time; counted by {policy}.",
)
def returned_late(r: OrderReading) -> Matches:
    missed = r.deadlines.missed("D-8-6-RETURN")
    return of_clocks(missed, policy=missed[0].policy) if missed else None


# -- article 9: emergency ----------------------------------------------------------------------------------------------


@finding(
    "V-9-1b",
    cite="2AP:9(1)(b)",
    mark=Mark.KNOWN,
    under="2AP-9",
    kinds="order-issued",
    contradicts="A5",
    says="The other Party does not execute emergency requests for subscriber information alone.",
)
def subscriber_information_alone(r: OrderReading) -> Matches:
    return (
        r.entries.of("order-issued") if r.order.categories == {"subscriber"} and r.parties.declared("D-9-1-b") else None
    )


@finding(
    "V-9-4",
    cite="2AP:9(4)",
    mark=Mark.KNOWN,
    kinds="oral-request-made",
    contradicts="A5",
    says="The oral request was never confirmed in writing.",
)
def never_confirmed_in_writing(r: OrderReading) -> Matches:
    """Find it once data have come or the order is closed; there is no time limit (decision 51)."""
    came = r.entries.of("data-disclosed", "data-transmitted-by-state")
    if not came and r.history.state != "CLOSED":
        return None
    confirmed = {
        oral.leaf for e in r.entries.of("request-confirmed-in-writing") if (oral := r.entries.named(e.get("confirms")))
    }
    demanded = (e for e in r.entries.of("oral-request-made") if e.get("confirmation_demanded") is True)
    unconfirmed = [e for e in demanded if e.leaf not in confirmed]
    return (*unconfirmed, *came) if unconfirmed else None


@finding(
    "V-9-5-OVERDUE",
    cite="2AP:9(5)",
    mark=Mark.KNOWN,
    under="2AP-9",
    kinds="data-transmitted-by-state",
    contradicts="A5",
    says="The request was not sent again in the declared form in time.",
)
def not_sent_again_in_form(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("D-9-5"))

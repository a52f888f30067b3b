"""Findings on the Stored Communications Act, 18 U.S.C. 2701 ff., in the order of its sections.

A foreign order under an executive agreement (COA) is no "legal process issued under this section": 2703 says nothing on
it. Its rules stand in executive_agreements.py. The reimbursement of costs, 2706, is a kind (costs-claimed).
"""

from __future__ import annotations

from datetime import date

from ledger.law.deadlines.direct_cooperation import qualifies, renewal_2703_f
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.calendar import Duration, duration
from ledger.law.terms.rule import Mark

NINETY = Duration(days=90)


@finding(
    "W-2703d-MOTION",
    cite="SCA:2703(d), SCA:2703(h)(2)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="reasoned-objection-filed",
    says="The order is not for contents: the motion of 2703(h) is not open, and one under 2703(d) suspends nothing by "
    "itself.",
)
def motion_without_contents(r: OrderReading) -> Matches:
    return None if "content" in r.order.governing else r.entries.of("reasoned-objection-filed")


@finding(
    "W-2703f-ENDED",
    cite="SCA:2703(f)(2)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="preservation-requested",
    gap="A6",
    says="The time of preservation ended before process was issued; the provider need not keep the data.",
)
def preservation_ended(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("SCA-2703-f"))


@finding(
    "W-2703f-RENEWAL",
    cite="SCA:2703(f)(2)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="preservation-extended preservation-requested",
    says="Another period than one further period of ninety days was asked for, or it was asked for too late; it has no "
    "effect beyond that.",
)
def renewed_otherwise(r: OrderReading) -> Matches:
    requested, renewal = r.entries.first("preservation-requested"), renewal_2703_f(r)
    if requested is None:
        return None
    later = r.entries.later(requested, "preservation-extended", "preservation-requested")
    asked = {e.leaf: duration(e.get("extends_by") or e.get("period")) for e in later}
    return [e for e in later if e is not renewal or asked[e.leaf] not in (None, NINETY)]


@finding(
    "V-2703f-CEASED",
    cite="SCA:2703(f)(2)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="preservation-ceased",
    gap="A6",
    says="The provider ended the preservation before its time was over.",
)
def preservation_ceased_early(r: OrderReading) -> Matches:
    clock = r.deadlines.clock("SCA-2703-f")
    if clock is None or clock.due is None:
        return None
    return [e for e in r.entries.of("preservation-ceased") if e.get("cause") == "period-ended" and e.on < clock.due]


@finding(
    "W-2705a-LENGTH",
    cite="SCA:2705(a)(1), SCA:2705(a)(4)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="customer-notification-delayed customer-notification-delay-extended",
    gap="A7",
    says="The notice was put off for more than ninety days at once.",
)
def put_off_for_more_than_ninety_days(r: OrderReading) -> Matches:
    """Find a delay that states a day more than ninety days later, and an extension of more than ninety days.

    An extension is counted from the day that the delay before it states, or from its own, whichever is later.
    """
    found, end = [], date.min
    for e in r.entries.of("customer-notification-delayed", "customer-notification-delay-extended"):
        begins = max(end, r.parties.days_of(e.party).day(e.on))
        end = date.fromisoformat(e.get("review_on"))
        found += [e] if end > NINETY.after(begins) else []
    return found


@finding(
    "W-2703h-LATE",
    cite="SCA:2703(h)(2)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="reasoned-objection-filed",
    says="The motion came too late.",
)
def motion_too_late(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("reasoned-objection-filed") if not r.deadlines.before_end(e, "SCA-2703-h")]


@finding(
    "W-2703h-CONDITIONS",
    cite="SCA:2703(h)(2)(A), SCA:2703(h)(1)(A)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="reasoned-objection-filed",
    says="The motion is for a United States person or resident, or rests on the law of a State without an agreement "
    "under 18 U.S.C. 2523; it does not suspend the order.",
)
def conditions_not_met(r: OrderReading) -> Matches:
    if "content" not in r.order.governing:
        return None
    return [
        e
        for e in r.entries.of("reasoned-objection-filed")
        if e.get("not_us_person") is False or not qualifies(r, e.get("conflicting_law_party"), e.on)
    ]


@finding(
    "W-2703h5-NOT-QUALIFYING",
    cite="SCA:2703(h)(5)",
    mark=Mark.TEXT,
    under="SCA",
    kinds="foreign-government-informed",
    gap="A7",
    says="A foreign government was told of the order that is not a qualifying one, or of an order that is not for "
    "contents, or about a customer who is neither its national nor its resident.",
)
def told_another_government(r: OrderReading) -> Matches:
    """Find it; telling a qualifying government of an order for contents breaks no order of confidentiality."""
    return [
        e
        for e in r.entries.of("foreign-government-informed")
        if "content" not in r.order.governing
        or e.get("national_or_resident") is False
        or not qualifies(r, e.get("government"), e.on)
    ]

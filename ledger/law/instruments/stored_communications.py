"""Findings on the Stored Communications Act, 18 U.S.C. 2701 ff., and on CLOUD Act agreements."""

from __future__ import annotations

from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark


@finding(
    "W-2703h-LATE",
    cite="SCA:2703(h)(2)",
    mark=Mark.KNOWN,
    under="SCA COA",
    kinds="reasoned-objection-filed",
    says="The motion came too late.",
)
def motion_too_late(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("reasoned-objection-filed") if not r.deadlines.before_end(e, "SCA-2703-h")]

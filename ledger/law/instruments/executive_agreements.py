"""Findings on orders under an agreement of 18 U.S.C. 2523 (COA): the Crime (Overseas Production Orders) Act 2019."""

from __future__ import annotations

from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Mark


@finding(
    "W-OPO-5-LATE",
    cite="OPO:5",
    mark=Mark.LIKELY,
    under="COA",
    kinds="order-received",
    gap="A6",
    says="The data were not produced within the time of the order.",
)
def produced_late(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("OPO-5-PRODUCE"))


@finding(
    "V-OPO-9-NOT-SERVED",
    cite="OPO:9(1)",
    mark=Mark.TEXT,
    under="COA",
    kinds="order-issued",
    contradicts="A4",
    says="The order was not served within three months; it is treated as quashed.",
)
def not_served_in_time(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("OPO-9-SERVICE"))

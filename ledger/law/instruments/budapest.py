"""Findings on the Budapest Convention, ETS 185, in the order of its articles."""

from __future__ import annotations

from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Mark


@finding(
    "V-27-7-NO-REASONS",
    cite="BC:27(7), 2AP:8(8)",
    mark=Mark.TEXT,
    kinds="request-refused execution-postponed",
    gap="A5",
    says="The requested Party gave no reasons.",
)
def refused_without_reasons(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("request-refused", "execution-postponed") if not e.stated("reasons")]


@finding(
    "W-29-7",
    cite="BC:29(7)",
    mark=Mark.TEXT,
    under="BC-29",
    kinds="preservation-confirmed order-received",
    gap="A6",
    says="Sixty days have passed and no request for the kept data was made.",
)
def no_request_for_what_is_kept(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("B-29-60"))

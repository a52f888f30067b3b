"""Findings on a disclosure without compulsion, which no act requires."""

from __future__ import annotations

from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark


@finding(
    "G-VOL-EVIDENTIAL-RISK",
    cite="T-CY(2016)2",
    mark=Mark.TEXT,
    under="VOL",
    kinds="data-disclosed",
    says="The data were given without compulsion; some States ask for mutual assistance before they are used as "
    "evidence.",
)
def given_without_compulsion(r: OrderReading) -> Matches:
    return None if r.substance.disowned else r.substance.disclosures

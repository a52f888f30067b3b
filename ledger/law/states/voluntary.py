"""The states of a request without compulsion. Nobody reviews it in between: no event leads there (decision 68)."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import answers_the_provider, not_partial, partial
from ledger.law.states.machine import BEFORE, OTHER, STAYS, Row

NEXT_STEP = "escalated-to-article8 escalated-to-mutual-assistance"

ANSWERABLE = "SUBMITTED VERIFIED AWAITING_CLARIFICATION DECLINED ESCALATED WITHDRAWN PARTIALLY_DISCLOSED"
ESCALABLE = "SUBMITTED VERIFIED DECLINED NO_DATA PARTIALLY_DISCLOSED"
CLOSABLE = "DISCLOSED PARTIALLY_DISCLOSED DECLINED NO_DATA WITHDRAWN ESCALATED REPUDIATED"
VOLUNTARY = machine(
    "VOL",
    rows=(
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("-", "order-received", "SUBMITTED"),
        Row("ISSUED", "order-transmitted order-received", "SUBMITTED"),
        Row(OTHER, "order-transmitted order-received", STAYS),
        Row("SUBMITTED", "authenticity-confirmed", "VERIFIED"),
        Row(OTHER, "authenticity-confirmed", STAYS),
        Row("SUBMITTED VERIFIED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Row("AWAITING_CLARIFICATION", "order-corrected", BEFORE),
        Row("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Row(OTHER, "order-corrected additional-information-provided", STAYS),
        Row(ANSWERABLE, "data-disclosed", "DISCLOSED", when=not_partial),
        Row(ANSWERABLE, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Row("DISCLOSED", "data-disclosed", STAYS),
        Row("SUBMITTED VERIFIED AWAITING_CLARIFICATION PARTIALLY_DISCLOSED", "disclosure-declined", "DECLINED"),
        Row("SUBMITTED VERIFIED AWAITING_CLARIFICATION", "no-data-held", "NO_DATA"),
        Row(ESCALABLE, NEXT_STEP, "ESCALATED"),
        Row("ISSUED SUBMITTED VERIFIED AWAITING_CLARIFICATION DECLINED", "order-withdrawn", "WITHDRAWN"),
        Row("DISCLOSED PARTIALLY_DISCLOSED ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Row(CLOSABLE, "order-closed", "CLOSED"),
    ),
)

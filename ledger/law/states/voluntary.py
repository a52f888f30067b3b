"""The states of a request without compulsion. No entry leads to a review in between (decision 68)."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import answers_the_provider, not_partial, partial
from ledger.law.states.machine import BEFORE, OTHER, STAYS, Move

NEXT_STEP = "escalated-to-article8 escalated-to-mutual-assistance"

ANSWERABLE = "SUBMITTED VERIFIED AWAITING_CLARIFICATION DECLINED ESCALATED WITHDRAWN PARTIALLY_DISCLOSED"
ESCALABLE = "SUBMITTED VERIFIED DECLINED NO_DATA PARTIALLY_DISCLOSED"
CLOSABLE = "DISCLOSED PARTIALLY_DISCLOSED DECLINED NO_DATA WITHDRAWN ESCALATED REPUDIATED"
VOLUNTARY = machine(
    "VOL",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("-", "order-received", "SUBMITTED"),
        Move("ISSUED", "order-transmitted order-received", "SUBMITTED"),
        Move(OTHER, "order-transmitted order-received", STAYS),
        Move("SUBMITTED", "authenticity-confirmed", "VERIFIED"),
        Move(OTHER, "authenticity-confirmed", STAYS),
        Move("SUBMITTED VERIFIED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Move("AWAITING_CLARIFICATION", "order-corrected", BEFORE),
        Move("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Move(OTHER, "order-corrected additional-information-provided", STAYS),
        Move(ANSWERABLE, "data-disclosed", "DISCLOSED", when=not_partial),
        Move(ANSWERABLE, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Move("DISCLOSED", "data-disclosed", STAYS),
        Move("SUBMITTED VERIFIED AWAITING_CLARIFICATION PARTIALLY_DISCLOSED", "disclosure-declined", "DECLINED"),
        Move("SUBMITTED VERIFIED AWAITING_CLARIFICATION", "no-data-held", "NO_DATA"),
        Move(ESCALABLE, NEXT_STEP, "ESCALATED"),
        Move("ISSUED SUBMITTED VERIFIED AWAITING_CLARIFICATION DECLINED", "order-withdrawn", "WITHDRAWN"),
        Move("DISCLOSED PARTIALLY_DISCLOSED ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Move(CLOSABLE, "order-closed", "CLOSED"),
    ),
)

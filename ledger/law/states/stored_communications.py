"""The states of a production order of the provider's own State: SCA, CLOUD Act agreements, ETS 185 art. 18."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import answers_the_provider, in_time, lifted, not_partial, partial, upheld
from ledger.law.states.machine import BEFORE, OTHER, STAYS, Move

ANSWERABLE = "SERVED AWAITING_CLARIFICATION SUSPENDED DECLINED WITHDRAWN PARTIALLY_DISCLOSED"
OWN_PRODUCTION_ORDER = machine(
    "SCA",
    "COA",
    "BC-18",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("-", "order-received", "SERVED"),
        Move("ISSUED", "order-transmitted order-received", "SERVED"),
        Move(OTHER, "order-transmitted order-received", STAYS),
        Move("SERVED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Move("AWAITING_CLARIFICATION", "order-corrected order-maintained", BEFORE),
        Move("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Move(OTHER, "order-corrected order-maintained additional-information-provided", STAYS),
        Move("SERVED AWAITING_CLARIFICATION", "reasoned-objection-filed", "SUSPENDED", when=in_time),
        Move(OTHER, "reasoned-objection-filed", STAYS),
        Move("SUSPENDED", "court-review-decided", "SERVED", when=upheld),
        Move("SUSPENDED", "court-review-decided", "WITHDRAWN", when=lifted),
        Move(ANSWERABLE, "data-disclosed", "DISCLOSED", when=not_partial),
        Move(ANSWERABLE, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Move("DISCLOSED", "data-disclosed", STAYS),
        Move("SERVED AWAITING_CLARIFICATION PARTIALLY_DISCLOSED", "disclosure-declined", "DECLINED"),
        Move("SERVED AWAITING_CLARIFICATION", "no-data-held", "NO_DATA"),
        Move("ISSUED SERVED AWAITING_CLARIFICATION SUSPENDED DECLINED", "order-withdrawn", "WITHDRAWN"),
        Move("DISCLOSED PARTIALLY_DISCLOSED NO_DATA", "order-withdrawn", STAYS),
        Move("DISCLOSED PARTIALLY_DISCLOSED DECLINED NO_DATA WITHDRAWN REPUDIATED", "order-closed", "CLOSED"),
    ),
)

"""The states of a production order of the provider's own State: SCA, CLOUD Act agreements, ETS 185 art. 18."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import answers_the_provider, in_time, lifted, not_partial, partial, upheld
from ledger.law.states.machine import BEFORE, OTHER, STAYS, Row

ANSWERABLE = "SERVED AWAITING_CLARIFICATION SUSPENDED DECLINED WITHDRAWN PARTIALLY_DISCLOSED"
OWN_PRODUCTION_ORDER = machine(
    "SCA",
    "COA",
    "BC-18",
    rows=(
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("-", "order-received", "SERVED"),
        Row("ISSUED", "order-transmitted order-received", "SERVED"),
        Row(OTHER, "order-transmitted order-received", STAYS),
        Row("SERVED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Row("AWAITING_CLARIFICATION", "order-corrected order-maintained", BEFORE),
        Row("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Row(OTHER, "order-corrected order-maintained additional-information-provided", STAYS),
        Row("SERVED AWAITING_CLARIFICATION", "reasoned-objection-filed", "SUSPENDED", when=in_time),
        Row(OTHER, "reasoned-objection-filed", STAYS),
        Row("SUSPENDED", "court-review-decided", "SERVED", when=upheld),
        Row("SUSPENDED", "court-review-decided", "WITHDRAWN", when=lifted),
        Row(ANSWERABLE, "data-disclosed", "DISCLOSED", when=not_partial),
        Row(ANSWERABLE, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Row("DISCLOSED", "data-disclosed", STAYS),
        Row("SERVED AWAITING_CLARIFICATION PARTIALLY_DISCLOSED", "disclosure-declined", "DECLINED"),
        Row("SERVED AWAITING_CLARIFICATION", "no-data-held", "NO_DATA"),
        Row("ISSUED SERVED AWAITING_CLARIFICATION SUSPENDED DECLINED", "order-withdrawn", "WITHDRAWN"),
        Row("DISCLOSED PARTIALLY_DISCLOSED NO_DATA", "order-withdrawn", STAYS),
        Row("DISCLOSED PARTIALLY_DISCLOSED DECLINED NO_DATA WITHDRAWN REPUDIATED", "order-closed", "CLOSED"),
    ),
)

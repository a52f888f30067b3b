"""The states of European orders: Regulation (EU) 2023/1543."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import (
    TRANSMISSION,
    answers_the_provider,
    denied,
    in_time,
    in_time_for_all,
    in_time_in_part,
    lapsed,
    lifted,
    not_partial,
    partial,
    suspensive,
    the_suspensive_notification_has_been_received,
    the_time_to_transmit_is_over,
    upheld,
    while_the_notification_suspends,
)
from ledger.law.states.machine import ANY, BEFORE, OTHER, STAYS, Alone, Row

UNDER_REVIEW = "SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED"
OBJECTABLE = "SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED AWAITING_CLARIFICATION NON_COMPLIANT"
ANSWERABLE = """
    SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED REFUSED_BY_STATE AWAITING_CLARIFICATION SUSPENDED_ART17
    NON_COMPLIANT ENFORCEMENT WITHDRAWN PARTIALLY_DISCLOSED
"""
WITHDRAWABLE = """
    ISSUED SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED REFUSED_BY_STATE AWAITING_CLARIFICATION SUSPENDED_ART17
    NON_COMPLIANT ENFORCEMENT ENFORCEMENT_DENIED
"""
CLOSABLE = "DISCLOSED PARTIALLY_DISCLOSED RESTRICTED NO_DATA WITHDRAWN REFUSED_BY_STATE ENFORCEMENT_DENIED REPUDIATED"
PRODUCTION_ORDER = machine(
    "EPOC",
    rows=(
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("-", "order-received", "SERVED"),
        Row(
            "ISSUED",
            "order-transmitted order-received",
            "UNDER_STATE_REVIEW",
            when=the_suspensive_notification_has_been_received,
        ),
        Row("ISSUED", "order-transmitted order-received", "SERVED"),
        Row(OTHER, "order-transmitted order-received", STAYS),
        Row("SERVED", "notification-received", "UNDER_STATE_REVIEW", when=suspensive),
        Row(OTHER, "notification-received", STAYS),
        Row("SERVED UNDER_STATE_REVIEW", "no-ground-confirmed", "RELEASED"),
        Row(OTHER, "no-ground-confirmed", STAYS),
        Row(UNDER_REVIEW, "ground-for-refusal-raised", "REFUSED_BY_STATE", when=in_time_for_all),
        Row(UNDER_REVIEW, "ground-for-refusal-raised", "CONDITIONED", when=in_time_in_part),
        Row("DISCLOSED PARTIALLY_DISCLOSED", "ground-for-refusal-raised", "RESTRICTED", when=in_time),
        Row(OTHER, "ground-for-refusal-raised", STAYS),
        Row("SERVED UNDER_STATE_REVIEW RELEASED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Row("AWAITING_CLARIFICATION", "order-corrected order-maintained", BEFORE),
        Row("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Row(OTHER, "order-corrected order-maintained additional-information-provided", STAYS),
        Row(OBJECTABLE, "reasoned-objection-filed", "SUSPENDED_ART17", when=in_time),
        Row(OTHER, "reasoned-objection-filed", STAYS),
        Row("SUSPENDED_ART17", "court-review-decided", "RELEASED", when=upheld),
        Row("SUSPENDED_ART17", "court-review-decided", "WITHDRAWN", when=lifted),
        Row(ANSWERABLE, "data-disclosed", "DISCLOSED", when=not_partial),
        Row(ANSWERABLE, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Row("DISCLOSED RESTRICTED", "data-disclosed", STAYS),
        Row(OBJECTABLE, "no-data-held", "NO_DATA"),
        Row("PARTIALLY_DISCLOSED", "no-data-held", STAYS),
        Row("SERVED RELEASED CONDITIONED", "deadline-lapsed", "NON_COMPLIANT", when=lapsed(*TRANSMISSION)),
        Row("NON_COMPLIANT PARTIALLY_DISCLOSED", "enforcement-requested", "ENFORCEMENT"),
        Row("SERVED RELEASED CONDITIONED", "enforcement-requested", "ENFORCEMENT", when=the_time_to_transmit_is_over),
        Row("ENFORCEMENT", "recognition-decided", "ENFORCEMENT_DENIED", when=denied),
        Row("ENFORCEMENT", "recognition-decided addressee-objected compliance-ordered penalty-imposed", STAYS),
        Row(WITHDRAWABLE, "order-withdrawn", "WITHDRAWN"),
        Row("DISCLOSED PARTIALLY_DISCLOSED RESTRICTED NO_DATA WITHDRAWN", "order-withdrawn", STAYS),
        Row(ANY, "ex-post-validation-refused", "WITHDRAWN"),
        Row(CLOSABLE, "order-closed", "CLOSED"),
    ),
    alone=(Alone("SERVED UNDER_STATE_REVIEW", ends="E-10-2", to="RELEASED", when=while_the_notification_suspends),),
)

WITHDRAWABLE_PR = "ISSUED SERVED PRESERVED EXTENDED PRODUCTION_CONFIRMED AWAITING_CLARIFICATION"
PRESERVATION_ORDER = machine(
    "EPOC-PR",
    rows=(
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("-", "order-received", "SERVED"),
        Row("ISSUED", "order-transmitted order-received", "SERVED"),
        Row(OTHER, "order-transmitted order-received", STAYS),
        Row("SERVED", "preservation-confirmed", "PRESERVED"),
        Row("PRESERVED EXTENDED PRODUCTION_CONFIRMED", "preservation-confirmed", STAYS),
        Row("SERVED PRESERVED", "preservation-refused", "DECLINED"),
        Row("PRESERVED", "preservation-extended", "EXTENDED", when=in_time),
        Row("SERVED CEASED", "preservation-extended", STAYS),
        Row("SERVED PRESERVED EXTENDED", "production-request-confirmed", "PRODUCTION_CONFIRMED", when=in_time),
        Row("CEASED PRODUCTION_CONFIRMED", "production-request-confirmed", STAYS),
        Row("SERVED PRESERVED EXTENDED PRODUCTION_CONFIRMED CEASED", "preservation-ceased", "CEASED"),
        Row("SERVED PRESERVED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Row("AWAITING_CLARIFICATION", "order-corrected order-maintained", BEFORE),
        Row("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Row(OTHER, "order-corrected order-maintained additional-information-provided", STAYS),
        Row("SERVED PRESERVED EXTENDED", "no-data-held", "NO_DATA"),
        Row(WITHDRAWABLE_PR, "order-withdrawn", "WITHDRAWN"),
        Row("CEASED EXEMPT DECLINED NO_DATA WITHDRAWN", "order-withdrawn", STAYS),
        Row(ANY, "ex-post-validation-refused", "WITHDRAWN"),
        Row("CEASED EXEMPT DECLINED NO_DATA WITHDRAWN PRODUCTION_CONFIRMED REPUDIATED", "order-closed", "CLOSED"),
    ),
    alone=(
        Alone("AWAITING_CLARIFICATION", ends="E-11-5", to="EXEMPT"),
        Alone("SERVED PRESERVED EXTENDED", ends="E-11-1", to="CEASED"),
    ),
)

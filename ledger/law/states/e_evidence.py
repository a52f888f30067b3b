"""The states of European orders: Regulation (EU) 2023/1543."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import (
    TRANSMISSION,
    after_a_refused_validation,
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
from ledger.law.states.machine import ANY, BEFORE, OTHER, STAYS, Move, TimedMove

UNDER_REVIEW = "SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED"
OBJECTABLE = "SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED AWAITING_CLARIFICATION NON_COMPLIANT"
ANSWERABLE = """
    SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED REFUSED_BY_STATE AWAITING_CLARIFICATION SUSPENDED_ART17
    NON_COMPLIANT ENFORCEMENT WITHDRAWN EXEMPT PARTIALLY_DISCLOSED
"""
WITHDRAWABLE = """
    ISSUED SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED REFUSED_BY_STATE AWAITING_CLARIFICATION SUSPENDED_ART17
    NON_COMPLIANT ENFORCEMENT ENFORCEMENT_DENIED
"""
EXECUTABLE = "SERVED UNDER_STATE_REVIEW RELEASED CONDITIONED AWAITING_CLARIFICATION SUSPENDED_ART17 NON_COMPLIANT"
ANSWERED = "DISCLOSED PARTIALLY_DISCLOSED RESTRICTED NO_DATA"
CLOSABLE = f"{ANSWERED} WITHDRAWN EXEMPT REFUSED_BY_STATE ENFORCEMENT_DENIED REPUDIATED"
PRODUCTION_ORDER = machine(
    "EPOC",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("-", "order-received", "SERVED"),
        Move(
            "ISSUED",
            "order-transmitted order-received",
            "UNDER_STATE_REVIEW",
            when=the_suspensive_notification_has_been_received,
        ),
        Move("ISSUED", "order-transmitted order-received", "SERVED"),
        Move(OTHER, "order-transmitted order-received", STAYS),
        Move("SERVED", "notification-received", "UNDER_STATE_REVIEW", when=suspensive),
        Move(OTHER, "notification-received", STAYS),
        Move("SERVED UNDER_STATE_REVIEW", "no-ground-confirmed", "RELEASED"),
        Move(OTHER, "no-ground-confirmed", STAYS),
        Move(UNDER_REVIEW, "ground-for-refusal-raised", "REFUSED_BY_STATE", when=in_time_for_all),
        Move(UNDER_REVIEW, "ground-for-refusal-raised", "CONDITIONED", when=in_time_in_part),
        Move("DISCLOSED PARTIALLY_DISCLOSED", "ground-for-refusal-raised", "RESTRICTED", when=in_time),
        Move(OTHER, "ground-for-refusal-raised", STAYS),
        Move("SERVED UNDER_STATE_REVIEW RELEASED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Move("AWAITING_CLARIFICATION", "order-corrected order-maintained", BEFORE),
        Move("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Move(OTHER, "order-corrected order-maintained additional-information-provided", STAYS),
        Move(OBJECTABLE, "reasoned-objection-filed", "SUSPENDED_ART17", when=in_time),
        Move(OTHER, "reasoned-objection-filed", STAYS),
        Move("SUSPENDED_ART17", "court-review-decided", "RELEASED", when=upheld),
        Move("SUSPENDED_ART17", "court-review-decided", "WITHDRAWN", when=lifted),
        Move(ANSWERABLE, "data-disclosed", "DISCLOSED", when=not_partial),
        Move(ANSWERABLE, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Move("DISCLOSED RESTRICTED", "data-disclosed", STAYS),
        Move(f"{OBJECTABLE} ENFORCEMENT", "no-data-held", "NO_DATA"),
        Move("PARTIALLY_DISCLOSED", "no-data-held", STAYS),
        Move("SERVED RELEASED CONDITIONED", "deadline-lapsed", "NON_COMPLIANT", when=lapsed(*TRANSMISSION)),
        Move("NON_COMPLIANT PARTIALLY_DISCLOSED NO_DATA", "enforcement-requested", "ENFORCEMENT"),
        Move("SERVED RELEASED CONDITIONED", "enforcement-requested", "ENFORCEMENT", when=the_time_to_transmit_is_over),
        Move("ENFORCEMENT", "recognition-decided", "ENFORCEMENT_DENIED", when=denied),
        Move("ENFORCEMENT", "recognition-decided addressee-objected compliance-ordered penalty-imposed", STAYS),
        Move(EXECUTABLE, "impossibility-concluded", "EXEMPT"),
        Move(OTHER, "impossibility-concluded", STAYS),
        Move(WITHDRAWABLE, "order-withdrawn", "WITHDRAWN"),
        Move(ANSWERED, "order-withdrawn", "WITHDRAWN", when=after_a_refused_validation),
        Move(f"{ANSWERED} WITHDRAWN EXEMPT", "order-withdrawn", STAYS),
        Move(ANY, "ex-post-validation-refused", STAYS),
        Move(CLOSABLE, "order-closed", "CLOSED"),
    ),
    alone=(TimedMove("SERVED UNDER_STATE_REVIEW", ends="E-10-2", to="RELEASED", when=while_the_notification_suspends),),
)

WITHDRAWABLE_PR = """
    ISSUED SERVED PRESERVED EXTENDED PRODUCTION_CONFIRMED AWAITING_CLARIFICATION ENFORCEMENT ENFORCEMENT_DENIED
"""
KEEPING = "SERVED PRESERVED EXTENDED PRODUCTION_CONFIRMED AWAITING_CLARIFICATION ENFORCEMENT"
OVER_PR = "CEASED EXEMPT DECLINED NO_DATA"
CLOSABLE_PR = "CEASED EXEMPT DECLINED NO_DATA WITHDRAWN PRODUCTION_CONFIRMED ENFORCEMENT_DENIED REPUDIATED"
PRESERVATION_ORDER = machine(
    "EPOC-PR",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("-", "order-received", "SERVED"),
        Move("ISSUED", "order-transmitted order-received", "SERVED"),
        Move(OTHER, "order-transmitted order-received", STAYS),
        Move("SERVED", "preservation-confirmed", "PRESERVED"),
        Move("PRESERVED EXTENDED PRODUCTION_CONFIRMED", "preservation-confirmed", STAYS),
        Move("ENFORCEMENT", "preservation-confirmed", "PRESERVED"),
        Move("SERVED PRESERVED ENFORCEMENT", "preservation-refused", "DECLINED"),
        Move("PRESERVED", "preservation-extended", "EXTENDED", when=in_time),
        Move("SERVED CEASED", "preservation-extended", STAYS),
        Move("SERVED PRESERVED EXTENDED", "production-request-confirmed", "PRODUCTION_CONFIRMED", when=in_time),
        Move("CEASED PRODUCTION_CONFIRMED", "production-request-confirmed", STAYS),
        Move("SERVED PRESERVED EXTENDED PRODUCTION_CONFIRMED CEASED", "preservation-ceased", "CEASED"),
        Move("SERVED PRESERVED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Move("AWAITING_CLARIFICATION", "order-corrected order-maintained", BEFORE),
        Move("AWAITING_CLARIFICATION", "additional-information-provided", BEFORE, when=answers_the_provider),
        Move(OTHER, "order-corrected order-maintained additional-information-provided", STAYS),
        Move("SERVED PRESERVED EXTENDED ENFORCEMENT", "no-data-held", "NO_DATA"),
        Move("SERVED PRESERVED EXTENDED DECLINED NO_DATA", "enforcement-requested", "ENFORCEMENT"),
        Move("ENFORCEMENT", "recognition-decided", "ENFORCEMENT_DENIED", when=denied),
        Move("ENFORCEMENT", "recognition-decided addressee-objected compliance-ordered penalty-imposed", STAYS),
        Move("CEASED", "recognition-decided addressee-objected compliance-ordered penalty-imposed", STAYS),
        Move(KEEPING, "preservation-released", "CEASED"),
        Move(OTHER, "preservation-released", STAYS),
        Move("SERVED PRESERVED EXTENDED AWAITING_CLARIFICATION DECLINED", "impossibility-concluded", "EXEMPT"),
        Move(OTHER, "impossibility-concluded", STAYS),
        Move(WITHDRAWABLE_PR, "order-withdrawn", "WITHDRAWN"),
        Move(OVER_PR, "order-withdrawn", "WITHDRAWN", when=after_a_refused_validation),
        Move(f"{OVER_PR} WITHDRAWN", "order-withdrawn", STAYS),
        Move(ANY, "ex-post-validation-refused", STAYS),
        Move(CLOSABLE_PR, "order-closed", "CLOSED"),
    ),
    alone=(
        TimedMove("AWAITING_CLARIFICATION", ends="E-11-5", to="EXEMPT"),
        TimedMove("SERVED PRESERVED EXTENDED ENFORCEMENT", ends="E-11-1", to="CEASED"),
    ),
)

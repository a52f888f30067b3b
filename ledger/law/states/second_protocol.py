"""The states of orders and requests under the Second Additional Protocol (CETS 224), articles 6 to 10."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.conditions import (
    answers_the_provider,
    by_the_designated_authority,
    by_the_provider,
    declared_9_5,
    lapsed,
    no_other_instruction_stands,
    not_partial,
    partial,
    states,
    transmitted_in_full,
    transmitted_in_part,
)
from ledger.law.states.machine import OTHER, STAYS, Move

NEXT_STEP = "escalated-to-article8 escalated-to-mutual-assistance"

# Article 6: domain name registration information.
ANSWERABLE_6 = """
    SERVED AWAITING_CLARIFICATION IN_CONSULTATION NO_ANSWER DECLINED ESCALATED WITHDRAWN PARTIALLY_DISCLOSED
"""
ESCALABLE_6 = "DECLINED NO_ANSWER IN_CONSULTATION PARTIALLY_DISCLOSED"
WITHDRAWABLE_6 = "ISSUED SERVED AWAITING_CLARIFICATION IN_CONSULTATION NO_ANSWER DECLINED"
CLOSABLE_6 = "DISCLOSED PARTIALLY_DISCLOSED DECLINED NO_ANSWER NO_DATA WITHDRAWN ESCALATED REPUDIATED"
REGISTRATION_DATA = machine(
    "2AP-6",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("-", "order-received", "SERVED"),
        Move("ISSUED", "order-transmitted order-received", "SERVED"),
        Move(OTHER, "order-transmitted order-received", STAYS),
        Move("SERVED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Move("AWAITING_CLARIFICATION", "order-corrected", "SERVED"),
        Move("AWAITING_CLARIFICATION", "additional-information-provided", "SERVED", when=answers_the_provider),
        Move(OTHER, "order-corrected additional-information-provided", STAYS),
        Move(ANSWERABLE_6, "data-disclosed", "DISCLOSED", when=not_partial),
        Move(ANSWERABLE_6, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Move("DISCLOSED", "data-disclosed", STAYS),
        Move("SERVED AWAITING_CLARIFICATION NO_ANSWER PARTIALLY_DISCLOSED", "disclosure-declined", "DECLINED"),
        Move("SERVED AWAITING_CLARIFICATION NO_ANSWER", "no-data-held", "NO_DATA"),
        Move("SERVED", "deadline-lapsed", "NO_ANSWER", when=lapsed("D-6-3d")),
        Move("DECLINED NO_ANSWER", "consultation-opened", "IN_CONSULTATION"),
        Move(OTHER, "consultation-opened", STAYS),
        Move("IN_CONSULTATION", "consultation-concluded", "DECLINED", when=states("outcome", "no-agreement")),
        Move("IN_CONSULTATION", "consultation-concluded", "SERVED"),
        Move(OTHER, "consultation-concluded", STAYS),
        Move(ESCALABLE_6, NEXT_STEP, "ESCALATED"),
        Move(WITHDRAWABLE_6, "order-withdrawn", "WITHDRAWN"),
        Move("DISCLOSED PARTIALLY_DISCLOSED ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Move(CLOSABLE_6, "order-closed", "CLOSED"),
    ),
)

# Article 7: direct order for subscriber information.
INSTRUCTABLE_7 = "ISSUED SERVED IN_CONSULTATION AWAITING_CLARIFICATION LAPSED"
ANSWERABLE_7 = """
    SERVED IN_CONSULTATION AWAITING_CLARIFICATION INSTRUCTED_NOT_TO_DISCLOSE LAPSED DECLINED ESCALATED WITHDRAWN
    PARTIALLY_DISCLOSED
"""
DECLINABLE_7 = "SERVED IN_CONSULTATION AWAITING_CLARIFICATION LAPSED PARTIALLY_DISCLOSED"
ESCALABLE_7 = """
    SERVED IN_CONSULTATION AWAITING_CLARIFICATION INSTRUCTED_NOT_TO_DISCLOSE LAPSED DECLINED PARTIALLY_DISCLOSED
"""
WITHDRAWABLE_7 = "ISSUED SERVED IN_CONSULTATION AWAITING_CLARIFICATION INSTRUCTED_NOT_TO_DISCLOSE LAPSED DECLINED"
CLOSABLE_7 = "DISCLOSED PARTIALLY_DISCLOSED DECLINED NO_DATA LAPSED WITHDRAWN ESCALATED REPUDIATED"
DIRECT_ORDER = machine(
    "2AP-7",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("-", "order-received", "SERVED"),
        Move("ISSUED", "order-transmitted order-received", "SERVED"),
        Move(OTHER, "order-transmitted order-received", STAYS),
        Move("SERVED IN_CONSULTATION", "order-referred-back", "AWAITING_CLARIFICATION"),
        Move("AWAITING_CLARIFICATION", "order-corrected", "SERVED"),
        Move("AWAITING_CLARIFICATION", "additional-information-provided", "SERVED", when=answers_the_provider),
        Move(OTHER, "order-corrected additional-information-provided", STAYS),
        Move("SERVED", "consultation-opened", "IN_CONSULTATION", when=by_the_provider),
        Move(OTHER, "consultation-opened", STAYS),
        Move("IN_CONSULTATION", "consultation-concluded", "SERVED"),
        Move(OTHER, "consultation-concluded", STAYS),
        Move(
            INSTRUCTABLE_7, "non-disclosure-instructed", "INSTRUCTED_NOT_TO_DISCLOSE", when=by_the_designated_authority
        ),
        Move(OTHER, "non-disclosure-instructed", STAYS),
        Move("INSTRUCTED_NOT_TO_DISCLOSE", "instruction-lifted", "SERVED", when=no_other_instruction_stands),
        Move(OTHER, "instruction-lifted", STAYS),
        Move(ANSWERABLE_7, "data-disclosed", "DISCLOSED", when=not_partial),
        Move(ANSWERABLE_7, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Move("DISCLOSED", "data-disclosed", STAYS),
        Move(DECLINABLE_7, "disclosure-declined", "DECLINED"),
        Move("INSTRUCTED_NOT_TO_DISCLOSE", "disclosure-declined", STAYS),
        Move("SERVED IN_CONSULTATION AWAITING_CLARIFICATION LAPSED", "no-data-held", "NO_DATA"),
        Move("PARTIALLY_DISCLOSED", "no-data-held", STAYS),
        Move("SERVED IN_CONSULTATION AWAITING_CLARIFICATION", "deadline-lapsed", "LAPSED", when=lapsed("D-7-7")),
        Move(ESCALABLE_7, NEXT_STEP, "ESCALATED"),
        Move("ESCALATED", NEXT_STEP, STAYS),
        Move(WITHDRAWABLE_7, "order-withdrawn", "WITHDRAWN"),
        Move("DISCLOSED PARTIALLY_DISCLOSED ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Move(CLOSABLE_7, "order-closed", "CLOSED"),
    ),
)

# Article 8: between two States. Articles 10, BC 31 and UNCC 44 take the same way, without the clocks of art. 8(6).
REFUSABLE_8 = "SUBMITTED INCOMPLETE ACCEPTED CONDITIONED POSTPONED AWAITING_STATE_DECISION"
WITHDRAWABLE_8 = "ISSUED SUBMITTED INCOMPLETE ACCEPTED CONDITIONED POSTPONED AWAITING_STATE_DECISION SERVED RETURNED"
CLOSABLE_8 = "DISCLOSED PARTIALLY_DISCLOSED REFUSED_BY_STATE NO_DATA WITHDRAWN ESCALATED REPUDIATED"
THROUGH_THE_STATE = machine(
    "2AP-8",
    "2AP-10",
    "BC-31",
    "UNCC-44",
    rows=(
        Move("- DRAFT", "order-issued", "ISSUED"),
        Move("ISSUED", "order-transmitted", "SUBMITTED"),
        Move(OTHER, "order-transmitted", STAYS),
        Move("SUBMITTED", "additional-information-requested", "INCOMPLETE"),
        Move(OTHER, "additional-information-requested", STAYS),
        Move("INCOMPLETE", "additional-information-provided order-corrected", "SUBMITTED"),
        Move(OTHER, "additional-information-provided order-corrected", STAYS),
        Move("SUBMITTED INCOMPLETE POSTPONED AWAITING_STATE_DECISION", "request-accepted", "ACCEPTED"),
        Move("ACCEPTED POSTPONED", "order-received", "SERVED", when=by_the_provider),
        Move(OTHER, "order-received", STAYS),
        Move(REFUSABLE_8, "request-refused", "REFUSED_BY_STATE"),
        Move("SUBMITTED ACCEPTED", "execution-postponed", "POSTPONED"),
        Move("SUBMITTED ACCEPTED", "condition-imposed", "CONDITIONED"),
        Move(OTHER, "condition-imposed", STAYS),
        Move("CONDITIONED", "condition-accepted", "ACCEPTED"),
        Move("CONDITIONED", "condition-declined", "AWAITING_STATE_DECISION"),
        Move(OTHER, "condition-accepted condition-declined", STAYS),
        Move("SERVED", "data-disclosed", "RETURNED"),
        Move("RETURNED DISCLOSED PARTIALLY_DISCLOSED", "data-disclosed", STAYS),
        Move("SERVED", "no-data-held", "NO_DATA"),
        Move("RETURNED DISCLOSED PARTIALLY_DISCLOSED", "data-transmitted-by-state", STAYS),
        Move("RETURNED", "evidence-received", "DISCLOSED", when=transmitted_in_full),
        Move("RETURNED", "evidence-received", "PARTIALLY_DISCLOSED", when=transmitted_in_part),
        Move("DISCLOSED PARTIALLY_DISCLOSED", "evidence-received", STAYS),
        Move("REFUSED_BY_STATE NO_DATA", "escalated-to-mutual-assistance", "ESCALATED"),
        Move(WITHDRAWABLE_8, "order-withdrawn", "WITHDRAWN"),
        Move("DISCLOSED PARTIALLY_DISCLOSED REFUSED_BY_STATE ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Move(CLOSABLE_8, "order-closed", "CLOSED"),
    ),
)

# Article 9: emergency, between contact points.
EMERGENCY = machine(
    "2AP-9",
    rows=(
        Move("- DRAFT", "oral-request-made order-issued", "EMERGENCY_REQUESTED"),
        Move("EMERGENCY_REQUESTED", "oral-request-made order-issued", STAYS),
        Move("EMERGENCY_REQUESTED", "determination-given", "DETERMINED", when=states("result", "yes")),
        Move("EMERGENCY_REQUESTED", "determination-given", "CONDITIONED", when=states("result", "yes-with-conditions")),
        Move("EMERGENCY_REQUESTED", "determination-given", "REFUSED_BY_STATE", when=states("result", "no")),
        Move("CONDITIONED", "condition-accepted", "DETERMINED"),
        Move("CONDITIONED", "condition-declined", "EMERGENCY_REQUESTED"),
        Move(OTHER, "condition-accepted condition-declined", STAYS),
        Move("DETERMINED CONDITIONED WITHDRAWN EXECUTED EXECUTED_PENDING_FORMALISATION", "data-disclosed", STAYS),
        Move(
            "DETERMINED CONDITIONED WITHDRAWN",
            "data-transmitted-by-state",
            "EXECUTED_PENDING_FORMALISATION",
            when=declared_9_5,
        ),
        Move("DETERMINED CONDITIONED WITHDRAWN", "data-transmitted-by-state", "EXECUTED"),
        Move("EXECUTED EXECUTED_PENDING_FORMALISATION CLOSED", "data-transmitted-by-state", STAYS),
        Move("EXECUTED_PENDING_FORMALISATION", "emergency-request-formalised", "CLOSED"),
        Move(OTHER, "emergency-request-formalised", STAYS),
        Move("DETERMINED CONDITIONED", "no-data-held", "NO_DATA"),
        Move("EMERGENCY_REQUESTED DETERMINED CONDITIONED", "order-withdrawn", "WITHDRAWN"),
        Move("EXECUTED EXECUTED_PENDING_FORMALISATION CLOSED REFUSED_BY_STATE NO_DATA", "order-withdrawn", STAYS),
        Move("EXECUTED REFUSED_BY_STATE NO_DATA WITHDRAWN REPUDIATED", "order-closed", "CLOSED"),
    ),
)

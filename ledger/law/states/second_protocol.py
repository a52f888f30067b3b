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
from ledger.law.states.machine import OTHER, STAYS, Row

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
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("-", "order-received", "SERVED"),
        Row("ISSUED", "order-transmitted order-received", "SERVED"),
        Row(OTHER, "order-transmitted order-received", STAYS),
        Row("SERVED", "order-referred-back", "AWAITING_CLARIFICATION"),
        Row("AWAITING_CLARIFICATION", "order-corrected", "SERVED"),
        Row("AWAITING_CLARIFICATION", "additional-information-provided", "SERVED", when=answers_the_provider),
        Row(OTHER, "order-corrected additional-information-provided", STAYS),
        Row(ANSWERABLE_6, "data-disclosed", "DISCLOSED", when=not_partial),
        Row(ANSWERABLE_6, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Row("DISCLOSED", "data-disclosed", STAYS),
        Row("SERVED AWAITING_CLARIFICATION NO_ANSWER PARTIALLY_DISCLOSED", "disclosure-declined", "DECLINED"),
        Row("SERVED AWAITING_CLARIFICATION NO_ANSWER", "no-data-held", "NO_DATA"),
        Row("SERVED", "deadline-lapsed", "NO_ANSWER", when=lapsed("D-6-3d")),
        Row("DECLINED NO_ANSWER", "consultation-opened", "IN_CONSULTATION"),
        Row(OTHER, "consultation-opened", STAYS),
        Row("IN_CONSULTATION", "consultation-concluded", "DECLINED", when=states("outcome", "no-agreement")),
        Row("IN_CONSULTATION", "consultation-concluded", "SERVED"),
        Row(OTHER, "consultation-concluded", STAYS),
        Row(ESCALABLE_6, NEXT_STEP, "ESCALATED"),
        Row(WITHDRAWABLE_6, "order-withdrawn", "WITHDRAWN"),
        Row("DISCLOSED PARTIALLY_DISCLOSED ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Row(CLOSABLE_6, "order-closed", "CLOSED"),
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
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("-", "order-received", "SERVED"),
        Row("ISSUED", "order-transmitted order-received", "SERVED"),
        Row(OTHER, "order-transmitted order-received", STAYS),
        Row("SERVED IN_CONSULTATION", "order-referred-back", "AWAITING_CLARIFICATION"),
        Row("AWAITING_CLARIFICATION", "order-corrected", "SERVED"),
        Row("AWAITING_CLARIFICATION", "additional-information-provided", "SERVED", when=answers_the_provider),
        Row(OTHER, "order-corrected additional-information-provided", STAYS),
        Row("SERVED", "consultation-opened", "IN_CONSULTATION", when=by_the_provider),
        Row(OTHER, "consultation-opened", STAYS),
        Row("IN_CONSULTATION", "consultation-concluded", "SERVED"),
        Row(OTHER, "consultation-concluded", STAYS),
        Row(
            INSTRUCTABLE_7, "non-disclosure-instructed", "INSTRUCTED_NOT_TO_DISCLOSE", when=by_the_designated_authority
        ),
        Row(OTHER, "non-disclosure-instructed", STAYS),
        Row("INSTRUCTED_NOT_TO_DISCLOSE", "instruction-lifted", "SERVED", when=no_other_instruction_stands),
        Row(OTHER, "instruction-lifted", STAYS),
        Row(ANSWERABLE_7, "data-disclosed", "DISCLOSED", when=not_partial),
        Row(ANSWERABLE_7, "data-disclosed", "PARTIALLY_DISCLOSED", when=partial),
        Row("DISCLOSED", "data-disclosed", STAYS),
        Row(DECLINABLE_7, "disclosure-declined", "DECLINED"),
        Row("INSTRUCTED_NOT_TO_DISCLOSE", "disclosure-declined", STAYS),
        Row("SERVED IN_CONSULTATION AWAITING_CLARIFICATION LAPSED", "no-data-held", "NO_DATA"),
        Row("PARTIALLY_DISCLOSED", "no-data-held", STAYS),
        Row("SERVED IN_CONSULTATION AWAITING_CLARIFICATION", "deadline-lapsed", "LAPSED", when=lapsed("D-7-7")),
        Row(ESCALABLE_7, NEXT_STEP, "ESCALATED"),
        Row("ESCALATED", NEXT_STEP, STAYS),
        Row(WITHDRAWABLE_7, "order-withdrawn", "WITHDRAWN"),
        Row("DISCLOSED PARTIALLY_DISCLOSED ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Row(CLOSABLE_7, "order-closed", "CLOSED"),
    ),
)

# Article 8: between two States. Article 10 and BC art. 31 take the same way, without the clocks of art. 8(6).
REFUSABLE_8 = "SUBMITTED INCOMPLETE ACCEPTED CONDITIONED POSTPONED AWAITING_STATE_DECISION"
WITHDRAWABLE_8 = "ISSUED SUBMITTED INCOMPLETE ACCEPTED CONDITIONED POSTPONED AWAITING_STATE_DECISION SERVED RETURNED"
CLOSABLE_8 = "DISCLOSED PARTIALLY_DISCLOSED REFUSED_BY_STATE NO_DATA WITHDRAWN ESCALATED REPUDIATED"
THROUGH_THE_STATE = machine(
    "2AP-8",
    "2AP-10",
    "BC-31",
    rows=(
        Row("- DRAFT", "order-issued", "ISSUED"),
        Row("ISSUED", "order-transmitted", "SUBMITTED"),
        Row(OTHER, "order-transmitted", STAYS),
        Row("SUBMITTED", "additional-information-requested", "INCOMPLETE"),
        Row(OTHER, "additional-information-requested", STAYS),
        Row("INCOMPLETE", "additional-information-provided order-corrected", "SUBMITTED"),
        Row(OTHER, "additional-information-provided order-corrected", STAYS),
        Row("SUBMITTED INCOMPLETE POSTPONED AWAITING_STATE_DECISION", "request-accepted", "ACCEPTED"),
        Row("ACCEPTED POSTPONED", "order-received", "SERVED", when=by_the_provider),
        Row(OTHER, "order-received", STAYS),
        Row(REFUSABLE_8, "request-refused", "REFUSED_BY_STATE"),
        Row("SUBMITTED ACCEPTED", "execution-postponed", "POSTPONED"),
        Row("SUBMITTED ACCEPTED", "condition-imposed", "CONDITIONED"),
        Row(OTHER, "condition-imposed", STAYS),
        Row("CONDITIONED", "condition-accepted", "ACCEPTED"),
        Row("CONDITIONED", "condition-declined", "AWAITING_STATE_DECISION"),
        Row(OTHER, "condition-accepted condition-declined", STAYS),
        Row("SERVED", "data-disclosed", "RETURNED"),
        Row("RETURNED DISCLOSED PARTIALLY_DISCLOSED", "data-disclosed", STAYS),
        Row("SERVED", "no-data-held", "NO_DATA"),
        Row("RETURNED DISCLOSED PARTIALLY_DISCLOSED", "data-transmitted-by-state", STAYS),
        Row("RETURNED", "evidence-received", "DISCLOSED", when=transmitted_in_full),
        Row("RETURNED", "evidence-received", "PARTIALLY_DISCLOSED", when=transmitted_in_part),
        Row("DISCLOSED PARTIALLY_DISCLOSED", "evidence-received", STAYS),
        Row("REFUSED_BY_STATE NO_DATA", "escalated-to-mutual-assistance", "ESCALATED"),
        Row(WITHDRAWABLE_8, "order-withdrawn", "WITHDRAWN"),
        Row("DISCLOSED PARTIALLY_DISCLOSED REFUSED_BY_STATE ESCALATED NO_DATA", "order-withdrawn", STAYS),
        Row(CLOSABLE_8, "order-closed", "CLOSED"),
    ),
)

# Article 9: emergency, between contact points.
EMERGENCY = machine(
    "2AP-9",
    rows=(
        Row("- DRAFT", "oral-request-made order-issued", "EMERGENCY_REQUESTED"),
        Row("EMERGENCY_REQUESTED", "oral-request-made order-issued", STAYS),
        Row("EMERGENCY_REQUESTED", "determination-given", "DETERMINED", when=states("result", "yes")),
        Row("EMERGENCY_REQUESTED", "determination-given", "CONDITIONED", when=states("result", "yes-with-conditions")),
        Row("EMERGENCY_REQUESTED", "determination-given", "REFUSED_BY_STATE", when=states("result", "no")),
        Row("CONDITIONED", "condition-accepted", "DETERMINED"),
        Row("CONDITIONED", "condition-declined", "EMERGENCY_REQUESTED"),
        Row(OTHER, "condition-accepted condition-declined", STAYS),
        Row("DETERMINED CONDITIONED WITHDRAWN EXECUTED EXECUTED_PENDING_FORMALISATION", "data-disclosed", STAYS),
        Row(
            "DETERMINED CONDITIONED WITHDRAWN",
            "data-transmitted-by-state",
            "EXECUTED_PENDING_FORMALISATION",
            when=declared_9_5,
        ),
        Row("DETERMINED CONDITIONED WITHDRAWN", "data-transmitted-by-state", "EXECUTED"),
        Row("EXECUTED EXECUTED_PENDING_FORMALISATION CLOSED", "data-transmitted-by-state", STAYS),
        Row("EXECUTED_PENDING_FORMALISATION", "emergency-request-formalised", "CLOSED"),
        Row(OTHER, "emergency-request-formalised", STAYS),
        Row("DETERMINED CONDITIONED", "no-data-held", "NO_DATA"),
        Row("EMERGENCY_REQUESTED DETERMINED CONDITIONED", "order-withdrawn", "WITHDRAWN"),
        Row("EXECUTED EXECUTED_PENDING_FORMALISATION CLOSED REFUSED_BY_STATE NO_DATA", "order-withdrawn", STAYS),
        Row("EXECUTED REFUSED_BY_STATE NO_DATA WITHDRAWN REPUDIATED", "order-closed", "CLOSED"),
    ),
)

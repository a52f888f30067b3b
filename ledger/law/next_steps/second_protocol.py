"""Next steps of the findings on CETS 224: instruments/second_protocol.py and second_protocol_states.py."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate, run

ANOTHER_WAY = "the order has to go another way; `comity issue` makes the new order"

ROWS: dict[str, Remedies] = {
    "V-7-RESERVED": (nothing(ANOTHER_WAY),),
    "V-2AP-SCOPE": (nothing(ANOTHER_WAY),),
    "W-7-RESERVER-ISSUES": (nothing("the protocol does not settle it"),),
    "F730": (nothing("the order asks for them; `comity issue` makes an order that asks for less"),),
    "V-7-2b": (
        record(
            "the approval of a supervising authority, if it was given before service",
            "order-supervised -f capacity=CAPACITY -f decision=approved -f about=ENTRY --on WHEN --as AUTHORITY",
            "order-issued",
        ),
    ),
    "V-7-5a-MISSING": (
        record(
            "the notification of the authority, if it was sent",
            "notification-sent -f notified_authority=OFFICE -f about=ENTRY --on WHEN",
            "order-issued order-corrected",
        ),
    ),
    "W-7-5a-LATE": (restate("the moment of the notification, if it is wrong", "notification-sent", "--on WHEN"),),
    "W-7-5a-SAME-DAY": (restate("the moment of the notification, if it is wrong", "notification-sent", "--on WHEN"),),
    "V-7-5b-NO-CONSULT": (
        record(
            "that the consultation was finished before the data were disclosed, if it was",
            "consultation-concluded -f about=ENTRY -f outcome=OUTCOME --on WHEN --as AUTHORITY",
            "consultation-opened",
        ),
    ),
    "W-7-5b-NOT-DECLARED": (
        run(
            "the declaration of the provider's Party, if it made one",
            "record declaration-recorded -f party=PARTY -f declaration=N-7-5-b -f verified=yes -f valid_from=DAY",
        ),
    ),
    "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION": (nothing("the data were disclosed while the instruction was in force"),),
    "W-7-LATE-INSTRUCTION": (nothing("the instruction came after the disclosure"),),
    "V-7-5c-GROUND": (
        restate("the ground of the list, if there is one", "non-disclosure-instructed", "-f ground=GROUND"),
    ),
    "V-7-5d-NO-REASONS": (
        record(
            "the reasons, if they were given in time",
            "instruction-reasons-given -f about=ENTRY -f reasons=TEXT --on WHEN --on-source receipt-stamp",
            "non-disclosure-instructed",
        ),
    ),
    "V-7-5d-LEAK": (
        restate(
            "the consent of the notified authority, if it gave one",
            "additional-information-provided",
            "-f may_share_with_provider=yes",
        ),
    ),
    "V-7-5e-WRONG-AUTHORITY": (
        record(
            "an instruction of the designated authority, which binds; the finding about the other one stays",
            "non-disclosure-instructed -f ground=GROUND -f scope=SCOPE --as AUTHORITY",
        ),
    ),
    "V-7-7-PREMATURE": (
        record(
            "a refusal of the provider before, if there was one",
            "disclosure-declined --on WHEN --on-source receipt-stamp --as PROVIDER",
        ),
    ),
    "W-7-7-ROLL": (nothing("the protocol does not say which end counts"),),
    "W-LATE-DISCLOSURE": (
        record(
            "a later end, if the issuing side set one before",
            "deadline-extended -f deadline=D-7-7 -f new_due=WHEN --on WHEN",
        ),
    ),
    "V-7-8-NOT-TRIED": (
        record(
            "the order to the provider that came first, or why there was none",
            "order-corrected -f corrects=ENTRY -f material=no -f changed_fields=prior_attempts -f changes=TEXT",
            "order-issued",
        ),
    ),
    "V-8-13-RESERVED": (nothing(ANOTHER_WAY),),
    "V-8-11-SENDER": (
        record(
            "that the central authority sent the request",
            "order-transmitted -f addressee=OFFICE -f channel=CHANNEL --as AUTHORITY",
        ),
    ),
    "W-8-6-SERVICE": (
        record(
            "that the provider was served in time, if it was",
            "order-received --on WHEN --on-source receipt-stamp --as PROVIDER",
        ),
    ),
    "W-8-6-RETURN": (
        record(
            "that the data were sent in time, if they were",
            "data-disclosed -f partial=no -f channel=CHANNEL -f manifest=FILES --on WHEN --on-source receipt-stamp",
        ),
    ),
    "V-9-1b": (nothing(ANOTHER_WAY),),
    "V-9-4": (
        record(
            "the request in writing, if it was made",
            "request-confirmed-in-writing -f confirms=ENTRY",
            "oral-request-made",
        ),
    ),
    "V-9-5-OVERDUE": (
        record(
            "the request in the declared form, if it was sent in time",
            "emergency-request-formalised -f channel=CHANNEL --on WHEN --on-source receipt-stamp",
        ),
    ),
}

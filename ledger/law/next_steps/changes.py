"""What would change a deadline: by its id, the entries that move, stop or start it again. findings.md 3.

`comity law deadline` prints them next to the computation, so that a reader sees on what the date depends.
"""

from __future__ import annotations

from msgspec.structs import replace

from ledger.law.next_steps.step import Remedies, Remedy, nothing, record
from ledger.law.terms.rule import Clock

EXTENDED = record(
    "a new end, set by the issuing authority or a court", "deadline-extended -f deadline=CLOCK -f new_due=WHEN"
)
FIXED = frozenset(  # deadline-extended does not move them
    (
        *("NOTICE-REVIEW", "NOTICE-DUE", "E-11-1", "GDPR-12-3", "LED-12-3", "RETENTION-REVIEW"),
        *("SCA-2703-f", "OPO-9-SERVICE"),
        *("E-4-5-WITHDRAWAL", "E-10-5", "E-10-7", "E-10-8", "E-12-2", "E-16-3", "E-16-8", "E-17-10"),
    )
)
CORRECTED = record(
    "a correction of substance starts it again, from the receipt of that version",
    "order-corrected -f corrects=ENTRY -f material=yes -f changed_fields=FIELD",
    "order-issued",
)
DISPUTED = record(
    "a dispute about the receipt leaves it undetermined until a court has settled it",
    "receipt-disputed -f about=ENTRY -f claimed_on=WHEN",
    "order-received",
)
REFERRED = record(
    "a referral back by the provider stops it until the clarification",
    "order-referred-back -f reason_codes=REASON --as PROVIDER",
)
WITHDRAWN = record("a withdrawal before the end: no one is bound any more", "order-withdrawn -f data_handling=HANDLING")
CEASED = record("the end of keeping before the end", "preservation-ceased -f cause=CAUSE")
OBJECTION = record(
    "a reasoned objection in time suspends it", "reasoned-objection-filed -f conflicting_law_party=PARTY --as PROVIDER"
)
REASONS = record(
    "reasons for not executing the order, before the end, stop it until the authority sets a new end",
    "reasons-for-non-execution-given -f reason_codes=REASON --as PROVIDER",
)
GROUND = record(
    "a ground for refusal of the enforcing authority, in time and for all data, ends it",
    "ground-for-refusal-raised -f grounds=GROUNDS -f scope=all --as AUTHORITY",
)
ARRIVED = "when the form arrived: it runs from there"
FORM = record(ARRIVED, "form-received -f about=ENTRY --on WHEN --as ISSUER", "order-referred-back")
REASONS_FORM = record(
    ARRIVED,
    "form-received -f about=ENTRY --on WHEN --as ISSUER",
    "reasons-for-non-execution-given preservation-refused",
)
REQUEST = record(
    "when the order arrived: it runs from there",
    "form-received -f about=ENTRY --on WHEN --as AUTHORITY",
    "enforcement-requested",
)
MORE_DELAY = record(
    "a new decision to delay, with a new day",
    "customer-notification-delay-extended -f about=ENTRY -f reassessed=yes -f review_on=DAY -f grounds=GROUND",
    "customer-notification-delayed customer-notification-delay-extended",
)
REPLY_LATER = record(
    "two further months, if the person is informed within the first",
    "reply-period-extended -f about=ENTRY -f grounds=GROUND",
    "access-requested rectification-requested erasure-requested",
)

TRANSMISSION = (CORRECTED, REFERRED, OBJECTION, REASONS, WITHDRAWN, DISPUTED)
CHANGES: dict[str, Remedies] = {
    "D-7-7": (
        CORRECTED,
        WITHDRAWN,
        record(
            "an instruction not to disclose, for all data: no one is bound while it is in force",
            "non-disclosure-instructed -f ground=GROUND -f scope=all --as AUTHORITY",
        ),
        DISPUTED,
    ),
    "D-7-5d": (),
    "D-6-3d": (CORRECTED, DISPUTED),
    "D-8-6-SERVICE": (),
    "D-8-6-RETURN": (CORRECTED, DISPUTED),
    "D-9-5": (),
    "B-29-60": (WITHDRAWN, CEASED, DISPUTED),
    "B-16-90": (
        record("an extension before the end, by its own length", "preservation-extended -f extends_by=P90D"),
        WITHDRAWN,
        CEASED,
        DISPUTED,
    ),
    "E-10-2": (GROUND, *TRANSMISSION),
    "E-10-3": TRANSMISSION,
    "E-10-4": (
        record(
            "the end of the emergency before the end: the ten days run from there",
            "emergency-reassessed -f outcome=ended -f effective_at=WHEN",
        ),
        GROUND,
        *TRANSMISSION,
    ),
    "E-10-4-DATA": (),
    "E-10-5": (REASONS_FORM,),
    "E-10-6": (FORM,),
    "E-10-7": (REASONS_FORM,),
    "E-10-8": (REASONS_FORM,),
    "E-11-1": (
        record("an extension in time, by thirty days", "preservation-extended -f extends_by=P30D"),
        CORRECTED,
        WITHDRAWN,
        CEASED,
        DISPUTED,
    ),
    "E-11-5": (FORM,),
    "E-12-1": (),
    "E-12-2": (nothing("it ends by the withdrawal of the order"),),
    "E-16-2": (REQUEST, WITHDRAWN),
    "E-16-3": (WITHDRAWN,),
    "E-16-7": (),
    "E-16-8": (nothing("it ends by the notification of the decision"),),
    "E-17-2": (CORRECTED, DISPUTED),
    "E-17-10": (nothing("it ends by the notification of the outcome"),),
    "E-4-5": (),
    "E-4-5-WITHDRAWAL": (nothing("it ends by the withdrawal of the order"),),
    "E-4-5-DATA": (),
    "E-2025-3.3.3(b)": (),
    "SCA-2703-h": (DISPUTED,),
    "SCA-2703-f": (
        record(
            "one renewed request within the ninety days: ninety days more", "preservation-extended -f extends_by=P90D"
        ),
        WITHDRAWN,
        CEASED,
    ),
    "OPO-9-SERVICE": (),
    "OPO-5-PRODUCE": (CORRECTED, DISPUTED),
    "D-14-2b": (),
    "NOTICE-REVIEW": (MORE_DELAY,),
    "NOTICE-DUE": (nothing("it ends by the notice to the person"),),
    "DP-72H": (
        record(
            "that the incident is without risk",
            "incident-assessed -f about=ENTRY -f risk=none",
            "security-incident-detected",
        ),
    ),
    "GDPR-12-3": (REPLY_LATER,),
    "LED-12-3": (REPLY_LATER,),
    "RETENTION-REVIEW": (
        record(
            "a review with a new day",
            "retention-reviewed -f about=ENTRY -f decision=DECISION -f review_on=DAY",
            "retention-rule-set retention-reviewed",
        ),
    ),
}


def changes(clock: Clock) -> tuple[Remedy, ...]:
    """Return what would change a clock, with its id in the commands."""
    rows = (*(() if clock.id in FIXED else (EXTENDED,)), *CHANGES.get(clock.id, ()))
    return tuple(
        row if row.command is None else replace(row, command=row.command.replace("CLOCK", clock.id)) for row in rows
    )

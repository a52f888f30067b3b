"""Next steps of the findings on notice to the person, data protection and use."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate

NOTIFIED = record("that the person was told", "customer-notified -f channel=CHANNEL")
DELAYED = record(
    "that telling the person is delayed, until when and why",
    "customer-notification-delayed -f review_on=DAY -f grounds=GROUND",
)

ANSWERED = (
    record("the answer, if it was given in time", "access-granted -f answers=ENTRY --on WHEN", "access-requested"),
    record(
        "the decision, if it was taken in time",
        "erasure-decided -f answers=ENTRY -f decision=DECISION --on WHEN",
        "erasure-requested",
    ),
    record(
        "the correction, if it was made in time",
        "rectification-made -f about=ENTRY -f mode=MODE --on WHEN",
        "rectification-requested",
    ),
)

ROWS: dict[str, Remedies] = {
    "W-NOTICE-CONTRARY-TO-REQUEST": (nothing("the person was told"),),
    "W-2705a-LENGTH": (
        restate(
            "the day on which it is looked at again, within ninety days",
            "customer-notification-delayed customer-notification-delay-extended",
            "-f review_on=DAY",
        ),
    ),
    "V-NOTICE-CONTRARY-TO-ORDER": (nothing("the person was told"),),
    "W-NOTICE-OF-PRESERVATION": (nothing("the person was told"),),
    "W-13-3-NO-REMEDIES": (
        record("a notice that includes the remedies", "customer-notified -f channel=CHANNEL -f includes=remedies"),
    ),
    "V-NOTICE-OVERDUE": (
        record(
            "that the person was told in time, if so",
            "customer-notified -f channel=CHANNEL --on WHEN --on-source receipt-stamp",
        ),
        record(
            "that the delay was lifted in time, if it was",
            "customer-notification-delay-lifted -f about=ENTRY --on WHEN",
            "customer-notification-delayed customer-notification-delay-extended",
        ),
    ),
    "V-DELAY-NO-GROUND": (
        restate(
            "the ground, and that it was assessed anew",
            "customer-notification-delayed customer-notification-delay-extended customer-notification-omitted",
            "-f grounds=GROUND",
        ),
    ),
    "V-DELAY-EXTENDED-AFTER-EXPIRY": (nothing("the delay had run out when it was prolonged"),),
    "G-NOTICE-UNSETTLED": (
        NOTIFIED,
        DELAYED,
        record("why the person is not told at all", "customer-notification-omitted -f grounds=GROUND"),
    ),
    "G-DP-BASIS": (
        record(
            "the legal basis of the transfer",
            "order-corrected -f corrects=ENTRY -f material=no -f changed_fields=dp_regime -f changes=TEXT",
            "order-issued",
        ),
    ),
    "G-USE-UNPROVEN": (
        record(
            "that the data were locked when they came, or when the instruction came, if they were",
            "use-restricted -f scope=all --on WHEN",
        ),
    ),
    "V-6-3c-USE": (restate("the case of the use, if it is wrong", "use-recorded", "-f case_ref=CASE"),),
    "V-28-2b-USE": (restate("the case of the use, if it is wrong", "use-recorded", "-f case_ref=CASE"),),
    "V-14-2a-PURPOSE": (
        record(
            "the decision that allowed the use, if there was one before it",
            "further-use-decided -f case_ref=CASE -f decision=allowed --on WHEN",
        ),
    ),
    "V-14-2b": (
        record(
            "that the surplus data were destroyed in time, if they were",
            "data-destroyed -f scope=out-of-scope -f method=METHOD --on WHEN",
        ),
        record("that their use was restricted in time, if it was", "use-restricted -f scope=out-of-scope --on WHEN"),
    ),
    "V-14-4": (restate("the safeguard", "sensitive-data-flagged", "-f safeguard=TEXT"),),
    "W-14-5-OVERDUE": (
        record(
            "that retention was looked at again, with the decision",
            "retention-reviewed -f about=ENTRY -f decision=DECISION -f review_on=DAY",
            "retention-rule-set retention-reviewed",
        ),
    ),
    "V-DP-72H": (
        record(
            "that the supervisory authority was told, and why late",
            "incident-notified-to-authority -f about=ENTRY -f notified_authority=OFFICE -f late_reasons=TEXT",
            "security-incident-detected",
        ),
    ),
    "V-14-10": (
        record(
            "the authorisation, if it was given before the transfer",
            "onward-transfer-authorisation-granted -f about=ENTRY --on WHEN --as AUTHORITY",
            "onward-transfer-authorisation-requested",
        ),
    ),
    "V-LED-35-ONWARD": (
        record(
            "the authorisation, if it was given before the transfer",
            "onward-transfer-authorisation-granted -f about=ENTRY --on WHEN --as AUTHORITY",
            "onward-transfer-authorisation-requested",
        ),
    ),
    "V-14-12b-NO-REASONS": (
        restate(
            "the reasons, and that the person was told how to seek redress",
            "access-restricted rectification-refused",
            "-f reasons=TEXT -f redress_info=yes",
        ),
    ),
    "V-GDPR-12-3": ANSWERED,
    "W-LED-12-3": ANSWERED,
    "W-GDPR-12-3-EXTENDED": (restate("when it was extended, if that is wrong", "reply-period-extended", "--on WHEN"),),
    "V-14-15-SUSPENDED": (
        record(
            "that the suspension had been lifted before, if it had",
            "suspension-lifted -f about=ENTRY --on WHEN",
            "transfers-suspended",
        ),
    ),
}

"""Next steps of the findings on European orders, in the order of instruments/e_evidence.py."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate

ROWS: dict[str, Remedies] = {
    "W-EMERGENCY-DOWNGRADED": (nothing("the data came before the emergency was downgraded"),),
    "G-EMERGENCY-FALSE": (nothing("the emergency was declared against better knowledge"),),
    "V-4-COMPETENCE": (
        record(
            "a validation by an authority that may give it, if there was one at or before service",
            "order-validated -f capacity=CAPACITY -f decision=approved -f about=ENTRY --on WHEN --as AUTHORITY",
            "order-issued",
        ),
        restate("its capacity, if it is wrong or not stated", "order-issued", "-f issuing_capacity=CAPACITY"),
    ),
    "V-4-5-LATE": (
        record(
            "that validation was sought within the 48 hours, if it was",
            "ex-post-validation-sought -f asked_of=OFFICE --on WHEN --on-source receipt-stamp",
        ),
    ),
    "V-4-5-NOT-DELETED": (
        record("that the data were destroyed, if they were", "data-destroyed -f scope=all -f method=METHOD --on WHEN"),
        record("that their use was restricted, if it was", "use-restricted -f scope=all --on WHEN"),
    ),
    "V-5-4": (
        restate("the threshold that the offence reaches, if it does", "order-issued", "-f offence_threshold=THRESHOLD"),
    ),
    "V-8-MISSING": (
        record(
            "the notification of the enforcing authority, if it was sent",
            "notification-sent -f notified_authority=OFFICE -f about=ENTRY --on WHEN",
            "order-issued order-corrected",
        ),
    ),
    "W-8-NOT-SIMULTANEOUS": (
        restate("the moment of the notification, if it is wrong", "notification-sent", "--on WHEN"),
    ),
    "W-8-SAME-DAY": (restate("the moment of the notification, if it is wrong", "notification-sent", "--on WHEN"),),
    "V-10-2-BEFORE-RELEASE": (
        record(
            "that the enforcing authority had confirmed before the data were sent, if it had",
            "no-ground-confirmed --on WHEN --as AUTHORITY",
        ),
    ),
    "V-10-LATE": (
        record(
            "that the end of the time was set later by the issuing authority, if it was",
            "deadline-extended -f deadline=CLOCK -f new_due=END --on WHEN",
        ),
        record(
            "that the data, or all of them, had been sent before, if they had",
            "data-disclosed -f partial=no -f channel=CHANNEL -f manifest=FILES --on WHEN --on-source receipt-stamp",
        ),
    ),
    "V-10-4": (
        record("that the data were destroyed, if they were", "data-destroyed -f scope=all -f method=METHOD --on WHEN"),
        record("that their use was restricted, if it was", "use-restricted -f scope=all --on WHEN"),
    ),
    "V-11-1-LATE": (restate("the moment of the extension, if it is wrong", "preservation-extended", "--on WHEN"),),
    "W-11-1-LENGTH": (
        restate("that it extends by thirty days, if it does", "preservation-extended", "-f extends_by=P30D"),
    ),
    "W-3-CATEGORY": (
        record(
            "a correction that states the category of the data, or no longer asks for them",
            "order-corrected -f corrects=ENTRY -f material=yes -f changed_fields=data_categories -f changes=TEXT",
            "order-issued order-corrected",
        ),
    ),
    "W-3-DISCLOSED": (
        record("that the data were destroyed, if they were", "data-destroyed -f scope=out-of-scope -f method=METHOD"),
        record("that their use was restricted, if it was", "use-restricted -f scope=out-of-scope"),
    ),
    "V-11-1-CEASED": (
        restate("the cause, if it is another one", "preservation-ceased", "-f cause=CAUSE"),
        nothing("the data are no longer kept"),
    ),
    "W-11-1-KEPT": (
        record(
            "that a request for production was confirmed in time, if it was",
            "production-request-confirmed -f production_kind=EPOC --on WHEN",
        ),
        nothing("the data were kept"),
    ),
    "V-12-2": (nothing("the data were sent after the ground had been raised"),),
    "W-12-LATE": (restate("the moment of the ground, if it is wrong", "ground-for-refusal-raised", "--on WHEN"),),
    "W-12-3-NO-CONTACT": (
        restate(
            "that the issuing authority was contacted first, if it was",
            "ground-for-refusal-raised",
            "-f issuer_contacted_first=yes",
        ),
    ),
    "W-CLOCK-GAP": (
        record(
            "a later end for the provider, if the issuing authority sets one",
            "deadline-extended -f deadline=E-10-2 -f new_due=WHEN",
        ),
    ),
    "W-17-1-MEMBER-STATE": (
        restate(
            "the third country whose law conflicts, if it is another one",
            "reasoned-objection-filed",
            "-f conflicting_law_party=PARTY",
        ),
    ),
    "W-17-3-NO-REVIEW": (
        record(
            "the request for a review by the court, if it was made",
            "court-review-requested -f about=ENTRY --on WHEN",
            "reasoned-objection-filed",
        ),
    ),
    "W-17-LATE": (restate("the moment of the objection, if it is wrong", "reasoned-objection-filed", "--on WHEN"),),
}

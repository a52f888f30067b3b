"""Next steps of the findings on decisions in European orders, in the order of instruments/e_evidence_execution.py."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, record, restate

REASONS = "reasons-for-non-execution-given preservation-refused"
WITHDRAWN = record("that the order was withdrawn, if it was", "order-withdrawn -f data_handling=HANDLING --on WHEN")
MAINTAINED = record(
    "that it was maintained, if it was",
    "order-maintained -f answers=ENTRY --on WHEN",
    REASONS,
)

ROWS: dict[str, Remedies] = {
    "W-4-5-CONDITIONS": (
        restate(
            "that validation could not be had in time, and that a domestic order needs none, if both are so",
            "ex-post-validation-sought",
            "-f not_obtainable_in_time=yes -f possible_in_domestic_case=yes",
        ),
    ),
    "V-4-5-NOT-WITHDRAWN": (WITHDRAWN,),
    "W-10-5-UNDECIDED": (WITHDRAWN, MAINTAINED),
    "W-10-8-UNDECIDED": (
        record(
            "that the issuing authority concluded that execution is impossible, if it did",
            "impossibility-concluded -f about=ENTRY --on WHEN",
            REASONS,
        ),
        record(
            "the new end of the time of the provider, if one was set",
            "deadline-extended -f deadline=CLOCK -f new_due=END --on WHEN",
        ),
        MAINTAINED,
    ),
    "W-10-9-NOT-RELEASED": (
        record(
            "that the provider was told so, if it was",
            "preservation-released -f cause=no-longer-needed --on WHEN",
        ),
    ),
    "W-11-7-GROUND": (
        restate("the reason of the form of annex III, if there was one", "preservation-refused", "-f ground=REASON"),
    ),
    "V-12-2-NOT-WITHDRAWN": (WITHDRAWN,),
    "W-12-5-WAIVED": (restate("another ground, if there was one", "ground-for-refusal-raised", "-f grounds=GROUND"),),
    "W-17-10-NOT-NOTIFIED": (
        record(
            "that the enforcing authority was informed, if it was",
            "decision-notified -f about=ENTRY -f recipients=OFFICE --on WHEN",
            "court-review-decided",
        ),
    ),
}

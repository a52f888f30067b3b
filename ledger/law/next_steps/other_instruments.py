"""Next steps of the findings on acts, on the Budapest Convention, on the law of the United States, and on consent."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate, run

ROWS: dict[str, Remedies] = {
    "V-NOT-IN-FORCE": (
        run(
            "from when the instrument is in force for both Parties, if it was",
            "record party-registered -f party=PARTY -f zone=ZONE -f declarations_verified=no -f in_force=2AP=DAY",
        ),
        nothing("an act that was not in force when the order was made gives it no basis"),
    ),
    "G-DECLARATIONS-UNVERIFIED": (
        run(
            "that somebody read the declarations of the other Party",
            "record party-registered -f party=PARTY -f zone=ZONE -f declarations_verified=yes",
        ),
    ),
    "V-27-7-NO-REASONS": (
        restate("the reasons, if they were given", "request-refused execution-postponed", "-f reasons=TEXT"),
    ),
    "W-29-7": (
        record(
            "the request for the data, if it was made in time",
            "production-request-confirmed -f production_kind=MLA --on WHEN --on-source receipt-stamp",
        ),
    ),
    "W-2703h-LATE": (restate("the moment of the motion, if it is wrong", "reasoned-objection-filed", "--on WHEN"),),
    "G-VOL-EVIDENTIAL-RISK": (
        record("a request for mutual assistance for the same data", "escalated-to-mutual-assistance"),
    ),
}

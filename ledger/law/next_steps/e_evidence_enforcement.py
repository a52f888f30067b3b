"""Next steps of the findings on enforcement, in the order of instruments/e_evidence_enforcement.py."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, record, restate

ROWS: dict[str, Remedies] = {
    "W-16-1-TRANSFER": (
        restate(
            "what was transferred, in which languages, and that the addressee was informed; the form if one was sent",
            "enforcement-requested",
            "-f includes=order -f includes=non-execution-form -f languages=LANGUAGE -f addressee_informed=yes",
        ),
    ),
    "W-16-3-NOT-INFORMED": (
        restate(
            "that the addressee was informed of both, if it was",
            "compliance-ordered",
            "-f includes=possibility-to-object -f includes=penalties",
        ),
    ),
    "W-16-10-NOT-RECOGNISED": (
        record(
            "that the order had been recognised before, if it had",
            "recognition-decided -f decision=recognised --on WHEN --as AUTHORITY",
        ),
    ),
    "W-16-3-GROUND": (
        restate("the grounds that the article lists, if it named them", "addressee-objected", "-f grounds=GROUND"),
    ),
    "V-16-3-OVERDUE": (
        record(
            "that the provider objected in time, if it did",
            "addressee-objected -f grounds=GROUND --on WHEN --on-source receipt-stamp",
        ),
        restate("the end that the enforcing authority set, if it is wrong", "compliance-ordered", "-f new_due=END"),
    ),
    "V-16-4-GROUND": (
        restate("the listed ground of the denial, if there was one", "recognition-decided", "-f grounds=GROUND"),
    ),
    "W-16-7-NO-CONSULT": (
        restate(
            "that the issuing authority was consulted first, if it was",
            "recognition-decided",
            "-f issuer_consulted_first=yes",
        ),
    ),
    "W-16-8-NOT-NOTIFIED": (
        record(
            "that the decision was notified to both, if it was",
            "decision-notified -f about=ENTRY -f recipients=ISSUER -f recipients=PROVIDER --on WHEN --as AUTHORITY",
            "recognition-decided compliance-ordered penalty-imposed",
        ),
    ),
}

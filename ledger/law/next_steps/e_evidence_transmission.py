"""Next steps of the findings on transmission, in the order of instruments/e_evidence_transmission.py; and on costs."""

from __future__ import annotations

from ledger.law.next_steps.step import Remedies, nothing, record, restate

TRANSFERS = "data-disclosed data-transmitted-by-state"

ROWS: dict[str, Remedies] = {
    "W-19-5-NO-GROUND": (
        restate(
            "why the common system could not be used",
            f"order-transmitted {TRANSFERS}",
            "-f alternative_ground=GROUND",
        ),
    ),
    "W-19-6-NO-RECORD": (
        record(
            "the record of the transmission in the common system, if it was made",
            "alternative-transmission-recorded -f about=ENTRY -f reference=NUMBER -f sent_on=MOMENT "
            "-f recipient=OFFICE -f size=BYTES -f file_names=NAMES --on WHEN",
            "order-transmitted",
        ),
    ),
    "W-21-2-NOT-QUALIFIED": (
        restate("how the certificate is signed, if it is wrong", "order-transmitted", "-f signature_level=LEVEL"),
    ),
    "W-2025-1550-SIZE": (nothing("the data went through the common system"),),
    "W-2025-1550-MANIFEST": (
        restate(
            "the recipient, the means, and the files with their sizes and digests",
            TRANSFERS,
            "-f recipient=OFFICE -f channel=CHANNEL -f manifest=FILES",
        ),
    ),
    "W-2025-1550-ACCESS": (
        record(
            "a longer time, if it was given, and the authority of the issuing State that asked for it",
            "access-extended -f about=ENTRY -f access_until=WHEN -f requested_by=OFFICE --on WHEN",
            TRANSFERS,
        ),
        restate("until when the data are accessible, if it is wrong or not stated", TRANSFERS, "-f access_until=WHEN"),
    ),
    # -- costs: instruments/costs.py
    "G-14-1-NO-NATIONAL-LAW": (
        restate(
            "the provision of the issuing State that allows the claim", "costs-claimed", "-f national_law=PROVISION"
        ),
        record(
            "what was reimbursed, and under which provision",
            "costs-reimbursed -f claim=ENTRY -f amount=AMOUNT -f currency=CURRENCY -f national_law=PROVISION",
            "costs-claimed",
        ),
    ),
    "W-COSTS-DIFFER": (
        restate(
            "the amount and the currency, if they are wrong",
            "costs-reimbursed",
            "-f amount=AMOUNT -f currency=CURRENCY",
        ),
    ),
}

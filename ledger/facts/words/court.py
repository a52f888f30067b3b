"""The words of the code lists of the court, the log and its keys."""

from __future__ import annotations

from typing import Final

from ledger.facts.words.code_list import CodeList

BUNDLE_PARTS: Final = CodeList(
    "bundle-parts",
    "What the defence is given.",
    {
        "raw-return": "the raw answer",
        "manifest": "the list of files",
        "entries": "the entries",
        "proofs": "the proofs",
        "keys": "the keys",
        "verifier": "a verifier",
        "instructions": "instructions",
        "certificate": "the certificate of the provider",
    },
)
CRITERIA: Final = CodeList(
    "criteria",
    "The criteria of the evidence chain.",
    {
        "A1": "authenticity",
        "A2": "integrity",
        "A3": "custody",
        "A4": "lawful authority",
        "A5": "conditions of the instrument",
        "A6": "time",
        "A7": "data protection",
        "A8": "defence access",
    },
)
EXPERT_RESULTS: Final = CodeList(
    "expert-results",
    "The outcome of an independent check.",
    {
        "reproduced": "the result was reproduced",
        "reproduced-in-part": "the result was reproduced in part",
        "not-reproduced": "the result was not reproduced",
    },
)
RULINGS: Final = CodeList(
    "rulings",
    "The ruling of a court.",
    {
        "admitted": "the evidence is admitted",
        "admitted-in-part": "the evidence is admitted in part",
        "excluded": "the evidence is excluded",
        "dispute-settled": "the dispute is settled",
        "other": "another ruling",
    },
)
REPORTS: Final = CodeList(
    "reports",
    "The reports made from the record.",
    {
        "custody": "the chain-of-custody report",
        "evidence-chain": "the evidence-chain report",
        "dpo": "the report on data protection",
        "audit": "the audit report",
        "statistics": "the statistics",
        "certification": "the certificate",
        "order-form": "the order form",
    },
)
PROOF_CHECKS: Final = CodeList(
    "proof-checks",
    "The outcome of a check of the proof of an entry from another record.",
    {
        "verifies": "the proof verifies",
        "fails": "the check of the proof fails",
        "not-checked": "the proof was not checked",
    },
)
REVOCATION_CAUSES: Final = CodeList(
    "revocation-causes",
    "Why a key is revoked.",
    {
        "left-office": "the holder left the office",
        "replaced": "another key replaced the key",
        "lost": "the key was lost",
        "compromised": "the key was compromised",
        "other": "another reason",
    },
)
NAME_REASONS: Final = CodeList(
    "name-reasons",
    "Why an office or a Party has a name that reads like words of this program.",
    {
        "by-law": "the law gives it this name",
        "company-register": "the register of companies has it under this name",
        "trade-name": "it is known under this name",
    },
)
SUCCESSION_CAUSES: Final = CodeList(
    "succession-causes",
    "Why a log takes the place of another.",
    {
        "lost-storage": "its storage was lost",
        "restored-backup": "it was restored from a backup",
        "split-view": "two versions of it were seen",
        "key-compromise": "its key was compromised",
        "planned": "the change was planned",
        "other": "another reason",
    },
)

LISTS: Final = (
    BUNDLE_PARTS,
    CRITERIA,
    EXPERT_RESULTS,
    RULINGS,
    REPORTS,
    PROOF_CHECKS,
    REVOCATION_CAUSES,
    NAME_REASONS,
    SUCCESSION_CAUSES,
)

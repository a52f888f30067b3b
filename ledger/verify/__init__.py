"""Verify bundles, single entries and exhibits offline: the public names of the package.

    report = verify(data, trust, anchor, now)
    if report.verdict is not Verdict.PASSED:
        print(report.integrity, [reason.says for reason in report.reasons])

Whole logs are verified by `ledger.application.integrity`, with the same steps.
"""

from __future__ import annotations

from ledger.trust.trust_folder import Trust, format_registrar, parse_anchor, parse_registrar, parse_trust
from ledger.verify.earlier_bundles import Contradiction, EarlierEntries, hold_entry, known_of
from ledger.verify.evidence_bundle import verify
from ledger.verify.evidence_file import EvidenceFile, FileKind, read_evidence, verify_file
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Bracket, Reason, Remark, Report, Result, StepResult, Verdict, VerificationStep
from ledger.verify.single_entry import verify_entry
from ledger.verify.timestamps import ReadStamp, Stamp

__all__ = [
    "Bracket",
    "Contradiction",
    "EarlierEntries",
    "EvidenceFile",
    "FileKind",
    "ReadStamp",
    "Reason",
    "Remark",
    "Report",
    "Result",
    "Stamp",
    "StepResult",
    "Trust",
    "Verdict",
    "VerificationStep",
    "format_registrar",
    "hold_entry",
    "known_of",
    "parse_anchor",
    "parse_registrar",
    "parse_trust",
    "read_evidence",
    "verify",
    "verify_entry",
    "verify_exhibit",
    "verify_file",
]

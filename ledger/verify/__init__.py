"""Verify bundles, single entries and exhibits offline.

    report = evidence_bundle.verify(data, trust, anchor, now)
    if report.verdict is not Verdict.PASSED:
        print(report.integrity, [reason.says for reason in report.reasons])

Whole logs are verified by `ledger.application.integrity`, with the same steps.
"""

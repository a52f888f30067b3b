"""The report of an auditor: what is a problem, how often each check failed, and the sentence on its first page."""

from __future__ import annotations

import pytest

from projections.reports.front_page import IntegrityResult, Provenance, VerdictReason
from projections.reports.ledger_report import CODES, Verification, verification
from tests.support.scenarios import moment


def report(
    verdict: str, *codes: str, entries: int = 9, orders: int = 2, not_proven: tuple[str, ...] = ()
) -> Verification:
    reasons = tuple(VerdictReason(code, "#3", f"{code} is so.") for code in codes)
    made = IntegrityResult(verdict, "What was checked.", reasons, not_proven)
    making = Provenance(moment("2027-04-01T09:00Z"), "comity 0", "0" * 16, None, made)
    return verification(making, (entries, 8, 5), orders, (), (), 0, ())


@pytest.mark.parametrize("verdict", ["INDETERMINATE", "TOTAL-PASSED"])
def test_why_a_verdict_is_not_better_is_no_problem_that_was_found(verdict: str) -> None:
    found = report(verdict, "NO_TRUST_ANCHOR", "CP-QUORUM", not_proven=("that no entry was left out",))
    assert found.problems == ()
    assert [check.failed for check in found.checks] == [0] * (1 + len(CODES))
    assert found.face.answer == "Nothing was found wrong in 9 entries of 2 orders and the register."
    assert found.face.not_checked == ("that no entry was left out",)


@pytest.mark.parametrize(
    ("codes", "says"), [(("SIG-BAD",), "1 problem was found"), (("SIG-BAD", "LOG-ROOT"), "2 problems were found")]
)
def test_each_reason_of_a_failed_verdict_is_a_problem(codes: tuple[str, ...], says: str) -> None:
    found = report("TOTAL-FAILED", *codes, orders=1)
    assert [problem.code for problem in found.problems] == list(codes)
    assert found.face.answer == f"{says} in 9 entries of 1 order and the register."
    assert found.face.vouches.startswith("The record FAILED its integrity check")


def test_a_problem_counts_once_in_the_check_that_its_code_speaks_of() -> None:
    codes = ("SIG-BAD", "SIG-BAD", "KEY-ROLE", "CTX-PREV", "LOG-ROOT", "CP-SIZE", "SPLIT-VIEW", "PRF-BAD", "FORM-JSON")
    found = report("TOTAL-FAILED", *codes)
    assert [(check.what, check.done, check.failed) for check in found.checks] == [
        ("form of the entry", 9, 1),
        ("signature", 8, 2),
        ("key of the signer, and its office", 9, 1),
        ("place in its order and log", 9, 1),
        ("tree, root and published heads", 5, 4),
    ]

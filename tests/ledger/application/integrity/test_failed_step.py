"""A log that is not whole fails at the step to which its wrong entries belong, and every step before it has passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.application.integrity.audit import Audit, audit
from ledger.application.integrity.check_run import Problem
from ledger.application.integrity.log_files import LogFiles
from ledger.application.integrity.verify_log import verify_log
from ledger.verify.report import Report, VerificationStep
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.memory_ledger import NOW, Ledger, small


@pytest.fixture(scope="module")
def made() -> Ledger:
    return small()[0]


@pytest.fixture(scope="module")
def place(made: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf_of(made, tmp_path_factory.mktemp("failed") / "entries.db")


def verified(made: Ledger, place: Path, *problems: Problem) -> Report:
    """Verify a whole log in whose entries an audit finds these problems."""

    def walk(*given: object) -> Audit:
        location, origin, registrar, _, times, _ = given
        walked = audit(location, origin, registrar, times=times)  # type: ignore[arg-type]
        walked.problems += problems
        return walked

    files = LogFiles(of="folder", origin=made.origin, place=place, checkpoint=made.checkpoint(), policy=None)
    return verify_log(files, made.trust(), None, NOW, walk=walk)


def problem(code: str, index: int = 3) -> Problem:
    return Problem(code, f"#{index}", f"it is wrong: {code}")


def failed(report: Report) -> list[int]:
    return [step.number for step in report.steps if step.result == "failed"]


STEPS = {
    "LOG-CORRUPT": VerificationStep.PROOFS,
    "ENV-SIZE": VerificationStep.PROOFS,
    "SIG-BAD": VerificationStep.SIGNATURES,
    "JSON-FORM": VerificationStep.SIGNATURES,
    "SD-FORM": VerificationStep.SIGNATURES,
    "FACT": VerificationStep.SIGNATURES,
    "CTX-ORDER": VerificationStep.ORDER_OF_ENTRIES,
    "KEY-UNKNOWN": VerificationStep.KEYS,
    "MAP-LEAF": VerificationStep.COMPLETENESS,
}


def test_a_whole_log_fails_at_no_step(made: Ledger, place: Path) -> None:
    report = verified(made, place)
    assert (report.verdict, report.reasons) == ("TOTAL-PASSED", ())


@pytest.mark.parametrize("code", STEPS)
def test_a_log_fails_at_the_step_to_which_a_wrong_entry_belongs(code: str, made: Ledger, place: Path) -> None:
    report = verified(made, place, problem(code))
    assert report.verdict == "TOTAL-FAILED"
    assert failed(report) == [STEPS[code]]
    assert [step.number for step in report.steps] == list(VerificationStep)
    assert {step.result for step in report.steps if step.number > STEPS[code]} <= {"not run"}
    assert [(reason.code, reason.where) for reason in report.reasons] == [(code, "#3")]


def test_the_first_step_fails_that_has_a_wrong_entry_and_the_reasons_name_every_wrong_entry(
    made: Ledger, place: Path
) -> None:
    wrong = [problem("KEY-UNKNOWN", 2), problem("SIG-BAD", 5), problem("SIG-ALG", 4), problem("CTX-ORDER", 1)]
    report = verified(made, place, *wrong)
    assert failed(report) == [VerificationStep.SIGNATURES]
    assert [reason.where for reason in report.reasons] == ["#2", "#5", "#4", "#1"]

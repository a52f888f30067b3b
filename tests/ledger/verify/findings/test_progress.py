"""The log of a verification: what each step found, what ended it, and what is not proven."""

from __future__ import annotations

import pytest

from ledger.errors import RecordError
from ledger.verify.progress import VerificationLog, counted, placed
from ledger.verify.report import Reason, Report, Result, StatedAudit, Verdict, VerificationStep, verdict_of


def test_a_step_passes_is_open_after_a_doubt_and_is_not_run_where_nothing_is_asked() -> None:
    book = VerificationLog()
    with book.step(VerificationStep.CONTAINER):
        book.says("2 files")
    with book.step(VerificationStep.POLICY):
        pass
    with book.step(VerificationStep.WITNESSES):
        book.nothing_asked("the policy asks for none")
    with book.step(VerificationStep.HISTORY):
        book.nothing_asked()
        book.doubt("CP-QUORUM", "too few", "checkpoint")
    with book.step(VerificationStep.TIME_STAMPS):
        book.remark("TST-TIME", "too early", "ab")
    book.skip(VerificationStep.DOCUMENTS, "nothing of this kind")
    assert [(step.number, step.what, step.result, step.says) for step in book.steps] == [
        (1, "container", Result.PASSED, "2 files"),
        (2, "policy", Result.PASSED, ""),
        (5, "witnesses", Result.NOT_RUN, "the policy asks for none"),
        (6, "history", Result.OPEN, ""),
        (7, "time stamps", Result.PASSED, ""),
        (14, "documents", Result.NOT_RUN, "nothing of this kind"),
    ]
    assert book.doubts == [Reason("CP-QUORUM", "checkpoint", "too few")]
    assert [(r.code, r.level, r.says, r.entries) for r in book.remarks] == [("TST-TIME", "W", "too early", ("ab",))]


def test_an_error_ends_the_verification_and_no_later_step_is_run() -> None:
    book = VerificationLog()

    def run() -> None:
        with book.step(VerificationStep.DOCUMENTS):
            book.says("of no use")
            raise RecordError("MAP-HEAD", "another head", where="map/x")

    with pytest.raises(RecordError, match="MAP-HEAD"):
        run()
    assert book.failed == Reason("MAP-HEAD", "map/x", "another head")
    assert [(step.number, step.result) for step in book.steps] == [
        (14, Result.FAILED),
        *((number, Result.NOT_RUN) for number in (15, 16, 17)),
    ]
    assert book.steps[0].says == "MAP-HEAD map/x: another head"
    assert {step.says for step in book.steps[1:]} == {""}


def test_the_gravest_sentences_come_first() -> None:
    book = VerificationLog(gravest=["worst"], not_proven=["first"])
    book.not_proven.append("last")
    assert book.unproven == ("worst", "first", "last")


def test_an_error_is_placed_without_a_change_of_its_words() -> None:
    moved = placed(RecordError("CP-SIG", "false", where="here", hint="look"), "there")
    assert (moved.code, moved.says, moved.where, moved.hint) == ("CP-SIG", "false", "there", "look")


def test_a_number_stands_with_its_noun() -> None:
    assert [counted(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert [counted(n, "entry", "entries") for n in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]


def test_one_proven_error_decides_the_verdict_and_every_doubt_is_a_reason() -> None:
    doubt, other, wrong = (Reason(code, "", "") for code in ("CP-QUORUM", "KEY-SUSPECT", "CP-SIG"))
    assert verdict_of(wrong, [doubt]) == (Verdict.FAILED, (wrong,))
    assert verdict_of(None, [doubt, other]) == (Verdict.INDETERMINATE, (doubt, other))
    assert verdict_of(None, []) == (Verdict.PASSED, ())


@pytest.mark.parametrize(
    ("verdict", "codes", "line"),
    [
        (Verdict.PASSED, (), "TOTAL-PASSED"),
        (Verdict.INDETERMINATE, ("CP-QUORUM", "KEY-SUSPECT"), "INDETERMINATE CP-QUORUM"),
        (Verdict.FAILED, ("CP-SIG",), "TOTAL-FAILED CP-SIG"),
    ],
)
def test_the_verdict_is_one_line_with_the_code_that_decides_it(
    verdict: Verdict, codes: tuple[str, ...], line: str
) -> None:
    reasons = tuple(Reason(code, "", "") for code in codes)
    report = Report(verdict, reasons, steps=(), entries=0, signatures=0, not_proven=(), brackets=(), procedure=())
    assert report.integrity == line
    assert report.not_covered == 0


@pytest.mark.parametrize(
    ("ranges", "size", "gaps"),
    [
        ((), 0, []),
        ((), 4, [(0, 4)]),
        (((0, 4),), 4, []),
        (((0, 3),), 4, [(3, 4)]),
        (((1, 4),), 4, [(0, 1)]),
        (((0, 2), (3, 4)), 6, [(2, 3), (4, 6)]),
        (((0, 2), (2, 4)), 4, []),
    ],
)
def test_the_gaps_of_an_auditor_are_what_its_ranges_leave(
    ranges: tuple[tuple[int, int], ...], size: int, gaps: list[tuple[int, int]]
) -> None:
    assert StatedAudit("karsk", "auditor.example/karsk", None, ranges).gaps(size) == gaps

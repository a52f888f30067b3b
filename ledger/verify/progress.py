"""Collect the results of a verification: steps, reasons for doubt, findings, and what is not proven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from ledger.errors import RecordError
from ledger.verify.report import Reason, Remark, Result, StepResult, VerificationStep


class VerificationLog(Struct):
    """The results so far: steps, reasons for doubt, findings, and sentences on what is not proven.

    `of` names the verified object (a bundle, a folder, an entry). `failed` is the error that ended the
    verification. `gravest` are the sentences on what is not proven that come before all others.
    """

    of: str = "bundle"
    steps: list[StepResult] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    gravest: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    failed: Reason | None = None
    detail: str = ""
    ran: bool = True

    @contextmanager
    def step(self, step: VerificationStep) -> Iterator[None]:
        """Add the result of a step. A `RecordError` in the block proves the record wrong, and is raised again."""
        doubts = len(self.doubts)
        self.detail, self.ran = "", True
        try:
            yield
        except RecordError as wrong:
            self.failed = Reason(wrong.code, wrong.where, wrong.says)
            self._add(step, Result.FAILED, str(wrong))
            for later in VerificationStep:
                if later > step:
                    self._add(later, Result.NOT_RUN)
            raise
        result = Result.PASSED if self.ran else Result.NOT_RUN
        self._add(step, Result.OPEN if len(self.doubts) > doubts else result, self.detail)

    def _add(self, step: VerificationStep, result: Result, says: str = "") -> None:
        self.steps.append(StepResult(step.value, step.title, result, says))

    @property
    def unproven(self) -> tuple[str, ...]:
        """All sentences on what is not proven, the gravest first."""
        return (*self.gravest, *self.not_proven)

    def skip(self, step: VerificationStep, says: str) -> None:
        """Add a step that has nothing to check here, with the reason."""
        self._add(step, Result.NOT_RUN, says)

    def says(self, sentence: str) -> None:
        """Set the sentence of the current step, which says how much it checked."""
        self.detail = sentence

    def nothing_asked(self, sentence: str = "") -> None:
        """Note that the current step has checked nothing, with the reason: it is not run, and has not passed."""
        self.detail, self.ran = sentence, False

    def doubt(self, code: str, says: str, where: str = "") -> None:
        """Add a reason for doubt: a proof is missing, so the best verdict is INDETERMINATE."""
        self.doubts.append(Reason(code, where, says))

    def remark(self, code: str, says: str, *entries: str, level: str = "W") -> None:
        """Add a finding on times, claims or completeness; `entries` are leaf hashes. It never changes the verdict."""
        self.remarks.append(Remark(code, level, says, ("docs/reference/verification.md",), entries))


def placed(wrong: RecordError, where: str) -> RecordError:
    """Return the same error with the file that it concerns."""
    return RecordError(wrong.code, wrong.says, where=where, hint=wrong.hint)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 entry`, `2 entries`."""
    return f"{number} {one if number == 1 else many or one + 's'}"

"""Collect the results of a verification: steps, reasons for doubt, findings, and what is not proven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from msgspec import Struct, field

from ledger.errors import RecordError
from ledger.trust.held import ComparedRoots
from ledger.verify.report import Reason, Remark, Result, StepResult, VerificationStep


class Undecided(RecordError):
    """Nothing can be checked from here on, and nothing is proved wrong: the reader gave what does not belong here."""


class Contradiction(RecordError):
    """A contradiction that a second record proves.

    `exhibit` shows it to third parties; None if no Ed25519 key of the log signed both heads.
    """

    def __init__(self, refused: RecordError, where: str, exhibit: bytes | None) -> None:
        super().__init__(refused.code, refused.says, where=where)
        self.exhibit = exhibit


class VerificationLog(Struct):
    """The results so far: steps, reasons for doubt, findings, and sentences on what is not proven.

    `of` names the verified object (a bundle, a folder, an entry). `failed` is the error that ended the verification,
    and `ended` says that an error or a lack ended it. `exhibit` shows a contradiction of the log to third parties.
    `compared` is a typed root that differs. `gravest` are the sentences on what is not proven that come before all
    others.
    """

    of: str = "bundle"
    steps: list[StepResult] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    gravest: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    failed: Reason | None = None
    ended: bool = False
    exhibit: bytes | None = None
    compared: ComparedRoots | None = None
    detail: str = ""
    ran: bool = True

    @contextmanager
    def step(self, step: VerificationStep) -> Iterator[None]:
        """Add the result of a step. A `RecordError` in the block proves the record wrong, and is raised again.

        `Undecided` is a doubt, after which no step runs; it is raised again, too.
        """
        doubts = len(self.doubts)
        self.detail, self.ran = "", True
        try:
            yield
        except RecordError as wrong:
            self.ended = True
            if isinstance(wrong, Contradiction):
                self.exhibit = wrong.exhibit
            if isinstance(wrong, Undecided):
                self.doubt(wrong.code, wrong.says, wrong.where)
                self._add(step, Result.OPEN, wrong.says)
            else:
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


OTHER_WORDS = Remark(
    "CMP-SAYS",
    "W",
    "the file is not as this program writes it of what it proves: believe none of its words, only those here",
    ("docs/reference/verification.md",),
)


def placed(wrong: RecordError, where: str) -> RecordError:
    """Return the same error with the file that it concerns."""
    return RecordError(wrong.code, wrong.says, where=where, hint=wrong.hint)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 entry`, `2 entries`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


class Unproven(str):
    """A sentence on what is not proven, with the code that it is under; `words` are the sentence without the code.

    `about` says what it is about: `OWN_KEYS`, `SEALED` or `ENDS`; empty for anything else.
    """

    code: str
    words: str
    about: str

    def __new__(cls, code: str, words: str, about: str = "") -> Self:
        made = super().__new__(cls, f"{code}: {words}" if code else words)
        made.code, made.words, made.about = code, words, about
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a copy, and a sentence that another process gets, keep its code."""
        return type(self), (self.code, self.words, self.about)


OWN_KEYS = "own-keys"  # the keys came with what is verified
SEALED = "sealed"  # sealed values that are not opened
ENDS = "ends"  # where the orders of a bundle end, and that none of their entries was left out

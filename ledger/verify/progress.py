"""What a verifier jots down on the way: which steps ran, what is missing, what is odd, what nothing here can prove."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from ledger.errors import RecordError
from ledger.verify.report import Reason, Remark, Result, Step

STEPS = {
    1: "container",
    2: "policy",
    3: "manifest",
    4: "checkpoints",
    5: "witnesses",
    6: "history",
    7: "time stamps",
    8: "proofs",
    9: "signatures",
    10: "order of entries",
    11: "keys",
    12: "times",
    13: "sealed values",
    14: "documents",
    15: "other records",
    16: "procedure",
    17: "completeness",
}


class VerificationLog(Struct):
    """Steps as they end, reasons for doubt, findings, and sentences on what is not proven; `failed` ends it all.

    `of` names what is judged: a bundle, a folder, an entry. `gravest` are the sentences on what is not proven that come
    before all others.
    """

    of: str = "bundle"
    steps: list[Step] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    gravest: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    failed: Reason | None = None
    said: str = ""

    @contextmanager
    def step(self, number: int) -> Iterator[None]:
        """Note what a step showed. A `RecordError` inside is what proves the bundle wrong, and is raised on."""
        doubts = len(self.doubts)
        self.said = ""
        try:
            yield
        except RecordError as wrong:
            self.failed = Reason(wrong.code, wrong.where, wrong.says)
            self.steps.append(Step(number, STEPS[number], Result.FAILED, str(wrong)))
            later = (n for n in STEPS if n > number)
            self.steps.extend(Step(n, STEPS[n], Result.NOT_RUN) for n in later)
            raise
        result = Result.OPEN if len(self.doubts) > doubts else Result.PASSED
        self.steps.append(Step(number, STEPS[number], result, self.said))

    @property
    def unproven(self) -> tuple[str, ...]:
        """All sentences on what is not proven, the gravest first."""
        return (*self.gravest, *self.not_proven)

    def skip(self, number: int, says: str) -> None:
        """Note a step that has nothing to check here, and why."""
        self.steps.append(Step(number, STEPS[number], Result.NOT_RUN, says))

    def says(self, sentence: str) -> None:
        """How much there was to check in the step under way."""
        self.said = sentence

    def doubt(self, code: str, says: str, where: str = "") -> None:
        """What would prove this right is missing: the best verdict is INDETERMINATE."""
        self.doubts.append(Reason(code, where, says))

    def remark(self, code: str, says: str, *entries: str, level: str = "W") -> None:
        """Note a finding on times, claims or completeness, by leaf hash; the verdict does not depend on it."""
        self.remarks.append(Remark(code, level, says, ("docs/reference/verification.md",), entries))


def placed(wrong: RecordError, where: str) -> RecordError:
    """The same refusal, with the file it is about."""
    return RecordError(wrong.code, wrong.says, where=where, hint=wrong.hint)


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 entry`, `2 entries`."""
    return f"{number} {one if number == 1 else many or one + 's'}"

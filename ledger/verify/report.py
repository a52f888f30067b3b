"""Define the report of a verification: one verdict on integrity, its reasons and steps, and the findings on procedure.

The words are those of ETSI EN 319 102-1, without a claim to conform to it. `TOTAL-PASSED` says that the
record is complete and has the signatures of its named signers, except for what `not_proven` lists. It does
not say whether the evidence is admissible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal

from msgspec import Struct

from ledger.bundle.findings import StatedFindings
from ledger.bundle.manifest import Manifest
from ledger.entries.case import Case
from ledger.law import Judgement
from ledger.tlog.audit_statement import AuditStatement
from ledger.tlog.note import Head
from ledger.trust.held import ComparedRoots


class Verdict(StrEnum):
    """The verdict on integrity alone."""

    PASSED = "TOTAL-PASSED"  # every step passed, under keys or a checkpoint from another source
    INDETERMINATE = "INDETERMINATE"  # nothing is proved wrong; a proof is missing
    FAILED = "TOTAL-FAILED"  # proved wrong


class Result(StrEnum):
    """The result of one step."""

    PASSED = "passed"
    OPEN = "indeterminate"
    FAILED = "failed"
    NOT_RUN = "not run"


class Reason(Struct, frozen=True):
    """A reason why the verdict is not better: a released code, the file or entry, a sentence."""

    code: str
    where: str
    says: str


class VerificationStep(IntEnum):
    """The 17 steps in their order (docs/reference/verification.md); a step reads only bytes verified before it."""

    CONTAINER = 1
    POLICY = 2
    MANIFEST = 3
    CHECKPOINTS = 4
    WITNESSES = 5
    HISTORY = 6
    TIME_STAMPS = 7
    PROOFS = 8
    SIGNATURES = 9
    ORDER_OF_ENTRIES = 10
    KEYS = 11
    TIMES = 12
    SEALED_VALUES = 13
    DOCUMENTS = 14
    OTHER_RECORDS = 15
    PROCEDURE = 16
    COMPLETENESS = 17

    @property
    def title(self) -> str:
        """The name in reports, such as `time stamps`."""
        return self.name.lower().replace("_", " ")


class StepResult(Struct, frozen=True):
    """The result of one step: its number and title, the result, and how much there was to check."""

    number: int
    what: str
    result: Result
    says: str = ""


class Bracket(Struct, frozen=True):
    """The proven bounds of the time when an entry was signed, and the claimed times.

    `index` is the entry's log index, from 0; times are UTC. The entry was signed after `not_before` and
    existed at `not_after`; None where nothing proves that side. `claimed` is the claimed time of the fact,
    `signed_at` the claimed time of the signature.
    """

    index: int
    not_before: datetime | None
    not_after: datetime | None
    claimed: datetime
    signed_at: datetime


class Remark(Struct, frozen=True):
    """A finding on the procedure, of the law or of the record's own times and claims; never part of the verdict.

    `level` is V, W or G; `entries` are leaf hashes in hex.
    """

    code: str
    level: str
    says: str
    cite: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


class CommittedHeads(Struct, frozen=True):
    """The heads of all orders at `size` entries, as the entry at `index` committed them at `signed_at` (as it says).

    `counts` has the number of entries that each order of the bundle has below this size. `whole` is True if the log
    has no entry between them and the head of the bundle but this one. `auditors` are those of the verifier's policy,
    by name, who state that they computed the root from the entries.
    """

    index: int
    size: int
    signed_at: datetime
    counts: Mapping[str, int]
    whole: bool
    auditors: tuple[str, ...] = ()


class DatedHead(Struct, frozen=True):
    """A signed state of the log with a proven date: its size, the digest of its note, and by when it existed."""

    size: int
    note: str
    at: datetime


class MakersFindings(Struct, frozen=True):
    """What the maker of a bundle states that it found on the procedure; never part of the verdict or of `procedure`.

    `state`: `stated`; `none`, if the bundle states no findings; `unreadable`, if its file is broken or is about
    something else (CMP-FINDINGS). `again`: whether this program finds the `same` in the bundle or the maker's
    list `differs`; `not-compared`, if the rules of the maker are not the rules of this program.
    """

    state: Literal["stated", "none", "unreadable"]
    again: Literal["same", "differs", "not-compared"] = "not-compared"
    stated: StatedFindings | None = None


class StatedAudit(Struct, frozen=True):
    """What an auditor of the verifier's policy states of a log, by signatures that hold; never part of the verdict.

    `name` is its name in the policy, `auditor` its own. `ranges` are the entries [start, end) that it checked, left
    to right; without any, `statement` is None.
    """

    name: str
    auditor: str
    statement: AuditStatement | None
    ranges: tuple[tuple[int, int], ...]

    def gaps(self, size: int) -> list[tuple[int, int]]:
        """Return the ranges of the first `size` entries that the auditor does not state to have checked."""
        ends = [0, *(end for _, end in self.ranges)]
        starts = [*(start for start, _ in self.ranges), size]
        return [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]


class Report(Struct, frozen=True):
    """The results of `verify`.

    `not_proven` are sentences, the gravest first. `case` is the proven order, and `judgement` the law's
    findings on it at `as_of`, the moment the bundle was made; both are None if an earlier step failed. `head`
    is the checkpoint to which every proof leads. `manifest` holds the statements of the bundle's maker.
    `head_seen` is when the witnesses last saw the head, or, if none counts, by when a time stamp shows that
    it existed; None if neither is proven. `exhibit` proves to third parties that the log contradicts itself,
    if a second record showed it. For a whole log, `entries` counts the entries that `head` covers, and
    `not_covered` the later ones. `makers` are the findings that the maker of a bundle states; None if an
    earlier step failed, or if the file is no bundle. `dated` are the heads of a bundle whose date is proven, by
    size. `log_key` is the key of the log that signed its head, as `name+id+key`. `committed` says up to which size
    the orders of a bundle have the heads that the log committed; None if it carries no committed heads. `says` is
    what a proof of absence shows, in one sentence. `audits` is what the auditors of the verifier's policy state
    of the log. `compared` is a typed root that differs from that of the record (ANCHOR-TYPED).
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    steps: tuple[StepResult, ...]
    entries: int
    signatures: int
    not_proven: tuple[str, ...]
    brackets: tuple[Bracket, ...]
    procedure: tuple[Remark, ...]
    head: Head | None = None
    manifest: Manifest | None = None
    case: Case | None = None
    judgement: Judgement | None = None
    as_of: datetime | None = None
    head_seen: datetime | None = None
    exhibit: bytes | None = None
    not_covered: int = 0
    makers: MakersFindings | None = None
    dated: tuple[DatedHead, ...] = ()
    log_key: str = ""
    committed: CommittedHeads | None = None
    says: str = ""
    audits: tuple[StatedAudit, ...] = ()
    compared: ComparedRoots | None = None

    @property
    def integrity(self) -> str:
        """The verdict and the code that decides it, in one line."""
        return f"{self.verdict} {self.reasons[0].code}" if self.reasons else str(self.verdict)


def verdict_of(failed: Reason | None, doubts: Sequence[Reason]) -> tuple[Verdict, tuple[Reason, ...]]:
    """Return the verdict and its reasons: one proven error decides; else every missing proof is a reason."""
    if failed is not None:
        return Verdict.FAILED, (failed,)
    return (Verdict.INDETERMINATE if doubts else Verdict.PASSED), tuple(doubts)

"""Define what is asked of each ledger of an audit, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from ledger.trust.trust_folder import Trust
from ledger.verify.report import Reason

MOST_POINTS = 100_000  # findings and deadlines of one ledger that are compared with the run before
LISTED = 5  # orders that a line of the result names


class AuditVerdict(StrEnum):
    """The verdict on the integrity of one ledger, the worst first."""

    FAILED = "TOTAL-FAILED"  # proved wrong
    NOT_READ = "NOT-READ"  # absent, locked, too slow, too large, or damaged so that nothing can be said of it
    INDETERMINATE = "INDETERMINATE"  # nothing is proved wrong; a proof is missing, or no trust is held
    CONTINUED = "CONTINUED"  # what was read passed; the rest had a verdict of this auditor and was not read
    PASSED = "TOTAL-PASSED"  # every step passed, under trust from outside of the ledger


class AuditorKey(Struct, frozen=True):
    """The key of an auditor: the name of the key, the statement that it makes, and its file."""

    name: str
    statement: bytes
    file: str


class AuditTask(Struct, frozen=True):
    """One ledger to audit at `place`: a ledger folder, a published log in a folder, or the URL of one.

    `trusts` are held from elsewhere; the one that names the log of the ledger is used. `expected` is the origin that a
    list names for this place, `holder` who keeps the ledger, `store` the address of a database with its entries, as the
    auditor gives it. `state` is the auditor's folder for this place. `now` is the moment of the audit (UTC). With `ask`
    the witnesses of the policy are asked which heads they remember.
    """

    place: str
    trusts: tuple[Trust, ...]
    state: str
    now: datetime
    as_of: datetime
    expected: str = ""
    holder: str = ""
    store: str = ""
    ask: bool = True
    auditor: AuditorKey | None = None


class ViewsTask(Struct, frozen=True):
    """The heads of one log that several observers hold: that of `place`, the largest, and `others` by who holds them.

    Heads are signed notes. Evidence is kept below `state`.
    """

    log: str
    place: str
    note: str
    others: list[tuple[str, str]]
    trust: Trust
    state: str


class WitnessCount(Struct, frozen=True):
    """The witnesses of the policy: how many cosigned the head, of how many that count, and whether that suffices.

    `remember` is the number of witnesses that were asked and answered with a head that agrees.
    """

    seen: int
    of: int
    met: bool
    remember: int = 0


class FoundCode(Struct, frozen=True):
    """A finding of the law by its code and level: how many orders have it, and the first of them."""

    code: str
    level: str
    orders: int
    first: list[str]


class OverdueDuty(Struct, frozen=True):
    """A deadline that ended unanswered: its order, its reference if it has one, its id, its end (UTC)."""

    order: str
    ref: str | None
    id: str
    due: datetime


class DutyCount(Struct, frozen=True):
    """The numbers of open deadlines: all, over, and not computed; the first that are over."""

    open: int = 0
    overdue: int = 0
    undetermined: int = 0
    first: list[OverdueDuty] = []


class Difference(Struct, frozen=True):
    """What changed since the audit of `since`: entries, the verdict before, findings and overdue deadlines by number.

    `added` names the first findings and deadlines that are new, as `CODE order`.
    """

    since: datetime
    verdict: str
    entries: int
    new: int
    gone: int
    added: list[str]


class AuditedLedger(Struct, frozen=True):
    """The result of one ledger. Sizes and heads are None where none was read.

    `trusted` says that a trust from outside named the log. `rests` is the number of entries that rest on the verdicts
    of an earlier run. `head_at` is when the head was seen first, `head_by` by whom: a `witness`, or this `auditor`.
    `stale` says that the newest checkpoint is older than was asked. `judged` says whether the orders were judged: they
    are not where the integrity failed. `remarks` are sentences.
    """

    place: str
    log: str
    holder: str
    verdict: AuditVerdict
    reasons: list[Reason]
    trusted: bool
    test: bool = False
    size: int | None = None
    root: str | None = None
    head_at: datetime | None = None
    head_by: str = ""
    stale: bool = False
    entries: int = 0
    signatures: int = 0
    not_covered: int = 0
    rests: int = 0
    witnesses: WitnessCount | None = None
    judged: bool = False
    orders: int = 0
    findings: list[FoundCode] = []
    duties: DutyCount = DutyCount()
    remarks: list[str] = []
    difference: Difference | None = None


class Audited(Struct, frozen=True):
    """A result with what the next run compares: `points` are findings and overdue deadlines, as `CODE order`.

    `note` is the head that was verified, as its signed note; empty without one.
    """

    ledger: AuditedLedger
    points: list[str] = field(default_factory=list)
    note: str = ""


def not_read(task: AuditTask, code: str, says: str, where: str = "", log: str = "") -> Audited:
    """Return the result of a ledger that could not be read, with the reason."""
    reason = Reason(code, where, says)
    return Audited(
        AuditedLedger(task.place, log or task.expected, task.holder, AuditVerdict.NOT_READ, [reason], trusted=False)
    )


def difference(now: Audited, before: Audited, since: datetime) -> Difference:
    """Return what changed between two results of one ledger; `since` is the moment of the earlier one (UTC)."""
    new, old = set(now.points), set(before.points)
    added = sorted(new - old)
    return Difference(
        since=since,
        verdict=str(before.ledger.verdict),
        entries=_entries(now) - _entries(before),
        new=len(added),
        gone=len(old - new),
        added=added[:LISTED],
    )


def _entries(result: Audited) -> int:
    return result.ledger.entries + result.ledger.not_covered


def worst_first(ledgers: Sequence[AuditedLedger]) -> list[AuditedLedger]:
    """Sort ledgers: by verdict, then by the number of violations, of overdue and of undetermined deadlines, by log."""
    verdicts = list(AuditVerdict)

    def key(one: AuditedLedger) -> tuple[int, int, int, int, str, str]:
        violations = sum(found.orders for found in one.findings if found.level == "V")
        return (
            *(verdicts.index(one.verdict), -violations, -one.duties.overdue, -one.duties.undetermined),
            *(one.log, one.place),
        )

    return sorted(ledgers, key=key)

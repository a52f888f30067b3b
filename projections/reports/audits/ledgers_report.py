"""The report on the audit of many ledgers, as values: what needs attention, a row for each ledger, the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.messages import Day, Message, joined
from projections.reports.front_page import CheckCommand, FrontPage, IntegrityResult, Provenance, VerdictReason

TITLE = Message("Audit of many ledgers")
WHAT = Message("Each ledger that could be read was verified under the trust that the auditor holds.")
LIMITS = (
    Message("Sealed values were not opened: a deadline that rests on one could not be computed."),
    Message("The orders of a ledger that failed its integrity check, or that was not read, were not judged."),
    Message("What the law of a State requires beyond the rules of the instruments as modelled was not examined."),
)
WORDS = {  # a verdict in words, the worst first
    "TOTAL-FAILED": Message("integrity failed"),
    "NOT-READ": Message("not read"),
    "INDETERMINATE": Message("integrity not proven"),
    "CONTINUED": Message("integrity passed, in part by an earlier audit"),
    "TOTAL-PASSED": Message("integrity passed"),
}


@dataclass(frozen=True, slots=True)
class AttentionLine:
    """Hold one thing to look at in a ledger: a sentence or a name, its code, the orders that it concerns."""

    says: str
    code: str
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Hold one ledger of an audit.

    `verdict` is the code, `words` the same in words. `head_at` is when its newest checkpoint was seen (UTC), by a
    witness or, with `seen_here`, by the auditor. `age` is its age in hours; None without one. `witnesses` are how many
    saw it, of how many; None if that is not known. Counts of orders are None if they were not judged. `new` and `gone`
    are findings and overdue deadlines since the last audit, `added` its new entries, `before` the verdict then; None at
    the first audit.
    """

    log: str
    holder: str
    place: str
    verdict: str
    words: str
    entries: int | None
    head_at: datetime | None
    seen_here: bool
    age: int | None
    stale: bool
    witnesses: tuple[int, int] | None
    orders: int | None
    violations: int | None
    overdue: int | None
    uncomputed: int | None
    before: str | None
    added: int | None
    new: int | None
    gone: int | None
    reasons: tuple[VerdictReason, ...]
    attention: tuple[AttentionLine, ...]
    test: bool = False

    @property
    def worst(self) -> int:
        """Return the place of the verdict in the order of verdicts, the worst first, from 0."""
        return list(WORDS).index(self.verdict)


@dataclass(frozen=True, slots=True)
class LedgersReport:
    """Hold the audit of many ledgers, the worst first; `since` is the moment of the last audit, None at the first."""

    face: FrontPage
    ledgers: tuple[LedgerLine, ...]
    since: datetime | None


def ledgers_report(
    ledgers: Sequence[LedgerLine], as_of: datetime, since: datetime | None, tool: str, rules: str
) -> LedgersReport:
    """Return the report on ledgers, which are sorted; their orders were judged as of `as_of` (UTC)."""
    worst = ledgers[0].verdict if ledgers else "INDETERMINATE"
    making = Provenance(as_of, tool, rules, None, IntegrityResult(worst, WHAT, (), ()), test=_is_test(ledgers))
    face = FrontPage(
        title=TITLE,
        what=WHAT,
        answer=joined(" ", _answer(ledgers)),
        making=making,
        subject=None,
        procedure="",
        findings=(),
        not_checked=LIMITS,
        commands=(
            CheckCommand(Message("One ledger of these again:"), "comity verify PLACE --trust TRUST"),
            CheckCommand(Message("All of them again, and what changed:"), "comity audit PLACE... --trust TRUST"),
        ),
        only_for=(),
        signed=False,
        found=_found(ledgers),
    )
    return LedgersReport(face, tuple(ledgers), since)


def _is_test(ledgers: Sequence[LedgerLine]) -> bool:
    """Return True if every ledger that was read is a test ledger."""
    read = [one for one in ledgers if one.entries is not None]
    return bool(read) and all(one.test for one in read)


def _answer(ledgers: Sequence[LedgerLine]) -> list[str]:
    """Say how many ledgers have which verdict, the worst first."""
    total = len(ledgers)
    counts = {verdict: sum(one.verdict == verdict for one in ledgers) for verdict in WORDS}
    passed = counts["TOTAL-PASSED"] + counts["CONTINUED"]
    says: list[str] = (
        [Message("{0} of {1} ledgers FAILED the integrity check.", counts["TOTAL-FAILED"], total)]
        if counts["TOTAL-FAILED"]
        else []
    )
    says += [Message("{0} of {1} ledgers could not be read.", counts["NOT-READ"], total)] if counts["NOT-READ"] else []
    if counts["INDETERMINATE"]:
        says.append(Message("Of {0} of {1} ledgers not everything could be proven.", counts["INDETERMINATE"], total))
    says.append(Message("{0} of {1} ledgers passed the integrity check.", passed, total))
    return says


def _found(ledgers: Sequence[LedgerLine]) -> str:
    """Say what the rules found in all ledgers that were judged."""
    judged = [one for one in ledgers if one.orders is not None]
    if not judged:
        return Message("The orders of no ledger were judged.")
    violations, overdue = (sum(getattr(one, name) or 0 for one in judged) for name in ("violations", "overdue"))
    if not violations and not overdue:
        return Message(
            "In the {0} of {1} ledgers that were judged, the rules found no violation and no overdue deadline.",
            len(judged),
            len(ledgers),
        )
    return Message(
        "In the {0} of {1} ledgers that were judged: violations of the rules as modelled {2}, overdue deadlines {3}.",
        len(judged),
        len(ledgers),
        violations,
        overdue,
    )


def hours(time: timedelta) -> int:
    """Return a period in whole hours."""
    return int(time.total_seconds() // 3600)


def attention_lines(
    violations: Sequence[tuple[str, int, tuple[str, ...]]],
    overdue: Sequence[tuple[str, str, str]],
    more_overdue: int,
    uncomputed: int,
    new: Sequence[str],
    rests: int,
    *,
    stale: bool,
) -> list[AttentionLine]:
    """Return what to look at in a ledger.

    `violations` have a code, the number of orders and the first of them; `overdue` the id of a deadline, its day, its
    order. `new` are findings and deadlines since the last audit, as `CODE order`; `rests` is the number of entries that
    rest on an earlier audit.
    """
    lines = [AttentionLine(Message("The newest checkpoint is older than was asked."), "CP-STALE")] if stale else []
    lines += [
        AttentionLine(
            Message("A violation in one order") if n == 1 else Message("A violation in {0} orders", n), code, orders
        )
        for code, n, orders in violations
    ]
    lines += [
        AttentionLine(Message("A deadline is overdue since {0}", Day(day)), code, (order,))
        for code, day, order in overdue
    ]
    lines += [AttentionLine(Message("More overdue deadlines: {0}.", more_overdue), "")] if more_overdue > 0 else []
    lines += (
        [AttentionLine(Message("Deadlines that could not be computed: {0}.", uncomputed), "")] if uncomputed else []
    )
    lines += (
        [AttentionLine(Message("New since the last audit"), "", tuple(_short(each) for each in new))] if new else []
    )
    lines += (
        [AttentionLine(Message("Entries that rest on an earlier audit and were not read: {0}.", rests), "")]
        if rests
        else []
    )
    return lines


def _short(point: str) -> str:
    """Return a code with the first digits of the order."""
    code, _, order = point.partition(" ")
    return Message("{0} {1}", code, order[:8])

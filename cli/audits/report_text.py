"""The answer of `comity audit`: one struct, its rows, its text for people, and its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from cli.exit_codes import Exit
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from ledger.application.audits.results import AuditedLedger, AuditVerdict

if TYPE_CHECKING:
    from cli.audits.run_audit import AuditOfMany

REASONS = 3  # of one ledger, in the text for people


class AuditAnswer(CommandAnswer, tag="comity.audit/1"):
    """The audit of many ledgers, the worst first, at `moment`; the orders are judged as of `as_of`.

    `verdicts` counts the ledgers by verdict. `continued` counts ledgers that an interrupted audit had read. `state` is
    the folder of the auditor.
    """

    moment: Time
    as_of: Time
    verdicts: dict[str, int]
    continued: int
    ledgers: list[AuditedLedger]
    state: str

    @classmethod
    def of(cls, done: AuditOfMany, as_of: datetime | None, state: str) -> Self:
        """Return the answer for the results of a run."""
        counts = Counter(str(one.verdict) for one in done.ledgers)
        verdicts = {str(verdict): counts[str(verdict)] for verdict in AuditVerdict}
        return cls(done.moment, as_of or done.moment, verdicts, done.continued, done.ledgers, state)


def exit_of(answer: AuditAnswer) -> Exit:
    """Return the exit code: an integrity failure before a ledger that was not read, that before findings."""
    verdicts = {one.verdict for one in answer.ledgers}
    if AuditVerdict.FAILED in verdicts:
        return Exit.PROVED_BAD
    if AuditVerdict.NOT_READ in verdicts:
        return Exit.UNDECIDABLE
    return Exit.FINDINGS if any(_needs_attention(one) for one in answer.ledgers) else Exit.DONE


def _needs_attention(one: AuditedLedger) -> bool:
    found = violations(one) or one.duties.overdue or one.duties.undetermined
    return bool(found) or one.stale or one.verdict is AuditVerdict.INDETERMINATE


def violations(one: AuditedLedger) -> int:
    """Return the number of violations in all orders: each code counts once for an order."""
    return sum(found.orders for found in one.findings if found.level == "V")


def columns() -> tuple[str, ...]:
    """Return the names of the columns of the table."""
    return ("verdict", "log", "holder", "entries", "head", "witnesses", "orders", "V", "overdue", "since", "place")


def rows(answer: AuditAnswer) -> list[tuple[Any, ...]]:
    """Return a row for each ledger."""
    return [
        (
            *(str(one.verdict), one.log, one.holder, one.entries + one.not_covered, age(one, answer.moment)),
            *(witnesses(one), one.orders if one.judged else "", violations(one) if one.judged else ""),
            *(one.duties.overdue if one.judged else "", since(one), one.place),
        )
        for one in answer.ledgers
    ]


def age(one: AuditedLedger, moment: datetime) -> str:
    """Return the age of the newest checkpoint in words, and who saw it."""
    if one.size is None:
        return "none"
    if one.head_at is None:
        return "undated"
    return f"{period(moment - one.head_at)}{'' if one.head_by == 'witness' else ' (seen here)'}"


def period(time: timedelta) -> str:
    """Return a period in its largest unit: `3 d`, `5 h`, `2 min`."""
    seconds = max(int(time.total_seconds()), 0)
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def witnesses(one: AuditedLedger) -> str:
    """Return how many witnesses saw the head, of how many that count."""
    count = one.witnesses
    return "" if count is None else "none asked for" if not count.of else f"{count.seen} of {count.of}"


def since(one: AuditedLedger) -> str:
    """Return the difference to the last audit in words; empty at the first one."""
    it = one.difference
    if it is None:
        return ""
    parts = [f"was {it.verdict}"] if it.verdict != str(one.verdict) else []
    parts += [f"{it.entries:+} {'entry' if it.entries == 1 else 'entries'}"] if it.entries else []
    parts += [f"{it.new} new"] if it.new else []
    parts += [f"{it.gone} gone"] if it.gone else []
    return ", ".join(parts) or "unchanged"


def text_of(answer: AuditAnswer) -> str:
    """Return the report for a terminal: the counts, a line for each ledger, then why a ledger is not better."""
    lines = [headline(answer), ""]
    for one in answer.ledgers:
        lines.append(f"{output.paint(str(one.verdict))}  {_line(one, answer.moment)}")
        lines += [f"    {says}" for says in _details(one)]
    if answer.continued:
        lines.append(f"{output.counted(answer.continued, 'ledger was', 'ledgers were')} read before an interruption.")
    return "\n".join(lines)


def _line(one: AuditedLedger, moment: datetime) -> str:
    if one.size is None:
        return f"{one.log} {one.place}".strip()
    parts = [output.counted(one.entries + one.not_covered, "entry", "entries"), f"checkpoint {age(one, moment)}"]
    parts += [f"witnesses {witnesses(one)}"] if one.witnesses else []
    if one.judged:
        parts += [f"{violations(one)} V in {output.counted(one.orders, 'order')}", f"{one.duties.overdue} overdue"]
    parts += [f"since the last audit: {since(one)}"] if one.difference else []
    return f"{'TEST ' if one.test else ''}{one.log}{f' ({one.holder})' if one.holder else ''}: {'; '.join(parts)}"


def headline(answer: AuditAnswer) -> str:
    """Return what was found in one sentence: how many ledgers have which verdict."""
    counts = ", ".join(f"{n} {verdict}" for verdict, n in answer.verdicts.items() if n)
    return f"{output.counted(len(answer.ledgers), 'ledger')}: {counts}"


def _details(one: AuditedLedger) -> Iterator[str]:
    for reason in one.reasons[:REASONS]:
        yield " ".join(part for part in (reason.code, reason.where, reason.says) if part)
    if len(one.reasons) > REASONS:
        yield f"and {len(one.reasons) - REASONS} more reasons (--json)"
    if one.stale:
        yield "CP-STALE its newest checkpoint is older than was asked"
    if one.rests:
        yield f"{output.counted(one.rests, 'entry rests', 'entries rest')} on earlier verdicts of this auditor"
    for found in one.findings:
        if found.level == "V":
            orders = ", ".join(order[:8] for order in found.first)
            yield f"{found.code} in {output.counted(found.orders, 'order')}: {orders}"
    for duty in one.duties.first:
        yield f"overdue {duty.id} since {output.plain(duty.due)}: {duty.ref or duty.order[:8]}"
    if one.duties.overdue > len(one.duties.first):
        yield f"and {one.duties.overdue - len(one.duties.first)} more overdue"
    if one.duties.undetermined:
        yield f"{output.counted(one.duties.undetermined, 'deadline')} could not be computed"
    if one.difference and one.difference.added:
        yield f"new since {output.plain(one.difference.since)}: {'; '.join(one.difference.added)}"
    yield from one.remarks
    if one.verdict not in (AuditVerdict.PASSED, AuditVerdict.CONTINUED) and one.size is not None:
        yield f"at {one.place}"

"""Show a verdict for people and machines; integrity and procedure are two lines, and neither stands for the other."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from cli.exit_codes import Exit
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.table import wrapped
from ledger.tlog.note import Checkpoint
from ledger.verify.report import Bracket, Reason, Remark, Report, Result, Verdict

EXITS = {Verdict.PASSED: Exit.DONE, Verdict.INDETERMINATE: Exit.FINDINGS, Verdict.FAILED: Exit.PROVED_BAD}
CODE = re.compile(r"[A-Z][A-Z_-]+")
LEVELS = {"V": "violation", "W": "remark", "G": "gap"}


class StepItem(Struct, frozen=True):
    """One step of the verification (docs/reference/verification.md) and its result."""

    step: int
    what: str
    result: Result
    says: str


class CheckpointItem(Struct, frozen=True):
    """The state of a log: its origin, its size, and its root hash in hex."""

    origin: str
    size: int
    root: str


class VerifyAnswer(CommandAnswer, tag="comity.verify/1"):
    """The verdict on a bundle, an entry, a ledger or an exhibit."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    entries: int
    not_covered: int
    signatures: int
    not_proven: tuple[str, ...]
    procedure: tuple[Remark, ...]
    brackets: tuple[Bracket, ...]
    steps: list[StepItem]
    as_of: Time | None
    head: CheckpointItem | None
    head_seen: Time | None


def answer(report: Report) -> VerifyAnswer:
    """Return the report as the answer of `comity verify`."""
    return VerifyAnswer(
        verdict=report.verdict,
        reasons=report.reasons,
        entries=report.entries,
        not_covered=report.not_covered,
        signatures=report.signatures,
        not_proven=report.not_proven,
        procedure=report.procedure,
        brackets=report.brackets,
        steps=[StepItem(s.number, s.what, s.result, s.says) for s in report.steps],
        as_of=report.as_of,
        head=None if report.head is None else _checkpoint(report.head.checkpoint),
        head_seen=report.head_seen,
    )


def rows(report: Report) -> list[tuple[str, str, str, str]]:
    """Return the report as (code, level, where, says) for CSV and JSON Lines; the verdict always comes first.

    `level` is verdict, reason, V, W or G of a finding on the procedure, or not-proven.
    """
    lines = [(str(report.verdict), "verdict", "", f"{checked(report)}; procedure: {procedure(report)}")]
    lines += [(r.code, "reason", r.where, r.says) for r in report.reasons]
    lines += [(p.code, p.level, "", p.says) for p in report.procedure]
    for says in report.not_proven:
        code, _, rest = says.partition(": ")
        lines.append((code, "not-proven", "", rest) if CODE.fullmatch(code) else ("", "not-proven", "", says))
    return lines


def checked(report: Report) -> str:
    """Return how much was checked: `41 entries and 41 signatures checked`."""
    entries = output.counted(report.entries, "entry", "entries")
    return f"{entries} and {output.counted(report.signatures, 'signature')} checked"


def text(report: Report, width: int = 80) -> str:
    """Return the report for people: integrity, procedure, then reasons, times, and what is not proven."""
    lines = [
        f"Integrity: {output.paint(str(report.verdict))}{_code(report)}",
        f"Procedure: {procedure(report)}",
        "",
        checked(report) + _head(report),
    ]
    if report.not_covered:
        lines.append(f"{output.counted(report.not_covered, 'entry', 'entries')} more behind that size: not covered.")
    if report.as_of is not None:
        lines.append(f"Findings are as of {output.plain(report.as_of)}, when this was made.")
    if report.reasons:
        lines += ["", "Why the verdict is not better"]
        for r in report.reasons:
            lines += _item(f"{r.code}{' ' + r.where if r.where else ''}: {r.says}", width)
    if report.procedure:
        lines += ["", "Findings on the procedure (the court decides what they mean)"]
        for p in sorted(report.procedure, key=lambda p: "VWG".find(p.level)):
            level = output.paint(LEVELS.get(p.level, p.level), output.COLOURS.get(p.level))
            lines += wrapped(f"{p.code}: {p.says}{_cited(p)}", level, width)
    lines += _brackets(report.brackets)
    if report.not_proven:
        lines += ["", "Not proven here"]
        for says in report.not_proven:
            lines += _item(says, width)
    return "\n".join(lines)


def procedure(report: Report) -> str:
    """Return the findings on the procedure in one line; a record without findings is not therefore lawful."""
    if report.case is None and not report.procedure:
        return "not examined"
    if not report.procedure:
        return "no finding"
    counts = Counter(p.level for p in report.procedure)
    return ", ".join(output.counted(n, LEVELS.get(level, level)) for level, n in sorted(counts.items(), key=_gravest))


def _head(report: Report) -> str:
    """Return the log, its size and the proven date of the head that the report rests on."""
    if report.head is None:
        return "."
    where = f", log {report.head.checkpoint.origin}, size {report.head.checkpoint.size}"
    if report.head_seen is not None:
        return f"{where}, as of {output.plain(report.head_seen)}."
    return f"{where}; nothing here proves of when that is." if report.manifest else f"{where}."


def exit_of(report: Report) -> Exit:
    """Return the exit code of a verdict."""
    return EXITS[report.verdict]


def _checkpoint(head: Checkpoint) -> CheckpointItem:
    return CheckpointItem(head.origin, head.size, head.root.hex())


def _gravest(item: tuple[str, int]) -> int:
    return "VWG".find(item[0])


def _code(report: Report) -> str:
    return f" {report.reasons[0].code}" if report.reasons else ""


def _cited(remark: Remark) -> str:
    return f" [{', '.join(remark.cite)}]" if remark.cite else ""


def _brackets(brackets: Sequence[Bracket]) -> list[str]:
    shown = [b for b in brackets if b.not_before is not None or b.not_after is not None]
    if not shown:
        return []
    lines = ["", "When each entry was signed, as far as it is proven (UTC, by place in the log)"]
    for b in shown:
        low, high = output.plain(b.not_before) or "unknown", output.plain(b.not_after) or "unknown"
        lines.append(f"  #{b.index:<4} after {low:<20} by {high:<20} claimed {output.plain(b.signed_at)}")
    return lines


def _item(says: str, width: int) -> list[str]:
    return textwrap.wrap(says, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)

"""`comity fsck`: verify this ledger, its guard, its heads and its views, under its own trust."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session import ledger_choice
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE
from ledger.application.integrity.own_check import Consistency, check_ledger
from ledger.verify.report import Reason


class FsckAnswer(CommandAnswer, tag="comity.fsck/1"):
    """Whether this ledger is whole: CONSISTENT, INCONSISTENT or UNDECIDED; `size` is that of its newest checkpoint."""

    verdict: str
    reasons: list[Reason]
    entries: int
    signatures: int
    not_covered: int
    size: int | None


@command("comity fsck", "comity fsck --ledger ledger/ --json", refused=Exit.UNDECIDABLE)
@VERBOSE
def fsck() -> None:
    """Is this ledger whole, under its own trust? Entries, keys, sealed values, heads, guard, tiles, witnesses.

    Everything is derived again from the stored bytes; nothing is changed. Exit 0: CONSISTENT; 1: INCONSISTENT; 3:
    UNDECIDED, because something to compare with is missing or silent. What it proves to others is for `comity verify`.
    """
    with prompts.progress("verifying") as progress:
        result = check_ledger(Path(ledger_choice.ledger_folder()), ledger_choice.now(), progress)
    for says in result.notes:
        output.tell(says)
    report = result.report
    answer = FsckAnswer(
        verdict=str(result.verdict),
        reasons=list(result.reasons),
        entries=report.entries + report.not_covered,
        signatures=report.signatures,
        not_covered=report.not_covered,
        size=report.head.checkpoint.size if report.head else None,
    )

    entries = output.counted(report.entries + report.not_covered, "entry", "entries")
    checked = f"{entries} and {output.counted(report.signatures, 'signature')} checked"

    def text() -> str:
        code = f" {result.reasons[0].code}" if result.reasons else ""
        lines = [f"Ledger: {output.paint(str(result.verdict))}{code}", ""]
        lines.append(
            f"{checked} under the ledger's own trust; compared with the guard, every kept head and time stamp, the "
            "published files, the witnesses."
        )
        lines += [f"{r.code}{' ' + r.where if r.where else ''}: {r.says}" for r in result.reasons]
        return "\n".join(lines)

    rows = [(str(result.verdict), "verdict", "", f"{checked} under the ledger's own trust")]
    rows += [(r.code, "reason", r.where, r.says) for r in result.reasons]
    output.emit(answer, ("code", "level", "where", "says"), rows, text=text)
    exits = {
        Consistency.CONSISTENT: Exit.DONE,
        Consistency.INCONSISTENT: Exit.PROVED_BAD,
        Consistency.UNDECIDED: Exit.FINDINGS,
    }
    click.get_current_context().exit(exits[result.verdict])

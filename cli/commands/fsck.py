"""`comity fsck`: verify this ledger, its guard, its heads and its views, under its own trust."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import Struct

from cli.audits.auditor_keys import open_auditor
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.application.integrity.continued_audit import ContinuedAudit
from ledger.application.integrity.kept_verdicts import SEGMENT, KeptVerdicts
from ledger.application.integrity.own_check import Consistency, OwnCheck, check_ledger
from ledger.tlog.audit_statement import parse_statement
from ledger.tlog.names import origin_hash
from ledger.verify.report import Reason


class ReadAgainItem(Struct, frozen=True):
    """A segment, the entries from `start` to before `end`, that has a verdict and was read in this run, and why."""

    start: int
    end: int
    why: str


class ContinuedItem(Struct, frozen=True):
    """What a continued audit rests on: the verdicts of `auditor` on the entries before `rests`, less those `again`.

    `read` is the number of entries read in this run, `signed` that of the segments with a new verdict. `seed` repeats
    the choice of a spot check. `not_asked` are sentences. `refused` is why no kept verdict counted, if so.
    """

    auditor: str
    program: str
    rules: str
    rests: int
    read: int
    again: list[ReadAgainItem]
    signed: int
    seed: int | None
    not_asked: list[str]
    refused: str


class FsckAnswer(CommandAnswer, tag="comity.fsck/1"):
    """Whether this ledger is whole: CONSISTENT, CONTINUED, INCONSISTENT or UNDECIDED.

    CONTINUED: what was read is consistent; what was not read had a verdict before. `entries` is the number of all,
    `signatures` that of the signatures checked in this run, `size` that of the newest checkpoint.
    """

    verdict: str
    reasons: list[Reason]
    entries: int
    signatures: int
    not_covered: int
    size: int | None
    continued: ContinuedItem | None = None


@command(
    "comity fsck",
    "comity fsck --ledger ledger/ --json",
    "comity fsck --auditor auditor.example/karsk",
    "comity fsck --auditor auditor.example/karsk --spot 3",
    refused=Exit.UNDECIDABLE,
)
@click.option(
    "--auditor", "name", metavar="NAME", help="Continue behind the verdicts of this auditor; its key is in your state."
)
@click.option("--all", "whole", is_flag=True, help="With --auditor: read every entry, and sign the verdicts anew.")
@click.option(
    "--spot", metavar="N", type=click.IntRange(0), default=0, help="With --auditor: check N old segments again."
)
@click.option("--seed", metavar="N", type=click.IntRange(0), help="With --spot: choose the segments of an earlier run.")
@click.option("--state", metavar="DIR", help="With --auditor: its key and verdicts (default: in your state folder).")
@VERBOSE
def fsck(name: str | None, whole: bool, spot: int, seed: int | None, state: str | None) -> None:
    """Is this ledger whole, under its own trust? Entries, keys, sealed values, heads, guard, tiles, witnesses.

    Everything is derived again from the stored bytes; nothing is changed. Exit 0: CONSISTENT; 1: INCONSISTENT; 3:
    UNDECIDED, because something to compare with is missing or silent. What it proves to others is for `comity verify`.

    With --auditor each segment of 8,192 entries gets a signed verdict in your state folder, and the next run reads only
    what is new. Then the answer is CONTINUED, exit 0, and says what rests on earlier verdicts.
    """
    if name is None and (whole or spot or seed is not None or state):
        raise click.UsageError("--all, --spot, --seed and --state are for --auditor NAME")
    if seed is not None and not spot:
        raise click.UsageError("--seed is for --spot N")
    ledger = Path(ledger_choice.ledger_folder())
    chosen = secrets.randbelow(1 << 32) if seed is None else seed
    with _continued(ledger, name, state, whole, spot, chosen) as walk, prompts.progress("verifying") as progress:
        result = check_ledger(ledger, ledger_choice.now(), progress, walk)
        continued = None if walk is None else _item(walk, result, chosen if spot and walk.rests else None)
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
        continued=continued,
    )
    lines = list(_sentences(answer))

    def text() -> str:
        code = f" {result.reasons[0].code}" if result.reasons else ""
        reasons = [f"{r.code}{' ' + r.where if r.where else ''}: {r.says}" for r in result.reasons]
        return "\n".join([f"Ledger: {output.paint(str(result.verdict))}{code}", "", *lines, *reasons])

    rows = [(str(result.verdict), "verdict", "", lines[0])]
    rows += [("", "note", "", line) for line in lines[1:]]
    rows += [(r.code, "reason", r.where, r.says) for r in result.reasons]
    output.emit(answer, ("code", "level", "where", "says"), rows, text=text)
    exits = {
        Consistency.CONSISTENT: Exit.DONE,
        Consistency.CONTINUED: Exit.DONE,
        Consistency.INCONSISTENT: Exit.PROVED_BAD,
        Consistency.UNDECIDED: Exit.FINDINGS,
    }
    click.get_current_context().exit(exits[result.verdict])


def _sentences(answer: FsckAnswer) -> Iterator[str]:
    """Yield what was checked, and for a continued audit what was not."""
    it = answer.continued
    compared = "compared with the guard, every kept head and time stamp, the published files, the witnesses."
    entries = output.counted(answer.entries, "entry", "entries")
    signatures = output.counted(answer.signatures, "signature")
    if it is None or not it.rests:
        yield f"{entries} and {signatures} checked under the ledger's own trust; {compared}"
    else:
        yield f"{it.read} of {entries} read, and {signatures} checked under the ledger's own trust; {compared}"
        older = f"entries 0 to {it.rests - 1}"
        but = f", but for {output.counted(len(it.again), 'segment')} read again" if it.again else ""
        yield f"Not read in this run: {older}{but}. They rest on earlier verdicts of {it.auditor} by this program."
        yield "Compared was only that they have the roots which it signed, in the tree that the log has signed."
        for says in it.not_asked:
            yield f"Not asked in this run, of {older}: {says}."
    if it is None:
        return
    for each in it.again:
        yield f"Read again: entries {each.start} to {each.end - 1}, {each.why}."
    if it.seed is not None:
        yield f"The spot check has seed {it.seed}; --seed {it.seed} chooses from these segments in the same way."
    if it.refused:
        yield f"The kept verdicts counted for nothing, and every entry was read: {it.refused}"
    if it.signed:
        yield f"{output.counted(it.signed, 'segment has', 'segments have')} a verdict of {it.auditor} since this run."


@contextmanager
def _continued(
    ledger: Path, name: str | None, state: str | None, whole: bool, spot: int, seed: int
) -> Iterator[ContinuedAudit | None]:
    """Yield the audit that continues behind the verdicts of an auditor; None without one."""
    if name is None:
        yield None
        return

    auditor, folder = open_auditor(name, state)
    if folder.resolve().is_relative_to(ledger.resolve()):
        raise Stop(f"{folder} is in the folder that is judged", hint="--state DIR elsewhere", code=Exit.REFUSED)
    judged = read_folder(ledger)
    file = folder / origin_hash(judged.origin) / "verdicts.db"
    with KeptVerdicts(file, judged.origin, judged.registrar, auditor) as kept:
        if whole:
            kept.begin_anew()
        yield ContinuedAudit(kept, spot, seed)


def _item(walk: ContinuedAudit, result: OwnCheck, seed: int | None) -> ContinuedItem:

    statement = parse_statement(walk.kept.auditor.statement)
    return ContinuedItem(
        auditor=walk.kept.name,
        program=statement.program,
        rules=statement.rules,
        rests=walk.rests,
        read=walk.read,
        again=[ReadAgainItem(start, start + SEGMENT, why) for start, why in sorted(walk.again.items())],
        signed=walk.signed,
        seed=seed,
        not_asked=result.not_asked,
        refused="" if walk.refused is None else f"{walk.refused.code} {walk.refused.says}",
    )

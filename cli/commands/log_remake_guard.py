"""`comity log remake-guard`: make the lost guard of a log again."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.session import ledger_choice
from cli.session.clock_check import check_clock
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home


class GuardAnswer(CommandAnswer, tag="comity.guard/1"):
    """The guard that was made again: the head it holds, and its folder."""

    origin: str
    size: int
    root: str
    guard: str


@command("comity log remake-guard", "comity log remake-guard --anchor karsk.note")
@click.option("--anchor", metavar="FILE", help="A checkpoint somebody holds, in place of a quorum of witnesses.")
def remake_guard(anchor: str | None) -> None:
    """Make the lost guard of this log again, at the newest head that witnesses, or --anchor, and the ledger show.

    Only a quorum of the policy's witnesses, or a checkpoint from outside, can say what was signed before. Entries that
    do not begin with what they saw are LOG-ROLLBACK or LOG-FORKED, and nothing is made.
    """
    from ledger.application.restore import remake_guard

    path = Path(ledger_choice.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    check_clock(folder, home)
    signed = remake_guard(folder, home, ledger_choice.now(str(path)), file_io.read(anchor) if anchor else None)
    answer = GuardAnswer(folder.origin, signed.size, signed.root.hex(), str(home.log(folder.origin)))
    says = f"guard of {folder.origin} at {signed.size} entries: {answer.guard}"
    output.emit(answer, ("origin", "size", "root"), [answer], text=lambda: says)
    output.tell(
        "whatever was signed after the newest head shown and is not here is lost; if that may be: comity succeed"
    )

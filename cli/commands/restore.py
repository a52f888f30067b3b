"""`comity restore`: restore a copy of a ledger, checked against the guard."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.session import ledger_choice
from cli.session.options import STORE
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.application.backup import restore_backup


class RestoreAnswer(CommandAnswer, tag="comity.restore/1"):
    """The ledger that was restored from a file, and the number of its entries."""

    ledger: str
    file: str
    size: int


@command(
    "comity restore ledger-2027-03-01.tar ledger/",
    "comity restore ledger-2027-03-01.tar ledger/ --store postgresql://db.example/karsk",
)
@click.argument("file")
@click.argument("folder", metavar="DIR")
@click.option(
    "--behind", is_flag=True, help="Put it back even if the log has signed more since: to read, never to write."
)
@STORE
def restore(file: str, folder: str, behind: bool, store: str) -> None:
    """Put a copy back into DIR, verified entry by entry and checked against the guard on this machine.

    A copy older than what the log has signed is LOG-ROLLBACK: writing on in it would fork the log. A copy is the same
    whatever kept the entries: this is also how a ledger moves into a database, with --store, and out of one, without.
    """
    with prompts.progress("verifying") as progress:
        size = restore_backup(
            file,
            Path(folder),
            ledger_choice.now(),
            behind=behind,
            store=store,
            say=output.tell,
            progress=progress,
        )
    output.emit(RestoreAnswer(folder, file, size), text=lambda: f"{size} entries, verified, in {folder}")

"""`comity backup`: copy a ledger without its guard, log key and keys."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.session.ledger_choice import checked_ledger
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_format import check_ending
from ledger.application.backup import back_up


class BackupAnswer(CommandAnswer, tag="comity.backup/1"):
    """The copy of a ledger: its file, the number of entries (`size`) and of files in it."""

    ledger: str
    file: str
    size: int
    files: int


@command("comity backup ledger/ -o ledger-2027-03-01.tar")
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", "file", required=True, metavar="FILE", help="Where the copy goes.")
def backup(folder: str, file: str) -> None:
    """Copy a ledger while it is in use: everything but guard, log key and keys.db.

    A copy with the guard could sign a second history; keys.db needs separate
    backups that expire, or erasure would not be erasure.
    """
    check_ending(file, (".tar",))
    size, count = back_up(Path(checked_ledger(folder)), file)
    answer = BackupAnswer(folder, file, size, count)
    output.emit(answer, text=lambda: f"{size} entries in {count} files: {file}")

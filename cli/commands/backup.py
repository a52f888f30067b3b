"""`comity backup`: copy a ledger without its guard, log key and keys."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.session.ledger_choice import checked_ledger
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_format import check_ending
from ledger.application.backup.copy_keys import copy_keys
from ledger.application.backup.copy_ledger import back_up


class BackupAnswer(CommandAnswer, tag="comity.backup/1"):
    """The copy of a ledger: its file, the number of files in it, and the entries from `since` to before `size`."""

    ledger: str
    file: str
    size: int
    files: int
    since: int


class KeysCopyAnswer(CommandAnswer, tag="comity.keys-copy/1"):
    """The copy of the keys of data subjects: its file, and the number of keys in it."""

    ledger: str
    file: str
    keys: int


@command(
    "comity backup ledger/ -o ledger-2027-03-01.tar",
    "comity backup ledger/ -o ledger-2027-03-02.tar --since ledger-2027-03-01.tar",
    "comity backup ledger/ -o keys-2027-03-01.db --keys          (a copy that has to expire)",
)
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", "file", required=True, metavar="FILE", help="Where the copy goes.")
@click.option("--since", "before", metavar="FILE", help="Copy only what came after this copy, a whole or a later one.")
@click.option("--keys", is_flag=True, help="Copy the keys of data subjects instead, and nothing else.")
def backup(folder: str, file: str, before: str | None, keys: bool) -> None:
    """Copy a ledger while it is in use: everything but guard, log key and keys.db.

    A copy with the guard could sign a second history; keys.db needs separate
    backups that expire, or erasure would not be erasure.

    With --since the signatures, leaves and hashes of the new entries are checked, and that they follow that copy. All
    copies up to the last one are needed to restore it.

    With --keys only keys.db is copied, as it is now. An erasure is complete when every copy from before it is deleted:
    the job `keys` of a server deletes its copies after some days.
    """
    if keys:
        if before is not None:
            raise click.UsageError("--keys or --since FILE: a copy of keys is whole")
        check_ending(file, (".db",))
        count = copy_keys(Path(checked_ledger(folder)), file)
        output.emit(KeysCopyAnswer(folder, file, count), text=lambda: f"{output.counted(count, 'key')}: {file}")
        return
    check_ending(file, (".tar",))
    made = back_up(Path(checked_ledger(folder)), file, before or "")
    answer = BackupAnswer(folder, file, made.size, made.files, made.since)
    entries = output.counted(made.size if before is None else made.size - made.since, "entry", "entries")
    behind = "" if before is None else f" behind {made.since}"
    output.emit(answer, text=lambda: f"{entries}{behind} in {output.counted(made.files, 'file')}: {file}")

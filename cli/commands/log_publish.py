"""`comity log publish`: write the log with its entry bundles to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.click_extensions import command
from cli.session.open_ledger import writing
from cli.terminal import output
from cli.terminal.answer import CommandAnswer

if TYPE_CHECKING:
    pass


class PublishAnswer(CommandAnswer, tag="comity.publish/1"):
    """The published log: its origin, its size, and the folder."""

    origin: str
    size: int
    folder: str


@command("comity log publish /srv/log", "comity log publish entries/ --ledger ledger/")
@click.argument("folder", metavar="DIR")
def publish(folder: str) -> None:
    """Write the log with its entry bundles to DIR, for those who may read the entries (c2sp.org/tlog-tiles).

    The ledger's own log/ folder holds hashes only and may be public; what is written here may not.
    """
    with writing() as journal:
        head = journal.log.publish_entries(Path(folder))
        origin = journal.origin
    says = f"{origin}, {head.size} entries, in {folder}"
    output.emit(PublishAnswer(origin, head.size, folder), text=lambda: says)

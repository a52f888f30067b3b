"""`comity log publish`: write the log with its entry bundles to a folder, and send it to the mirrors."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.session.open_ledger import writing
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.stored_by import stored, stored_by
from ledger.application.auditing.audit_files import FOLDER, files_in, keep


class PublishAnswer(CommandAnswer, tag="comity.publish/1"):
    """The published log: its origin, its size, and the folder; `stored_by` names the mirrors that store all of it."""

    origin: str
    size: int
    folder: str
    stored_by: list[str]


@command("comity log publish /srv/log", "comity log publish entries/ --ledger ledger/")
@click.argument("folder", metavar="DIR")
def publish(folder: str) -> None:
    """Write the log with its entry bundles to DIR, for those who may read the entries (c2sp.org/tlog-tiles).

    The ledger's own log/ folder holds hashes only and may be public; what is written here may not. Statements of
    auditors are written as well, below audits/. The mirrors get the entries that they lack.
    """
    with writing() as journal:
        mirrors = journal.folder.mirrors
        if mirrors:
            from ledger.adapters.mirror.client import push_head

            push_head(journal.log, journal.folder.policy, mirrors, journal.folder.evidence, say=output.tell)
        published = journal.log.publish_entries(Path(folder))
        if audits := files_in(journal.folder.log / FOLDER):
            keep(Path(folder) / FOLDER, audits)
        head = journal.log.files.head(journal.log.witnesses)
    if head is None:
        raise AssertionError("a published log has a head")
    names = [each.name for each in stored_by(head, mirrors)]
    says = f"{head.checkpoint.origin}, {published.size} entries, in {folder}"
    output.emit(PublishAnswer(head.checkpoint.origin, published.size, folder, names), text=lambda: says)
    for line in stored(head, mirrors):
        output.tell(line)

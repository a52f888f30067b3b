"""`comity archive`: write the entries of this ledger as Parquet files, under a manifest that the log states."""

from __future__ import annotations

from pathlib import Path

import click

from cli.click_extensions import command
from cli.commands.checkpoint import newest_head
from cli.session.open_ledger import hand, writing
from cli.session.options import AS, KEY
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.application.archive.binding import KIND
from ledger.application.archive.make_archive import make_archive


class ArchiveAnswer(CommandAnswer, tag="comity.archive-made/1"):
    """The archive in `folder`: its first `size` entries of the log as `segments`, of which `written` are new.

    `index` is the entry that states `manifest`, its SHA-256. `fresh` is false if only archives were recorded since.
    """

    folder: str
    size: int
    segments: int
    written: int
    index: int
    manifest: str
    fresh: bool


@command("comity archive /srv/archive", "comity archive /srv/archive --as registrar --json")
@click.argument("folder", metavar="DIR")
@AS
@KEY
def archive(folder: str, actor: str | None, key_file: str | None) -> None:
    """Write all entries to DIR as Parquet, for audits on a cluster and for questions with DuckDB; later, what is new.

    DIR gets the signed entries, their hashes and the signed states of the log. Sealed values, ciphertexts and keys are
    left out, so that an erasure holds. The registrar records the manifest of DIR (`archive-made`). Interrupted, the
    same command continues. `comity audit --archive DIR` verifies it.
    """
    with writing() as journal:
        signer = hand(journal, KIND, actor or journal.folder.registrar.actor, "ADM", key_file)
        with prompts.progress("archiving") as progress:
            made = make_archive(journal, Path(folder), signer, lambda: newest_head(journal), progress)
    answer = ArchiveAnswer(folder, made.size, made.segments, made.written, made.index, made.manifest, made.fresh)
    entries, segments = output.counted(made.size, "entry", "entries"), output.counted(made.segments, "segment")
    did = f"{made.written} of them new" if made.fresh else "nothing is new"
    output.emit(
        answer,
        ("folder", "size", "segments", "written", "index", "manifest"),
        [answer],
        text=lambda: (
            f"{entries} in {segments}, {did}: {folder}\nentry {made.index} states its manifest {made.manifest}"
        ),
    )

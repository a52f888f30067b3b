"""`comity audit --archive DIR`: verify the archive of a log on the workers of an engine, as `comity verify` would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.handover.trust_folder import read_trust
from cli.session import ledger_choice
from cli.terminal import file_io, output, prompts, verdict_text
from ledger.adapters.folders.user_folders import Home
from ledger.application.archive.engines import ENGINES, EngineName
from ledger.application.archive.verify_archive import verify_archive

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

OPTIONS = (
    click.option("--archive", metavar="DIR", help="In the place of ledgers: the folder that `comity archive` made."),
    click.option("--anchor", metavar="FILE", help="With --archive: a checkpoint held independently."),
    click.option("--engine", type=click.Choice(ENGINES), help="With --archive: who checks the segments."),
    click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="With --archive: how many to start."),
    click.option("--address", metavar="ADDRESS", help="With --archive: a running Dask scheduler or Ray cluster."),
)


def archive_options(command: _Decorated) -> _Decorated:
    """Add the options for the audit of an archive to a command, which gets them under their names."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def audit_archive(given: Mapping[str, Any], trusts: Sequence[str], state: str | None) -> None:
    """Print the verdict on an archive, and end with its exit code; `given` are the options of `archive_options`.

    Results of segments are kept until the end, by default in the state folder of the user.
    """
    folder = Path(given["archive"])
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is no folder")
    if len(trusts) > 1:
        raise click.UsageError("an archive is of one log: --trust once")
    trust = read_trust(trusts[0]) if trusts else None
    anchor = None if given["anchor"] is None else file_io.read(given["anchor"])
    kept = Path(state) if state else Home.user().state / "archive-audits"
    if kept.resolve().is_relative_to(folder.resolve()):
        raise click.UsageError("the results of an audit are kept outside of the archive: --state DIR elsewhere")
    engine: EngineName = given["engine"] or "local"
    with prompts.progress("auditing") as progress:
        done = verify_archive(
            folder,
            trust,
            anchor,
            ledger_choice.now(),
            engine=engine,
            workers=given["workers"],
            address=given["address"] or "",
            state=kept,
            progress=progress,
        )
    segments = output.counted(done.segments, "segment")
    before = f"; {done.kept} had been checked by a run that was interrupted" if done.kept else ""
    output.tell(f"{segments} on {engine}{before}")
    columns = ("code", "level", "where", "says")
    output.emit(
        verdict_text.answer(done.report),
        columns,
        verdict_text.rows(done.report),
        text=lambda: verdict_text.text(done.report),
    )
    click.get_current_context().exit(verdict_text.exit_of(done.report))

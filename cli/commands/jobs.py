"""`comity jobs`: the regular work of a ledger, each job by command, and what became of the last runs."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.options import configuration
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from ledger.adapters.keys.open_key import open_key
from server.jobs.settings import TABLES, Settings, settings_of
from server.jobs.state import JobStore
from server.jobs.table import JOBS, Place
from server.operations.configuration import read_table

CONFIG = configuration("whose tables [jobs.NAME] switch jobs on")


class JobItem(Struct, frozen=True):
    """One job: how often it runs (seconds; null if it is off), its last success, and what its last run took.

    `failed` is the exit code and the code of the last run, empty if it succeeded.
    """

    name: str
    says: str
    every: int | None
    succeeded: Time | None
    milliseconds: int | None
    failures: int
    failed: str


class JobsAnswer(CommandAnswer, tag="comity.jobs/1"):
    """The jobs of a ledger."""

    jobs: list[JobItem]


class JobAnswer(CommandAnswer, tag="comity.job/1"):
    """What became of one run of a job; `failed` is empty if it succeeded."""

    name: str
    failed: str


class CalendarAnswer(CommandAnswer, tag="comity.calendar-address/1"):
    """The secret path of a calendar; null where it has ended."""

    office: str
    path: str | None


@command("comity jobs list --config serve.toml")
@CONFIG
def list_(config: str) -> None:
    """List the jobs: which are on, when each succeeded last, and why its last run failed."""
    settings = _settings(config)
    ledger, runs = Path(ledger_choice.ledger_folder()), {}
    if (ledger / "jobs.db").exists():
        with closing(JobStore(ledger)) as store:
            runs = store.runs()
    rows = []
    for name, job in JOBS.items():
        given, run = settings.jobs.get(name), runs.get(name)
        every = (given.every or job.every) if given is not None and given.on else None
        succeeded = None if run is None or run.succeeded is None else datetime.fromtimestamp(int(run.succeeded), UTC)
        failed = "" if run is None else run.says
        took = None if run is None or run.seconds is None else round(run.seconds * 1000)
        rows.append(JobItem(name, job.says, every, succeeded, took, run.failures if run else 0, failed))
    output.emit(JobsAnswer(rows), ("name", "every", "succeeded", "failures", "failed", "says"), rows)
    for hook in settings.webhooks:
        from server.jobs.webhooks import public_key_of

        output.tell(f"webhook {hook.url}: its receiver verifies with {public_key_of(open_key(hook.key))}")


@command("comity jobs run checkpoint --config serve.toml", "comity jobs run digest --config serve.toml")
@click.argument("name", metavar="NAME", type=click.Choice(list(JOBS)))
@CONFIG
def run(name: str, config: str) -> Exit:
    """Do the job NAME now, as the timer of the server would; exit 3 if it failed.

    It has to be on in the configuration. A job that another process does now is refused (exit 11).
    """
    from server.jobs.run import run_job
    from server.jobs.works import WORKS

    settings, ledger = _settings(config), Path(ledger_choice.ledger_folder())
    given = settings.jobs.get(name)
    if given is None or not given.on:
        raise Stop(f"the job {name} is not on", hint=f"the table [jobs.{name}] of {config} switches it on")
    failed = run_job(
        name, settings, Place(ledger, Path(config).absolute(), ledger_choice.now(str(ledger)).timestamp()), WORKS
    )
    output.emit(JobAnswer(name, failed), text=lambda: f"{name}: {failed or 'done'}")
    return Exit.FINDINGS if failed else Exit.DONE


@command(
    "comity jobs calendar ilves --for 'Dina Ilves'",
    "comity jobs calendar ilves --for 'Dina Ilves' --revoke",
)
@click.argument("office")
@click.option("--for", "name", required=True, metavar="NAME", help="The person; kept on this machine alone.")
@click.option("--revoke", is_flag=True, help="End the address of this person.")
def calendar(office: str, name: str, revoke: bool) -> None:
    """Print the path of a calendar with the deadlines that OFFICE may see; an earlier one of this person ends.

    Who has the path reads the calendar, so it is a secret. The server answers at it while the job `calendar` is on,
    and the job makes the calendar. It cannot be printed again.
    """
    from server.jobs.calendar import new_address

    ledger = Path(ledger_choice.ledger_folder())
    if not revoke:
        path = new_address(ledger, office, name)
        output.emit(CalendarAnswer(office, path), text=lambda: path)
        return
    with closing(JobStore(ledger)) as store:
        if not store.end_feed(office, name):
            raise Stop(f"no calendar of {office} is for {name!r}", hint="the name is the one that --for gave it")
    output.emit(CalendarAnswer(office, None), text=lambda: f"the address of {name} has ended")


def _settings(config: str) -> Settings:
    try:
        return settings_of({name: read_table(Path(config), name) for name in TABLES}, tuple(JOBS))
    except (ValueError, RecursionError) as wrong:
        raise Stop(f"--config {config}: {wrong}") from None

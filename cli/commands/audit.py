"""`comity audit DIR|URL...`: verify many ledgers, judge all their orders, and give one report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from cli.audits.archive_audit import archive_options, audit_archive
from cli.audits.directories import listed_places
from cli.audits.places import places_of
from cli.audits.report_text import AuditAnswer, columns, exit_of, rows, text_of
from cli.audits.run_audit import PROCESSES, AuditQuestion, run_audit
from cli.audits.written import auditor_key, check_files, check_state, state_folder, write_reports
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.handover.trust_folder import read_trust
from cli.session import ledger_choice
from cli.session.options import AS_OF, LANG
from cli.terminal import output, prompts
from cli.terminal.log_output import VERBOSE
from ledger.application.audits.bounded_processes import Limits


@command(
    "comity audit /srv/ledgers --trust karsk-trust/ --trust ardel-trust/",
    "comity audit ledgers.toml --stale 26 -o audit.html -o audit.json          (cron: exit 1, 3 or 4)",
    "comity audit --directory https://directory.example/xo --trust directory-trust/",
    "comity audit /media/copy/ledger https://ledger.example/karsk --trust karsk-trust/ --json",
    "comity audit --archive archive/ --trust trust/ --engine dask --address tcp://scheduler.example:8786",
    refused=Exit.UNDECIDABLE,
)
@click.argument("places", nargs=-1, metavar="[DIR|URL|LIST]...")
@click.option("--trust", "trusts", multiple=True, metavar="DIR|FILE", help="What you hold of one log; repeatable.")
@click.option(
    "--directory",
    "directories",
    multiple=True,
    metavar="DIR|URL",
    help="Every ledger that this directory lists, under the trust that it states; repeatable.",
)
@click.option("--state", metavar="DIR", help="What was seen, and the results before (default: in your state folder).")
@click.option("--stale", type=click.FloatRange(0), metavar="HOURS", help="A newest checkpoint may be so old, no older.")
@click.option("--auditor", "name", metavar="NAME", help="Continue behind the verdicts of this auditor (`audit new`).")
@click.option("--no-witnesses", is_flag=True, help="Do not ask the witnesses of a policy which heads they remember.")
@click.option("--anew", is_flag=True, help="Do not continue an interrupted audit.")
@click.option("--timeout", "seconds", type=click.FloatRange(1), default=3600, metavar="SECONDS", help="For one ledger.")
@click.option("--memory", "mib", type=click.IntRange(256), default=2048, metavar="MIB", help="For one ledger.")
@click.option("--processes", type=click.IntRange(1, 256), metavar="N", help="Ledgers at a time (default: cores).")
@click.option("-o", "--output", "files", multiple=True, metavar="FILE", help="Also a report: .html, .pdf or .json.")
@archive_options
@AS_OF
@LANG
@VERBOSE
def audit(
    places: tuple[str, ...],
    trusts: tuple[str, ...],
    directories: tuple[str, ...],
    state: str | None,
    stale: float | None,
    name: str | None,
    no_witnesses: bool,
    anew: bool,
    seconds: float,
    mib: int,
    processes: int | None,
    files: tuple[str, ...],
    as_of: datetime | None,
    lang: str,
    **archive: Any,
) -> Exit | None:
    """Audit many ledgers: verify each under the trust that you hold, judge its orders, count duties and witnesses.

    A place is a ledger folder or a copy, a published log with its entries, a folder with ledgers in it, or a list
    (TOML). Each is read in a separate process, with limits; one that is broken, absent, locked or slow is named, and
    the others are audited. Nothing is written into a ledger, and no sealed value is opened. Without --trust for its log
    a ledger is at best INDETERMINATE. The report has the difference to the last audit; an interrupted one continues.

    Exit 1: an integrity failure is proved; 4: a ledger could not be read; 3: violations, overdue or uncomputed
    deadlines, missing proofs; 0: none of these. `verify` asks about one bundle, entry or ledger; `fsck` whether your
    own ledger is whole; `monitor` whether a published log only grows; `audit sign` signs what was checked; `report
    audit` prints the check of one ledger.

    With --archive every entry of an archive is verified again on an engine; verdict and exit codes are of `verify`.
    """
    if archive["archive"] is not None:
        if places or stale is not None or name or no_witnesses or anew or files or as_of or directories:
            raise click.UsageError("an archive is audited alone, with --trust, --state and the options for archives")
        audit_archive(archive, trusts, state)
    if any(given is not None for given in archive.values()):
        raise click.UsageError("--anchor, --engine, --workers and --address are for --archive DIR")
    check_files(files)
    folder = state_folder(state)
    held, now = [read_trust(trust) for trust in trusts], ledger_choice.now()
    listed = [each for where in directories for each in listed_places(where, held, folder / "directories", now)]
    found = places_of(places, listed)
    check_state(folder, [*places, *(each.place for each in found)])
    question = AuditQuestion(
        found,
        held,
        as_of,
        None if stale is None else timedelta(hours=stale),
        not no_witnesses,
        None if name is None else auditor_key(name),
    )
    limits = Limits(seconds, mib, processes or PROCESSES)
    with prompts.progress("auditing") as progress:
        done = run_audit(question, folder, now, limits, anew=anew, progress=progress)
    answer = AuditAnswer.of(done, as_of, str(folder))
    write_reports(answer, files, lang)
    output.emit(answer, columns(), rows(answer), text=lambda: text_of(answer))
    return exit_of(answer)

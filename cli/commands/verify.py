"""`comity verify`: give the offline verdict on a bundle, an entry, a ledger or an exhibit."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.handover.entry_proof import proof_beside
from cli.handover.trust_folder import AS_PRINTED, CAME, came_of, read_trust
from cli.session import ledger_choice
from cli.terminal import file_io, prompts, verdict_text
from cli.terminal import output as ui
from cli.terminal.file_io import check_new, write_new
from cli.terminal.log_output import VERBOSE
from ledger.application import lazy_verifiers
from ledger.command_line import quoted_path
from ledger.errors import LedgerError, RecordError
from ledger.trust.held import Came
from ledger.trust.trust_folder import Trust
from ledger.verify.earlier_bundles import EarlierEntries, known_of
from ledger.verify.evidence_file import FileKind, verify_file
from ledger.verify.report import Report, Verdict

PROOF = ".tlog-proof"


@command(
    "comity verify court.evidence.zip --trust ~/trust/",
    "comity verify court.evidence.zip --trust trust/ --trust-came apart",
    "comity verify court.evidence.zip --anchor typed.txt --typed-as-printed",
    "comity verify 12.dsse.json --trust ~/trust/          (its proof, 12.tlog-proof, beside it)",
    "comity verify custody.pdf --trust ~/trust/           (the bundle inside; the paper itself is not verified)",
    "comity verify court.asice --trust ~/trust/           (the bundle inside; the container's signature is not)",
    "comity verify ledger/ --trust ~/trust/ --json",
    "comity verify 4f1c.split-view.json --trust their-trust/",
    "comity verify court.evidence.zip --trust /media/stick --root-fingerprint 'lusab-babad-...'",
    "comity verify ours.evidence.zip --with theirs.evidence.zip --trust ~/trust/ -o fork.split-order.json",
    refused=Exit.UNDECIDABLE,
)
@click.argument("file", metavar="FILE|DIR")
@click.option("--trust", metavar="DIR|FILE", help="What you hold from elsewhere: policy and registrar.")
@click.option("--root-fingerprint", metavar="WORDS|HEX|FILE", help="Of version 1 of a signed trust policy.")
@click.option("--anchor", metavar="FILE", help="A checkpoint held independently: a note, or its three lines.")
@CAME
@AS_PRINTED
@click.option("--with", "other", metavar="FILE", help="Another bundle of the same log, to hold FILE against.")
@click.option("-o", "--output", metavar="FILE", help="Where the exhibit goes, if --with or --anchor convicts the log.")
@click.option("--store", metavar="ADDRESS", default="", help="Of a ledger in a database: where its entries are.")
@VERBOSE
def verify(
    file: str,
    trust: str | None,
    root_fingerprint: str | None,
    anchor: str | None,
    trust_came: str | None,
    typed_as_printed: bool,
    other: str | None,
    output: str | None,
    store: str,
) -> None:
    """Check a bundle, an entry with its proof, a whole ledger, or an exhibit against a log.

    A bundle is found inside a PDF report and inside an ASiC-E container, too.

    Integrity and procedure are two answers. Without --trust a ledger can at best be INDETERMINATE, and without --trust
    or --anchor a bundle: nothing vouches for itself. What came with FILE vouches for nothing either: --trust-came says
    how it came. Without it, what is in or next to the folder of FILE came with it. `comity fsck` asks whether a
    ledger of one's own is whole. Two bundles of one log that each pass may contradict each other: --with compares FILE
    with the other one, which is verified first.
    """
    now = ledger_choice.now()
    if root_fingerprint is not None and trust is None:
        raise click.UsageError("--root-fingerprint is of the versions in the folder of --trust")
    parsed_trust = None if trust is None else read_trust(trust, root_fingerprint)
    pinned = None if anchor is None else file_io.read(anchor)
    for name, given in (("--trust-came", trust_came), ("--typed-as-printed", typed_as_printed)):
        if given and trust is None and anchor is None:
            raise click.UsageError(f"{name} is of --trust or --anchor")
    if output is not None and other is None and anchor is None:
        raise click.UsageError("-o is for the exhibit that --with, or a signed --anchor, may give")
    if output is not None:
        check_new(output, "an exhibit")
    if other is not None and os.path.isdir(file):
        raise click.UsageError("--with holds a bundle against another bundle, not a folder")
    if os.path.isdir(file):
        from ledger.application.integrity import verify_ledger

        try:
            with prompts.progress("verifying") as progress:
                report = verify_ledger.verify_folder(
                    Path(file),
                    parsed_trust,
                    pinned,
                    now,
                    store=store,
                    progress=progress,
                    came=None if trust_came is None else Came(trust_came),
                    typed_as_printed=typed_as_printed,
                )
        except LedgerError as error:
            if error.code != "NO-LEDGER" or not (bundles := sorted(Path(file).glob("*.evidence.zip"))):
                raise
            hint = f"it holds an evidence bundle: comity verify {quoted_path(bundles[0])} --trust DIR"
            raise LedgerError(error.code, error.says, hint) from None
    elif store:
        raise click.UsageError("--store says where the entries of a ledger are: verify its folder")
    else:
        from cli.records.bundle_reader import recognised

        content = recognised(file)
        if other is not None and content.kind is not FileKind.BUNDLE:
            raise click.UsageError("--with holds a bundle against another bundle")
        report = verify_file(
            content,
            parsed_trust,
            pinned,
            now,
            proof=proof_beside(file) if content.kind is FileKind.ENTRY else b"",
            mldsa=lazy_verifiers.mldsa,
            stamps=lazy_verifiers.stamps(),
            elsewhere=None if other is None else _elsewhere(other, parsed_trust, now),
            came=came_of(trust_came, file, trust, root_fingerprint, anchor),
            typed_as_printed=typed_as_printed,
        )
    if output is not None and report.exhibit is not None:
        write_new(output, report.exhibit)
        says = f"the exhibit is {output}; it convicts the log before all who hold its key"
        ui.tell(f"{says}: comity verify {quoted_path(output)}")
    tell(report, parsed_trust)


def _elsewhere(file: str, trust: Trust | None, now: datetime) -> EarlierEntries:
    """Return the entries of another bundle, which is verified alone first; `Stop` if it is proved wrong."""
    from cli.records.bundle_reader import recognised

    content = recognised(file)
    if content.kind is not FileKind.BUNDLE:
        raise RecordError("BND-NONE", "it is no bundle", where=file)
    report = verify_file(content, trust, None, now, mldsa=lazy_verifiers.mldsa, stamps=lazy_verifiers.stamps())
    name = ui.in_one_line(file)
    ui.tell(f"{name} by itself: {report.integrity}")
    if report.verdict is Verdict.FAILED or report.case is None:
        wrong = "proved wrong" if report.verdict is Verdict.FAILED else "not judged"
        says = f"{name} is {wrong} by itself, so nothing is held against it"
        raise Stop(says, hint=f"comity verify {quoted_path(file)}", code=Exit.UNDECIDABLE)
    return known_of(content.data, trust, lazy_verifiers.mldsa)


def tell(report: Report, trust: Trust | None = None) -> None:
    """Print a verdict in the format of the command, and end with its exit code."""
    columns = ("code", "level", "where", "says")
    mirrors = () if trust is None or report.verdict is Verdict.FAILED else tuple(trust.mirrors)
    ui.emit(
        verdict_text.answer(report, mirrors),
        columns,
        verdict_text.rows(report),
        text=lambda: verdict_text.text(report, mirrors=mirrors),
    )
    click.get_current_context().exit(verdict_text.exit_of(report))

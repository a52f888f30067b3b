"""Make a report from a bundle: its integrity is the verdict on the bundle, and it opens what the bundle opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import click

from cli.access.recorded_access import Stated, opened_in
from cli.records.source import RecordSource
from cli.reports.order_report import ReportRequest, order_report
from cli.reports.report_files import written
from cli.terminal.output import file_name
from projections.render.html import Report
from projections.reports.hearing.depths import Depth

KINDS = ("custody", "evidence-chain", "hearing")


@dataclass(frozen=True, slots=True)
class BundleReport:
    """The wanted report: its kind, the order if it is named, its moment, its medium, its file and its language."""

    kind: str
    order: str | None
    as_of: datetime | None
    medium: str
    file: str
    lang: str
    fonts: str | None
    depth: Depth = "detailed"


def bundle_report(
    source: RecordSource, wanted: BundleReport, reveal: bool, stated: Stated, actor: str | None
) -> tuple[bytes, Report]:
    """Return a report and its bytes; `UsageError` for one that needs a ledger, `Stop` if an opening is to be recorded.

    Nothing is recorded.
    """
    if wanted.kind not in KINDS:
        raise click.UsageError(
            f"with --bundle a report is {', '.join(KINDS[:-1])} or {KINDS[-1]}: {wanted.kind} needs the ledger"
        )
    if wanted.medium == "case":
        raise click.UsageError("CASE needs the ledger: a report of a bundle is html, pdf or json")
    with source.reading() as reader:
        case = reader.case(source.order(wanted.order, reader))
        shown = opened_in(reader, [case.order], "custody", reveal, stated, actor)
        file = "" if wanted.file == "-" else file_name(wanted.file)
        asked = ReportRequest(
            wanted.kind,
            wanted.medium,
            reveal=shown,
            lang=wanted.lang,
            beside=file_name(source.file or ""),
            file=file,
            depth=wanted.depth,
        )
        made = order_report(reader, asked, case, wanted.as_of or reader.now(), source.trust)
    return written(wanted.kind, made, wanted.medium, None, wanted.fonts, wanted.lang), made

"""`comity stats`: count orders into the statistical forms, in a terminal, as JSON, as CSV and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from msgspec import Struct, convert

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.reports.statistics_report import (
    BESIDE,
    PARTY,
    PROVIDER,
    SINCE,
    UNTIL,
    counted_groups,
    office,
    published,
    selection,
)
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.local_time import MOMENT
from cli.session.options import LANG
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_format import format_of
from ledger.law.provisions import rules_digest
from projections.drawings.charts import bars
from projections.reports.front_page import IntegrityResult, Provenance
from projections.statistics.counted_order import OrderFilter
from projections.statistics.counting import StatisticsTable
from projections.statistics.forms import article_28, transparency
from projections.statistics.report import StatisticsReport, printed, requests, shares, statistics_report


class CountRowItem(Struct, frozen=True):
    """One row of a table, a cell for each column.

    A cell is a number of orders or of days, a fraction as text, null where it is withheld, or empty.
    """

    says: str
    cite: str
    unit: str
    cells: list[int | str | None]
    inner: bool


class CountTableItem(Struct, frozen=True):
    """One table; with `share` its last column is a fraction."""

    title: str
    columns: list[str]
    rows: list[CountRowItem]
    share: bool


class PublishedTotalItem(Struct, frozen=True):
    """The published figures of half a year: requests (`most` where they are a range), and the share as a fraction."""

    period: str
    requests: int
    most: int
    known: int
    share: str | None


class PublishedItem(Struct, frozen=True):
    """A published series of figures."""

    name: str
    source: str
    totals: list[PublishedTotalItem]


class StatisticsFields(CommandAnswer):
    """One statistical form: its tables, the number of withheld cells, and how it was counted."""

    as_of: str
    selection: str
    name: str
    tables: list[CountTableItem]
    withheld: int
    cannot_know: list[str]
    method: list[str]
    beside: PublishedItem | None


class Art28Answer(StatisticsFields, tag="comity.stats-art28/1"):
    """The form of Regulation (EU) 2023/1543, article 28(2)."""


class TransparencyAnswer(StatisticsFields, tag="comity.stats-transparency/1"):
    """The form that providers publish."""


@command(
    "comity stats --art28 --from 2027-01-01 --to 2027-12-31",
    "comity stats --transparency --provider skylark --format csv",
    "comity stats --transparency --beside google --format html -o transparency.html",
    refused=Exit.UNDECIDABLE,
)
@click.option("--art28", "which", flag_value="art28", help="The table of Regulation (EU) 2023/1543, article 28(2).")
@click.option("--transparency", "which", flag_value="transparency", help="The table that providers publish.")
@SINCE
@UNTIL
@PARTY
@PROVIDER
@click.option("--as-of", "as_of", type=MOMENT, help="As recorded at this moment (default: now).")
@BESIDE
@LANG
@click.option("-o", "--output", "file", default="-", metavar="FILE", help="Where it goes (default: standard output).")
def stats(
    which: str | None,
    since: datetime | None,
    until: datetime | None,
    party: str | None,
    provider: str | None,
    as_of: datetime | None,
    beside: str | None,
    lang: str,
    file: str,
) -> None:
    """Count whole orders into a statistical form; numbers under five are withheld, with what would tell them.

    An x is such a number, or one that guards it. What the tables cannot know is listed below them. Two selections over
    the same orders can be subtracted from each other: publish one.
    """
    if which is None:
        raise click.UsageError("which form: --art28 or --transparency?")
    if beside is not None and which != "transparency":
        raise click.UsageError("published figures stand beside --transparency")
    chosen = format_of(file, ENDINGS, "table")
    if file != "-" and chosen != "html":
        raise click.UsageError("-o FILE is for --format html; other forms can be sent on: > FILE")
    if lang != "en" and chosen != "html":
        raise click.UsageError(f"--lang {lang} is of a page: --format html")
    with reading() as reader:
        if provider is not None:
            provider = office(reader, provider)
        wish = OrderFilter(since, until, party, provider)
        groups, moment = counted_groups(reader, wish, as_of)
        provenance = _making(reader, moment)
    form = (article_28 if which == "art28" else transparency)(groups)
    report = statistics_report(form, selection(wish), provenance, None if beside is None else published(beside))
    if chosen == "html":
        from cli.reports.issued_report import put
        from projections.render.html import statistics_page

        put(file, statistics_page(report, lang).encode())
        return
    rows = list(_rows(report))
    answers: dict[str, type[StatisticsFields]] = {"art28": Art28Answer, "transparency": TransparencyAnswer}
    output.emit(
        convert(output.jsonable(_fields(report)), answers[which]), COLUMNS, rows, text=lambda: form_text(report)
    )


next(p for p in stats.params if "--format" in p.opts).type = click.Choice(("table", "json", "jsonl", "csv", "html"))

ENDINGS = {".html": ("html",), ".htm": ("html",), ".json": ("json",), ".jsonl": ("jsonl",), ".csv": ("csv",)}
HEADING, LABEL = 14, 24  # characters: the width of a heading, the least width of the words of a row
COLUMNS = ("table", "row", "column", "unit", "value", "cite")


def _making(reader: LedgerReader, moment: datetime) -> Provenance:
    from cli.version import tool

    unchecked = IntegrityResult("INDETERMINATE", "The entries were read for counting, not verified.", (), ())
    return Provenance(moment, tool(), rules_digest()[:16], None, unchecked, test=reader.folder.test)


# -- printing ----------------------------------------------------------------------------------------------------------


def _fields(report: StatisticsReport) -> dict[str, Any]:
    return {
        "as_of": report.making.as_of,
        "selection": report.selection,
        **asdict(report.form),
        "method": report.method,
        "beside": None if report.beside is None else asdict(report.beside),
    }


def _rows(report: StatisticsReport) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield one row for each cell; the published figures follow in the same columns."""
    for table in report.form.tables:
        for row in table.rows:
            for n, (column, value) in enumerate(zip(table.columns, printed(row, table), strict=True)):
                unit = "share" if table.share and n == len(table.columns) - 1 else row.unit
                yield table.title, row.says, column, unit, value, row.cite
    if report.beside is not None:
        for total in report.beside.totals:
            share = "-" if total.share is None else f"{100 * total.share:.1f} %"
            many = str(total.requests) if total.most == total.requests else f"{total.requests} to {total.most}"
            yield report.beside.name, total.period, "total", "orders", many, report.beside.source
            yield report.beside.name, total.period, "share some data", "share", share, report.beside.source


def form_text(report: StatisticsReport) -> str:
    """Return the form for people: tables, bars, and what it cannot know."""
    from cli.commands.judge import wrapped

    width = output._columns()
    out = [
        output.paint(report.title, "bold"),
        f"{report.selection} As recorded at {output.plain(report.making.as_of)}.",
    ]
    for table in report.form.tables:
        out += ["", output.paint(table.title, "bold"), *_table(table, width)]

    for drawn in report.bars:
        named = [(b.name, None if b.value is None else float(b.value), b.says) for b in drawn.bars]
        lines = bars(named, min(width, 100), plain=not output.colourful())
        out += ["", output.paint(drawn.title, "bold"), *lines]
    if report.form.name == "transparency":
        out += ["", output.paint("Share of requests with some data", "bold"), *_bars(report, width)]
    out += ["", output.paint("How it was counted", "bold")]
    for says in report.method:
        out += wrapped(says, "-", width)
    out += ["", output.paint("What these tables cannot know", "bold")]
    for says in report.form.cannot_know:
        out += wrapped(says, "-", width)
    return "\n".join(out)


def _table(table: StatisticsTable, width: int) -> list[str]:
    """Return the lines of a table with aligned numbers; if it is too wide, columns without orders are left out."""
    rows = [(row, printed(row, table)) for row in table.rows]
    total = len(table.columns) - (2 if table.share else 1)
    if rows[0][1][total] == "0":
        return [f"  no {rows[0][0].says}"]

    def sized(kept: Sequence[int]) -> list[int]:
        words = [[*textwrap.wrap(table.columns[n], HEADING), *(cells[n] for _, cells in rows)] for n in kept]
        return [max(map(len, column)) for column in words]

    columns = list(range(len(table.columns)))
    if width - sum(sized(columns)) - 2 * len(columns) < LABEL:
        columns = [n for n in columns if n >= total or any(cells[n] not in ("0", "-") for _, cells in rows)]
    sizes = sized(columns)
    left = max(16, min(2 * LABEL, width - sum(sizes) - 2 * len(sizes)))
    headings = [textwrap.wrap(table.columns[n], HEADING) for n in columns]
    deep = max(map(len, headings))
    lines = [("", [([""] * (deep - len(h)) + h)[n] for h in headings]) for n in range(deep)]
    for row, cells in rows:
        indent = "  " if row.inner else ""
        says = textwrap.wrap(row.says, left, initial_indent=indent, subsequent_indent=f"{indent}  ")
        lines += [(part, [""] * len(columns)) for part in says[:-1]]
        lines.append((says[-1], [cells[n] for n in columns]))
    out = [
        f"{says:<{left}}{''.join(f'  {c:>{size}}' for c, size in zip(cells, sizes, strict=True))}".rstrip()
        for says, cells in lines
    ]
    empty_columns = [name for n, name in enumerate(table.columns) if n not in columns]
    return [*out, f"  nothing under {', '.join(empty_columns)}"] if empty_columns else out


def _bars(report: StatisticsReport, width: int) -> list[str]:
    """Return the bars of our half years, followed by the published ones."""
    ours = shares(report.form.tables)
    named: list[tuple[str, float | None, str]] = [
        (period, ours.get(period), f"{100 * ours[period]:.1f} %" if period in ours else "x")
        for period, _ in requests(report.form.tables)
    ]
    if report.beside is not None:
        named += [
            (
                f"{t.period} {report.beside.name}",
                t.share,
                f"{100 * t.share:.1f} %" if t.share is not None else "not published",
            )
            for t in report.beside.totals
        ]
    return bars(named, min(width, 100), plain=not output.colourful(), most=1)

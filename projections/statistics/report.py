"""A statistical form for readers: the tables, a chart, published figures for comparison, and what it cannot know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.messages import Message
from projections.drawings.charts import Bars, Plot, bar_chart, plot
from projections.reports.front_page import CheckCommand, FrontPage, Provenance, vouches
from projections.statistics.counted_group import CountedGroup
from projections.statistics.counting import TOTAL, Form, StatisticsRow, StatisticsTable
from projections.statistics.forms import PROVIDERS, QUARTERS, TIMES, both
from projections.statistics.published_figures import Total
from projections.statistics.suppression import FEW

TITLES = {
    "art28": Message("Statistics under Regulation (EU) 2023/1543, article 28(2)"),
    "transparency": Message("Transparency report"),
}
METHOD = (
    Message(
        "Every order is counted once, under the half year in which it was issued, the gravest category "
        "of data it seeks (content before traffic before identification before subscriber), and as "
        '"several" where it went to more than one provider. Durations are medians, in days; a mean is '
        "given only where nothing in its row is withheld."
    ),
    Message(
        "An x stands where a number is under {0}, or would tell one that is. Which of the two, an x does not say.", FEW
    ),
    Message(
        "A median is given of at least {0} durations, and the days of a quarter and of three quarters of "
        "at least {1}, so that each has {2} durations on either side.",
        FEW,
        4 * FEW,
        FEW,
    ),
)
HALF_YEARS = Message("By half year of issue")
MOST_BARS = 20  # of one picture


@dataclass(frozen=True, slots=True)
class PublishedSeries:
    """Hold a published series in our columns: its name, its source, its totals by half year."""

    name: str
    source: str
    totals: tuple[Total, ...]


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    """Hold a form with its context: `selection` says which orders were counted, `chart` has shares, `bars` orders."""

    making: Provenance
    title: str
    selection: str
    form: Form
    method: tuple[str, ...]
    beside: PublishedSeries | None
    chart: Plot | None
    bars: tuple[Bars, ...]


@dataclass(frozen=True, slots=True)
class FormReport:
    """Hold one of the two forms in a report on both."""

    title: str
    form: Form
    beside: PublishedSeries | None
    chart: Plot | None
    bars: tuple[Bars, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Hold both forms as a document with its first page; each withholds numbers that the other would reveal."""

    face: FrontPage
    parts: tuple[FormReport, ...]
    method: tuple[str, ...]
    cannot_know: tuple[str, ...]


def statistics_report(
    form: Form, selection: str, making: Provenance, beside: PublishedSeries | None = None
) -> StatisticsReport:
    """Return the report of one statistical form."""
    part = _part(form, beside)
    return StatisticsReport(making, part.title, selection, form, METHOD, beside, part.chart, part.bars)


def statistics(
    groups: Sequence[CountedGroup],
    selection: str,
    making: Provenance,
    commands: Sequence[CheckCommand],
    beside: PublishedSeries | None = None,
) -> Statistics:
    """Return the report on both forms over the orders of these groups; `commands` say how to count again."""
    european, published = both(groups)
    withheld = european.withheld
    page = FrontPage(
        title=Message("Statistics"),
        what=Message("{0} {1}", WHAT, selection),
        answer=suppressed(withheld),
        making=making,
        subject=None,
        procedure=Message("not examined: it is asked order by order"),
        findings=(),
        not_checked=(*making.integrity.not_proven, UNREAD),
        commands=tuple(commands),
        only_for=(),
        vouches=vouches(making.integrity),
        signed=False,
    )
    parts = (_part(european), _part(published, beside))
    return Statistics(page, parts, METHOD, european.cannot_know)


WHAT = Message(
    "Orders of this ledger, counted whole, as Member States report them to the Commission and as providers publish."
)
UNREAD = Message(
    "Whether what was counted followed the rules: that is found order by order, and stands in the reports on each."
)


def suppressed(withheld: int) -> str:
    """Say how many numbers are withheld, in a sentence."""
    if not withheld:
        return Message("No number had to be withheld in these tables.")
    return (
        Message("{0} number is withheld in these tables (x).", withheld)
        if withheld == 1
        else Message("{0} numbers are withheld in these tables (x).", withheld)
    )


def _part(form: Form, beside: PublishedSeries | None = None) -> FormReport:
    drawn = None
    named: list[tuple[str, list[tuple[str, int | None]]]] = []
    if form.name == "transparency":
        ours = shares(form.tables)
        series: dict[str, Mapping[str, float]] = {Message("this record"): ours}
        if beside is not None:
            series[beside.name] = {t.period: t.share for t in beside.totals if t.share is not None}
        drawn = plot(series) if len(ours) > 1 else None
        named = [
            (Message("Requests by half year"), requests(form.tables)),
            (Message("Requests by provider"), _column(form.tables, PROVIDERS, TOTAL)),
            (Message("Open requests by quarter of issue"), _column(form.tables, QUARTERS, "open")),
            (Message("Median days to disclosure, by provider"), _column(form.tables, TIMES, Message("median days"))),
        ]
    else:
        named = [(Message("Orders issued, by the gravest category sought"), orders(form))]
    bars = (bar_chart(title, cells[:MOST_BARS]) for title, cells in named)
    return FormReport(TITLES[form.name], form, beside, drawn, tuple(b for b in bars if b is not None))


def _column(tables: Sequence[StatisticsTable], title: str, column: str) -> list[tuple[str, int | None]]:
    """Return one column of a table without its first row; None is withheld; zeros are left out."""
    table = next(t for t in tables if t.title.startswith(title))
    at = table.columns.index(column)
    cells = ((row.says, row.cells[at]) for row in table.rows if row.inner)
    return [(says, round(n) if isinstance(n, int | float) else None) for says, n in cells if n not in ("", 0)]


def nothing(table: StatisticsTable) -> bool:
    """Return True if a table counts nothing."""
    return all(cell in (0, "") for cell in table.rows[0].cells)


def counted_rows(table: StatisticsTable) -> tuple[StatisticsRow, ...]:
    """Return the rows of a table in which something is counted; the first row is one always."""
    return tuple(row for n, row in enumerate(table.rows) if not n or any(cell not in (0, "") for cell in row.cells))


def empty_rows(table: StatisticsTable) -> tuple[str, ...]:
    """Return the names of the other rows."""
    kept = counted_rows(table)
    return tuple(row.says for row in table.rows if row not in kept and row.unit == "orders")


def orders(form: Form) -> list[tuple[str, int | None]]:
    """Return what is drawn as bars: production orders by category, or requests by half year; None is withheld."""
    if form.name == "transparency":
        return requests(form.tables)
    table = form.tables[0]
    cells = zip(table.columns, table.rows[0].cells, strict=True)
    return [(name, n if isinstance(n, int) else None) for name, n in cells if name != TOTAL]


def shares(tables: Sequence[StatisticsTable]) -> dict[str, float]:
    """Return the share of requests with some data by half year, where it is shown."""
    table = next(t for t in tables if t.title == HALF_YEARS)
    return {row.says: row.cells[-1] for row in table.rows if row.inner and isinstance(row.cells[-1], float)}


def requests(tables: Sequence[StatisticsTable]) -> list[tuple[str, int | None]]:
    """Return the requests by half year; None where the number is withheld."""
    table = next(t for t in tables if t.title == HALF_YEARS)
    at = table.columns.index(TOTAL)
    return [(row.says, n if isinstance(n := row.cells[at], int) else None) for row in table.rows if row.inner]


Number = Callable[[float, int], str]  # a number as it is written, with so many digits behind its point


def plain(n: float, digits: int) -> str:
    """Return a number as English and machines write it."""
    return f"{n:.{digits}f}"


def printed(row: StatisticsRow, table: StatisticsTable, number: Number = plain) -> tuple[str, ...]:
    """Return the cells of a row as they are printed: x for withheld, a dash where there is nothing to count."""
    last = len(row.cells) - 1
    units = ("share" if table.share and n == last else row.unit for n in range(last + 1))
    return tuple(_cell(value, unit, number) for value, unit in zip(row.cells, units, strict=True))


def _cell(value: int | float | str | None, unit: str, number: Number) -> str:
    match value:
        case None:
            return "x"
        case str():
            return value or "-"
        case _ if unit == "share":
            return f"{number(100 * value, 1)} %"
        case _:
            return number(value, {"orders": 0, "days": 1}.get(unit, 2))

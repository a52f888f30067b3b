"""A statistical form as people get it: the tables, a chart, published figures beside ours, and what it cannot know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from projections.charts import Bars, Plot, bar_chart, plot
from projections.face import Making
from projections.published import Total
from projections.statistics import TOTAL, Form, Row, Table
from projections.suppression import FEW

TITLES = {
    "art28": "Statistics under Regulation (EU) 2023/1543, article 28(2)",
    "transparency": "Transparency report",
}
METHOD = (
    "Every order is counted once, under the half year in which it was issued, the gravest category of data it seeks "
    '(content before traffic before identification before subscriber), and as "several" where it went to more than one '
    "provider. Durations are medians, in days; a mean is given only where nothing in its row is withheld.",
    f"An x stands where a number is under {FEW}, or would tell one that is. Which of the two, an x does not say.",
)
HALF_YEARS = "By half year of issue"


@dataclass(frozen=True, slots=True)
class Beside:
    """A published series in our columns: what it is called, where it is from, its totals by half year."""

    name: str
    source: str
    totals: tuple[Total, ...]


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    """A form with all that belongs to it: `selection` says in words which orders were counted, `chart` is of shares,
    `bars` of orders."""

    making: Making
    title: str
    selection: str
    form: Form
    method: tuple[str, ...]
    beside: Beside | None
    chart: Plot | None
    bars: Bars | None


def statistics_report(form: Form, selection: str, making: Making, beside: Beside | None = None) -> StatisticsReport:
    """A form as a report."""
    drawn, title = None, "Orders issued, by the gravest category sought"
    if form.name == "transparency":
        named = {"this record": shares(form.tables)}
        if beside is not None:
            named[beside.name] = {t.period: t.share for t in beside.totals if t.share is not None}
        drawn, title = plot(named), "Requests by half year"
    bars = bar_chart(title, orders(form))
    return StatisticsReport(making, TITLES[form.name], selection, form, METHOD, beside, drawn, bars)


def orders(form: Form) -> list[tuple[str, int | None]]:
    """What is drawn as bars: production orders by category, or requests by half year; None is withheld."""
    if form.name == "transparency":
        return requests(form.tables)
    table = form.tables[0]
    cells = zip(table.columns, table.rows[0].cells, strict=True)
    return [(name, n if isinstance(n, int) else None) for name, n in cells if name != TOTAL]


def shares(tables: Sequence[Table]) -> dict[str, float]:
    """The share of requests with some data by half year, where it is shown."""
    table = next(t for t in tables if t.title == HALF_YEARS)
    return {row.says: row.cells[-1] for row in table.rows if row.inner and isinstance(row.cells[-1], float)}


def requests(tables: Sequence[Table]) -> list[tuple[str, int | None]]:
    """Requests by half year; None where the number is withheld."""
    table = next(t for t in tables if t.title == HALF_YEARS)
    at = table.columns.index(TOTAL)
    return [(row.says, n if isinstance(n := row.cells[at], int) else None) for row in table.rows if row.inner]


def printed(row: Row, table: Table) -> tuple[str, ...]:
    """The cells of a row as they are printed: x for withheld, a dash where there is nothing to count."""
    last = len(row.cells) - 1
    return tuple(_cell(value, "share" if table.share and n == last else row.unit) for n, value in enumerate(row.cells))


def _cell(value: int | float | str | None, unit: str) -> str:
    match value:
        case None:
            return "x"
        case str():
            return value or "-"
        case _ if unit == "share":
            return f"{100 * value:.1f} %"
        case _:
            return f"{value:.1f}" if unit == "days" else str(value)

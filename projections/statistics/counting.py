"""Orders counted by outcome: the table of Regulation (EU) 2023/1543 article 28(2), and the one of providers.

Both count the same orders. Cells under five are withheld together with the cells that would reveal them. An
order is counted once in every table: under the gravest category of data it seeks, under "several" where it went
to more than one provider or was refused on more than one ground. The numbers cover this record and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean, median, quantiles

from projections.statistics.counted_order import KEEPS, Amounts, CountedOrder
from projections.statistics.suppression import FEW, withheld

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """Hold one line of a table.

    A cell is a number of orders, days for a duration, a fraction for a share. None is withheld, and "" says
    that there is nothing to count. `unit` is "orders", "days" or a currency; `cite` is the provision; `inner`: it
    is a part of a row above it.
    """

    says: str
    cite: str
    unit: str
    cells: tuple[int | float | str | None, ...]
    inner: bool = False


@dataclass(frozen=True, slots=True)
class StatisticsTable:
    """Hold rows under columns; `share` says that the last column is one number of the row divided by another."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[StatisticsRow, ...]
    share: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Hold all tables of one form, the number of cells withheld in them, and what no such table can know."""

    name: str
    tables: tuple[StatisticsTable, ...]
    withheld: int
    cannot_know: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Hold a named test of orders.

    Where two tables count orders of the same names, it is the same number. `among` keeps names apart that come
    from the record, such as an office with the name of a category.
    """

    says: str
    test: Callable[[CountedOrder], bool]
    cite: str = ""
    took: str = ""  # the duration that is reported of them, in words; empty: none
    amounts: Callable[[CountedOrder], Amounts] | None = None  # the money that is reported of them
    among: str = ""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Hold rows that belong together.

    `parts` of the row named `of` (the first of the table) add up to it; other rows are some of it. Rows that are
    not `shown` are in another table.
    """

    rows: Sequence[Selection]
    parts: bool = True
    of: str = ""
    shown: bool = True


@dataclass(frozen=True, slots=True)
class TablePlan:
    """Hold a table before it is counted. Its columns cover all its orders; the first row is all of them."""

    title: str
    whole: Selection
    columns: Sequence[Selection]
    groups: Sequence[RowGroup]
    share: tuple[str, str] | None = None  # one column in relation to another
    times: tuple[str, str] | None = None  # a further table: its title, and the column of orders whose time it states


TOTAL = "total"
Key = frozenset[str]  # the names of what a cell's orders are, all at once
# From the numbers of all tables: (total, its parts, numbers among these that no table shows) for each further sum.
Links = Callable[[Mapping[Key, int]], Iterable[tuple[Key, Sequence[Key], Mapping[Key, int]]]]


@dataclass(frozen=True, slots=True)
class CountedCells:
    """Hold the numbers of several tables, the sums that hold among them, and the numbers that no table shows."""

    cells: Mapping[Key, int]
    sums: Sequence[tuple[Key, Sequence[Key]]]
    rests: frozenset[Key]


def form(name: str, orders: Sequence[CountedOrder], plans: Sequence[TablePlan], cannot_know: Sequence[str]) -> Form:
    """Count orders into tables, and withhold what must not be shown in any of them."""
    (result,) = forms({name: plans}, orders, cannot_know)
    return result


def forms(
    named: Mapping[str, Sequence[TablePlan]],
    orders: Sequence[CountedOrder],
    cannot_know: Sequence[str],
    links: Links | None = None,
) -> list[Form]:
    """Count several forms over the same orders, by name: a number that one would reveal of another is withheld in all.

    `links` are sums that hold between tables of different forms. Each form says how many numbers all of them
    withhold.
    """
    counts = counted(orders, [plan for plans in named.values() for plan in plans], links)
    hidden = withheld(counts.cells, counts.sums, never=counts.rests)
    return [
        Form(name, tuple(_tables(plans, orders, counts.cells, hidden)), len(hidden), tuple(cannot_know))
        for name, plans in named.items()
    ]


def counted(orders: Sequence[CountedOrder], plans: Sequence[TablePlan], links: Links | None = None) -> CountedCells:
    """Count orders; a number that is in two tables is one cell, so it is withheld in both or in none.

    Where rows are only some of a whole, the remainder is a cell too: no table shows it, and it protects them.
    """
    cells: dict[Key, int] = {}
    sums: list[tuple[Key, Sequence[Key]]] = []
    rests: set[Key] = set()
    for plan in plans:
        mine = [x for x in orders if plan.whole.test(x)]
        rows = {c.says: c for group in plan.groups for c in group.rows}
        for row in (None, *rows.values()):
            of_row = mine if row is None else [x for x in mine if row.test(x)]
            cells[_key(plan, row)] = len(of_row)
            for column in plan.columns:
                cells[_key(plan, row, column)] = sum(map(column.test, of_row))
            sums.append((_key(plan, row), [_key(plan, row, column) for column in plan.columns]))
        for group in plan.groups:
            for some in (None, *plan.columns):
                of = _key(plan, rows.get(group.of), some)
                parts = [_key(plan, row, some) for row in group.rows]
                if group.parts:
                    sums.append((of, parts))
                    continue
                for part in parts:
                    rest = part | {"all others"}
                    cells[rest] = cells[of] - cells[part]
                    rests.add(rest)
                    sums.append((of, [part, rest]))
    for total, addends, unseen in links(cells) if links else ():
        sums.append((total, addends))
        for key, n in unseen.items():
            cells[key] = n
            rests.add(key)
    return CountedCells(cells, sums, frozenset(rests))


def _key(plan: TablePlan, *counts: Selection | None) -> Key:
    return key_of(*(c for c in (plan.whole, *counts) if c is not None))


def key_of(*counts: Selection) -> Key:
    """Return the key of the orders that are all of these at once."""
    return frozenset(f"{c.among}/{c.says}" for c in counts)


def _tables(
    plans: Sequence[TablePlan], orders: Sequence[CountedOrder], cells: Mapping[Key, int], hidden: frozenset[Key]
) -> Iterator[StatisticsTable]:
    for plan in plans:
        yield _table(plan, orders, cells, hidden)
        if plan.times is not None:
            yield _times(plan, *plan.times, orders, hidden)


def _times(
    plan: TablePlan, title: str, column: str, orders: Sequence[CountedOrder], hidden: frozenset[Key]
) -> StatisticsTable:
    """Return the days from issue to the data obtained: the median, and within which a quarter and three quarters fall.

    A median needs `FEW` durations, a quartile as many on each of its sides. Neither is shown of orders whose number is
    withheld.
    """
    (some,) = (c for c in plan.columns if c.says == column)
    found = [x for x in orders if plan.whole.test(x) and some.test(x) and x.instrument not in KEEPS]
    rows: list[StatisticsRow] = []
    for row in (None, *(c for group in plan.groups if group.shown for c in group.rows)):
        days = sorted(x.took / DAY for x in found if x.took is not None and (row is None or row.test(x)))
        cells: tuple[float | str | None, ...] = ("", "", "")
        if _key(plan, row, some) in hidden or 0 < len(days) < FEW:
            cells = (None, None, None)
        elif days:
            low, middle, high = quantiles(days, n=4, method="inclusive")
            spread = len(days) >= 4 * FEW
            cells = (round(middle, 1), round(low, 1) if spread else None, round(high, 1) if spread else None)
        selection = plan.whole if row is None else row
        rows.append(StatisticsRow(selection.says, selection.cite, "days", cells, inner=row is not None))
    return StatisticsTable(title, ("median days", "a quarter within days", "three quarters within days"), tuple(rows))


def _table(
    plan: TablePlan, orders: Sequence[CountedOrder], cells: Mapping[Key, int], hidden: frozenset[Key]
) -> StatisticsTable:
    mine = [x for x in orders if plan.whole.test(x)]
    rows: list[StatisticsRow] = []
    for row in (None, *(c for group in plan.groups if group.shown for c in group.rows)):
        keys = [_key(plan, row, column) for column in (*plan.columns, None)]
        numbers = tuple(None if key in hidden else cells[key] for key in keys)
        selection = plan.whole if row is None else row
        rows.append(StatisticsRow(selection.says, selection.cite, "orders", numbers, inner=row is not None))
        if selection.took:
            rows += _durations(selection, [x for x in mine if selection.test(x)], plan.columns, numbers)
        if selection.amounts:
            rows += _totals(selection, selection.amounts, mine, plan.columns, numbers)
    columns = (*(c.says for c in plan.columns), TOTAL)
    if plan.share is None:
        return StatisticsTable(plan.title, columns, tuple(rows))
    some, of = (columns.index(name) for name in plan.share)
    rows = [replace(row, cells=(*row.cells, _share(row.cells[some], row.cells[of]))) for row in rows]
    return StatisticsTable(plan.title, (*columns, f"share {plan.share[0]}"), tuple(rows), share=True)


def _durations(
    said: Selection, orders: Sequence[CountedOrder], columns: Sequence[Selection], numbers: Sequence[int | None]
) -> list[StatisticsRow]:
    """Return median days, and the mean where nothing of its row is withheld.

    Means and totals would reveal a hidden cell.
    """

    def spread(how: Callable[[list[float]], float]) -> tuple[float | str | None, ...]:
        out: list[float | str | None] = []
        for n, column in zip(numbers, (*columns, None), strict=True):
            days = [x.took / DAY for x in orders if x.took is not None and (column is None or column.test(x))]
            out.append(None if n is None else "" if not days else None if len(days) < FEW else round(how(days), 1))
        return tuple(out)

    rows = [StatisticsRow(f"median days {said.took}", said.cite, "days", spread(median), inner=True)]
    means = spread(fmean)
    if None not in means and any(means):
        rows.append(StatisticsRow(f"mean days {said.took}", said.cite, "days", means, inner=True))
    return rows


def _totals(
    said: Selection,
    amounts: Callable[[CountedOrder], Amounts],
    orders: Sequence[CountedOrder],
    columns: Sequence[Selection],
    numbers: Sequence[int | None],
) -> list[StatisticsRow]:
    """Return the total of each currency, where nothing of its row is withheld and no cell rests on few orders."""
    rows: list[StatisticsRow] = []
    of = {currency for x in orders for currency, _ in amounts(x)}
    for currency in sorted(of) if None not in numbers else ():
        cells: list[float | str | None] = []
        for column in (*columns, None):
            mine = (dict(amounts(x)) for x in orders if column is None or column.test(x))
            paid = [money[currency] for money in mine if currency in money]
            cells.append("" if not paid else None if len(paid) < FEW else float(sum(paid)))
        if None not in cells:
            rows.append(StatisticsRow(f"{said.says}: total", said.cite, currency, tuple(cells), inner=True))
    return rows


def _share(some: int | float | str | None, of: int | float | str | None) -> float | str | None:
    if isinstance(some, int) and isinstance(of, int):
        return round(some / of, 4) if of else ""
    return None

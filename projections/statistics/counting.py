"""Orders counted by outcome: the table of Regulation (EU) 2023/1543 article 28(2), and the one of providers.

Both count the same orders. Cells under five are withheld together with the cells that would reveal them. An
order is counted once in every table: under the gravest category of data it seeks, under "several" where it went
to more than one provider or was refused on more than one ground. The numbers cover this record and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import fmean, median, quantiles

from ledger.messages import Message
from projections.statistics.counted_group import CountedGroup
from projections.statistics.counted_order import KEEPS, Amounts, CountedOrder
from projections.statistics.suppression import FEW, withheld


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
    """Hold a named test of orders, which asks whether an order has a duration or amounts, and not which.

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
    not `shown` are in another table. With `by`, a row has the orders for which this returns its name.
    """

    rows: Sequence[Selection]
    parts: bool = True
    of: str = ""
    shown: bool = True
    by: Callable[[CountedOrder], str] | None = None

    def split(self, groups: Sequence[CountedGroup]) -> Iterator[tuple[Selection, Sequence[CountedGroup]]]:
        """Yield each row with those of the groups that it counts."""
        if self.by is None:
            yield from ((row, [x for x in groups if row.test(x.like)]) for row in self.rows)
            return
        named: dict[str, list[CountedGroup]] = {}
        for x in groups:
            named.setdefault(self.by(x.like), []).append(x)
        yield from ((row, named.get(row.says, [])) for row in self.rows)


@dataclass(frozen=True, slots=True)
class TablePlan:
    """Hold a table before it is counted. Its columns cover all its orders; the first row is all of them."""

    title: str
    whole: Selection
    columns: Sequence[Selection]
    groups: Sequence[RowGroup]
    share: tuple[str, str] | None = None  # one column in relation to another
    times: tuple[str, str] | None = None  # a further table: its title, and the column of orders whose time it states

    def split(
        self, groups: Sequence[CountedGroup], *, shown: bool = False
    ) -> Iterator[tuple[Selection | None, Sequence[CountedGroup]]]:
        """Yield the whole of the table (None) and each row, with those of the groups that it counts.

        With `shown`, only the rows of groups of rows that are shown.
        """
        mine = [x for x in groups if self.whole.test(x.like)]
        yield None, mine
        for rows in self.groups:
            if rows.shown or not shown:
                yield from rows.split(mine)


TOTAL = Message("total")
Key = frozenset[str]  # the names of what a cell's orders are, all at once
# From the numbers of all tables: (total, its parts, numbers among these that no table shows) for each further sum.
Links = Callable[[Mapping[Key, int]], Iterable[tuple[Key, Sequence[Key], Mapping[Key, int]]]]


@dataclass(frozen=True, slots=True)
class CountedCells:
    """Hold the numbers of several tables, the sums that hold among them, and the numbers that no table shows."""

    cells: Mapping[Key, int]
    sums: Sequence[tuple[Key, Sequence[Key]]]
    rests: frozenset[Key]


def form(name: str, orders: Sequence[CountedGroup], plans: Sequence[TablePlan], cannot_know: Sequence[str]) -> Form:
    """Count orders into tables, and withhold what must not be shown in any of them."""
    (result,) = forms({name: plans}, orders, cannot_know)
    return result


def forms(
    named: Mapping[str, Sequence[TablePlan]],
    orders: Sequence[CountedGroup],
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


def counted(orders: Sequence[CountedGroup], plans: Sequence[TablePlan], links: Links | None = None) -> CountedCells:
    """Count orders; a number that is in two tables is one cell, so it is withheld in both or in none.

    Where rows are only some of a whole, the remainder is a cell too: no table shows it, and it protects them.
    """
    cells: dict[Key, int] = {}
    sums: list[tuple[Key, Sequence[Key]]] = []
    rests: set[Key] = set()
    for plan in plans:
        rows = {c.says: c for group in plan.groups for c in group.rows}
        for row, of_row in plan.split(orders):
            cells[_key(plan, row)] = sum(x.orders for x in of_row)
            for column in plan.columns:
                cells[_key(plan, row, column)] = sum(x.orders for x in of_row if column.test(x.like))
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
    plans: Sequence[TablePlan], orders: Sequence[CountedGroup], cells: Mapping[Key, int], hidden: frozenset[Key]
) -> Iterator[StatisticsTable]:
    for plan in plans:
        yield _table(plan, orders, cells, hidden)
        if plan.times is not None:
            yield _times(plan, *plan.times, orders, hidden)


def _times(
    plan: TablePlan, title: str, column: str, orders: Sequence[CountedGroup], hidden: frozenset[Key]
) -> StatisticsTable:
    """Return the days from issue to the data obtained: the median, and within which a quarter and three quarters fall.

    A median needs `FEW` durations, a quartile as many on each of its sides. Neither is shown of orders whose number is
    withheld.
    """
    (some,) = (c for c in plan.columns if c.says == column)
    found = [x for x in orders if some.test(x.like) and x.like.instrument not in KEEPS]
    rows: list[StatisticsRow] = []
    for row, of_row in plan.split(found, shown=True):
        days = _days(of_row)
        cells: tuple[float | str | None, ...] = ("", "", "")
        if _key(plan, row, some) in hidden or 0 < len(days) < FEW:
            cells = (None, None, None)
        elif days:
            low, middle, high = quantiles(days, n=4, method="inclusive")
            spread = len(days) >= 4 * FEW
            cells = (round(middle, 1), round(low, 1) if spread else None, round(high, 1) if spread else None)
        selection = plan.whole if row is None else row
        rows.append(StatisticsRow(selection.says, selection.cite, "days", cells, inner=row is not None))
    return StatisticsTable(
        title,
        (Message("median days"), Message("a quarter within days"), Message("three quarters within days")),
        tuple(rows),
    )


def _table(
    plan: TablePlan, orders: Sequence[CountedGroup], cells: Mapping[Key, int], hidden: frozenset[Key]
) -> StatisticsTable:
    rows: list[StatisticsRow] = []
    for row, of_row in plan.split(orders, shown=True):
        keys = [_key(plan, row, column) for column in (*plan.columns, None)]
        numbers = tuple(None if key in hidden else cells[key] for key in keys)
        selection = plan.whole if row is None else row
        rows.append(StatisticsRow(selection.says, selection.cite, "orders", numbers, inner=row is not None))
        if selection.took:
            rows += _durations(selection, of_row, plan.columns, numbers)
        if selection.amounts:
            rows += _totals(selection, selection.amounts, of_row, plan.columns, numbers)
    columns = (*(c.says for c in plan.columns), TOTAL)
    if plan.share is None:
        return StatisticsTable(plan.title, columns, tuple(rows))
    some, of = (columns.index(name) for name in plan.share)
    rows = [replace(row, cells=(*row.cells, _share(row.cells[some], row.cells[of]))) for row in rows]
    return StatisticsTable(plan.title, (*columns, Message("share {0}", plan.share[0])), tuple(rows), share=True)


def _durations(
    said: Selection, orders: Sequence[CountedGroup], columns: Sequence[Selection], numbers: Sequence[int | None]
) -> list[StatisticsRow]:
    """Return median days, and the mean where nothing of its row is withheld.

    Means and totals would reveal a hidden cell.
    """

    def spread(how: Callable[[list[float]], float]) -> tuple[float | str | None, ...]:
        out: list[float | str | None] = []
        for n, column in zip(numbers, (*columns, None), strict=True):
            days = _days([x for x in orders if column is None or column.test(x.like)])
            out.append(None if n is None else "" if not days else None if len(days) < FEW else round(how(days), 1))
        return tuple(out)

    rows = [StatisticsRow(Message("median days {0}", said.took), said.cite, "days", spread(median), inner=True)]
    means = spread(fmean)
    if None not in means and any(means):
        rows.append(StatisticsRow(Message("mean days {0}", said.took), said.cite, "days", means, inner=True))
    return rows


def _totals(
    said: Selection,
    amounts: Callable[[CountedOrder], Amounts],
    orders: Sequence[CountedGroup],
    columns: Sequence[Selection],
    numbers: Sequence[int | None],
) -> list[StatisticsRow]:
    """Return the total of each currency, where nothing of its row is withheld and no cell rests on few orders."""
    rows: list[StatisticsRow] = []
    of = {currency for x in orders for currency, _ in amounts(x.like)}
    for currency in sorted(of) if None not in numbers else ():
        cells: list[float | str | None] = []
        for column in (*columns, None):
            mine = [(x.orders, dict(amounts(x.like))) for x in orders if column is None or column.test(x.like)]
            paid = sum(many for many, money in mine if currency in money)
            sums = (money[currency] for _, money in mine if currency in money)
            cells.append("" if not paid else None if paid < FEW else float(sum(sums)))
        if None not in cells:
            rows.append(StatisticsRow(Message("{0}: total", said.says), said.cite, currency, tuple(cells), inner=True))
    return rows


def _days(groups: Sequence[CountedGroup]) -> list[float]:
    """Return the durations of all orders of some groups, in days, sorted."""
    return sorted(chain.from_iterable(x.days for x in groups))


def _share(some: int | float | str | None, of: int | float | str | None) -> float | str | None:
    if isinstance(some, int) and isinstance(of, int):
        return round(some / of, 4) if of else ""
    return None

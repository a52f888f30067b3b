"""Lists of orders and of open deadlines: each page is the part of the whole sorted list that it should be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_lists import (
    DeadlineFilter,
    Duty,
    Key,
    OrderFilter,
    duty_page,
    order_ids,
    order_page,
)
from ledger.adapters.storage.orders.order_row import Due, OrderRow
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import instant, wire

NOW = datetime(2027, 3, 1, 12, 0, 0, 700_000, tzinfo=UTC)
MOMENTS = st.sampled_from([wire(NOW + timedelta(seconds=n)) for n in (-90_000, -1, 0, 1, 90_000)])
NAMES = st.sampled_from(["XO", "XV", "a b", "ä", "\U0001f600", "/"])
FEW = st.lists(NAMES, max_size=2, unique=True)
CLOCKS = st.builds(
    Due,
    id=st.sampled_from(["D-7-7", "E-10-3"]),
    due=st.none() | MOMENTS,
    policy=st.just("2AP-CAL"),
    verdict=st.sampled_from(["OPEN", "MISSED", "UNDETERMINED"]),
    cite=st.just(""),
    entries=st.just([]),
)
ROWS = st.lists(
    st.builds(
        OrderRow,
        order=st.integers(0, 99).map(lambda n: f"{n:08x}-0000-4000-8000-000000000000"),
        ref=st.none() | NAMES,
        label=st.none(),
        instrument=st.just("2AP-7"),
        state=st.sampled_from(["ISSUED", "DISCLOSED"]),
        due=st.lists(CLOCKS, max_size=3),
        number=st.integers(0, 10_000),
        from_party=st.none() | NAMES,
        to_party=st.none() | NAMES,
        authority=st.none() | NAMES,
        providers=FEW,
        issued_on=st.none() | MOMENTS,
        last_on=st.none() | MOMENTS,
        kinds=FEW,
    ),
    max_size=8,
    unique_by=(lambda row: row.order, lambda row: row.number),
)
VALUES = st.none() | NAMES
FILTERS = st.builds(
    OrderFilter,
    state=st.none() | st.sampled_from(["ISSUED", "DISCLOSED"]),
    provider=VALUES,
    party=VALUES,
    by=VALUES,
    kind=VALUES,
    since=st.none() | MOMENTS.map(instant),
) | st.just(OrderFilter())
DEADLINES = st.builds(
    DeadlineFilter,
    now=st.just(NOW),
    id=st.none() | st.sampled_from(["D-7-7", "E-10-3"]),
    within=st.none() | st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=9)]),
    since=st.none() | MOMENTS.map(instant),
    only=st.none() | st.sampled_from(["overdue", "undetermined", "running"]),
) | st.just(DeadlineFilter(NOW))
ORDERS: dict[str, Callable[[OrderRow], Any]] = {
    "order": lambda r: (r.order,),
    "ref": lambda r: (r.ref or "", r.order),
    "state": lambda r: (r.state, r.order),
    "issued": lambda r: (r.issued_on or "", r.order),
    "last": lambda r: (r.last_on or "", r.order),
}
DUTIES: dict[str, Callable[[Duty], Any]] = {
    "due": lambda d: (d.clock.due or "", d.row.order, d.place),
    "order": lambda d: (d.row.order, d.clock.due or "", d.place),
}


def index_of(rows: Iterable[OrderRow], folder: str) -> OrderIndex:
    index = OrderIndex(Path(folder) / "views.db", "rows")
    index.apply({row.order: ViewRow(msgspec.json.encode(row)) for row in rows})
    return index


def fits(row: OrderRow, wanted: OrderFilter) -> bool:
    return (
        wanted.state in (None, row.state)
        and (wanted.provider is None or wanted.provider in row.providers)
        and (wanted.party is None or wanted.party in (row.from_party, row.to_party))
        and wanted.by in (None, row.authority)
        and (wanted.kind is None or wanted.kind in row.kinds)
        and (wanted.since is None or (row.last_on is not None and row.last_on >= wire(wanted.since)))
    )


def is_open(clock: Due, which: DeadlineFilter) -> bool:
    left = None if clock.due is None else instant(clock.due) - which.now
    unknown = clock.verdict == "UNDETERMINED"
    over = not unknown and left is not None and left <= timedelta(0)
    only = {None: True, "overdue": over, "undetermined": unknown, "running": not over and not unknown}[which.only]
    return (
        only
        and which.id in (None, clock.id)
        and (which.within is None or left is None or left <= which.within)
        and (which.since is None or (clock.due is not None and clock.due >= wire(which.since)))
    )


@given(ROWS, FILTERS, st.sampled_from([*ORDERS, *(f"-{name}" for name in ORDERS)]), st.integers(1, 4))
def test_pages_of_orders_joined_are_the_sorted_orders_that_match(
    rows: list[OrderRow], wanted: OrderFilter, sort: str, limit: int
) -> None:
    expected = sorted(
        (row for row in rows if fits(row, wanted)), key=ORDERS[sort.removeprefix("-")], reverse=sort.startswith("-")
    )
    with tempfile.TemporaryDirectory() as folder, closing(index_of(rows, folder)) as index:
        found: list[OrderRow] = []
        after: Key | None = None
        while True:
            page = order_page(index, wanted, sort, after, limit)
            assert (len(page.orders) <= limit, page.of) == (True, len(expected))
            found += page.orders
            after = page.last
            if after is None:
                break
        assert found == expected == order_page(index, wanted, sort).orders
        assert order_ids(index, wanted) == {row.order for row in expected}
        for name, values in (("provider", "providers"), ("kind", "kinds")):
            for value in ("XO", "ä"):
                assert index.has(name, value) == any(value in getattr(row, values) for row in rows)


@given(ROWS, FILTERS, DEADLINES, st.sampled_from([*DUTIES, *(f"-{name}" for name in DUTIES)]), st.integers(1, 4))
def test_pages_of_deadlines_joined_are_the_sorted_deadlines_that_match(
    rows: list[OrderRow], wanted: OrderFilter, which: DeadlineFilter, sort: str, limit: int
) -> None:
    every = [Duty(row, clock, n) for row in rows if fits(row, wanted) for n, clock in enumerate(row.due)]
    matching = [duty for duty in every if is_open(duty.clock, which)]
    expected = sorted(matching, key=DUTIES[sort.removeprefix("-")], reverse=sort.startswith("-"))
    unknown = sorted((d for d in matching if d.clock.verdict == "UNDETERMINED"), key=lambda d: (d.row.order, d.place))
    over = [d for d in matching if is_open(d.clock, DeadlineFilter(NOW, only="overdue"))]
    with tempfile.TemporaryDirectory() as folder, closing(index_of(rows, folder)) as index:
        found: list[Duty] = []
        after: Key | None = None
        while True:
            page = duty_page(index, wanted, which, sort, after, limit)
            assert (len(page.duties) <= limit, page.of) == (True, len(expected))
            assert (page.unknown, page.over) == (len(unknown), len(over))
            assert page.first_unknown == next(iter(unknown), None)
            found += page.duties
            after = page.last
            if after is None:
                break
        assert found == expected == duty_page(index, wanted, which, sort).duties


@given(ROWS.filter(lambda rows: len(rows) > 2), st.data())
def test_a_key_stays_valid_when_its_order_has_gone(rows: list[OrderRow], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(rows))
    with tempfile.TemporaryDirectory() as folder, closing(index_of(rows, folder)) as index:
        first = order_page(index, OrderFilter(), "ref", None, 2)
    left = [row for row in rows if row != gone]
    with tempfile.TemporaryDirectory() as folder, closing(index_of(left, folder)) as index:
        rest = order_page(index, OrderFilter(), "ref", first.last).orders
    assert rest == sorted((r for r in left if ORDERS["ref"](r) > (first.last or ())), key=ORDERS["ref"])


@pytest.mark.parametrize("key", [("soon", "a", "0"), ("2027-03-01", "a", "0"), ("", "a", "first"), ("", "a")])
def test_a_key_that_is_none_is_refused(key: Key, tmp_path: Path) -> None:
    with closing(index_of((), str(tmp_path))) as index, pytest.raises(ValueError):
        duty_page(index, OrderFilter(), DeadlineFilter(NOW), "due", key)


@pytest.mark.parametrize(("sort", "table"), [("due", "board_clock_sorted"), ("ref", "board_sorted_ref")])
def test_a_first_page_is_read_from_an_index_and_not_sorted(sort: str, table: str, tmp_path: Path) -> None:
    asked: list[str] = []
    with closing(index_of((), str(tmp_path))) as index:

        def explained(statement: str, *params: object) -> list[Any]:
            if "ORDER BY" in statement:
                asked.extend(row[-1] for row in OrderIndex.select(index, f"EXPLAIN QUERY PLAN {statement}", *params))
            return OrderIndex.select(index, statement, *params)

        index.select = explained  # type: ignore[method-assign]
        if sort == "due":
            duty_page(index, OrderFilter(), DeadlineFilter(NOW), sort, None, 50)
        else:
            order_page(index, OrderFilter(), sort, None, 50)
    assert any(table in step for step in asked), asked


def row(number: int, *clocks: tuple[str | None, str]) -> OrderRow:
    due = [Due("D-7-7", end, "2AP-CAL", verdict, "", []) for end, verdict in clocks]
    order = f"{number:08x}-0000-4000-8000-000000000000"
    return OrderRow(order, None, None, "2AP-7", "ISSUED", due, number=number)


OVER, RUNS = (wire(NOW - timedelta(seconds=1)), "MISSED"), (wire(NOW + timedelta(days=1)), "OPEN")
UNDETERMINED = (None, "UNDETERMINED")


@pytest.mark.parametrize(
    ("only", "orders"), [("overdue", [1]), ("running", [2, 4]), ("undetermined", [3]), (None, [1, 2, 3, 4])]
)
def test_deadlines_are_overdue_undetermined_or_running(only: str | None, orders: list[int], tmp_path: Path) -> None:
    rows = [row(1, OVER), row(2, RUNS), row(3, UNDETERMINED), row(4, (None, "OPEN"))]
    with closing(index_of(rows, str(tmp_path))) as index:
        page = duty_page(index, OrderFilter(), DeadlineFilter(NOW, only=only), "order")
        assert [duty.row.number for duty in page.duties] == orders
        assert (page.of, page.unknown, page.over) == (len(orders), int(3 in orders), int(1 in orders))


def test_a_page_that_is_full_has_a_key_only_if_another_row_follows(tmp_path: Path) -> None:
    rows = [row(number, RUNS) for number in (1, 2, 3)]
    with closing(index_of(rows, str(tmp_path))) as index:
        for limit, follows in ((1, True), (2, True), (3, False), (4, False)):
            orders = order_page(index, OrderFilter(), "order", None, limit)
            duties = duty_page(index, OrderFilter(), DeadlineFilter(NOW), "due", None, limit)
            assert (orders.last is not None, duties.last is not None) == (follows, follows)
            assert len(orders.orders) == len(duties.duties) == min(limit, 3)


def test_a_page_reads_one_row_more_than_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(number, RUNS, UNDETERMINED) for number in range(9)]
    select = OrderIndex.select
    read: list[int] = []

    def counted(self: OrderIndex, statement: str, *params: object) -> list[Any]:
        found = select(self, statement, *params)
        read.append(len(found))
        return found

    with closing(index_of(rows, str(tmp_path))) as index:
        monkeypatch.setattr(OrderIndex, "select", counted)
        order_page(index, OrderFilter(), "order", None, 2)
        duty_page(index, OrderFilter(), DeadlineFilter(NOW), "due", None, 2)
    assert max(read) == 3

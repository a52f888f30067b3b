"""What orders count as: each with its moment, its duration and its amounts, next to orders that are like it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from ledger.adapters.storage.orders.order_answers import AnsweredOrder, LikeAnswers, answers_of
from ledger.adapters.storage.orders.order_counts import (
    Cost,
    CountedRow,
    LikeOrders,
    duration,
    like_orders,
    microseconds,
)
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_row import OrderRow
from ledger.adapters.storage.views import ViewRow
from ledger.errors import LedgerError

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[OrderIndex]:
    with closing(OrderIndex(tmp_path / "views.db", "counted")) as opened:
        yield opened


def put(index: OrderIndex, *rows: OrderRow) -> None:
    index.apply({one.order: ViewRow(msgspec.json.encode(one)) for one in rows})


def order(
    number: int,
    counted: CountedRow | None = None,
    *,
    ref: str | None = None,
    label: str | None = None,
    answers: dict[str, list[str]] | None = None,
    duties: list[tuple[int, str]] | None = None,
    kept: str | None = None,
) -> OrderRow:
    more = {"counted": counted, "answers": answers or {}, "open": duties or [], "kept_until": kept}
    return OrderRow(f"{number:08x}-0000", ref, label, "EPOC", "ISSUED", [], number, **more)  # type: ignore[arg-type]


def test_a_moment_and_a_duration_are_counted_in_microseconds() -> None:
    assert [microseconds(datetime(1970, 1, 1, 0, 0, s, 7, tzinfo=UTC)) for s in (0, 2)] == [7, 2_000_007]
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1_000_000
    assert duration(timedelta(days=1, microseconds=3)) == 86_400_000_003


def test_orders_that_are_alike_are_one_group_with_every_duration_and_amount(index: OrderIndex) -> None:
    costs = [Cost(True, "EUR", "12.50"), Cost(False, "SEK", "7"), Cost(True, "EUR", "12.50")]
    put(
        index,
        order(1, CountedRow("a", microseconds(NOON), 5, costs)),
        order(2, CountedRow("a", microseconds(NOON), 0)),
        order(3, CountedRow("a", microseconds(NOON))),
        order(4, CountedRow("b", microseconds(NOON), None, [Cost(False, "EUR", "1")])),
        order(5),
    )
    first, second = sorted(like_orders(index))
    assert first[:2] == ("a", 3)
    assert sorted(first.took) == [timedelta(0), timedelta(microseconds=5)]
    assert (first.claimed, first.reimbursed) == ([("EUR", Decimal("12.50"))] * 2, [("SEK", Decimal(7))])
    assert second == LikeOrders("b", 1, [], [], [("EUR", Decimal(1))])


def test_orders_are_counted_from_a_moment_on_and_before_another(index: OrderIndex) -> None:
    cost = [Cost(True, "EUR", "1")]
    for number, moment in enumerate((NOON - INSTANT, NOON, NOON + INSTANT)):
        put(index, order(number, CountedRow(f"{number}", microseconds(moment), number, cost)))

    def counted(since: datetime | None, until: datetime | None) -> str:
        return "".join(sorted(each.like for each in like_orders(index, since, until)))

    assert [counted(since, None) for since in (None, NOON - INSTANT, NOON, NOON + 2 * INSTANT)] == [
        "012",
        "012",
        "12",
        "",
    ]
    assert [counted(None, until) for until in (None, NOON + INSTANT, NOON, NOON - INSTANT)] == ["012", "01", "0", ""]
    assert counted(NOON, NOON + INSTANT) == "1"
    (only,) = like_orders(index, NOON, NOON + INSTANT)
    assert (only.took, only.claimed, only.reimbursed) == ([INSTANT], [("EUR", Decimal(1))], [])


@pytest.mark.parametrize(
    ("amount", "taken"),
    [("9E+64", True), ("1E+65", False), ("1E-64", True), ("9E-65", False), ("-9E+64", True), ("NaN", False)],
)
def test_an_amount_has_up_to_64_digits_before_or_behind_its_point(index: OrderIndex, amount: str, taken: bool) -> None:
    put(index, order(1, CountedRow("a", 0, None, [Cost(True, "EUR", amount)])))
    if taken:
        assert like_orders(index)[0].claimed == [("EUR", Decimal(amount))]
    else:
        with pytest.raises(ValueError, match="is no amount"):
            like_orders(index)


def test_the_answers_on_orders_are_grouped_and_orders_with_a_duty_or_held_data_are_named(index: OrderIndex) -> None:
    answers, duties = {"1": ["yes"], "2": ["no", "7"]}, [(2, "inform the person")]
    put(
        index,
        order(5, answers=answers),
        order(4, answers=answers, duties=duties, label="of the desk"),
        order(3, answers=answers, duties=duties, ref="PPO-3", label="not said", kept="2028-01-01"),
        order(2, answers=answers, kept=""),
        order(1, answers=answers),
    )
    likes, named = answers_of(index)
    assert sorted(likes) == [LikeAnswers(2, answers, duties), LikeAnswers(3, answers, [])]
    assert named == [
        AnsweredOrder("00000002-0000", "00000002", [], ""),
        AnsweredOrder("00000003-0000", "PPO-3", duties, "2028-01-01"),
        AnsweredOrder("00000004-0000", "of the desk", duties, None),
    ]


@pytest.mark.parametrize("change", ["UPDATE board_like SET says = '[1'", "DELETE FROM board_like"])
def test_answers_that_no_program_has_made_are_damage(index: OrderIndex, change: str) -> None:
    put(index, order(1, answers={"1": ["yes"]}))
    with index.datastore.transaction(commit=True) as c:
        c.execute(change)
    with pytest.raises(LedgerError) as found:
        answers_of(index)
    assert found.value.code == "LOG-CORRUPT"

"""A form counted from groups is the form counted order by order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import hypothesis
import hypothesis.strategies as st
import pytest

from projections.statistics.counted_group import CountedGroup, grouped, shared
from projections.statistics.counted_order import Amounts, CountedOrder
from projections.statistics.forms import article_28, both, half_year, quarter, transparency
from tests.support.samples import examples

DAY = timedelta(days=1)
GROUNDS = [(), (), ("EPOC:12(1)(a)",), ("EPOC:12(1)(a)", "EPOC:12(1)(b)")]

amounts: st.SearchStrategy[Amounts] = st.dictionaries(
    st.sampled_from(["EUR", "NOK"]), st.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100), max_size=2
).map(lambda found: tuple(sorted(found.items())))
moments = st.integers(0, 450 * 86_400_000).map(
    lambda milliseconds: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)
counted_orders = st.builds(
    CountedOrder,
    instrument=st.sampled_from(["EPOC", "EPOC", "EPOC-PR", "2AP-7", "BC-16"]),
    issued_on=moments,
    from_party=st.sampled_from(["XO", "XQ"]),
    to_party=st.sampled_from(["XV", "XO"]),
    addressee=st.sampled_from(["one", "two", "several", "subscriber"]),
    category=st.sampled_from(["subscriber", "subscriber", "traffic", "content", "not stated"]),
    emergency=st.booleans(),
    outcome=st.sampled_from(["fulfilled", "fulfilled", "in part", "not fulfilled", "open"]),
    took=st.none() | st.timedeltas(timedelta(0), 90 * DAY),
    notified=st.booleans(),
    grounds=st.sampled_from(GROUNDS),
    enforced=st.booleans(),
    remedy=st.booleans(),
    sought_after=st.booleans(),
    refused_after=st.booleans(),
    informed=st.sampled_from(["informed", "put off"]),
    received=st.booleans(),
    claimed=amounts,
    reimbursed=amounts,
    remedy_in=st.sampled_from([frozenset(), frozenset({"XO"}), frozenset({"XO", "XV"})]),
)
repeated = st.lists(st.tuples(counted_orders, st.integers(1, 30)), max_size=12).map(
    lambda some: [order for order, times in some for _ in range(times)]
)


def one_by_one(orders: Sequence[CountedOrder]) -> list[CountedGroup]:
    """Return a group for each order, with everything that the order has."""
    return [CountedGroup(x, 1, () if x.took is None else (x.took / DAY,)) for x in orders]


@pytest.mark.slow
@hypothesis.given(repeated)
@examples(40)
def test_a_form_of_groups_is_the_form_of_each_order(orders: list[CountedOrder]) -> None:
    groups, singly = grouped(orders), one_by_one(orders)
    assert sum(group.orders for group in groups) == len(orders)
    assert article_28(groups) == article_28(singly)
    assert transparency(groups) == transparency(singly)
    assert both(groups) == both(singly)


@hypothesis.given(counted_orders)
@examples(100)
def test_a_group_counts_in_the_quarter_and_half_year_of_its_orders(order: CountedOrder) -> None:
    like = shared(order)
    assert (quarter(like.issued_on), half_year(like.issued_on)) == (
        quarter(order.issued_on),
        half_year(order.issued_on),
    )
    assert shared(like) == like


@pytest.mark.parametrize(
    "change",
    [
        {"took": None},
        {"issued_on": datetime(2027, 4, 1, tzinfo=UTC)},
        {"claimed": (("NOK", Decimal(3)),)},
        {"reimbursed": ()},
        {"outcome": "open"},
        {"remedy_in": frozenset({"XV"})},
    ],
)
def test_orders_that_a_table_counts_apart_are_in_two_groups(change: dict[str, object]) -> None:
    base = CountedOrder(
        instrument="EPOC",
        issued_on=datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC),
        from_party="XO",
        to_party="XV",
        addressee="one",
        category="content",
        emergency=False,
        outcome="fulfilled",
        took=DAY,
        notified=False,
        grounds=(),
        enforced=False,
        remedy=True,
        sought_after=False,
        refused_after=False,
        informed="informed",
        claimed=(("EUR", Decimal("2.50")),),
        reimbursed=(("EUR", Decimal("2.50")),),
    )
    alike = replace(base, took=2 * DAY, claimed=(("EUR", Decimal("0.10")),), issued_on=datetime(2027, 1, 1, tzinfo=UTC))
    (group,) = grouped([base, alike])
    assert (group.orders, group.days, group.like.claimed) == (2, (1.0, 2.0), (("EUR", Decimal("2.60")),))
    assert len(grouped([base, replace(base, **change)])) == 2  # type: ignore[arg-type]

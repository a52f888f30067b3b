"""Orders that every table counts alike, as one group: a form is counted from groups, of any number of orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from projections.statistics.counted_order import Amounts, CountedOrder

_DAY = timedelta(days=1)
_SOME_TIME = timedelta(0)  # in place of a duration
_SOME_MONEY = Decimal(0)  # in place of an amount


@dataclass(frozen=True, slots=True)
class CountedGroup:
    """Hold orders that differ only in the moment of issue within a quarter, in their durations and in their amounts.

    `like` is what they share (see `shared`), with the sums of their amounts. `orders` is their number, and `days` has
    their durations in days, in ascending order: one for each order if `like` has a duration, else none.
    """

    like: CountedOrder
    orders: int
    days: tuple[float, ...] = ()


def shared(order: CountedOrder) -> CountedOrder:
    """Return an order as its group has it: issued as its quarter begins, a duration and amounts of 0 if it has some."""
    return replace(
        order,
        issued_on=_quarter_start(order.issued_on),
        took=None if order.took is None else _SOME_TIME,
        claimed=_currencies(order.claimed),
        reimbursed=_currencies(order.reimbursed),
    )


def group_of(
    like: CountedOrder,
    orders: int,
    took: Iterable[timedelta],
    claimed: Iterable[Amounts] = (),
    reimbursed: Iterable[Amounts] = (),
) -> CountedGroup:
    """Return a group: what its orders share, their number, all their durations and amounts."""
    likeness = replace(like, claimed=_sums(claimed), reimbursed=_sums(reimbursed))
    return CountedGroup(likeness, orders, tuple(sorted(each / _DAY for each in took)))


def grouped(orders: Iterable[CountedOrder]) -> list[CountedGroup]:
    """Return orders in their groups, in the order in which they come first."""
    alike: dict[CountedOrder, list[CountedOrder]] = {}
    for order in orders:
        alike.setdefault(shared(order), []).append(order)
    return [
        group_of(
            like,
            len(some),
            [order.took for order in some if order.took is not None],
            [order.claimed for order in some],
            [order.reimbursed for order in some],
        )
        for like, some in alike.items()
    ]


def _quarter_start(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return datetime(moment.year, moment.month - (moment.month - 1) % 3, 1, tzinfo=UTC)


def _currencies(amounts: Amounts) -> Amounts:
    return tuple((currency, _SOME_MONEY) for currency, _ in amounts)


def _sums(amounts: Iterable[Amounts]) -> Amounts:
    found: dict[str, Decimal] = {}
    for each in amounts:
        for currency, amount in each:
            found[currency] = found.get(currency, Decimal()) + amount
    return tuple(sorted(found.items()))

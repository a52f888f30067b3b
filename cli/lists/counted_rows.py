"""Write what an order counts as into its row of the view, and read groups of counted orders from the view."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ledger.adapters.storage.orders.order_counts import Cost, CountedRow, duration, like_orders, microseconds
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_row import damaged
from ledger.entries.case import Case
from ledger.law import Judgement
from ledger.messages import plain
from projections.statistics.counted_group import CountedGroup, group_of, shared
from projections.statistics.counted_order import CountedOrder, counted_order

_encode = msgspec.json.Encoder(enc_hook=plain, order="deterministic").encode
_decoder = msgspec.json.Decoder(CountedOrder)


def counted_row(case: Case, judgement: Judgement) -> CountedRow | None:
    """Return what an order counts as at the moment of its judgement; None if nothing was issued by then."""
    if not case.entries or (order := counted_order(case, judgement)) is None:
        return None
    return row_of(order)


def row_of(order: CountedOrder) -> CountedRow:
    """Return what a counted order is in its row of the view."""
    costs = [
        Cost(claimed, currency, str(amount))
        for claimed, amounts in ((True, order.claimed), (False, order.reimbursed))
        for currency, amount in amounts
    ]
    return CountedRow(
        _encode(shared(order)).decode(),
        microseconds(order.issued_on),
        None if order.took is None else duration(order.took),
        costs,
    )


def _decode(like: str) -> CountedOrder:
    try:
        return _decoder.decode(like)
    except (msgspec.DecodeError, TypeError) as error:  # TypeError: the text is missing
        raise damaged(error) from None


def groups_of(index: OrderIndex, since: datetime | None = None, until: datetime | None = None) -> list[CountedGroup]:
    """Return the orders of a view that were issued from `since` on and before `until`, in groups.

    `LedgerError` LOG-CORRUPT for rows that no program has made.
    """
    try:
        likes = like_orders(index, since, until)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise damaged(error) from None
    return [
        group_of(
            _decode(some.like),
            some.orders,
            some.took,
            [(amount,) for amount in some.claimed],
            [(amount,) for amount in some.reimbursed],
        )
        for some in likes
    ]

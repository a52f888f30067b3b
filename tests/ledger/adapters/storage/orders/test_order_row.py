"""The place of an order in the list: by the second of its issue, then by its first entry, and never beyond the end."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.storage.orders.order_query import FAR
from ledger.adapters.storage.orders.order_row import OrderRow, place

ROW = OrderRow(order="o", ref=None, label=None, instrument="", state="", due=[], number=0)
LAST = (1 << 28) - 1  # the largest leaf index


def at(issued_on: str | None, number: int) -> int:
    more: dict[str, Any] = {"issued_on": issued_on, "number": number}
    return place(replace(ROW, **more))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((None, 0), (None, 1)),
        ((None, LAST), ("1970-01-01T00:00:01Z", 0)),
        (("2027-03-01T00:00:00Z", LAST), ("2027-03-01T00:00:01Z", 0)),
        (("2027-03-01T00:00:00Z", 0), ("2027-03-01T00:00:00Z", LAST)),
        (("2514-05-30T01:53:02Z", LAST), ("2514-05-30T01:53:03Z", 0)),
    ],
)
def test_an_order_has_its_place_by_the_second_and_then_by_its_first_entry(
    before: tuple[str | None, int], after: tuple[str | None, int]
) -> None:
    assert at(*before) < at(*after)


def test_every_place_is_before_the_end_and_the_end_is_a_number_of_sqlite() -> None:
    assert at("9999-12-31T23:59:59Z", LAST) == at("2514-05-30T01:53:03Z", LAST) == FAR - 1
    assert at("1969-12-31T23:59:59Z", 3) == at(None, 3) == 3
    assert FAR < 1 << 63

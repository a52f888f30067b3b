"""The place of an order in the list: by the second of its issue, then by its first entry, and never beyond the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ledger.adapters.storage.orders.order_query import FAR, OrderQuery, condition, position
from ledger.adapters.storage.orders.order_row import (
    Due,
    OrderRow,
    end_second,
    filter_values,
    filter_words,
    place,
    read_row,
    search_words,
)
from ledger.errors import LedgerError

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


def test_the_next_page_continues_at_the_position_of_the_last_order() -> None:
    ends = ["2027-03-09T00:00:00Z", None, "2027-03-02T00:00:00Z"]
    due = [Due("D", end, "p", "OPEN", "c", []) for end in ends]
    last = 1_804_032_000  # 2027-03-03T00:00:00Z
    row = replace(ROW, due=due, issued_on="1970-01-01T00:00:02Z", number=3, last_on="2027-03-03T00:00:00Z")
    there = (2 << 28) + 3
    assert position(row, "due") == (last - 86_400, there)
    assert position(row, "last") == (last, there)
    assert position(row, "made") == (there, there)
    bare = replace(row, due=due[1:2], last_on=None)
    assert (position(bare, "due"), position(bare, "last")) == ((FAR, there), (0, there))
    assert FAR == 1 << 62
    assert [end_second(each) for each in due] == [last + 6 * 86_400, None, last - 86_400]


def words_of(condition: str) -> list[str]:
    return condition.split(" AND ")


def test_a_query_has_a_term_for_each_value_and_each_word() -> None:
    moment = datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)
    assert condition(OrderQuery(), moment) == ("board b WHERE 1", "b.number", [])
    plain = OrderQuery(overdue=True, words=' "\0 ')
    source, number, params = condition(plain, moment)
    assert (source, number) == (
        "board_words w CROSS JOIN board b ON b.number = w.rowid WHERE board_words MATCH ? AND b.first_due <= ?",
        "w.rowid",
    )
    assert params == ['picked : "runs"', 7]
    asked = OrderQuery('ab c" de', {"state": "x", "none": "y", "party": "z"})
    source, number, params = condition(asked, moment)
    assert source == "board_words w CROSS JOIN board b ON b.number = w.rowid WHERE board_words MATCH ?"
    assert words_of(params[0]) == [
        'picked : "state78"',
        'picked : "party7a"',
        'words : "ab" *',
        'words : "c"',
        'words : "de" *',
    ]
    assert (number, len(params)) == ("w.rowid", 1)


def test_a_row_is_found_by_its_values_and_words() -> None:
    row = replace(
        ROW,
        instrument="EPOC",
        state="ISSUED",
        from_party="XO",
        to_party="XO",
        providers=["sky", "lark", "sky"],
        authority="court",
        kinds=["order-issued"],
        ref="PPO-1",
        names=["The Court"],
    )
    values = [("instrument", "EPOC"), ("state", "ISSUED"), ("party", "XO"), ("provider", "sky"), ("provider", "lark")]
    assert filter_values(row) == values
    more = [("by", "court"), ("kind", "order-issued")]
    assert list(filter_words(row)) == [f"{name}{value.encode().hex()}" for name, value in values + more]
    assert list(search_words(row)) == [
        *("PPO-1", "o", "court", "XO", "XO", "EPOC", "sky", "lark", "sky", "The Court"),
    ]
    assert list(filter_words(replace(ROW, from_party="", to_party="XV"))) == [
        "instrument",
        "state",
        "party5856",
    ]


def test_a_row_of_another_form_is_damage() -> None:
    assert read_row(msgspec.json.encode(ROW)) == ROW
    for body in (b"", b"{}", b"[1]"):
        with pytest.raises(LedgerError, match="LOG-CORRUPT") as found:
            read_row(body)
        assert found.value.hint == "comity views --rebuild makes the view again from the entries"

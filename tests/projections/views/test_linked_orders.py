"""Orders that name each other: in both directions, once, and not by an entry that was replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case
from ledger.law import judge
from projections.views.linked_orders import LinkedOrder, connected, linked_cases, merged, pair, pairs
from tests.support.scenarios import case, fact, issued, moment, order_id, received

NOW = moment("2027-06-01T09:00Z")
EARLIER = order_id("earlier")


@pytest.mark.parametrize(
    ("public", "found"),
    [
        ({"prior_order": "a"}, ("a", "x")),
        ({"new_order": "b"}, ("x", "b")),
        ({"prior_order": "a", "new_order": "b"}, ("a", "x")),
        ({"prior_order": "x", "new_order": "b"}, ("x", "b")),
        ({"prior_order": "x"}, None),
        ({"new_order": "x"}, None),
        ({"prior_order": 7}, None),
        ({}, None),
    ],
)
def test_an_entry_links_its_order_to_the_one_before_or_behind_it(
    public: Mapping[str, Any], found: tuple[str, str] | None
) -> None:
    assert pair("x", public) == found


def order(name: str, *prior: str, hour: int = 9, replaced: bool = False) -> Case:
    facts = [issued(f"2027-03-01T{hour:02}:00Z", label="issued")]
    facts += [
        fact(
            "order-transmitted",
            f"2027-03-01T{hour + 1:02}:00Z",
            "ilves",
            "ISS",
            label=f"link {n}",
            prior_order=order_id(other),
        )
        for n, other in enumerate(prior)
    ]
    if replaced:
        again = fact("order-transmitted", f"2027-03-01T{hour + 2:02}:00Z", "ilves", "ISS", label="again")
        facts.append(replace(again, replaces="link 0"))
    return case(facts, "2AP-7", order=name)


def test_a_pair_is_listed_once_and_a_replaced_entry_makes_none() -> None:
    assert pairs(order("one", "earlier", "earlier")) == [(EARLIER, order_id("one"))]
    assert pairs(order("one", "earlier", "other"))[1:] == [(order_id("other"), order_id("one"))]
    assert pairs(order("one", "earlier", replaced=True)) == []
    assert pairs(order("one")) == []


def test_every_order_that_links_reach_is_found_in_both_directions_and_no_other() -> None:
    links = [("a", "b"), ("b", "c"), ("d", "c"), ("x", "y")]
    for name in "abcd":
        assert connected(name, links) == {*"abcd"}
    assert connected("y", links) == {"x", "y"}
    assert connected("alone", links) == {"alone"}
    assert connected("a", []) == {"a"}


def test_cases_are_read_once_from_the_asked_order_on_and_those_of_another_ledger_not_at_all() -> None:
    one, two, three = order("one", "two"), order("two", "elsewhere"), order("three", "one")
    here = {c.order: c for c in (one, two, three)}
    read: list[str] = []

    def case_of(name: str) -> Case:
        read.append(name)
        return here[name]

    named_by = {one.order: [three.order], two.order: [one.order]}
    found = linked_cases(one.order, case_of, here.__contains__, lambda name: named_by.get(name, ()))
    assert found == here
    assert sorted(read) == sorted(here)
    assert read[0] == one.order
    alone = linked_cases(two.order, case_of, lambda name: False, lambda name: ())
    assert [*alone] == [two.order], "the first is read whatever the ledger holds"


def test_the_entries_of_linked_orders_are_in_the_order_in_which_they_happened() -> None:
    shares = [
        LinkedOrder(name, c, judge(c, NOW))
        for name, c in (("one", order("one", "two", hour=10)), ("two", order("two", hour=9)))
    ]
    lines = merged(shares)
    assert [(share.name, line.entry.on.hour) for share, line in lines] == [("two", 9), ("one", 10), ("one", 11)]
    both = [LinkedOrder("b", order("b"), shares[1].judgement), LinkedOrder("a", order("a"), shares[1].judgement)]
    at_once = [replace(both[0].case, entries=tuple(replace(e, index=90) for e in both[0].case.entries)), both[1].case]
    same = [LinkedOrder(share.name, c, share.judgement) for share, c in zip(both, at_once, strict=True)]
    assert [share.name for share, _ in merged(same)] == ["a", "b"]


def test_receipts_link_nothing() -> None:
    assert pairs(case((issued("2027-03-01T09:00Z"), received("2027-03-02T09:00Z")), "2AP-7")) == []

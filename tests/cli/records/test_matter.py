"""An order comes first, then the orders linked with it, oldest first, as far as they were on record."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.records import linked_orders
from cli.records.linked_orders import LinkedOrderItem, began, matter, member
from projections.views.linked_orders import LinkedOrder

NOW = datetime(2027, 6, 1, tzinfo=UTC)


def case(order: str, first: int | None, *links: tuple[str, str]) -> Any:
    entries = [] if first is None else [SimpleNamespace(index=first)]
    return SimpleNamespace(order=order, entries=entries, links=links)


class Reader:
    """A record that holds every order but `elsewhere` ones; what was on record is known."""

    def __init__(self, *cases: Any) -> None:
        self.cases = cases

    def find(self, name: str) -> str:
        return name.removeprefix("named ")

    def case(self, name: str) -> Any:
        return self.cases[0]

    def around(self, order: str) -> dict[str, Any]:
        return {each.order: each for each in self.cases}

    def known(self, case: Any, moment: datetime) -> Any:
        assert moment == NOW
        return case

    def holds(self, order: str) -> bool:
        return not order.startswith("elsewhere")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked_orders, "judge", lambda case, moment: f"{case.order} at {moment:%Y}")
    monkeypatch.setattr(linked_orders, "name_of", lambda case: f"name of {case.order}")
    monkeypatch.setattr(linked_orders, "pairs", lambda case: case.links)


def share(name: str, case: Any) -> Any:
    judged: Any = f"{name} at 2027"
    return LinkedOrder(f"name of {name}", case, judged)


def test_linked_orders_follow_the_named_one_oldest_first() -> None:
    main = case("main", 9, ("main", "late"), ("main", "elsewhere 2"), ("elsewhere 1", "main"))
    early, late = case("early", 3, ("late", "early")), case("late", 5)
    apart, begun_later = case("apart", 1), case("begun later", None, ("main", "begun later"))
    reader: Any = Reader(main, late, early, apart, begun_later)
    found, elsewhere = matter(reader, "named main", NOW)
    assert found == [share("main", main), share("early", early), share("late", late)]
    assert elsewhere == ["elsewhere 1", "elsewhere 2"]
    assert matter(reader, "named main", NOW, only=True) == ([share("main", main)], [])


def test_an_order_that_has_not_begun_is_the_last_of_its_matter() -> None:
    main, other = case("main", None), case("other", 3)
    reader: Any = Reader(main, other)
    found, _ = matter(reader, "main", NOW)
    assert [each.case for each in found] == [main]
    assert [began(share(each.order, each)) for each in (main, other)] == [sys.maxsize, 3]


def test_one_of_several_orders_is_part_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = SimpleNamespace(order="o", ref="r", label=None, instrument="EPOC", state="ISSUED")
    monkeypatch.setattr(linked_orders, "view", lambda case, judged: seen if judged == "main at 2027" else None)
    assert member(share("main", case("main", 1))) == LinkedOrderItem("o", "r", None, "EPOC", "ISSUED")

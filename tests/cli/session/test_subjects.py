"""An order has for people the label of its story, else the first of its references, else the beginning of its id."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.session import open_ledger, subjects
from cli.session.subjects import called, known_elsewhere, near

ORDER, OTHER, REGISTRY = "1b4e28ba-2fa1", "759427d8-1153", "registry"


@pytest.mark.parametrize(
    ("order", "labels", "references", "name"),
    [
        (ORDER, {}, set(), "1b4e28ba"),
        (ORDER, {}, {"None"}, "1b4e28ba"),  # a reference that is closed
        (ORDER, {}, {"PPO-2", "PPO-1", "None"}, "PPO-1"),
        (ORDER, {"main": ORDER, "second": OTHER}, {"PPO-1"}, "main"),
        (ORDER, {"second": OTHER}, {"PPO-1"}, "PPO-1"),
        (REGISTRY, {"main": REGISTRY}, {"PPO-1"}, "the register"),
    ],
)
def test_an_order_is_called_by_its_label_its_reference_or_its_id(
    order: str, labels: dict[str, str], references: set[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_ledger, "labels", lambda journal: labels)
    cases = SimpleNamespace(references=lambda asked: set(references) if asked == order else set())
    journal: Any = SimpleNamespace(registry=REGISTRY, cases=cases)
    assert called(journal, order) == name


PLACES = {"k1": ORDER, "k2": OTHER, "k3": "", "k4": "zz-third-order"}


def keys(of: dict[str, dict[str, str]]) -> Any:
    return SimpleNamespace(
        keys_of=lambda name: of.get(name, {}),
        similar_names=lambda name: [f"{name}a", f"{name}b"] if name == "witness" else [],
    )


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(subjects, "called", lambda journal, order: f"<{order}>")
    return SimpleNamespace(subject_keys=keys({"here": {"k1": ORDER}, "wide": PLACES, "none": {"k3": ""}}))


def test_a_name_that_other_orders_use_is_said_once_with_these_orders(journal: Any) -> None:
    says = known_elsewhere(journal, ["wide", "here", "none", "new", "wide"], ORDER)
    assert says == [f"'wide' is the same person here as in <{OTHER}>, <zz-third-order>"]
    assert known_elsewhere(journal, ["here"], OTHER) == [f"'here' is the same person here as in <{ORDER}>"]
    assert known_elsewhere(SimpleNamespace(subject_keys=None), ["wide"], ORDER) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("orders", [9, 10, 11])
def test_at_most_ten_orders_of_a_person_are_named(journal: Any, orders: int) -> None:
    journal.subject_keys = keys({"wide": {f"k{n}": f"o{n:02}" for n in range(orders)}})
    (says,) = known_elsewhere(journal, ["wide"], ORDER)
    assert says.endswith(" in " + ", ".join(f"<o{n:02}>" for n in range(min(orders, 10))))


def test_a_similar_name_is_another_person(journal: Any) -> None:
    assert near(journal, "witness") == [
        "'witnessa' is another person here than 'witness'",
        "'witnessb' is another person here than 'witness'",
    ]
    assert near(SimpleNamespace(subject_keys=None), "witness") == []  # type: ignore[arg-type]

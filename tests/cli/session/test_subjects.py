"""An order has for people the label of its story, else the first of its references, else the beginning of its id."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.session import open_ledger
from cli.session.subjects import called

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

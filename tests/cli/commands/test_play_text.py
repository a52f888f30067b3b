"""What a story expects is said to hold or to differ, line by line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.play import report


@pytest.mark.parametrize("into", [None, "karsk"])
def test_each_expectation_holds_or_differs(into: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(
        "cli.terminal.output.emit", lambda answer, columns, rows, text: said.append((answer, rows, text()))
    )
    story: Any = SimpleNamespace(story="S1", title="An order")
    outcomes: list[Any] = [
        SimpleNamespace(about="main as of x", differs=()),
        SimpleNamespace(about="main as DEF sees it", differs=("lacks a", "has b")),
    ]
    report(story, into, outcomes, 1, {"main": "order-1"})
    ((answer, rows, text),) = said
    assert rows == [
        ("holds", "main as of x", ""),
        ("differs", "main as DEF sees it", "lacks a"),
        ("differs", "main as DEF sees it", "has b"),
    ]
    assert [(e.about, e.holds) for e in answer.expectations] == [("main as of x", True), ("main as DEF sees it", False)]
    made = [] if into is None else ["1 fact recorded in karsk", "  order main         order-1"]
    assert text.split("\n") == [
        "S1: An order",
        *made,
        "holds    main as of x",
        "differs  main as DEF sees it: lacks a",
        "differs  main as DEF sees it: has b",
    ]

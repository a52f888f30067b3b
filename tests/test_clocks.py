"""Every clock of the register: what winds it, moves it, stops it, answers it, to the second."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ledger.law.reading import Reading
from tests.story import case_from_story

STORIES = Path(__file__).parents[1] / "fixtures" / "stories"


def expectations() -> list[Any]:
    found = []
    for path in sorted(STORIES.glob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        for expect in told["expect"]:
            found.append(pytest.param(told, expect, id=f"{path.stem}-{expect['order']}-{expect['as_of']:%Y%m%dT%H%M}"))
    return found


@pytest.mark.parametrize(("told", "expect"), expectations())
def test_a_story_lists_exactly_its_clocks(told: dict[str, Any], expect: dict[str, Any]) -> None:
    reading = Reading.known(case_from_story(told)[expect["order"]], expect["as_of"])
    found = [(c.id, c.policy, c.due, str(c.verdict)) for c in reading.clocks]
    stated = [(d["id"], d["policy"], d.get("due"), d["verdict"]) for d in expect["deadlines"]]
    assert sorted(found, key=str) == sorted(stated, key=str)

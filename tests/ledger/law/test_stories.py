"""Every story has the results that it states: state, regions, deadlines, findings, criteria, each as an exact set."""

from __future__ import annotations

import tomllib
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from ledger.entries.case import wire
from ledger.law import judge
from tests.support.scenarios import case_from_story

STORIES = sorted((Path(__file__).parents[3] / "fixtures" / "stories").glob("*.toml"))
BY_NAME = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in STORIES}
EXPECTED = [
    pytest.param(name, expect, id=f"{name}-{expect['order']}-{wire(expect['as_of'])}")
    for name, story in BY_NAME.items()
    for expect in story.get("expect", ())
]


@pytest.mark.parametrize(("name", "expect"), EXPECTED)
def test_a_story_comes_out_as_it_says(name: str, expect: dict[str, Any]) -> None:
    at = expect["as_of"].astimezone(UTC)
    judgement = judge(case_from_story(BY_NAME[name])[expect["order"]], at)
    assert judgement.state == expect["state"]
    assert judgement.regions == expect["regions"]
    assert {(c.id, c.due and wire(c.due), c.policy, str(c.verdict)) for c in judgement.deadlines} == {
        (d["id"], ("due" in d and wire(d["due"])) or None, d["policy"], d["verdict"]) for d in expect["deadlines"]
    }
    assert {f.code for f in judgement.findings} == set(expect["findings"])
    assert {name: str(c.state) for name, c in judgement.criteria.items()} == expect["criteria"]
    assert (judgement.as_of, judgement.label) == (at, expect["order"])


def test_there_are_stories_to_compare() -> None:
    assert len(EXPECTED) >= 10

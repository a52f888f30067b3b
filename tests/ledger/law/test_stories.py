"""Every story has the results that it states: state, regions, deadlines, findings, criteria, each as an exact set."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from ledger.entries.case import wire
from ledger.law import judge
from tests.support.story_files import STORY_NAMES, cases, source

EXPECTED = [
    pytest.param(name, expect, id=f"{name}-{expect['order']}-{wire(expect['as_of'])}")
    for name in STORY_NAMES
    for expect in source(name).get("expect", ())
]


@pytest.mark.parametrize(("name", "expect"), EXPECTED)
def test_a_story_comes_out_as_it_says(name: str, expect: dict[str, Any]) -> None:
    at = expect["as_of"].astimezone(UTC)
    judgement = judge(cases(name)[expect["order"]], at)
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

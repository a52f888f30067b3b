"""Assertions about what the law says on a scenario, over `tests.support.scenarios`."""

from __future__ import annotations

from ledger.law import Finding, Judgement, judge
from tests.support.scenarios import Story


def judged(story: Story) -> Judgement:
    """Return the judgement at the moment asked about; without one, when the last fact was recorded."""
    return judge(story.case, story.asked or max(f.at for f in story.facts))


def codes(story: Story) -> set[str]:
    """Return the codes of the findings."""
    return {f.code for f in judged(story).findings}


def finds(story: Story, code: str, **effects: str) -> Finding:
    """Assert that the finding is there; `effects` (`A5="GAP"`) say what it does, if given."""
    found = {f.code: f for f in judged(story).findings}
    assert code in found, sorted(found)
    if effects:
        assert {name: str(standing) for name, standing in found[code].effects} == effects
    return found[code]


def finds_not(story: Story, *absent: str) -> None:
    """Assert that none of these findings is there."""
    found = codes(story)
    assert found.isdisjoint(absent), sorted(found)


def state(story: Story) -> str:
    """Return the state of the order."""
    return judged(story).state


def region(story: Story, name: str) -> str | None:
    """Return the value of a region, None at rest."""
    return judged(story).regions.get(name)


def criterion(story: Story, name: str) -> str:
    """Return what can be said on a criterion."""
    return str(judged(story).criteria[name].state)

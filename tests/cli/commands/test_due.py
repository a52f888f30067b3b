"""What a deadline lacks is looked up by its place among the deadlines of its order, and no other's is shown for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.commands.due import _longest, _next_steps
from ledger.adapters.storage.orders.order_lists import Duty
from ledger.law import judge
from ledger.law.terms.rule import ClockVerdict
from projections.views.due import due as due_of
from tests.support.story_files import cases

CASE = cases("answers-written-down-late")["own-word"]  # D-7-7 could not be computed, and another deadline is open
NOW = max(entry.at for entry in CASE.entries) + timedelta(days=200)


class Reader:
    """A reader of one order, which counts how often it is asked for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def case(self, order: str) -> Any:
        self.asked.append(order)
        return CASE


def duty(clock: str, place: int, order: str = CASE.order) -> Duty:
    row: Any = SimpleNamespace(order=order)
    named: Any = SimpleNamespace(id=clock)
    return Duty(row, named, place)


def steps(*duties: Duty, at: datetime = NOW) -> tuple[dict[tuple[str, str, int], Any], list[str]]:
    reader: Any = Reader()
    return _next_steps(reader, duties, at), reader.asked


def test_a_deadline_is_found_at_its_place_and_nowhere_else() -> None:
    clocks = due_of(judge(CASE, NOW), NOW)
    assert [c.clock.verdict is ClockVerdict.UNDETERMINED for c in clocks] == [True, False]
    first, second = (c.clock.id for c in clocks)
    found, _ = steps(duty(first, 0))
    assert list(found) == [(CASE.order, first, 0)]
    assert [step.lacks for step in found[CASE.order, first, 0]]
    assert steps(duty(first, 1))[0] == {}, "another deadline is in its place"
    assert steps(duty(second, 0))[0] == {}
    assert list(steps(duty(second, 1))[0]) == [(CASE.order, second, 1)]
    for gone in (2, 3):
        assert steps(duty(first, gone))[0] == {}, "so many are not open any more"


def test_an_order_is_judged_once_for_all_its_deadlines() -> None:
    clocks = [c.clock.id for c in due_of(judge(CASE, NOW), NOW)]
    found, asked = steps(*(duty(name, place) for place, name in enumerate(clocks)))
    assert (len(found), asked) == (2, [CASE.order])
    assert steps()[1] == []


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        *((None, None), ("0", 0), ("14", 336), ("P14D", 336), ("14 days", 336), ("14d", 336)),
        *(("2w", 336), ("36h", 36), ("36 hours", 36), ("1d12h", 36), ("P1W2D", 216)),
    ],
)
def test_a_time_that_is_left_may_be_typed_in_days_weeks_or_hours(typed: str | None, hours: int | None) -> None:
    assert _longest(typed) == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize("typed", ["P2M", "2 months", "1y", "7m", "soon", "-3"])
def test_a_time_whose_length_differs_is_refused_with_its_option(typed: str) -> None:
    with pytest.raises(click.ClickException, match="--within"):
        _longest(typed)

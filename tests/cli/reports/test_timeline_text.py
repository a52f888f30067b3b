from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.reports.timeline_text import _by_day, left

MOMENT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def test_steps_of_one_moment_come_in_the_order_of_the_log_and_after_the_end_of_a_clock() -> None:
    later, next_day = MOMENT + timedelta(hours=1), MOMENT + timedelta(days=1)
    steps = [
        (next_day, 2, ["early in the log"]),
        (later, 1, ["first later"]),
        (MOMENT, 7, ["seventh"]),
        (MOMENT, 3, ["third", "and more"]),
        (MOMENT, -1, ["a clock ends"]),
    ]
    assert _by_day(steps).splitlines() == [
        "Monday, 1 March 2027",
        "a clock ends",
        "third",
        "and more",
        "seventh",
        "first later",
        "",
        "Tuesday, 2 March 2027",
        "early in the log",
    ]
    assert _by_day([]) == ""


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (None, "unknown"),
        (timedelta(days=17, hours=4, minutes=59), "17 d 4 h"),
        (timedelta(days=1), "1 d 0 h"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(seconds=59), "0 h 0 min"),
        (timedelta(0), "over by 0 h 0 min"),
        (timedelta(hours=-2), "over by 2 h 0 min"),
        (timedelta(days=-2, hours=-1), "over by 2 d 1 h"),
    ],
)
def test_what_is_left_is_said_in_two_units(span: timedelta | None, text: str) -> None:
    assert left(span) == text

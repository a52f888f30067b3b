"""The calendar of a deadline on a terminal: months as weeks, a sign for each mark, and what the drawn signs mean."""

from __future__ import annotations

import re
from datetime import date

import pytest

from cli.terminal import output
from cli.terminal.calendar_text import SIGNS, STYLES, calendar_lines
from projections.views.deadline_calendar import MARKS, CalendarDay, CalendarMonth


def month(*marks: str, gap: bool = False) -> CalendarMonth:
    """Return a month that begins on a Tuesday, its days with these marks in turn."""
    days = tuple(CalendarDay(date(2026, 9, 1 + n), mark) for n, mark in enumerate(marks))
    return CalendarMonth("September 2026", ((None, *days),), gap)


HEAD = ["", "  September 2026", "  Mo  Tu  We  Th  Fr  Sa  Su"]


def test_a_month_is_its_name_its_weekdays_and_its_weeks_and_the_signs_drawn_are_explained() -> None:
    assert calendar_lines([month("event", "counted", "", "due")]) == [
        *HEAD,
        "       1E  2.  3   4D",
        "",
        "  E  the day of the event",
        "  .  a day of the period",
        "  D  the first day that is too late",
    ]


def test_a_gap_is_said_before_its_month_alone() -> None:
    week = "       1x  2L  3L"
    lines = calendar_lines([month("skipped", "last", "ends"), month("skipped", "last", "ends", gap=True)])
    assert lines[:9] == [*HEAD, week, "  ...", *HEAD, week]
    assert lines[9:] == ["", *(f"  {SIGNS[mark]}  {MARKS[mark]}" for mark in ("skipped", "last", "ends"))]


def test_every_mark_has_a_sign_and_is_explained_where_it_is_drawn_alone() -> None:
    assert set(SIGNS) == set(MARKS) >= set(STYLES)
    for mark, says in MARKS.items():
        assert calendar_lines([month(mark)])[3:] == [f"       1{SIGNS[mark]}", "", f"  {SIGNS[mark]}  {says}"]
    assert calendar_lines([month("")])[3:] == ["       1", ""]


def test_a_month_without_days_of_a_deadline_has_no_signs_and_no_month_no_line() -> None:
    assert calendar_lines([CalendarMonth("September 2026", ())]) == [*HEAD, ""]
    assert calendar_lines([]) == []


def test_in_colours_the_name_and_the_days_that_decide_stand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "paint", lambda text, style: f"<{style}>{text}</>")
    lines = calendar_lines([month("event", "counted", "skipped", "last", "ends", "due", "")])
    assert lines[1] == "  <bold>September 2026</>"
    assert re.findall(r"<([^/>]+)>|([ \d]\d[^ <]?)", lines[3]) == [
        ("bold", ""), ("", " 1E"), ("", " 2."), ("dim", ""), ("", " 3x"), ("bold green", ""), ("", " 4L"),
        ("bold green", ""), ("", " 5L"), ("bold red", ""), ("", " 6D"), ("", " 7"),
    ]  # fmt: skip

"""The calendar of a deadline: each day of the count has its mark, and the marks agree with the computation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.terminal.calendar_text import calendar_lines
from ledger.law.terms.calendar import CountedPeriod, Days, calendar_days, eu_days, eu_hours, eu_working_days
from ledger.law.terms.rule import Clock, ClockVerdict, Mark
from projections.views.deadline_calendar import CalendarDay, deadline_calendar

DUBLIN = Days("Europe/Dublin", frozenset((date(2026, 10, 26),)))
moments = st.integers(0, 3 * 366 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


def clock(count: CountedPeriod | None, due: datetime | None = None) -> Clock:
    return Clock(
        id="E-10-3",
        policy="EU-1182-71",
        verdict=ClockVerdict.OPEN,
        due=count.due if due is None and count is not None else due,
        cite=(),
        mark=Mark.TEXT,
        count=count,
    )


def marked(of: Clock) -> dict[date, CalendarDay]:
    days = (day for month in deadline_calendar(of) for week in month.weeks for day in week)
    return {day.day: day for day in days if day is not None and day.mark}


def test_ten_days_that_end_on_a_sunday_before_a_holiday() -> None:
    days = marked(clock(eu_days(datetime(2026, 10, 15, 9, 12, tzinfo=UTC), 10, DUBLIN)))
    assert {d.day: day.mark for d, day in days.items() if day.mark != "counted"} == {
        15: "event",
        25: "skipped",
        26: "skipped",
        27: "last",
        28: "due",
    }
    assert days[date(2026, 10, 26)].why == "public holiday"


def test_hours_end_within_a_day() -> None:
    days = marked(clock(eu_hours(datetime(2026, 10, 15, 20, 12, tzinfo=UTC), 8, DUBLIN)))
    assert {d.day: day.mark for d, day in days.items()} == {15: "event", 16: "ends"}


def test_an_end_that_was_set_takes_the_place_of_the_counted_one() -> None:
    count = eu_days(datetime(2026, 10, 15, 9, 12, tzinfo=UTC), 10, DUBLIN)
    days = marked(clock(count, datetime(2026, 11, 4, 0, 0, tzinfo=UTC)))
    assert {day.mark for day in days.values()} == {"event", "counted", "due"}
    assert days[date(2026, 11, 4)].mark == "due"


def test_a_clock_without_an_end_has_no_calendar() -> None:
    assert deadline_calendar(clock(None)) == ()
    suspended = replace(clock(eu_days(datetime(2026, 10, 15, 9, tzinfo=UTC), 10, DUBLIN)), due=None)
    assert deadline_calendar(suspended) == ()
    assert calendar_lines(()) == []


def test_of_a_long_period_the_first_and_the_last_months_are_drawn() -> None:
    months = deadline_calendar(clock(calendar_days(datetime(2026, 1, 5, tzinfo=UTC), 400, DUBLIN)))
    assert [m.name for m in months] == [
        *("January 2026", "February 2026", "March 2026"),
        *("December 2026", "January 2027", "February 2027"),
    ]
    assert [m.gap for m in months] == [False, False, False, True, False, False]
    assert "  ..." in calendar_lines(months)


def test_the_terminal_draws_weeks_with_a_sign_after_each_day() -> None:
    lines = calendar_lines(deadline_calendar(clock(eu_days(datetime(2026, 10, 15, 9, tzinfo=UTC), 10, DUBLIN))))
    assert lines[1:3] == ["  October 2026", "  Mo  Tu  We  Th  Fr  Sa  Su"]
    assert "  12  13  14  15E 16. 17. 18." in lines
    assert "  26x 27L 28D 29  30  31" in lines
    assert lines[-1] == "  D  the first day that is too late"


@given(trigger=moments, length=st.integers(1, 60), working=st.booleans())
def test_the_marks_agree_with_the_count(trigger: datetime, length: int, working: bool) -> None:
    count = (eu_working_days if working else eu_days)(trigger, length, DUBLIN)
    days = marked(clock(count))
    assert days[DUBLIN.day(trigger)].mark == "event"
    assert [d for d, day in days.items() if day.mark == "last"] == [count.last]
    assert [d for d, day in days.items() if day.mark == "due"] == [DUBLIN.day(count.due)]
    assert {d for d, day in days.items() if day.mark == "skipped"} == {d for d, _ in count.passed}
    assert all(week.count(None) < 7 for month in deadline_calendar(clock(count)) for week in month.weeks)

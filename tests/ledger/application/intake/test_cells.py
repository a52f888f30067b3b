"""A cell as date, time, number or text: nothing that has two readings is taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from math import nextafter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.application.intake.cells import CellFault, When, clock_of, moment_of, text_of, when_of

DAYS = st.dates(date(1900, 3, 1), date(2999, 12, 31))


def says(call: Any, *args: Any) -> str:
    with pytest.raises(CellFault) as fault:
        call(*args)
    return fault.value.says


@given(DAYS, st.sampled_from([".", "/", "-", ". "]))
def test_a_stated_order_reads_every_day_as_it_was_written(day: date, mark: str) -> None:
    for order, text in (
        ("day-first", f"{day.day}{mark}{day.month:02}{mark}{day.year:04}"),
        ("month-first", f"{day.month:02}{mark}{day.day}{mark}{day.year:04}"),
    ):
        when = when_of(text, order, "")  # type: ignore[arg-type]
        assert (when.at.date(), when.day_only) == (day, True)


@given(DAYS)
def test_without_a_stated_order_a_day_is_taken_only_if_it_has_one_reading(day: date) -> None:
    text = f"{day.day}.{day.month}.{day.year:04}"
    if day.day <= 12 and day.day != day.month:
        assert "can be two days" in says(when_of, text, "", "")
    else:
        assert when_of(text, "", "").at.date() == day


@given(DAYS)
def test_a_day_as_a_number_is_the_day_of_its_calendar(day: date) -> None:
    assert when_of((day - date(1899, 12, 30)).days, "", "1900").at.date() == day
    if day >= date(1904, 1, 1):
        assert when_of(float((day - date(1904, 1, 1)).days), "", "1904").at.date() == day


def test_a_number_is_no_date_unless_its_calendar_is_stated() -> None:
    assert "got the number 46093" in says(when_of, 46093.0, "day-first", "")
    assert "is no day of the calendar" in says(when_of, 60.0, "", "1900")
    assert when_of(46093.5, "", "1900").at == datetime(2026, 3, 12, 12)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.3.2026 9:05", "2026-03-12T09:05"),
        ("12. 3. 2026, 09.05", "2026-03-12T09:05"),
        ("12.03.2026 13:30:15", "2026-03-12T13:30:15"),
        ("12.03.2026 13:30 Uhr", "2026-03-12T13:30"),
        ("2026-03-12T13:30+02:00", "2026-03-12T13:30+02:00"),
        ("2026-03-12 13:30 Z", "2026-03-12T13:30+00:00"),
    ],
)
def test_a_day_may_have_a_time_and_an_offset(text: str, expected: str) -> None:
    when = when_of(text, "day-first", "")
    assert (when.at, when.day_only) == (datetime.fromisoformat(expected), False)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("12.03.26", "a year of 2 digits"),
        ("31.02.2026", "is no day of the calendar"),
        ("03/25/2026", "is no day of the calendar"),
        ("soon", "expected a date"),
        ("12.03.2026 25:00", "is no time of day"),
        ("12.03.2026 1:30 PM", "expected a time of day"),
        ("2026-03-12 13:30+99:00", "no offset"),
    ],
)
def test_a_text_that_is_no_moment_is_refused(text: str, fault: str) -> None:
    assert fault in says(when_of, text, "day-first", "")


def test_a_local_time_that_a_clock_shows_twice_or_never_is_refused_and_says_which() -> None:
    twice = when_of("25.10.2026 02:30", "day-first", "")
    never = when_of("29.03.2026 02:30", "day-first", "")
    assert "twice, because clocks go back" in says(moment_of, twice, "Europe/Prague")
    assert "never, because clocks go forward" in says(moment_of, never, "Europe/Prague")
    assert moment_of(when_of("2026-10-25 02:30+01:00", "", ""), "Europe/Prague") == "2026-10-25T01:30:00Z"


def test_a_local_time_without_a_zone_is_refused() -> None:
    assert "no zone is stated" in says(moment_of, when_of("12.03.2026 09:00", "day-first", ""), "")


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
def test_a_moment_in_a_zone_is_that_local_time_again_or_is_refused(at: datetime) -> None:
    from ledger.formats.time_zones import zone

    local = at.replace(microsecond=0)
    try:
        moment = moment_of(when_of(local, "", ""), "Europe/Tallinn")
    except CellFault:
        return
    utc = datetime.fromisoformat(moment)
    assert utc.tzinfo == UTC
    assert utc.astimezone(zone("Europe/Tallinn")).replace(tzinfo=None) == local


def test_a_number_in_a_column_of_texts_is_refused_unless_the_profile_says_how_it_reads() -> None:
    assert "leading zeros would be lost" in says(text_of, 123.0, "", 0)
    assert (text_of(123.0, "plain", 0), text_of(123.0, "", 6), text_of("00123", "", 0)) == ("123", "000123", "00123")
    assert "more than fifteen digits" in says(text_of, 1.2345678901234567e18, "plain", 0)
    assert (text_of(1.5, "plain", 0), text_of(True, "", 0)) == ("1.5", "yes")


def test_a_time_of_day_is_read_from_a_time_a_duration_and_a_text() -> None:
    for value in (time(9, 5), timedelta(hours=9, minutes=5), "9:05", "09.05", datetime(2000, 1, 1, 9, 5)):  # noqa: DTZ001
        assert clock_of(value) == time(9, 5)
    assert "expected a time of day" in says(clock_of, "nine")
    assert "expected a time of day" in says(clock_of, timedelta(days=2))


def test_a_cell_of_another_type_is_no_date_and_says_what_it_is() -> None:
    assert says(when_of, True, "day-first", "1900") == "expected a date, got true"
    assert says(when_of, False, "day-first", "1900") == "expected a date, got false"
    assert says(when_of, time(9, 30), "day-first", "1900") == "expected a date, got the time 09:30:00"
    half = datetime(2027, 3, 1, 9, 30, 59, 500_000)  # noqa: DTZ001
    assert when_of(half, "day-first", "").at == datetime(2027, 3, 1, 9, 31)  # noqa: DTZ001
    assert when_of(half.replace(microsecond=499_999), "day-first", "").at.second == 59
    assert (when_of(date(2027, 3, 1), "day-first", "").day_only, when_of(half, "day-first", "").day_only) == (
        True,
        False,
    )


def test_only_years_of_four_digits_are_written() -> None:
    def moment(year: int, hours: int = 0) -> When:
        return When(datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=hours))), False)

    assert moment_of(moment(1000), "") == "1000-01-01T00:00:00Z"
    assert says(moment_of, moment(999), "") == "the year 999 cannot be written"
    assert says(moment_of, moment(1000, 1), "") == "the year 999 cannot be written"
    assert says(moment_of, moment(1, 1), "") == "the year 1 cannot be written"
    late = When(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))), False)
    assert says(moment_of, late, "") == "the year 9999 cannot be written"


def test_a_text_is_read_of_any_cell() -> None:
    noon = datetime(2027, 3, 1, 12, 0, 0, 600_000)  # noqa: DTZ001
    cells: list[Any] = [" a ", True, False, 7, 7.0, 1.5, noon, date(2027, 3, 1), time(9, 30)]
    texts = ["a", "yes", "no", "7", "7", "1.5", "2027-03-01T12:00:01", "2027-03-01", "09:30:00"]
    assert [text_of(cell, "plain", 0) for cell in cells] == texts
    assert [text_of(7, number, digits) for number, digits in (("", 3), ("plain", 3), ("plain", 0))] == [
        "007",
        "007",
        "7",
    ]
    assert "leading zeros would be lost" in says(text_of, 7, "", 0)
    for many in (10**15, -(10**15)):
        assert "more than fifteen digits" in says(text_of, many, "plain", 0)
    assert text_of(10**15 - 1, "plain", 0) == "9" * 15


@pytest.mark.parametrize(
    ("number", "serial", "day"),
    [
        (61, "1900", date(1900, 3, 1)),
        (60.99, "1900", None),
        (2_958_465, "1900", date(9999, 12, 31)),
        (2_958_465.5, "1900", date(9999, 12, 31)),
        (2_958_465.9999999, "1900", date(9999, 12, 31)),
        (2_958_466, "1900", None),
        (0, "1904", date(1904, 1, 1)),
        (-1, "1904", None),
        (2_957_003, "1904", date(9999, 12, 31)),
        (2_957_004, "1904", None),
        (nextafter(2_958_466, 0), "1900", date(9999, 12, 31)),
        (nextafter(2_957_004, 0), "1904", date(9999, 12, 31)),
        (2_958_465, "1904", None),
        (float("nan"), "1900", None),
    ],
)
def test_a_number_is_a_day_from_the_first_to_the_last_of_its_calendar(number: float, serial: Any, day: Any) -> None:
    if day is None:
        assert says(when_of, number, "", serial).endswith(f"is no day of the calendar from {serial}")
    else:
        when = when_of(number, "", serial)
        assert (when.at.date(), when.day_only) == (day, float(number).is_integer())


def test_the_last_second_that_a_cell_can_state_is_not_rounded_up() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, 600_000)  # noqa: DTZ001
    assert when_of(last, "", "").at == last.replace(microsecond=0)
    assert (clock_of(last), text_of(last, "", 0)) == (time(23, 59, 59), "9999-12-31T23:59:59")


@pytest.mark.parametrize(("seconds", "is_time"), [(0, True), (86_399, True), (86_400, False), (-1, False)])
def test_a_duration_is_a_time_of_day_if_it_is_shorter_than_a_day(seconds: int, is_time: bool) -> None:
    length = timedelta(seconds=seconds)
    if is_time:
        assert clock_of(length) == time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    else:
        assert "expected a time of day" in says(clock_of, length)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03/12/2026", None),
        ("12/13/2026", date(2026, 12, 13)),
        ("13/12/2026", date(2026, 12, 13)),
        ("03/25/2026", date(2026, 3, 25)),
        ("25/03/2026", date(2026, 3, 25)),
        ("12/12/2026", date(2026, 12, 12)),
    ],
)
def test_the_number_above_twelve_is_the_day_where_no_order_is_stated(text: str, day: date | None) -> None:
    if day is None:
        assert "can be two days" in says(when_of, text, "", "")
    else:
        assert when_of(text, "", "").at.date() == day


@pytest.mark.parametrize(
    ("zone", "moment"), [("UTC", "2026-03-12T09:00:00Z"), ("Europe/Prague", "2026-03-12T08:00:00Z")]
)
def test_a_local_time_that_a_clock_shows_once_is_a_moment(zone: str, moment: str) -> None:
    assert moment_of(when_of("2026-03-12 09:00", "", ""), zone) == moment


def test_the_text_of_a_fault_is_what_it_says_without_the_hint() -> None:
    assert str(CellFault("no day", "write one")) == "no day"

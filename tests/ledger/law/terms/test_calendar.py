"""Periods: each policy against a slow reference without shared code, and nights on which clocks change."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.law.deadlines.counting_policies import POLICIES
from ledger.law.terms.calendar import (
    LAST,
    CountedPeriod,
    Days,
    Duration,
    calendar_days,
    duration,
    elapsed,
    eu_days,
    eu_hours,
    eu_working_days,
    public_holidays,
    rolled,
    stated,
    stated_day,
    us_days,
)
from ledger.law.terms.computation import explain
from tests.support.samples import examples

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

# Whole hours, half hours, clocks that change at 00:00 local time, a zone west of the date line, one without change.
ZONES = (
    "Europe/Stockholm",
    "Asia/Kolkata",
    "Africa/Cairo",
    "America/Los_Angeles",
    "Asia/Tbilisi",
    "Atlantic/Reykjavik",
)

moments = st.integers(0, 3 * 366 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
places = st.builds(
    Days,
    st.sampled_from(ZONES),
    st.frozensets(st.integers(0, 3 * 366).map(lambda n: date(2026, 1, 1) + n * DAY), max_size=60),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# -- the reference: it steps through time ------------------------------------------------------------------------------


def first_instant_after(day: date, days: Days) -> datetime:
    """Return the first minute after the local date `day`, found in steps."""
    moment = datetime.combine(day, datetime.min.time(), UTC) + 6 * HOUR
    while moment.astimezone(ZoneInfo(days.zone)).date() <= day:
        moment += 5 * MINUTE
    while (moment - MINUTE).astimezone(ZoneInfo(days.zone)).date() > day:
        moment -= MINUTE
    return moment


def free(day: date, days: Days) -> bool:
    return day.isoweekday() in (6, 7) or day in days.holidays


def days_walked(trigger: datetime, length: int, days: Days, *, roll: bool, at_least_two: bool = False) -> datetime:
    day = trigger.astimezone(ZoneInfo(days.zone)).date()
    worked = 0
    for _ in range(length):
        day += DAY
        worked += not free(day, days)
    while (roll and free(day, days)) or (at_least_two and length >= 2 and worked < 2):
        day += DAY
        worked += not free(day, days)
    return first_instant_after(day, days)


def hours_walked(trigger: datetime, hours: int, days: Days) -> datetime:
    """Step by minutes to the first full hour after the minute of the event, then add `hours` of sixty minutes."""
    moment = trigger.replace(second=0) + MINUTE
    while moment.astimezone(ZoneInfo(days.zone)).minute != 0:
        moment += MINUTE
    return moment + timedelta(minutes=60 * hours)


@given(moments, st.integers(1, 75), places)
def test_days_of_the_union_agree_with_walking_through_them(trigger: datetime, length: int, days: Days) -> None:
    assert eu_days(trigger, length, days).due == days_walked(trigger, length, days, roll=True, at_least_two=True)


@given(moments, st.integers(1, 75), places)
def test_calendar_days_agree_with_walking_through_them(trigger: datetime, length: int, days: Days) -> None:
    count = calendar_days(trigger, length, days)
    assert count.due == days_walked(trigger, length, days, roll=False)
    assert rolled(count).due == days_walked(trigger, length, days, roll=True)
    assert us_days(trigger, length, days).due == days_walked(trigger, length, days, roll=True)


@given(moments, st.integers(1, 100), places)
def test_hours_agree_with_walking_through_them(trigger: datetime, hours: int, days: Days) -> None:
    assert eu_hours(trigger, hours, days).due == hours_walked(trigger, hours, days)


@given(moments, st.integers(1, 20), places)
def test_working_days_are_as_many_as_they_say_and_the_last_is_one(trigger: datetime, length: int, days: Days) -> None:
    count = eu_working_days(trigger, length, days)
    first = trigger.astimezone(ZoneInfo(days.zone)).date()
    assert count.last is not None
    walked = [first + n * DAY for n in range(1, (count.last - first).days + 1)]
    assert sum(not free(day, days) for day in walked) == length
    assert not free(count.last, days)
    assert count.due == first_instant_after(count.last, days)


COUNTS: dict[str, Callable[[datetime, Days], CountedPeriod]] = {
    "EU-1182-71, 10 days": lambda on, days: eu_days(on, 10, days),
    "EU-1182-71, 2 days": lambda on, days: eu_days(on, 2, days),
    "EU-1182-71, 60 days and a month": lambda on, days: eu_days(on, Duration(months=1, days=60), days),
    "EU-1182-71, 8 hours": lambda on, days: eu_hours(on, 8, days),
    "EU-1182-71, 5 working days": lambda on, days: eu_working_days(on, 5, days),
    "2AP-CAL, 30 days": lambda on, days: calendar_days(on, 30, days),
    "2AP-CAL, a month": lambda on, days: calendar_days(on, Duration(months=1), days),
    "2AP-CAL, 36 hours": lambda on, days: calendar_days(on, Duration(seconds=36 * 3600), days),
    "2AP-CAL+ROLL, 45 days": lambda on, days: rolled(calendar_days(on, 45, days)),
    "US-45, 14 days": lambda on, days: us_days(on, 14, days),
}


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
@examples(40)
@given(first=moments, later=st.integers(0, 100 * 3600), days=places)
def test_a_deadline_never_moves_earlier_when_its_trigger_moves_later(
    count: Callable[[datetime, Days], CountedPeriod], first: datetime, later: int, days: Days
) -> None:
    assert count(first, days).due <= count(first + timedelta(seconds=later), days).due


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
@examples(40)
@given(trigger=moments, days=places)
def test_a_deadline_lies_after_its_trigger_and_is_explained_to_the_end(
    count: Callable[[datetime, Days], CountedPeriod], trigger: datetime, days: Days
) -> None:
    counted = count(trigger, days)
    assert counted.due > trigger
    steps = explain(counted)
    assert steps[0].startswith(f"event: {trigger:%Y-%m-%dT%H:%M:%SZ}")
    assert f"due: {counted.due:%Y-%m-%dT%H:%M:%SZ}" in steps[-1]
    assert steps[-1].endswith(f"policy {counted.policy}")
    assert counted.policy in POLICIES


# -- examples ----------------------------------------------------------------------------------------------------------

STOCKHOLM = Days("Europe/Stockholm")
DUBLIN = Days("Europe/Dublin", frozenset((date(2026, 10, 26),)))


def test_the_day_of_the_event_does_not_count_and_the_end_is_the_first_instant_of_the_next_day() -> None:
    assert calendar_days(utc("2027-03-02T08:30Z"), 30, STOCKHOLM).due == utc("2027-04-01T22:00Z")


@pytest.mark.parametrize(
    ("trigger", "due"),
    [
        ("2027-03-02T22:59:59Z", "2027-04-01T22:00Z"),  # the last second of 2 March in Stockholm
        ("2027-03-02T23:00:00Z", "2027-04-02T22:00Z"),  # the first of 3 March
    ],
)
def test_the_day_is_that_of_the_place(trigger: str, due: str) -> None:
    assert calendar_days(utc(trigger), 30, STOCKHOLM).due == utc(due)


def test_ten_days_over_a_change_of_clocks_are_not_ten_times_24_hours() -> None:
    count = eu_days(utc("2026-10-15T09:12Z"), 10, DUBLIN)
    assert count.due == utc("2026-10-28T00:00Z")
    assert [why for _, why in count.passed] == ["Sunday", "public holiday"]


@pytest.mark.parametrize(
    ("trigger", "begins"),
    [
        ("2026-10-24T23:00:00Z", "2026-10-25T00:00Z"),  # its first second has begun
        ("2026-10-24T23:59:59Z", "2026-10-25T00:00Z"),
        ("2026-10-24T22:59:59Z", "2026-10-24T23:00Z"),
    ],
)
def test_an_hour_that_has_begun_does_not_count(trigger: str, begins: str) -> None:
    assert eu_hours(utc(trigger), 8, DUBLIN).begins == utc(begins)


def test_eight_hours_are_eight_real_hours_in_the_night_the_clocks_go_back() -> None:
    count = eu_hours(utc("2026-10-24T23:20Z"), 8, DUBLIN)
    assert count.due == utc("2026-10-25T08:00Z")
    assert count.days.local(count.due).hour == 8  # eight hours on the wall clock would end at 09:00


def test_eight_hours_are_eight_real_hours_in_the_night_the_clocks_go_forward() -> None:
    assert eu_hours(utc("2027-03-27T23:20Z"), 8, DUBLIN).due == utc("2027-03-28T08:00Z")


def test_the_full_hour_is_that_of_the_place() -> None:
    assert eu_hours(utc("2027-01-04T09:10Z"), 1, Days("Asia/Kolkata")).due == utc("2027-01-04T10:30Z")


def test_hours_run_through_a_weekend() -> None:
    assert eu_hours(utc("2026-12-11T09:30Z"), 72, DUBLIN).due == utc("2026-12-14T10:00Z")


def test_a_midnight_the_clocks_jump_over_is_the_jump() -> None:
    """In Cairo 24 April 2026 began at 01:00: the day before ended when the clocks went forward."""
    assert Days("Africa/Cairo").end_of(date(2026, 4, 23)) == utc("2026-04-23T22:00Z")


def test_two_days_contain_two_working_days() -> None:
    days = Days("Europe/Dublin", frozenset((date(2026, 12, 25),)))
    trigger = utc("2026-12-23T12:00Z")  # Wednesday; Thursday is the only working day before the weekend
    count = eu_days(trigger, 2, days)
    assert count.last == date(2026, 12, 28)
    two = eu_days(utc("2026-12-24T12:00Z"), 3, days)  # Friday holiday, weekend, Monday: one working day so far
    assert two.last == date(2026, 12, 29)
    assert two.passed[-1] == (date(2026, 12, 28), "fewer than two working days")
    assert eu_days(utc("2026-12-24T12:00Z"), 1, days).last == date(2026, 12, 28)


def test_five_working_days_pass_over_weekend_and_holiday() -> None:
    assert eu_working_days(utc("2026-10-23T09:00Z"), 5, DUBLIN).due == utc("2026-11-03T00:00Z")


def test_sixty_and_thirty_days_are_one_period_that_rolls_once() -> None:
    """Sixty days from 7 September 2026 end on a Friday; ninety end on a Sunday and roll to Monday."""
    amsterdam = Days("Europe/Amsterdam")
    assert eu_days(utc("2026-09-07T08:00Z"), 60, amsterdam).last == date(2026, 11, 6)
    assert eu_days(utc("2026-09-07T08:00Z"), Duration(days=60) + Duration(days=30), amsterdam).last == date(2026, 12, 7)


def test_a_stated_day_ends_at_midnight_there_and_a_stated_moment_is_the_end() -> None:
    trigger = utc("2026-10-14T15:00Z")
    assert stated_day(date(2027, 4, 15), Days("Europe/Lisbon"), trigger).due == utc("2027-04-15T23:00Z")
    assert stated(utc("2026-11-20T18:00Z"), DUBLIN, trigger).due == utc("2026-11-20T18:00Z")
    assert elapsed(trigger, trigger + timedelta(hours=2, seconds=3)) == 7203


def test_zones_come_from_the_pinned_table_and_never_from_the_system() -> None:
    assert (str(files("tzdata") / "zoneinfo"),) == zoneinfo.TZPATH


def test_a_zone_nobody_knows_is_utc_and_no_path() -> None:
    for name in ("Mars/Olympus", "../../etc/passwd", "", "/etc/localtime"):
        assert Days(name).end_of(date(2027, 1, 1)) == utc("2027-01-02T00:00Z")


def test_holidays_of_a_real_state_come_from_the_pinned_package_and_of_an_invented_one_from_nowhere() -> None:
    ireland = Days("Europe/Dublin", public_holidays("IE"))
    assert ireland.why_free(date(2026, 10, 26)) == "public holiday"
    assert ireland.why_free(date(2026, 10, 27)) is None
    assert date(2027, 1, 1) not in public_holidays("XV")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P20D", Duration(days=20)),
        ("PT8H", Duration(seconds=8 * 3600)),
        ("P6W", Duration(days=42)),
        ("P1Y2M", Duration(months=14)),
        ("P1DT12H30M", Duration(days=1, seconds=45_000)),
        ("P0D", None),
        ("P", None),
        ("PT", None),
        ("20D", None),
        ("P-1D", None),
        ("P99999999D", None),
        (None, None),
    ],
)
def test_durations_are_read_as_iso_8601_writes_them(text: str | None, length: Duration | None) -> None:
    assert duration(text) == length


def test_a_month_that_is_too_short_ends_the_month() -> None:
    assert Duration(months=1).after(date(2027, 1, 31)) == date(2027, 2, 28)
    assert Duration(months=1).after(date(2028, 1, 31)) == date(2028, 2, 29)
    assert Duration(months=13).after(date(2027, 12, 15)) == date(2029, 1, 15)


def test_the_account_names_every_day_that_could_not_end_the_period() -> None:
    assert explain(eu_days(utc("2026-10-15T09:12Z"), 10, DUBLIN)) == (
        "event: 2026-10-15T09:12:00Z, 10:12:00 on Thursday 2026-10-15 in Europe/Dublin",
        "the day of the event does not count: 10 days end with Sunday 2026-10-25",
        "Sunday 2026-10-25 does not end the period: Sunday",
        "Monday 2026-10-26 does not end the period: public holiday",
        "so the last day is Tuesday 2026-10-27",
        "due: 2026-10-28T00:00:00Z, 00:00:00 on Wednesday 2026-10-28 there; policy EU-1182-71",
    )
    assert explain(eu_hours(utc("2026-10-24T23:20Z"), 8, DUBLIN))[1] == (
        "the hour of the event does not count: 8 hours from 2026-10-25T00:00:00Z"
    )


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("trigger", ["9999-12-31T23:59:59Z", "9999-12-30T09:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_period_that_would_outlast_the_calendar_ends_with_it(
    count: Callable[[datetime, Days], CountedPeriod], trigger: str
) -> None:
    for place in ("Asia/Tbilisi", "America/Los_Angeles"):
        counted = count(utc(trigger), Days(place, public_holidays("US")))
        assert utc(trigger) <= counted.due <= utc("9999-12-31T23:59:59Z")
        assert explain(counted)


def test_a_period_that_ends_on_a_free_last_day_of_the_calendar_ends_there() -> None:
    days = Days("UTC", frozenset((date.max,)))
    count = rolled(calendar_days(datetime(9999, 12, 20, 9, tzinfo=UTC), 11, days))
    assert count.last == date.max
    assert count.due == LAST
    assert explain(count)[-2] == "the period outlasts the calendar and ends with it"


def test_a_month_after_the_end_of_the_calendar_lacks_no_day() -> None:
    last = datetime(9999, 12, 31, 9, tzinfo=UTC)
    for count in (calendar_days(last, Duration(months=2), Days("UTC")), eu_days(last, Duration(months=2), Days("UTC"))):
        assert count.due == LAST
        assert not any("has no day" in says for says in explain(count))
    assert Duration(months=2).short_month(date(9999, 12, 31)) is None
    assert Duration(months=2).short_month(date(9998, 12, 31)) == date(9999, 2, 28)


def test_every_part_of_a_length_counts() -> None:
    assert duration("P1Y2M3W4DT5H6M7S") == Duration(14, 25, 18367)
    assert Duration(1, 2, 3) + Duration(4, 5, 6) == Duration(5, 7, 9)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("P98Y", True),
        ("P99Y", False),
        ("P36600D", True),
        ("P36601D", False),
        ("PT878423H", True),
        ("PT878424H", False),
        ("P98Y144D", True),
        ("P98Y145D", False),
        ("P0D", False),
        ("", False),
    ],
)
def test_no_period_is_longer_than_a_century(text: str, accepted: bool) -> None:
    assert (duration(text) is not None) is accepted

"""A computation is data: each step follows from the one before, and nothing is rounded without a step that says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.law.deadlines.counting_policies import POLICIES
from ledger.law.terms.calendar import (
    Days,
    Duration,
    calendar_days,
    days_with_first,
    eu_days,
    eu_hours,
    eu_working_days,
    rolled,
    stated,
    stated_day,
)
from ledger.law.terms.computation import ComputationStep, computation, explain, extended, note, paused
from tests.support import scenarios

DUBLIN = Days("Europe/Dublin", frozenset((date(2026, 10, 26),)))
moments = st.integers(0, 3 * 366 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
lengths = st.builds(Duration, months=st.integers(0, 14), days=st.integers(0, 70), seconds=st.integers(0, 200_000))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def step(operation: str, steps: tuple[ComputationStep, ...]) -> ComputationStep:
    (found,) = (s for s in steps if s.operation == operation)
    return found


def operations(steps: tuple[ComputationStep, ...]) -> list[str]:
    return [s.operation for s in steps]


def test_ten_days_are_an_event_a_length_two_days_that_cannot_end_them_and_the_last_day() -> None:
    steps = computation(eu_days(utc("2026-10-15T09:12Z"), 10, DUBLIN), "ab")
    assert operations(steps) == ["event", "add", "skip-day", "skip-day", "last-day", "due"]
    assert steps[0].entries == ("ab",)
    assert steps[0].output == "2026-10-15T10:12:00+01:00[Europe/Dublin]"
    assert [(s.input, s.output) for s in steps[1:]] == [
        ("2026-10-15 + 10 days", "2026-10-25"),
        ("2026-10-25", "2026-10-26"),
        ("2026-10-26", "2026-10-27"),
        ("2026-10-25", "2026-10-27"),
        ("2026-10-27", "2026-10-28T00:00:00Z"),
    ]
    assert [s.cite for s in steps[1:3]] == [("1182/71:3(1)", "1182/71:3(2)(b)"), ("1182/71:3(4)",)]


def test_a_month_that_lacks_the_day_is_a_step_that_says_so() -> None:
    steps = computation(eu_days(utc("2027-01-31T09:00Z"), Duration(months=1), DUBLIN))
    short = step("end-of-month", steps)
    assert (short.input, short.output, short.cite) == ("2027-02-31", "2027-02-28", ("1182/71:3(2)(c)",))
    assert short.says == "2027-02 has no day 31: the months end with Sunday 2027-02-28"
    assert step("due", steps).output == "2027-03-02T00:00:00Z"


def test_a_month_that_has_the_day_has_no_such_step() -> None:
    assert "end-of-month" not in operations(computation(eu_days(utc("2027-01-28T09:00Z"), Duration(months=1), DUBLIN)))


def test_a_leap_year_keeps_the_twenty_ninth_and_says_what_it_lacks() -> None:
    steps = computation(calendar_days(utc("2028-01-31T09:00Z"), Duration(months=1), DUBLIN))
    short = step("end-of-month", steps)
    assert (short.input, short.output, short.cite) == ("2028-02-31", "2028-02-29", ())


def test_hours_next_to_days_are_a_step_that_says_they_became_a_day() -> None:
    steps = computation(calendar_days(utc("2027-01-04T09:00Z"), Duration(days=2, seconds=5 * 3600), DUBLIN))
    rounded = step("hours-to-days", steps)
    assert (rounded.input, rounded.output) == ("5 hours", "1 day")
    assert step("add", steps).output == "2027-01-07"


def test_hours_alone_stay_hours() -> None:
    steps = computation(calendar_days(utc("2027-01-04T09:00Z"), Duration(seconds=5 * 3600), DUBLIN))
    assert operations(steps) == ["event", "add", "due"]
    assert step("due", steps).output == "2027-01-04T14:00:00Z"


def test_the_hour_that_has_begun_is_a_step() -> None:
    steps = computation(eu_hours(utc("2026-10-24T23:20Z"), 8, DUBLIN))
    skipped, added = step("skip-hour-of-event", steps), step("add", steps)
    assert (skipped.input, skipped.output) == ("2026-10-24T23:20:00Z", "2026-10-25T00:00:00Z")
    assert (added.input, added.output) == ("8 hours", "2026-10-25T08:00:00Z")


def test_a_midnight_that_the_clocks_skip_is_a_step() -> None:
    cairo = Days("Africa/Cairo")  # 2026-04-24: from 00:00 to 01:00
    steps = computation(calendar_days(utc("2026-04-20T09:00Z"), 3, cairo))
    skipped = step("skip-midnight", steps)
    assert skipped.input == "2026-04-24T00:00:00"
    assert skipped.output == "2026-04-24T01:00:00+03:00[Africa/Cairo]"


def test_a_period_that_outlasts_the_calendar_says_so() -> None:
    steps = computation(calendar_days(utc("9999-12-20T09:00Z"), 30, DUBLIN))
    assert "end-of-calendar" in operations(steps)


def test_a_pause_in_hours_says_what_was_rounded_up() -> None:
    said = paused(utc("2026-10-01T09:10Z"), utc("2026-10-01T11:20Z"), 3, "hours", ("a", "b"))
    assert said.says == (
        "referred back and clarified in between: 2 hours 10 minutes, which is rounded up to 3 hours more"
    )
    assert (said.input, said.output) == ("2026-10-01T09:10:00Z/2026-10-01T11:20:00Z", "3 hours")
    whole = paused(utc("2026-10-01T09:10Z"), utc("2026-10-01T11:10Z"), 2, "hours", ("a", "b"))
    assert whole.says == "referred back and clarified in between: 2 hours more"


def test_a_referral_back_that_waits_is_a_step_with_the_old_end_before_it() -> None:
    story = scenarios.given(
        scenarios.issued("2026-09-01T09:00Z", "EPOC"),
        scenarios.received("2026-09-02T08:30Z"),
        scenarios.by_provider("order-referred-back", "2026-09-04T09:00Z", reason_codes=["incomplete"]),
    ).asked_at("2026-09-05T00:00Z")
    clock = story.reading.deadlines.clock("E-10-3")
    assert clock is not None
    assert clock.steps[-1] == "referred back by an entry of 2026-09-04T09:00:00Z: it waits for the clarification"
    assert clock.computation[-1].operation == "pause"
    assert clock.due is not None


def test_an_end_that_was_set_is_a_step_with_the_entry_that_set_it() -> None:
    said = extended(utc("2026-10-28T00:00Z"), "2026-11-05T12:00:00Z", utc("2026-10-20T08:00Z"), "cd")
    assert (said.operation, said.input, said.output, said.entries) == (
        "extension",
        "2026-10-28T00:00:00Z",
        "2026-11-05T12:00:00Z",
        ("cd",),
    )


def test_a_note_in_words_is_a_step() -> None:
    assert note("it is not shown when the form arrived").operation == "note"


@given(trigger=moments, length=lengths)
def test_nothing_is_rounded_without_a_step(trigger: datetime, length: Duration) -> None:
    count = calendar_days(trigger, length, DUBLIN)
    found = operations(computation(count))
    first = DUBLIN.day(trigger)
    assert ("hours-to-days" in found) == bool(length.seconds and (length.months or length.days))
    year, month = divmod(first.year * 12 + first.month - 1 + length.months, 12)
    here = first.replace(day=1).replace(year=year, month=month + 1)
    lacks = (here + timedelta(days=first.day - 1)).month != here.month
    assert ("end-of-month" in found) == bool(length.months and lacks)


@given(trigger=moments, days=st.integers(1, 40))
def test_each_step_of_days_goes_on_where_the_one_before_ended(trigger: datetime, days: int) -> None:
    for count in (eu_days(trigger, days, DUBLIN), rolled(calendar_days(trigger, days, DUBLIN))):
        steps = [s for s in computation(count) if s.operation in ("add", "skip-day")]
        for before, after in pairwise(steps):
            assert after.input == before.output or after.says.endswith("fewer than two working days")
        assert steps[-1].output == str(count.last)


@given(trigger=moments)
def test_every_sentence_of_an_explanation_is_that_of_a_step(trigger: datetime) -> None:
    counts = (
        eu_working_days(trigger, 5, DUBLIN),
        stated(trigger + timedelta(days=3), DUBLIN, trigger),
        stated_day(date(2029, 3, 1), DUBLIN, trigger),
    )
    for count in counts:
        steps = computation(count)
        assert explain(count) == tuple(s.says for s in steps)
        assert (steps[0].operation, steps[-1].operation) == ("event", "due")
        assert all(s.says and s.input and s.output for s in steps)
        assert count.policy in POLICIES


def test_a_day_that_leaves_too_few_working_days_is_skipped_by_a_provision_different_from_that_of_a_free_day() -> None:
    """Two days from Friday end with Sunday; Monday is the first working day, and Tuesday the second."""
    steps = computation(eu_days(utc("2026-10-16T09:00Z"), 2, DUBLIN))
    skipped = {s.input: s.cite for s in steps if s.operation == "skip-day"}
    assert skipped == {
        "2026-10-18": ("1182/71:3(4)",),
        "2026-10-19": ("1182/71:3(5)",),
    }
    assert step("last-day", steps).output == "2026-10-20"
    working = computation(eu_working_days(utc("2026-10-16T09:00Z"), 2, DUBLIN))
    assert {s.cite for s in working if s.operation == "skip-day"} == {("1182/71:3(3)",)}
    assert step("add", working).cite == ("1182/71:3(1)", "1182/71:3(3)")


def test_months_and_days_are_added_by_provisions_of_their_own_and_other_policies_cite_none() -> None:
    cited = {
        span: step("add", computation(eu_days(utc("2026-10-01T09:00Z"), span, DUBLIN))).cite
        for span in (Duration(months=1), Duration(days=10))
    }
    assert cited == {
        Duration(months=1): ("1182/71:3(1)", "1182/71:3(2)(c)"),
        Duration(days=10): ("1182/71:3(1)", "1182/71:3(2)(b)"),
    }
    assert step("due", computation(eu_days(utc("2026-10-01T09:00Z"), 10, DUBLIN))).cite == ("1182/71:3(2)(b)",)
    assert step("due", computation(eu_hours(utc("2026-10-01T09:00Z"), 8, DUBLIN))).cite == ()
    assert {s.cite for s in computation(calendar_days(utc("2026-10-01T09:00Z"), 10, DUBLIN))} == {()}


def test_a_period_that_begins_with_the_day_of_the_event_says_that_this_is_its_first_day() -> None:
    steps = computation(days_with_first(utc("2026-10-01T09:00Z"), Duration(days=7), DUBLIN))
    assert step("add", steps).says == "the day of the event is the first day: 7 days end with Wednesday 2026-10-07"
    other = computation(calendar_days(utc("2026-10-01T09:00Z"), 7, DUBLIN))
    assert step("add", other).says == "the day of the event does not count: 7 days end with Thursday 2026-10-08"


def test_hours_end_at_a_moment_and_days_with_a_day() -> None:
    hours = computation(eu_hours(utc("2026-10-01T09:00Z"), 8, DUBLIN))
    assert step("due", hours).input == "2026-10-01T18:00:00Z"
    assert step("due", computation(eu_days(utc("2026-10-01T09:00Z"), 8, DUBLIN))).input == "2026-10-09"


def test_a_stated_end_is_one_step_and_a_pause_in_days_is_counted_by_local_dates() -> None:
    until = computation(stated(utc("2026-10-05T09:00Z"), DUBLIN, utc("2026-10-01T09:00Z")))
    assert operations(until) == ["event", "stated", "due"]
    assert step("stated", until).output == "2026-10-05T09:00:00Z"
    said = paused(utc("2026-10-01T09:10Z"), utc("2026-10-03T08:20Z"), 2, "days", ("a",))
    assert said.says == "referred back and clarified in between: 2 days more, by the local dates"
    assert (said.output, said.entries) == ("2 days", ("a",))


def test_no_days_end_with_the_day_of_the_event() -> None:
    count = calendar_days(utc("2026-10-01T09:00Z"), 0, DUBLIN)
    assert count.last == date(2026, 10, 1)
    assert count.due == utc("2026-10-01T23:00Z")

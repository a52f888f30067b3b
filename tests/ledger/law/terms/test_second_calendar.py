"""Two calendars that share no code agree: hours, days, working days and months, over random places and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from ledger.entries.case import wire
from ledger.law.terms.calendar import Days, Duration, eu_days, eu_hours, eu_working_days
from tests.ledger.law.terms import second_calendar as second
from tests.support.samples import examples
from tests.support.scenarios import Fact, by_authority, by_issuer, given, issued, received

# Clocks that change at night and at midnight, by an hour and by half an hour, half-hour and quarter-hour offsets, both
# hemispheres, the date line.
ZONES = (
    "Europe/Stockholm",
    "Europe/Dublin",
    "Atlantic/Azores",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "America/Santiago",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
FIRST = date(2026, 8, 18)
SPAN = 3 * 366

zones = st.sampled_from(ZONES)
moments = st.integers(0, SPAN * 86_400).map(lambda s: datetime(2026, 8, 18, tzinfo=UTC) + timedelta(seconds=s))
holidays = st.frozensets(st.integers(0, SPAN + 200).map(lambda n: FIRST + timedelta(days=n)), max_size=40)
runs = st.tuples(st.integers(0, SPAN), st.integers(1, 12)).map(
    lambda run: frozenset(FIRST + timedelta(days=run[0] + n) for n in range(run[1]))
)
free = st.builds(frozenset.union, holidays, runs)
# Moments near a change of the clocks of most zones above, to the second.
CHANGES = ("2026-10-25T01:00", "2027-03-28T01:00", "2027-04-29T22:00", "2026-11-01T05:00", "2027-04-03T15:00")
near = st.tuples(st.sampled_from(CHANGES), st.integers(-12 * 3600, 12 * 3600)).map(
    lambda pair: datetime.fromisoformat(f"{pair[0]}:00+00:00") + timedelta(seconds=pair[1])
)
events = moments | near


@examples(200)
@drawn(event=events, hours=st.integers(1, 120), zone=zones)
def test_hours_end_together(event: datetime, hours: int, zone: str) -> None:
    assert eu_hours(event, hours, Days(zone)).due == second.end_of_hours(event, hours, second.Place(zone))


def test_an_hour_that_half_an_hour_is_put_back_into_is_not_longer() -> None:
    event = datetime.fromisoformat("2027-04-03T14:59:59Z")  # 01:59:59, a second before the clocks go back to 01:30
    end = datetime.fromisoformat("2027-04-03T16:00:00Z")
    assert eu_hours(event, 1, Days("Australia/Lord_Howe")).due == end
    assert second.end_of_hours(event, 1, second.Place("Australia/Lord_Howe")) == end


@examples(200)
@drawn(event=events, length=st.integers(1, 100), zone=zones, free=free)
def test_days_end_together(event: datetime, length: int, zone: str, free: frozenset[date]) -> None:
    assert eu_days(event, length, Days(zone, free)).due == second.end_of_days(event, length, second.Place(zone, free))


@examples(200)
@drawn(event=events, length=st.integers(1, 40), zone=zones, free=free)
def test_working_days_end_together(event: datetime, length: int, zone: str, free: frozenset[date]) -> None:
    counted = eu_working_days(event, length, Days(zone, free))
    assert counted.due == second.end_of_working_days(event, length, second.Place(zone, free))


@examples(200)
@drawn(event=events, months=st.integers(1, 14), zone=zones, free=free)
def test_months_end_together(event: datetime, months: int, zone: str, free: frozenset[date]) -> None:
    counted = eu_days(event, Duration(months=months), Days(zone, free))
    assert counted.due == second.end_of_months(event, months, second.Place(zone, free))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "start", ["2027-01-31T09:00Z", "2028-01-31T09:00Z", "2027-03-31T22:30Z", "2027-12-31T23:59:59Z"]
)
def test_months_that_lack_the_day_end_together(zone: str, start: str) -> None:
    event = datetime.fromisoformat(start)
    for months in range(1, 14):
        counted = eu_days(event, Duration(months=months), Days(zone))
        assert counted.due == second.end_of_months(event, months, second.Place(zone))


receipts = st.integers(0, 300 * 86_400).map(lambda s: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=s))


def due_of(id: str, *facts: Fact) -> tuple[datetime | None, second.Place]:
    """Return the end of a clock of a story, and the place where it is counted as the second calendar knows it."""
    clock = given(*facts).asked_at("2029-01-01T00:00Z").reading.deadlines.clock(id)
    assert clock is not None
    assert clock.count is not None
    days = clock.count.days
    holidays = {FIRST + timedelta(days=n) for n in range(SPAN) if FIRST + timedelta(days=n) in days.holidays}
    return clock.due, second.Place(days.zone, holidays)


@examples(40)
@drawn(receipt=receipts, emergency=st.booleans())
def test_the_time_to_transmit_ends_together(receipt: datetime, emergency: bool) -> None:
    order = issued("2026-08-20T09:00Z", "EPOC", emergency=emergency)
    due, place = due_of("E-10-4" if emergency else "E-10-3", order, received(wire(receipt)))
    assert due == second.end_of_transmission(receipt, place, emergency=emergency)


@examples(40)
@drawn(receipt=receipts, extended=st.booleans())
def test_the_time_to_keep_ends_together(receipt: datetime, extended: bool) -> None:
    order = issued("2026-08-20T09:00Z", "EPOC-PR")
    longer = by_issuer("preservation-extended", wire(receipt + timedelta(days=3)), extends_by="P30D")
    due, place = due_of("E-11-1", order, received(wire(receipt)), *((longer,) if extended else ()))
    assert due == second.end_of_keeping(receipt, place, extended=extended)


@examples(40)
@drawn(arrival=receipts, emergency=st.booleans())
def test_the_time_for_grounds_ends_together(arrival: datetime, emergency: bool) -> None:
    order = issued("2026-08-20T09:00Z", "EPOC", data_categories=["content"], emergency=emergency)
    due, place = due_of("E-12-1", order, by_authority("notification-received", wire(arrival)))
    assert due == second.end_of_objection(arrival, place, emergency=emergency)


@examples(40)
@drawn(request=receipts)
def test_the_time_to_recognise_ends_together(request: datetime) -> None:
    order = issued("2026-08-20T09:00Z", "EPOC")
    requested = by_issuer("enforcement-requested", wire(request), enforcing_authority="ncco")
    due, place = due_of("E-16-2", order, requested)
    assert due == second.end_of_recognition(request, place)

"""A second calendar, written from the text of Regulation 1182/71 and Regulation 2023/1543 alone.

It shares no code with the calendar of the law and finds ends by another method: it walks through real time and through
the days of the place one by one, reads what the clocks of the place show, and looks for the first instant at which the
words of the article are fulfilled. It is slow, and it is a peer in tests only.

- 3(1): the hour, or the day, during which the event occurs is not within the period.
- 3(2)(a): hours start at the beginning of the first hour and end with the expiry of the last hour.
- 3(2)(b): days start at the beginning of the first hour of the first day, and end with the expiry of the last hour of
  the last day.
- 3(2)(c): months end with the last hour of the day that falls on the same date as the day from which the period runs;
  where the last month has no such day, with the last hour of that month.
- 3(3): public holidays, Saturdays and Sundays are included, except where the period is expressed in working days.
- 3(4): where the last day of a period in anything but hours is a public holiday, Sunday or Saturday, the period ends
  with the last hour of the following working day.
- 3(5): any period of two days or more includes at least two working days.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta, timezone

STEP = timedelta(minutes=15)  # every offset of a zone today is a multiple of it


class Place:
    """A place: what its clocks show at each instant, and which days are its public holidays."""

    def __init__(self, zone: str, holidays: Collection[date] = ()) -> None:
        self._zone = zoneinfo.ZoneInfo(zone)
        self._holidays = frozenset(holidays)

    def shown(self, instant: datetime) -> tuple[date, int]:
        """Return what a wall calendar and a wall clock show: the day, and the hour."""
        wall = instant.astimezone(self._zone)
        return wall.date(), wall.hour

    def clock(self, instant: datetime) -> timezone:
        """Return a clock that goes on without any change, set as the one of the place is at an instant."""
        offset = instant.astimezone(self._zone).utcoffset()
        assert offset is not None
        return timezone(offset)

    def works(self, day: date) -> bool:
        """Return True for a day that is no public holiday, Saturday or Sunday."""
        return day.strftime("%a") not in ("Sat", "Sun") and day not in self._holidays

    def begins(self, day: date) -> datetime:
        """Return the first instant at which the calendar on the wall shows a day or a later one."""
        instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
        while self.shown(instant)[0] < day:
            instant += STEP
        return instant

    def days_after(self, day: date) -> Iterator[date]:
        """Yield the days after a day, one by one."""
        while True:
            day = date.fromordinal(day.toordinal() + 1)
            yield day


def end_of_hours(event: datetime, hours: int, place: Place) -> datetime:
    """Return the end of a period in hours: 3(1), 3(2)(a). Each hour is sixty minutes of real time.

    The hour of the event ends when the clock that showed the event is at a full hour. The Regulation does not say what
    happens if that clock is put back by half an hour in between; here the hour is not longer for that.
    """
    clock = place.clock(event)
    minute = timedelta(minutes=1)
    instant = event.replace(second=0, microsecond=0) + minute
    while instant.astimezone(clock).minute != 0:
        instant += minute
    for _ in range(hours * 60):
        instant += minute
    return instant


def end_of_days(event: datetime, length: int, place: Place) -> datetime:
    """Return the end of a period in days: 3(1), 3(2)(b), 3(3), 3(4), 3(5)."""
    today, _ = place.shown(event)
    within: list[date] = []
    for day in place.days_after(today):
        within.append(day)
        enough_days = len(within) >= length
        two_working_days = length < 2 or sum(map(place.works, within)) >= 2
        if enough_days and place.works(day) and two_working_days:
            return place.begins(next(place.days_after(day)))
    raise AssertionError("days never end")


def end_of_working_days(event: datetime, length: int, place: Place) -> datetime:
    """Return the end of a period in working days: 3(1), 3(3)."""
    today, _ = place.shown(event)
    left = length
    for day in place.days_after(today):
        left -= place.works(day)
        if left == 0:
            return place.begins(next(place.days_after(day)))
    raise AssertionError("working days never end")


def end_of_months(event: datetime, months: int, place: Place) -> datetime:
    """Return the end of a period in months: 3(1), 3(2)(c), 3(4)."""
    today, _ = place.shown(event)
    wanted, seen = today.day, 0
    last = today
    for day in place.days_after(today):
        if day.day == 1:
            seen += 1
        if seen > months or (seen == months and day.day > wanted):
            break
        last = day
    if place.works(last):
        return place.begins(next(place.days_after(last)))
    following = next(day for day in place.days_after(last) if place.works(day))
    return place.begins(next(place.days_after(following)))


def end_of_transmission(receipt: datetime, place: Place, *, emergency: bool) -> datetime:
    """Return the end of the time to transmit: Reg. 2023/1543 art. 10(3), "within 10 days", and 10(4), "eight hours"."""
    return end_of_hours(receipt, 8, place) if emergency else end_of_days(receipt, 10, place)


def end_of_objection(notification: datetime, place: Place, *, emergency: bool) -> datetime:
    """Return the end of the time for grounds: art. 12(1), "within 10 days ... in emergency cases ... 96 hours"."""
    return end_of_hours(notification, 96, place) if emergency else end_of_days(notification, 10, place)


def end_of_recognition(receipt: datetime, place: Place) -> datetime:
    """Return the end of the time to recognise: art. 16(2), "five working days"."""
    return end_of_working_days(receipt, 5, place)


def end_of_keeping(receipt: datetime, place: Place, *, extended: bool) -> datetime:
    """Return the end of keeping: art. 11(1), "60 days", and "an additional 30-day period"."""
    return end_of_days(receipt, 90 if extended else 60, place)

"""Moments in words: in UTC, and in the time of the place of an office."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from ledger.formats.time_zones import zone
from ledger.messages import WEEKDAYS, Day, LongDay, Message, Moment


def place_of(zone_name: str) -> str:
    """Return the place of a time zone: `Europe/Oslo` is Oslo; empty for a zone that names no place, such as UTC."""
    area, _, place = zone_name.rpartition("/")
    return "" if area in ("", "Etc") else place.replace("_", " ")


def until(due: datetime, zone_name: str, last_day: date | None) -> str:
    """Return the end of a period in words: `until the end of Friday 20 November 2026, Dublin`.

    `due` is the first instant after it. Without a last day it ends within a day: `until 14:00 on Friday 20 November
    2026, Dublin`.
    """
    place = place_of(zone_name) or zone_name
    if last_day is not None:
        return f"until the end of {_weekday(last_day)}, {place}"
    try:
        local = due.astimezone(zone(zone_name))
    except OverflowError:  # the end of the year 9999
        local, place = due.astimezone(UTC), "UTC"
    return f"until {_clock(local)} on {_weekday(local.date())}, {place}"


def end_of(due: datetime, zone_name: str, last_day: date | None) -> Message:
    """Return the end of a period for a table: `end of 2026-11-20 (Dublin)`, or `2026-11-20 14:00 UTC` within a day.

    `due` is the first instant after it, `last_day` the last local day that still counts.
    """
    if last_day is not None:
        return Message("end of {0} ({1})", Day(last_day), place_of(zone_name) or zone_name)
    return Message("{0} UTC", Moment(f"{due.astimezone(UTC):%Y-%m-%d %H:%M:%S}".removesuffix(":00")))


def running_until(due: datetime, zone_name: str, last_day: date | None, *, over: bool) -> Message:
    """Return until when a period runs, or ran: `until the end of 2026-11-20 (Dublin)`; values as in `end_of`."""
    end = end_of(due, zone_name, last_day)
    if last_day is None:
        return Message("ran out on {0}", end) if over else Message("until {0}", end)
    return Message("ran out at the {0}", end) if over else Message("until the {0}", end)


def _weekday(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {LongDay(day)}"


class At(Struct, frozen=True):
    """A moment in UTC and at a place; without a place where that adds nothing to UTC."""

    day: date
    clock: str
    local_day: date
    local_clock: str
    place: str


class LocalTimes:
    """Moments in UTC and in one time zone; seconds only where they are not zero.

    A zone that names no place, and a moment at which the zone has the time of UTC, add nothing to UTC.
    """

    def __init__(self, zone_name: str) -> None:
        self._zone = zone(zone_name)
        self._place = place_of(zone_name)

    def at(self, moment: datetime) -> At:
        """Return a moment in UTC and at the place of the zone."""
        utc, local = moment.astimezone(UTC), moment.astimezone(self._zone)
        place = self._place if local.utcoffset() else ""
        return At(utc.date(), _clock(utc), local.date(), _clock(local), place)

    def day(self, moment: datetime) -> date:
        """Return the local date of a moment."""
        return moment.astimezone(self._zone).date()

    def date(self, moment: datetime) -> str:
        """Return the local date of a moment in words."""
        return LongDay(self.day(moment))

    def moment(self, moment: datetime) -> str:
        """Return a moment in words: `15 March 2027 at 13:00 UTC (14:00 in Oslo)`."""
        at = self.at(moment)
        day, there = LongDay(at.day), LongDay(at.local_day)
        if not at.place:
            return Message("{0} at {1} UTC", day, at.clock)
        if at.local_day == at.day:
            return Message("{0} at {1} UTC ({2} in {3})", day, at.clock, at.local_clock, at.place)
        return Message("{0} at {1} UTC ({2} on {3} in {4})", day, at.clock, at.local_clock, there, at.place)

    def beside(self, moment: datetime) -> str:
        """Return what a table shows next to UTC: `14:00 in Oslo`, with the date if it is another one; else nothing."""
        local = moment.astimezone(self._zone)
        if not self._place or not local.utcoffset():
            return ""
        if moment.astimezone(UTC).day == local.day:
            return Message("{0} in {1}", _clock(local), self._place)
        return Message("{0} {1} in {2}", Day(local.date()), _clock(local), self._place)

    def ending(self, end: datetime) -> str:
        """Return the local end of a period, always with its date: `2027-04-08 end of day in Oslo`; else nothing.

        A period that ends at midnight ends with the day before.
        """
        parts = self.ending_parts(end)
        return "" if parts is None else f"{parts[0]} {parts[1] or 'end of day'} in {parts[2]}"

    def ending_parts(self, end: datetime) -> tuple[str, str, str] | None:
        """Return day, clock and place of the local end of a period, without a clock at the end of the day.

        None where the time at the office is UTC, or the office has no place.
        """
        local = end.astimezone(self._zone)
        if not self._place or not local.utcoffset():
            return None
        if _clock(local) == "00:00":
            return str(local.date() - timedelta(days=1)), "", self._place
        return str(local.date()), _clock(local), self._place


def _clock(moment: datetime) -> str:
    hours = f"{moment.hour:02}:{moment.minute:02}"
    return f"{hours}:{moment.second:02}" if moment.second else hours

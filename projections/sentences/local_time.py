"""Moments in words: in UTC, and in the time of the place of an office."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct

from ledger.formats.time_zones import zone

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)


def long_date(day: date) -> str:
    """Return a date in words: `15 March 2027`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def place_of(zone_name: str) -> str:
    """Return the place of a time zone: `Europe/Oslo` is Oslo; empty for a zone that names no place, such as UTC."""
    area, _, place = zone_name.rpartition("/")
    return "" if area in ("", "Etc") else place.replace("_", " ")


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
        return long_date(self.day(moment))

    def moment(self, moment: datetime) -> str:
        """Return a moment in words: `15 March 2027 at 13:00 UTC (14:00 in Oslo)`."""
        at = self.at(moment)
        says = f"{long_date(at.day)} at {at.clock} UTC"
        if not at.place:
            return says
        other = "" if at.day == at.local_day else f" on {long_date(at.local_day)}"
        return f"{says} ({at.local_clock}{other} in {at.place})"

    def beside(self, moment: datetime) -> str:
        """Return what a table shows next to UTC: `14:00 in Oslo`, with the date if it is another one; else nothing."""
        local = moment.astimezone(self._zone)
        if not self._place or not local.utcoffset():
            return ""
        other = "" if moment.astimezone(UTC).day == local.day else f"{local.date()} "
        return f"{other}{_clock(local)} in {self._place}"

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

"""Count hours and days: each policy of findings.md 3 with its source, each count with its explanation.

A count ends with `due`, the first instant after the period, in UTC: an act at that instant is late (decision 5). Every
function is total: a period that would outlast the calendar ends with it, at the end of the year 9999. Zones are IANA
names, read from the pinned tzdata and never from the system. Holidays are the list of a Party or, without a list in the
register, those of the pinned `holidays` package.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from ledger.formats.time_zones import zone
from ledger.messages import WEEKDAYS, Day, Message, Moment, joined

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


# -- lengths -----------------------------------------------------------------------------------------------------------


class Duration(Struct, frozen=True):
    """An ISO 8601 duration: months and days of the calendar, seconds of the clock."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def after(self, day: date) -> date:
        """Return the day so many months and days after `day`; a day that a month lacks becomes its last day.

        Remaining hours count as one more day.
        """
        try:
            return self._after(day)
        except (OverflowError, ValueError):
            return date.max

    def _after(self, day: date) -> date:
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        moved = day if not self.months else date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
        return moved + timedelta(days=self.days - (-self.seconds // 86400))

    def short_month(self, day: date) -> date | None:
        """Return the last day of the month in which the months after `day` end, if that month lacks the day."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        if year > date.max.year or (last := monthrange(year, month + 1)[1]) >= day.day:
            return None
        return date(year, month + 1, last)

    def __add__(self, more: Duration) -> Duration:
        return Duration(self.months + more.months, self.days + more.days, self.seconds + more.seconds)

    def __str__(self) -> str:
        return str(self.in_words)

    @property
    def in_words(self) -> Message:
        """The length in words: `1 month 10 days`."""
        parts = (
            (self.months, "month"),
            (self.days, "day"),
            (self.seconds // 3600, "hour"),
            (self.seconds % 3600 // 60, "minute"),
            (self.seconds % 60, "second"),
        )
        counted = [Message(f"{{0}} {word}{'' if n == 1 else 's'}", n) for n, word in parts if n]
        return joined(" ", counted) if counted else Message("no time")


_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_LONGEST = 100 * 366  # days; no law sets a hundred years, and the sum stays within the calendar


def duration(text: str | None) -> Duration | None:
    """Parse an ISO 8601 duration such as `P20D` or `PT8H`; None if invalid, empty, or longer than a century."""
    match = _DURATION.fullmatch(text) if text else None
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in match.groups())
    whole = Duration(12 * years + months, 7 * weeks + days, 3600 * hours + 60 * minutes + seconds)
    within = whole.months * 31 + whole.days + whole.seconds // 86400 <= _LONGEST
    return whole if within and whole != Duration() else None


# -- days of a place ---------------------------------------------------------------------------------------------------


class Holidays(Protocol):
    """A container of public holidays."""

    def __contains__(self, day: object, /) -> bool: ...


@lru_cache(maxsize=64)
def public_holidays(country: str) -> Holidays:
    """Return the public holidays of a State by its ISO 3166 code, from the pinned package; none if unknown."""
    from holidays import country_holidays  # its import is slow, and stories have their own lists

    try:
        return country_holidays(country)
    except NotImplementedError:
        return frozenset()


@dataclass(frozen=True, slots=True)
class Days:
    """The calendar of a place: its zone by IANA name, its public holidays; Saturdays and Sundays are always free."""

    zone: str
    holidays: Holidays = field(default=frozenset(), compare=False)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in local time; in UTC at the end of year 9999, where the local day does not exist."""
        try:
            return moment.astimezone(zone(self.zone))
        except OverflowError:
            return moment.astimezone(UTC)

    def day(self, moment: datetime) -> date:
        """Return the local day of a moment."""
        return self.local(moment).date()

    def end_of(self, day: date) -> datetime:
        """Return the first instant after a local day, in UTC. A midnight that the clocks skip is the change itself."""
        try:
            return datetime.combine(day + DAY, datetime.min.time(), zone(self.zone)).astimezone(UTC)
        except OverflowError:
            return LAST

    def why_free(self, day: date) -> str | None:
        """Return why a day is free: `Saturday`, `Sunday` or `public holiday`; None for a working day."""
        return (
            Message(WEEKDAYS[day.weekday()])
            if day.weekday() > 4
            else Message("public holiday")
            if day in self.holidays
            else None
        )

    def working(self, day: date) -> bool:
        """Return True if a day is no Saturday, Sunday or public holiday."""
        return self.why_free(day) is None


# -- counts ------------------------------------------------------------------------------------------------------------

Passed = tuple[tuple[date, str], ...]


class CountedPeriod(Struct, frozen=True):
    """A period from `trigger` by `policy` for `length`, in the calendar `days`, until just before `due`.

    `last` is the last day of a period in days, None for one in hours; `passed` are the days that could not end it, each
    with the reason; `begins` is where hours start to run; `span` is the length in months and days, where it has one.
    """

    policy: str
    trigger: datetime
    length: str
    days: Days
    due: datetime
    last: date | None = None
    passed: Passed = ()
    begins: datetime | None = None
    span: Duration | None = None


def eu_hours(trigger: datetime, hours: int, days: Days, policy: str = "EU-1182-71") -> CountedPeriod:
    """Count hours by Regulation 1182/71 art. 3(1), 3(2)(a): from the next full local hour, so many real hours.

    An hour that has begun does not count even if the event falls on its first second (decision 7).
    """
    local = days.local(trigger)
    begun = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    begins = _later(trigger, HOUR - begun)
    return CountedPeriod(
        policy, trigger, Message("{0} hours", hours), days, _later(begins, hours * HOUR), begins=begins
    )


def eu_days(trigger: datetime, length: int | Duration, days: Days, policy: str = "EU-1182-71") -> CountedPeriod:
    """Count days by Regulation 1182/71 art. 3: the day of the event does not count.

    The last day is a working day (3(4)); two days or more contain at least two working days (3(5)).
    """
    length = _whole(length)
    first = days.day(trigger)
    last, passed = _roll(length.after(first), days)
    if length.after(first) - first >= 2 * DAY:
        while last < date.max and _working_days(first, last, days) < 2:
            last, passed = _roll(last + DAY, days, (*passed, (last, Message("fewer than two working days"))))
    return CountedPeriod(policy, trigger, length.in_words, days, days.end_of(last), last, passed, span=length)


def eu_working_days(trigger: datetime, length: int, days: Days, policy: str = "EU-1182-71") -> CountedPeriod:
    """Count working days by Regulation 1182/71 art. 3(3): counted from the day after the event."""
    last = days.day(trigger)
    passed: Passed = ()
    for _ in range(length):
        last, passed = _roll(min(last, date.max - DAY) + DAY, days, passed)
    return CountedPeriod(policy, trigger, Message("{0} working days", length), days, days.end_of(last), last, passed)


def calendar_days(trigger: datetime, length: int | Duration, days: Days, policy: str = "2AP-CAL") -> CountedPeriod:
    """Count calendar days: the day of the event does not count, no rolling.

    A length in hours alone lasts so many real hours [design].
    """
    length = _whole(length)
    if length.seconds and not (length.months or length.days):
        return CountedPeriod(policy, trigger, length.in_words, days, _later(trigger, timedelta(seconds=length.seconds)))
    last = length.after(days.day(trigger))
    return CountedPeriod(policy, trigger, length.in_words, days, days.end_of(last), last, span=length)


def days_with_first(trigger: datetime, length: Duration, days: Days, policy: str = "GB-CAL") -> CountedPeriod:
    """Count calendar days of a period "beginning with the day" of the event: that day is the first one; no rolling.

    Months end on the day before the same day of the last month, or with that month where it lacks the day.
    """
    count = calendar_days(trigger, length, days, policy)
    if count.last is None or (length.months and length.short_month(days.day(trigger)) is not None):
        return count
    last = count.last - DAY
    return replace(count, last=last, due=days.end_of(last))


def us_days(trigger: datetime, length: int | Duration, days: Days, policy: str = "US-45") -> CountedPeriod:
    """Count days by rule 45(a)(1): the day of the event does not count; the last one is a working day."""
    return rolled(calendar_days(trigger, length, days), policy)


def rolled(count: CountedPeriod, policy: str = "2AP-CAL+ROLL") -> CountedPeriod:
    """Return the count that ends with the next working day, if it ends with a free day."""
    if count.last is None:
        return replace(count, policy=policy)
    last, passed = _roll(count.last, count.days, count.passed)
    return replace(count, policy=policy, last=last, passed=passed, due=count.days.end_of(last))


def stated_day(day: date, days: Days, trigger: datetime, policy: str = "STATED") -> CountedPeriod:
    """Count until the end of a day that an entry states."""
    return CountedPeriod(policy, trigger, Message("until the end of {0}", Day(day)), days, days.end_of(day), day)


def stated(moment: datetime, days: Days, trigger: datetime, policy: str = "STATED") -> CountedPeriod:
    """Until a moment that an entry states."""
    return CountedPeriod(policy, trigger, Message("until {0}", Moment(moment)), days, moment)


def elapsed(start: datetime, end: datetime) -> int:
    """Whole seconds between two moments: policy CLOCK, for statistics."""
    return int((end - start).total_seconds())


def _whole(length: int | Duration) -> Duration:
    return Duration(days=length) if isinstance(length, int) else length


def _later(moment: datetime, by: timedelta) -> datetime:
    return LAST if by > LAST - moment else moment + by


def _working_days(first: date, last: date, days: Days) -> int:
    """How many working days a period contains that begins after `first` and ends with `last`."""
    return sum(days.working(first + n * DAY) for n in range(1, (last - first).days + 1))


def _roll(last: date, days: Days, passed: Passed = ()) -> tuple[date, Passed]:
    while last < date.max and (reason := days.why_free(last)):
        passed = (*passed, (last, reason))
        last += DAY
    return last, passed

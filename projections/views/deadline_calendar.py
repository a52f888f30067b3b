"""The computation of a deadline as a calendar: months as weeks, each day with what it is in the count."""

from __future__ import annotations

from calendar import Calendar, month_name
from datetime import date, datetime, timedelta

from msgspec import Struct

from ledger.law.terms.calendar import CountedPeriod
from ledger.law.terms.rule import Clock

DAY = timedelta(days=1)
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MARKS = {  # each with what it says of a day
    "event": "the day of the event",
    "counted": "a day of the period",
    "skipped": "a day that cannot end the period, or does not count",
    "last": "the last day",
    "ends": "the day in which it ends",
    "due": "the first day that is too late",
}
MOST = 6  # months: of a longer period the first three and the last three


class CalendarDay(Struct, frozen=True):
    """One day: its date, its mark (empty outside the period), and why it is skipped."""

    day: date
    mark: str = ""
    why: str = ""


class CalendarMonth(Struct, frozen=True):
    """One month: its name and its weeks, with None for a day of another month; `gap`: months before it are left out."""

    name: str
    weeks: tuple[tuple[CalendarDay | None, ...], ...]
    gap: bool = False


def deadline_calendar(clock: Clock) -> tuple[CalendarMonth, ...]:
    """Return the months from the event to the end of a deadline, in local days; none if it has no computed end."""
    if clock.count is None or clock.due is None:
        return ()
    days = clock.count.days
    first, due = days.day(clock.count.trigger), days.day(clock.due)
    marked = _marks(clock.count, clock.due, first, due)
    start, end = min(first, due), max(first, due)
    months = [(n // 12, n % 12 + 1) for n in range(_number(start), _number(end) + 1)]
    shown = months if len(months) <= MOST else [*months[:3], *months[-3:]]
    return tuple(
        _month(year, month, marked, gap=n == 3 and len(shown) < len(months)) for n, (year, month) in enumerate(shown)
    )


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _marks(count: CountedPeriod, end: datetime, first: date, due: date) -> dict[date, CalendarDay]:
    """Return the marked days; the last day and the first late one count over what else a day is."""
    last = count.last if count.due == end else None
    marked = {first: CalendarDay(first, "event")}
    day = first
    while day < min(last or due, date.max - DAY):
        day += DAY
        marked[day] = CalendarDay(day, "counted")
    if count.due == end:
        marked |= {day: CalendarDay(day, "skipped", why) for day, why in count.passed}
    if last is not None:
        marked[last] = CalendarDay(last, "last")
    if due not in (first, last):
        whole = count.days.day(end - timedelta(microseconds=1)) != due
        marked[due] = CalendarDay(due, "due" if whole else "ends")
    return marked


def _month(year: int, month: int, marked: dict[date, CalendarDay], *, gap: bool) -> CalendarMonth:
    weeks = tuple(
        tuple(marked.get(day, CalendarDay(day)) if day.month == month else None for day in week)
        for week in Calendar().monthdatescalendar(year, month)
    )
    return CalendarMonth(f"{month_name[month]} {year}", weeks, gap)

"""Turn a cell of a table into the text that a field takes: dates, times in a zone, numbers, words by a list of codes.

Nothing is guessed: 03/04/2026 is a date only where the order of day and month is stated, and a local time that a clock
shows twice or never is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from msgspec import Struct

from ledger.application.intake.table_file import Value
from ledger.formats.time_zones import zone as time_zone
from ledger.messages import Message

DateOrder = Literal["", "day-first", "month-first"]
Serial = Literal["", "1900", "1904"]

_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(.+))?")
_LOCAL: Final = re.compile(r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{2,4})\.?(?:\s*,?\s+(.+))?")
_CLOCK: Final = re.compile(r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:\s*(?:Uhr|h))?")
_OFFSET: Final = re.compile(r"(.*?)\s*(Z|[+-]\d{2}:?\d{2})")
_BEGINNING: Final = {"1900": datetime(1899, 12, 30), "1904": datetime(1904, 1, 1)}  # noqa: DTZ001 - days of a sheet
_EXACT: Final = 10**15  # a spreadsheet keeps fifteen digits of a number
NOON: Final = time(12)


class CellFault(ValueError):
    """A cell that does not say what its column should: what is wrong, and what to do."""

    def __init__(self, says: str, hint: str = "") -> None:
        super().__init__(says)
        self.says, self.hint = says, hint


class When(Struct, frozen=True):
    """A moment that a cell states: local time without zone, or aware; `day_only` without a time of day."""

    at: datetime
    day_only: bool


def when_of(value: Value, order: DateOrder, serial: Serial) -> When:
    """Return the day or moment in a cell; `CellFault` if it states none, or several readings are possible."""
    match value:
        case bool():
            raise CellFault(f"expected a date, got {'true' if value else 'false'}")
        case datetime():
            return When(_whole(value), False)
        case date():
            return When(datetime.combine(value, time()), True)
        case int() | float():
            return _from_serial(value, serial)
        case str():
            return _from_text(value.strip(), order)
        case _:
            raise CellFault(f"expected a date, got the time {value}")


def _whole(at: datetime) -> datetime:
    """Return a moment in whole seconds: a spreadsheet keeps parts of days, which are not exact."""
    try:
        return (at + timedelta(microseconds=500_000)).replace(microsecond=0)
    except OverflowError:  # the last second of the calendar
        return at.replace(microsecond=0)


def _from_serial(value: float, serial: Serial) -> When:
    if not serial:
        hint = Message(
            "format the column as a date in the spreadsheet, or state `serial` (1900 or 1904) in the profile"
        )
        raise CellFault(Message("expected a date, got the number {0}", _digits(value)), hint)
    first, end = (61, 2_958_466) if serial == "1900" else (0, 2_957_004)  # 60 of 1900 is 29 February, which was none
    if not first <= value < end:
        raise CellFault(Message("the number {0} is no day of the calendar from {1}", _digits(value), serial))
    return When(_whole(_BEGINNING[serial] + timedelta(days=value)), float(value).is_integer())


def _from_text(text: str, order: DateOrder) -> When:
    if iso := _ISO.fullmatch(text):
        year, month, day, rest = iso.groups()
    elif local := _LOCAL.fullmatch(text):
        first, _, second, year, rest = local.groups()
        if len(year) != 4:
            raise CellFault(
                Message("{0} has a year of {1} digits", repr(text), len(year)),
                Message("write the year with four digits"),
            )
        if not order and int(first) <= 12 and int(second) <= 12 and first != second:
            hint = Message('state `dates = "day-first"` or `dates = "month-first"` in the profile')
            raise CellFault(Message("{0} can be two days", repr(text)), hint)
        turned = order == "month-first" or (not order and int(second) > 12)
        month, day = (first, second) if turned else (second, first)
    else:
        raise CellFault(
            Message("expected a date, got {0}", repr(text)), Message("a date is written 2026-03-12, or 12.03.2026")
        )
    clock, offset = _clock_in(rest or "", text)
    try:
        at = datetime(int(year), int(month), int(day), tzinfo=offset)
    except ValueError:
        raise CellFault(
            Message("{0} is no day of the calendar", repr(text)), Message("is the order of day and month right?")
        ) from None
    return When(at if clock is None else at.replace(hour=clock.hour, minute=clock.minute, second=clock.second),
                clock is None)  # fmt: skip


def _clock_in(rest: str, text: str) -> tuple[time | None, tzinfo | None]:
    """Return the time of day and the offset at the end of a text."""
    if not rest.strip():
        return None, None
    stated = _OFFSET.fullmatch(rest.strip())
    offset = None
    if stated:
        rest = stated[1]
        try:
            offset = datetime.strptime(stated[2].replace(":", ""), "%z").tzinfo
        except ValueError:
            raise CellFault(Message("{0} has no offset from UTC that exists", repr(text))) from None
    return clock_of(rest.strip()), offset


def clock_of(value: Value) -> time:
    """Return the time of day in a cell; `CellFault` for any other content."""
    if isinstance(value, datetime):
        return _whole(value).time()
    if isinstance(value, time):
        return value.replace(microsecond=0)
    if isinstance(value, timedelta) and timedelta() <= value < timedelta(days=1):
        return (datetime.combine(date.min, time()) + value).time().replace(microsecond=0)
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise CellFault(
            Message("expected a time of day, got {0}", repr(value)), Message("a time is written 13:30 or 13:30:15")
        )
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        raise CellFault(Message("{0} is no time of day", repr(found[0]))) from None


def moment_of(when: When, zone: str) -> str:
    """Return a moment in UTC as an entry writes it; a time without offset is meant in `zone` (an IANA name)."""
    at = when.at
    if at.tzinfo is None:
        if not zone:
            hint = Message('state `zone = "Europe/Prague"` in the profile')
            raise CellFault(Message("{0} is a local time, and no zone is stated", f"{at:%Y-%m-%d %H:%M}"), hint)
        place = time_zone(zone)
        early, late = (at.replace(tzinfo=place, fold=fold) for fold in (0, 1))
        if early.utcoffset() != late.utcoffset():
            back = early.astimezone(UTC).astimezone(place).replace(tzinfo=None) == at
            local = f"{at:%Y-%m-%d %H:%M}"
            if back:
                says = Message("{0} comes twice, because clocks go back in {1}", local, zone)
            else:
                says = Message("{0} comes never, because clocks go forward in {1}", local, zone)
            raise CellFault(says, Message("write its offset, as 02:30+02:00"))
        at = early
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        raise CellFault(Message("the year {0} cannot be written", at.year)) from None
    if utc.year < 1000:
        raise CellFault(Message("the year {0} cannot be written", utc.year), Message("years have four digits"))
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}"


def text_of(value: Value, number: str, digits: int) -> str:
    """Return the text of a cell in a column of texts; a number there is refused, unless the profile says how it reads.

    `number` is "plain" for the digits as they are, and `digits` the width to which zeros fill them up.
    """
    match value:
        case str():
            return value.strip()
        case bool():
            return "yes" if value else "no"
        case int() | float():
            if not (number or digits):
                hint = Message(
                    'format the column as text; or state `number = "plain"`, or `digits = 6` for leading zeros'
                )
                raise CellFault(
                    Message("expected a text, got the number {0}: leading zeros would be lost", _digits(value)), hint
                )
            return _digits(value).zfill(digits)
        case datetime():
            return _whole(value).isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _digits(value: float) -> str:
    """Return the digits of a number; `CellFault` if a spreadsheet cannot keep all of them."""
    if abs(value) >= _EXACT:
        raise CellFault(Message("a number of more than fifteen digits: the spreadsheet has rounded it"),
                        Message("format the column as text before typing such numbers"))  # fmt: skip
    return str(int(value)) if float(value).is_integer() else repr(value)

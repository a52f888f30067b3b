"""Read moments, days and periods as people type them: in the time zone of the office, and in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import click

from cli.exit_codes import Stop
from cli.session import ledger_choice
from cli.terminal import output

_CLOCK = r"(?:[T ,]\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_CLOCK}")
_DOTTED = re.compile(rf"([0-9]{{1,2}})\.([0-9]{{1,2}})\.([0-9]{{4}}){_CLOCK}")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{2}|[0-9]{4})\b.*")
_SHORT = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}\b.*")
WAYS = "2026-11-26, 26.11.2026, '2026-11-26 14:30' in the zone of the office, or 2026-11-26T14:30:00Z"

_UNITS = {"year": "Y", "month": "M", "week": "W", "day": "D", "hour": "H", "minute": "M"}
_SHORT_UNITS = {"y": "year", "w": "week", "d": "day", "h": "hour", "min": "minute"}  # m is a month or a minute
_PERIOD = re.compile(r"([0-9]{1,6})\s*(years?|months?|weeks?|days?|hours?|minutes?|y|w|d|h|min)(?![a-z])")


class Moment(click.ParamType[datetime]):
    """A parameter of click that takes a moment, as `typed_moment` reads it, for the office of `--as`."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        actor = ctx.params.get("actor") if ctx else None  # `--as` is eager, so it has been read
        return typed_moment(value, param.opts[-1] if param else "a moment", actor)


MOMENT = Moment()


def typed_moment(text: str, what: str, actor: str | None = None) -> datetime:
    """Return a typed moment in UTC; one without an offset is in the zone of the office `actor`, and it is said so.

    A day alone is its beginning. Raises `Stop` for a form that two readers may read differently, and for a local time
    that the clocks skip or repeat.
    """
    local = _local(text, what)
    if local is None:
        return ledger_choice.moment(text, what)
    where = _zone_of(actor, text, what)
    moment = _in_zone(local, where.zone, where.name, text, what)
    output.tell(
        f"{what} {text} is {output.plain(moment)}: {local:%Y-%m-%d %H:%M} in {where.name}, the zone of {where.of}"
    )
    return moment


def typed_day(text: str, what: str) -> date:
    """Return a typed day, as 2026-11-26 or 26.11.2026; `Stop` for anything else."""
    local = _local(text, what)
    if local is None or ":" in text:
        raise Stop(f"{what} is a day such as 2027-03-01, not {text!r}")
    return local.date()


def typed_period(text: str, what: str) -> str:
    """Return a period as ISO 8601: `20 days` and `20d` are P20D, `10 hours` PT10H; ISO 8601 stays as it is."""
    if text.startswith("P"):
        return text
    hint = f"{what} '20 days', '10 hours', 20d, 10h, or P20D"
    if text.strip().isdecimal():
        raise Stop(f"{what}: {text.strip()} of what?", hint=hint)
    parts = re.sub(r"\s+and\s+|,", " ", text.strip().lower())
    found = _PERIOD.findall(parts)
    if not found or _PERIOD.sub("", parts).strip():
        raise Stop(f"{what}: {text!r} is no period", hint=hint)
    count = {_SHORT_UNITS.get(name, name.rstrip("s")): number for number, name in found}
    if len(count) != len(found) or ("week" in count and len(count) > 1):
        raise Stop(f"{what}: {text!r}: each unit once, and weeks alone", hint=hint)
    days = "".join(f"{int(count[unit])}{_UNITS[unit]}" for unit in ("year", "month", "week", "day") if unit in count)
    clock = "".join(f"{int(count[unit])}{_UNITS[unit]}" for unit in ("hour", "minute") if unit in count)
    return f"P{days}{f'T{clock}' if clock else ''}"


def _local(text: str, what: str) -> datetime | None:
    """Return a moment without an offset as typed; None for a text of another form."""
    text = text.strip()
    if found := _SLASHED.fullmatch(text):
        raise Stop(f"{what}: {text!r} is one day here and another day elsewhere{_readings(found)}", hint=WAYS)
    if _SHORT.fullmatch(text):
        raise Stop(f"{what}: {text!r}: the year in four digits", hint=WAYS)
    if iso := _ISO.fullmatch(text):
        year, month, day, *clock = iso.groups()
    elif dotted := _DOTTED.fullmatch(text):
        day, month, year, *clock = dotted.groups()
    else:
        return None
    try:
        hour, minute, second = (int(part or 0) for part in clock)
        return datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 - local
    except ValueError:
        raise Stop(f"{what}: {text!r} is no moment of the calendar", hint=WAYS) from None


def _readings(found: re.Match[str]) -> str:
    """Return the days that a date with strokes may mean."""
    first, second, year = (int(part) for part in found.groups())
    year += 2000 if year < 100 else 0
    days = set()
    for month, day in ((first, second), (second, first)):
        try:
            days.add(date(year, month, day).isoformat())
        except ValueError:
            continue
    return f": {' or '.join(sorted(days))}" if days else ""


class _Zone:
    """A time zone, its name, and whose it is."""

    def __init__(self, name: str, of: str) -> None:
        from ledger.formats.time_zones import zone

        self.name, self.of = name, of
        self.zone: tzinfo = zone(name)


def _zone_of(actor: str | None, text: str, what: str) -> _Zone:
    """Return the zone of an office, else that of the registrar's Party; `Stop` if the register has none."""
    from cli.session.ledger_reader import reading_anywhere
    from ledger.law.parties.party_register import fold

    needs = f"{what}: {text!r} needs its offset or Z: the same words are another moment elsewhere"
    if not ledger_choice.has_ledger():
        raise Stop(needs, hint=f"as {text}T14:30+01:00" if ":" not in text else "as 2026-11-26T14:30+01:00")
    with reading_anywhere(describe=False) as reader:
        register = fold(reader.register())
        office = register.office(actor) if actor else None
        party = office.party if office else reader.party()
    member = register.parties.get(party)
    if member is None:
        raise Stop(f"{needs}, and no zone of {party} is registered", hint="comity record party-registered -f zone=...")
    return _Zone(member.zone, party)


def _in_zone(local: datetime, zone: tzinfo, name: str, text: str, what: str) -> datetime:
    """Return the moment of a local time in UTC; `Stop` with both candidates for one that is skipped or repeated."""
    earlier, later = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return _checked(earlier, text, what)
    skipped = earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local
    happens = "does not exist" if skipped else "happens twice"
    pair = sorted((earlier, later), key=lambda moment: moment.astimezone(UTC))
    candidates = " or ".join(f"{output.plain(m)} ({_clock(m, zone)})" for m in pair)
    raise Stop(f"{what}: {text!r} {happens} in {name}: the clocks change", hint=f"give one of {candidates}")


def _clock(moment: datetime, zone: tzinfo) -> str:
    here = moment.astimezone(UTC).astimezone(zone)
    offset = here.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset).seconds // 60, 60)
    return f"{here:%H:%M} at {sign}{hours:02}:{minutes:02}"


def _checked(moment: datetime, text: str, what: str) -> datetime:
    try:
        return ledger_choice.in_utc(moment)
    except ValueError:
        raise Stop(f"{what}: {text!r} is a moment that no calendar here has") from None

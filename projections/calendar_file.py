"""Deadlines as an iCalendar file (RFC 5545), for the calendar people look at anyway.

It names no person and no office: the clock, the reference of the order, the article. The same record and the same
moment give the same bytes, and a clock keeps its UID while it runs, so that a second import moves what the first made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Alarm, Calendar, Event

from projections.due import Duty

SHOWN = timedelta(minutes=15)
LONG = timedelta(days=4)


def calendar_file(
    duties: Iterable[Duty], names: Mapping[str, str], origin: str, now: datetime, wound: Mapping[str, datetime]
) -> bytes:
    """A calendar of every clock that has an end, asked for at `now` (UTC).

    `names` are what people call the orders, by id; `origin` is the log's; `wound` tells when an entry happened, by leaf
    hash. Clocks that could not be computed are left out: there is no day to put them on.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Comity//deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("name", "Deadlines")
    seen: dict[str, int] = {}
    for duty in sorted(duties, key=lambda d: (d.clock.due or now, d.order, d.clock.id)):
        if duty.clock.due is None:
            continue
        place = f"{origin}/{duty.order}/{duty.clock.id}/{duty.clock.trigger or ''}"
        seen[place] = seen.get(place, -1) + 1
        uid = uuid5(NAMESPACE_URL, f"{place}/{seen[place]}" if seen[place] else place)
        calendar.add_component(
            _event(duty, duty.clock.due, names.get(duty.order, duty.order[:8]), str(uid), now, wound)
        )
    made: bytes = calendar.to_ical()
    return made


def _event(duty: Duty, due: datetime, name: str, uid: str, now: datetime, wound: Mapping[str, datetime]) -> Event:
    clock = duty.clock
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now)
    # What happens at `due` is late: the quarter of an hour before it stands on the last day itself, not after it.
    event.add("dtstart", due - SHOWN)
    event.add("dtend", due)
    event.add("summary", f"{clock.id} ends: {name}")
    says = f"{', '.join(clock.cite)}. Counted as {clock.policy}. {clock.verdict} when this was written."
    event.add("description", says)
    event.add("categories", [duty.instrument])
    event.add("class", "CONFIDENTIAL")
    event.add("transp", "TRANSPARENT")  # it takes nobody's time
    for before in _warnings(due, wound.get(clock.trigger or "")):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"{clock.id} ends: {name}")
        alarm.add("trigger", SHOWN - before)  # counted from the start
        event.add_component(alarm)
    return event


def _warnings(due: datetime, wound: datetime | None) -> tuple[timedelta, ...]:
    """When to warn, counted back from the end: a clock of hours is warned of in hours, one of days in days."""
    if wound is not None and due - wound < LONG:
        return (timedelta(hours=1), timedelta(hours=4)) if due - wound > timedelta(hours=5) else (timedelta(hours=1),)
    return (timedelta(days=1), timedelta(days=3))

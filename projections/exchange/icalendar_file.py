"""Deadlines as an iCalendar file (RFC 5545), for any calendar program.

It names no person: only the deadline, the number of the case or of the order, its addressees, the article. The same
record and the same moment give the same bytes. A deadline keeps its UID, so that a second import changes the events of
the first: it moves the event of a deadline that has another end, and cancels the event of a deadline that was
met or is no longer listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Alarm, Calendar, Event

from ledger.law.next_steps.clocks import who_acts
from ledger.law.terms.periods import period
from projections.sentences.local_time import until
from projections.views.due import DeadlineHistory

SHOWN = timedelta(minutes=15)
LONG = timedelta(days=4)


def calendar_file(
    clocks: Iterable[DeadlineHistory],
    names: Mapping[str, str],
    origin: str,
    now: datetime,
    wound: Mapping[str, datetime],
) -> bytes | None:
    """Return a calendar of every deadline that has or had an end, asked for at `now` (UTC); None where there is none.

    `names` are what people know the orders by, by id; `origin` is the log's; `wound` says when an entry happened, by
    leaf hash. Deadlines that could not be computed are left out: they have no day.
    """
    ending = [(c.clock.due, c.order, c.clock.id, c.number, n, c) for n, c in enumerate(clocks) if c.clock.due]
    if not ending:
        return None  # RFC 5545 section 3.6: a calendar has at least one component
    calendar = Calendar()
    calendar.add("prodid", "-//Comity//deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("name", "Deadlines")
    for due, *_, clock in sorted(ending):
        calendar.add_component(_event(clock, due, names, origin, now, wound))
    content: bytes = calendar.to_ical()
    return content


def _event(
    one: DeadlineHistory,
    due: datetime,
    names: Mapping[str, str],
    origin: str,
    now: datetime,
    wound: Mapping[str, datetime],
) -> Event:
    clock, name = one.clock, names.get(one.order, one.order[:8])
    named = period(clock.id)
    says = f"{named[:1].upper()}{named[1:]} ends: {name}"
    place = f"{origin}/{one.order}/{clock.id}/{clock.trigger or ''}"
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_URL, f"{place}/{one.number}" if one.number else place)))
    event.add("dtstamp", now)
    event.add("sequence", one.changes)
    event.add("status", "CONFIRMED" if one.open else "CANCELLED")
    # What happens at `due` is late: the quarter of an hour before it is on the last day itself, not after it.
    event.add("dtstart", due - SHOWN)
    event.add("dtend", due)
    event.add("summary", says)
    state = f"{clock.verdict} when this was written." if one.open else "Nothing is due by this clock any more."
    ends = f"{who_acts(clock.id)}, {until(due, clock.zone, clock.last_day)}"
    event.add("description", f"{', '.join(clock.cite)}: {ends}. Counted as {clock.policy}. {state}")
    event.add("categories", [one.instrument])
    event.add("class", "CONFIDENTIAL")
    event.add("transp", "TRANSPARENT")
    for before in _warnings(due, wound.get(clock.trigger or "")) if one.open else ():
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", says)
        alarm.add("trigger", SHOWN - before)  # counted from the start
        event.add_component(alarm)
    return event


def _warnings(due: datetime, wound: datetime | None) -> tuple[timedelta, ...]:
    """Return when to warn, counted back from the end: in hours for a period of hours, in days for one of days."""
    if wound is not None and due - wound < LONG:
        return (timedelta(hours=1), timedelta(hours=4)) if due - wound > timedelta(hours=5) else (timedelta(hours=1),)
    return (timedelta(days=1), timedelta(days=3))

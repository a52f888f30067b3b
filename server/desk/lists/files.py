"""A list of orders as a file: CSV for a spreadsheet, iCalendar (RFC 5545) for a calendar.

A file has what the page has of the record, and nothing of the office's work: no assignment, no note.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ledger.entries.case import wire
from projections.exchange.csv_file import csv_table
from projections.views.due import DeadlineHistory
from server.desk.lists.lines import OrderLine

COLUMNS: Final = (
    "order", "case", "reference", "instrument", "provider", "from_party", "to_party", "state", "made", "last_entry",
    "deadline", "deadline_ends", "deadline_can_be_met", "who_acts", "violations", "remarks", "gaps", "findings",
)  # fmt: skip
MOST_EVENTS: Final = 5_000  # of a calendar


def list_csv(lines: Sequence[OrderLine], now: datetime) -> bytes:
    """Return orders one a line, in the order of the list; times are UTC."""
    return csv_table(COLUMNS, (_row(line, now) for line in lines))


def _row(line: OrderLine, now: datetime) -> tuple[str, ...]:
    each = line.next(now)
    due = None if each is None else each.clock.due
    return (
        line.order,
        line.name,
        line.reference,
        line.instrument,
        line.provider,
        line.from_party,
        line.to_party,
        line.state,
        wire(line.issued_on) if line.issued_on else "",
        wire(line.last_on),
        "" if each is None else each.clock.id,
        wire(due) if due else "",
        "" if each is None else "no" if line.hopeless(each, now) else "yes",
        "" if each is None else each.acts,
        *map(str, line.levels),
        " ".join(line.codes),
    )


def list_calendar(lines: Sequence[OrderLine], origin: str, now: datetime) -> bytes:
    """Return the open deadlines of a list that can still be met as a calendar, the soonest first; empty without one."""
    from projections.exchange.icalendar_file import calendar_file  # of the extra `calendar`

    names = {line.order: line.name for line in lines}
    ending = [
        (line, each)
        for line in lines
        for each in line.open
        if each.clock.due is not None and not line.hopeless(each, now)
    ]
    ending.sort(key=lambda one: (one[1].clock.due or now, one[0].order))
    shown = ending[:MOST_EVENTS]
    clocks = [DeadlineHistory(line.order, line.instrument, e.clock, e.number) for line, e in shown]
    began = {e.clock.trigger: e.began for _, e in shown if e.clock.trigger and e.began}
    return calendar_file(clocks, names, origin, now, began) or b""

"""A list of orders as a file: CSV for a spreadsheet, iCalendar (RFC 5545) for a calendar.

A file has what the page has of the record, and nothing of the office's work: no assignment, no note.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import nsmallest
from typing import Final

from ledger.entries.case import wire
from projections.exchange.csv_file import csv_table
from projections.views.due import DeadlineHistory
from server.desk.lists.order_line import OrderLine

COLUMNS: Final = (
    "order", "case", "reference", "instrument", "provider", "from_party", "to_party", "state", "made", "last_entry",
    "deadline", "deadline_ends", "deadline_can_be_met", "who_acts", "violations", "remarks", "gaps", "findings",
)  # fmt: skip
MOST_EVENTS: Final = 5_000  # of a calendar


def list_csv(lines: Iterable[OrderLine], now: datetime) -> bytes:
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


def list_calendar(lines: Iterable[OrderLine], origin: str, now: datetime) -> bytes:
    """Return the open deadlines of a list that can still be met as a calendar, the soonest first; empty without one."""
    from projections.exchange.icalendar_file import calendar_file  # of the extra `calendar`

    ending = (
        (each.clock.due, line.order, n, line, each)
        for line in lines
        for n, each in enumerate(line.open)
        if each.clock.due is not None and not line.hopeless(each, now)
    )
    shown = [(line, each) for _, _, _, line, each in nsmallest(MOST_EVENTS, ending, key=lambda one: one[:3])]
    names = {line.order: line.name for line, _ in shown}
    clocks = [DeadlineHistory(line.order, line.instrument, e.clock, e.number) for line, e in shown]
    began = {e.clock.trigger: e.began for _, e in shown if e.clock.trigger and e.began}
    return calendar_file(clocks, names, origin, now, began) or b""

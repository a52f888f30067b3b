"""Make calendars (RFC 5545) of the deadlines that an office may see, for people who subscribe by a secret address.

A calendar is made by the job and kept in the file of the jobs, so that a request only reads it. It is made of the
entries that the server shows to the office, without sealed values.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from ledger.entries.envelope import OpenedEntry, open_
from ledger.errors import RecordError
from projections.views.due import DeadlineHistory, followed
from server.access import Caller
from server.described import public_case, public_entries
from server.documents import ProvenEntry
from server.jobs.settings import Settings
from server.jobs.state import JobStore
from server.jobs.table import Place
from server.jobs.views import OfficeViews, office_views, order_items


def new_address(ledger: Path, office: str, name: str) -> str:
    """Return the secret path of a new calendar for a person; the earlier one of the same name ends.

    `RecordError` KEY-UNKNOWN for an office that may see nothing.
    """
    secret = secrets.token_urlsafe(32)
    with office_views(ledger, datetime.now(UTC)) as seen:
        seen.caller(office)
    with closing(JobStore(ledger)) as store:
        store.keep_feed(_digest(secret), office, name)
    return f"/v1/calendar/{secret}"


def calendar_at(ledger: Path, secret: str) -> bytes | None:
    """Return the calendar at a secret address, empty if nothing has an end; None if there is no such address."""
    with closing(JobStore(ledger)) as store:
        return store.feed(_digest(secret))


def make_calendars(settings: Settings, store: JobStore, place: Place) -> None:
    """Make the calendar of each office anew; that of an office that may see nothing any more is emptied."""
    now = datetime.fromtimestamp(place.now, UTC)
    offices = store.feed_offices()
    if not offices:
        return
    with office_views(place.ledger, now) as seen:
        for office in offices:
            try:
                caller = seen.caller(office)
            except RecordError:
                store.keep_calendar(office, b"")
            else:
                store.keep_calendar(office, _calendar(seen, caller, now))


def _calendar(seen: OfficeViews, caller: Caller, now: datetime) -> bytes:
    from projections.exchange.icalendar_file import calendar_file  # of the extra `calendar`

    view, keyring = seen.view, seen.keyring
    register = public_entries(_opened(view.register(0).entries), keyring)
    clocks: list[DeadlineHistory] = []
    names: dict[str, str] = {}
    moments: dict[str, datetime] = {}
    for item in order_items(view, caller):
        order = item.order.order
        case = public_case(order, _opened(view.order_entries(caller, order).entries), register, keyring)
        names[order] = item.order.ref or order[:8]
        clocks += followed(case, now)
        moments |= {e.leaf: e.on for e in case.entries}
    return calendar_file(clocks, names, view.origin, now, moments) or b""


def _opened(entries: list[ProvenEntry]) -> list[tuple[int, OpenedEntry]]:
    return [(e.index, open_(e.entry.encode(), verify=False)) for e in entries if e.entry is not None]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

"""Simultaneous notification of the authority of the provider's State: CETS 224 art. 7(5)(a), EPOC art. 8(1).

Simultaneous means the same instant; any later notification is late, and the difference is shown (decision 16). A
material correction makes a version that must be notified again (decision 13).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ledger.entries.case import Entry
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import CheckResult, Matches


def never_notified(r: OrderReading) -> Matches:
    """Return the served versions without a notification-sent."""
    return [version for version, _ in _to_notify(r) if r.order.notified(version) is None]


def notified_late(r: OrderReading) -> Matches:
    """Return the notifications after the service of their version, with the delay, the longest first."""
    late = [
        (notification.on - service, version, notification)
        for version, service in _to_notify(r)
        if (notification := r.order.notified(version))
    ]
    late = sorted((x for x in late if x[0] > timedelta()), key=lambda x: x[0], reverse=True)
    if not late:
        return None
    leaves = tuple(e.leaf for _, version, notification in late for e in (version, notification))
    return CheckResult(leaves, {"delta": span(late[0][0])})


def _to_notify(r: OrderReading) -> Iterator[tuple[Entry, datetime]]:
    """Yield every served version with the moment of its service, if notification is required."""
    if r.review.required:
        for version in r.order.versions:
            if (service := r.order.service(version)) is not None:
                yield version, service


def span(length: timedelta) -> str:
    """Return a length of time for people: `2 h 5 min`, `3 d`, `40 s`."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 s"

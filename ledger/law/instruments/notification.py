"""Simultaneous notification of the authority of the provider's State: CETS 224 art. 7(5)(a), EPOC art. 8(1).

Simultaneous means on the same day (policy SAME-TIME, decision 16): a later notification of that day is a remark with
the time between, and one of a later day is late. A material correction makes a version that must be notified again
(decision 13).
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
    """Return the notifications of a day after the service of their version, with the delay, the longest first."""
    return _notified_after(r, same_time=False)


def notified_that_day(r: OrderReading) -> Matches:
    """Return the notifications after the service of their version, on the same day, with the time between."""
    return _notified_after(r, same_time=True)


def _notified_after(r: OrderReading, *, same_time: bool) -> Matches:
    after = [
        (notification.on - service, version, notification)
        for version, service in _to_notify(r)
        if (notification := r.order.notified(version)) is not None
        and notification.on > service
        and simultaneous(r, service, notification.on) is same_time
    ]
    if not after:
        return None
    after.sort(key=lambda x: x[0], reverse=True)
    leaves = tuple(e.leaf for _, version, notification in after for e in (version, notification))
    return CheckResult(leaves, {"delta": span(after[0][0])})


def simultaneous(r: OrderReading, one: datetime, other: datetime) -> bool:
    """Return True if two acts of the issuing Party are at the same time: policy SAME-TIME."""
    days = r.parties.issuer_days
    return days.day(one) == days.day(other)


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

"""Regions: facts about an order that are independent of its state. findings.md 5.

A region takes its value from the last entry that sets it; time and clocks can change it. All of it is [design].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ledger.entries.case import Entry
from ledger.law.instruments.notice import (
    DELAYS,
    NOTIFIED_CONTRARY,
    confidential,
    end_of_day,
    general_notice,
)
from ledger.law.reading.order_reading import OrderReading

AT_REST = {
    "notification": "NOT_REQUIRED",
    "customer_notice": "NONE",
    "conditions": "NONE",
    "custody": "NONE",
    "incident": "NONE",
}


def notification(r: OrderReading) -> str:
    """Return whether the authority of the provider's State was notified: NOT_REQUIRED, DUE, SENT, RECEIVED."""
    last = _last(r, {"notification-sent": "SENT", "notification-received": "RECEIVED"})
    return last or ("DUE" if r.review.required and r.order.issued is not None else "NOT_REQUIRED")


def customer_notice(r: OrderReading) -> str:
    """Return whether the person was notified: PUBLISHED with a general notice alone, else by the last entry."""
    word = _last(r, dict.fromkeys(DELAYS, "DELAYED") | NOTICE, _notice)
    if word == "DELAYED":
        review = end_of_day(r, r.entries.of(*DELAYS)[-1], "review_on")
        return "OVERDUE" if review is not None and r.at >= review else word
    if (
        word == "LIFTED"
        and r.deadlines.missed("NOTICE-DUE")
        and not r.entries.of("customer-notified", NOTIFIED_CONTRARY)
    ):
        return "OVERDUE"
    return word or ("PUBLISHED" if general_notice(r) else "NONE")


NOTICE = {
    "customer-notification-delay-lifted": "LIFTED",
    "customer-notification-omitted": "OMITTED",
    "customer-notified": "NOTIFIED",
    NOTIFIED_CONTRARY: "NOTIFIED_EARLY",
}


def _notice(r: OrderReading, e: Entry, value: str) -> str:
    early = value == "NOTIFIED" and r.actors.is_by(e, "SP", "REG") and confidential(r, e)
    return "NOTIFIED_EARLY" if early else value


def conditions(r: OrderReading) -> str:
    """Return whether a condition binds the use: IMPOSED, ACCEPTED, DECLINED."""
    values = {
        "condition-imposed": "IMPOSED",
        "determination-given": "IMPOSED",
        "ground-for-refusal-raised": "IMPOSED",
        "condition-accepted": "ACCEPTED",
        "condition-declined": "DECLINED",
    }
    return _last(r, values, _imposed) or "NONE"


def _imposed(r: OrderReading, e: Entry, value: str) -> str | None:
    if e.kind == "determination-given" and e.get("result") != "yes-with-conditions":
        return None
    if e.kind == "ground-for-refusal-raised" and not (e.get("scope") == "conditions" and r.review.ground_in_time(e)):
        return None
    return value


def custody(r: OrderReading) -> str:
    """Return the state of the data: HELD, RESTRICTED, RETURNED, DESTROYED."""
    values = {
        "evidence-received": "HELD",
        "restriction-released": "HELD",
        "use-restricted": "RESTRICTED",
        "processing-restricted": "RESTRICTED",
        "data-returned": "RETURNED",
        "data-destroyed": "DESTROYED",
    }
    return _last(r, values, _of_all) or "NONE"


def _of_all(r: OrderReading, e: Entry, value: str) -> str | None:
    in_part = e.kind in ("use-restricted", "data-returned", "data-destroyed") and e.get("scope") != "all"
    return None if in_part else value


def incident(r: OrderReading) -> str:
    """Return whether a security incident was notified: OPEN, NOTIFIED."""
    values = {
        "security-incident-detected": "OPEN",
        "incident-notified-to-authority": "NOTIFIED",
        "incident-notified-to-transferring-party": "NOTIFIED",
    }
    return _last(r, values) or "NONE"


REGIONS: dict[str, Callable[[OrderReading], str]] = {
    "notification": notification,
    "customer_notice": customer_notice,
    "conditions": conditions,
    "custody": custody,
    "incident": incident,
}


def regions(r: OrderReading) -> dict[str, str]:
    """Return the regions of an order that are not at rest."""
    values = {name: region(r) for name, region in REGIONS.items()}
    return {name: value for name, value in values.items() if value != AT_REST[name]}


ValueOf = Callable[[OrderReading, Entry, str], str | None]


def _last(r: OrderReading, values: dict[str, str], value_of: ValueOf | None = None) -> str | None:
    """Return the value that the last entry sets; `value_of` gives the value of an entry, if it depends on the entry."""
    return next(_values(r, values, value_of), None)


def _values(r: OrderReading, values: dict[str, str], value_of: ValueOf | None) -> Iterator[str]:
    for e in reversed(r.entries.of(*values)):
        value = values[e.kind] if value_of is None else value_of(r, e, values[e.kind])
        if value is not None:
            yield value

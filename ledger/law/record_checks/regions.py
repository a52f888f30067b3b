"""What runs beside the state and is never folded into it. findings.md 5.

A region takes its value from the last entry that sets it; time and clocks can move it on. All of it is [design].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ledger.entries.case import Entry
from ledger.law.instruments.notice import (
    DELAYS,
    TOLD_THOUGH_NOT_TO,
    asked_not_to,
    end_of_day,
    forbidden,
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
    """Whether the authority of the provider's State was told: NOT_REQUIRED, DUE, SENT, RECEIVED."""
    last = _last(r, {"notification-sent": "SENT", "notification-received": "RECEIVED"})
    return last or ("DUE" if r.review.required and r.order.issued is not None else "NOT_REQUIRED")


def customer_notice(r: OrderReading) -> str:
    """Whether the person was told: PUBLISHED if there is nothing but a general notice, else by the last word."""
    word = _last(r, dict.fromkeys(DELAYS, "DELAYED") | NOTICE, _told)
    if word == "DELAYED":
        review = end_of_day(r, r.entries.of(*DELAYS)[-1], "review_on")
        return "OVERDUE" if review is not None and r.at >= review else word
    if (
        word == "LIFTED"
        and r.deadlines.missed("NOTICE-DUE")
        and not r.entries.of("customer-notified", TOLD_THOUGH_NOT_TO)
    ):
        return "OVERDUE"
    return word or ("PUBLISHED" if general_notice(r) else "NONE")


NOTICE = {
    "customer-notification-delay-lifted": "LIFTED",
    "customer-notification-omitted": "OMITTED",
    "customer-notified": "NOTIFIED",
    TOLD_THOUGH_NOT_TO: "NOTIFIED_EARLY",
}


def _told(r: OrderReading, e: Entry, value: str) -> str:
    early = value == "NOTIFIED" and r.actors.is_by(e, "SP", "REG") and (forbidden(r, e) or asked_not_to(r, e))
    return "NOTIFIED_EARLY" if early else value


def conditions(r: OrderReading) -> str:
    """Whether use is bound by a condition: IMPOSED, ACCEPTED, DECLINED."""
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
    """What became of the data: HELD, RESTRICTED, RETURNED, DESTROYED."""
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
    """Whether a security incident was told on: OPEN, NOTIFIED."""
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
    """The regions of an order that are not at rest."""
    values = {name: region(r) for name, region in REGIONS.items()}
    return {name: value for name, value in values.items() if value != AT_REST[name]}


Word = Callable[[OrderReading, Entry, str], str | None]


def _last(r: OrderReading, values: dict[str, str], word: Word | None = None) -> str | None:
    """The value that the last entry sets; `word` says which value an entry sets, if it is not always the same."""
    return next(_words(r, values, word), None)


def _words(r: OrderReading, values: dict[str, str], word: Word | None) -> Iterator[str]:
    for e in reversed(r.entries.of(*values)):
        value = values[e.kind] if word is None else word(r, e, values[e.kind])
        if value is not None:
            yield value

"""Clocks between two States: CETS 224 arts 8 and 9, Budapest Convention arts 16 and 29."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from ledger.entries.case import Entry, instant
from ledger.facts.vocabulary import ELEMENTS
from ledger.law.deadlines.deadline_base import (
    RunningPeriod,
    answered,
    first_of,
    since,
    start_by_receipt,
    start_period,
    with_twin,
)
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import CountedPeriod, Duration, calendar_days, duration
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

RENEWED = 90  # days: ETS 185 art. 16(2), "up to a maximum of ninety days", and renewed likewise [text]


def _d_8_6_service(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    accepted = next(iter(since(r, "request-accepted")), r.entries.first("request-accepted"))
    if accepted is not None:
        days = r.parties.days_of(r.parties.to_party)
        w = start_period(r, d, accepted, lambda on: calendar_days(on, 45, days), instant(accepted.get("complete_at")))
        served = (r.receipts.governing,) if r.receipts.governing else ()
        yield from with_twin(w, lambda w: w.judged(first_of(served), served))


def _d_8_6_return(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield D-8-6-RETURN: one period for each kind of data. A mixed order has both, each with its own answer."""
    if r.receipts.governing is None or r.order.issued is None:
        return
    sought = r.order.issued.get("data_categories") or ()
    traffic, other = "traffic" in sought, any(category != "traffic" for category in sought)
    answers = since(r, "data-disclosed", "no-data-held")
    for of_traffic, length in ((False, 20), (True, 45)):
        if of_traffic != traffic and not (traffic and other):
            continue
        w = start_by_receipt(r, d, lambda on, length=length: calendar_days(on, length, r.parties.provider_days))  # type: ignore[misc]
        own = answers
        if traffic and other:
            w = replace(w, notes=(*w.notes, f"for {'traffic data' if of_traffic else 'subscriber information'}"))
            own = tuple(e for e in answers if _speaks_of(r, e, traffic=of_traffic))
        yield from with_twin(w, lambda w, own=own: w.judged(first_of(own), own))  # type: ignore[misc]


def _speaks_of(r: OrderReading, e: Entry, *, traffic: bool) -> bool:
    """Return True if an answer returns or lacks an element of this kind of data; all kinds if it names no element."""
    named = e.get("elements") or () if e.kind == "no-data-held" else r.substance.returned_by(e)
    known = [element for name in named if (element := ELEMENTS.get(name.partition("#")[0]))]
    return not known or any((element.category == "traffic") is traffic for element in known)


def _d_9_5(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield D-9-5. A declaration that names no period sets a duty and no clock [design]."""
    declared, passed_on = r.parties.declared("D-9-5"), r.entries.first("data-transmitted-by-state")
    length = duration(declared.terms) if declared else None
    if length is not None and passed_on is not None:
        w = start_period(r, d, passed_on, lambda on: calendar_days(on, length, r.parties.issuer_days))
        yield answered(w, r.entries.of("emergency-request-formalised"))


def _preserved(r: OrderReading) -> Entry | None:
    return r.entries.first("preservation-confirmed") or r.receipts.governing


def _kept(w: RunningPeriod) -> Clock:
    """Return the clock of a preservation: follow-up in time meets it; an earlier withdrawal or cessation ends it."""
    requests = w.r.entries.of("production-request-confirmed")
    verdict, answer = w.judged(first_of(requests), requests)
    if verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        over = [e for e in w.r.entries.of("order-withdrawn", "preservation-ceased") if w.before(e)]
        if over:
            return w.clock(ClockVerdict.NOT_RUNNING, answer, over[0])
    return w.clock(verdict, answer)


def _b_29_60(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if (start := _preserved(r)) is not None:
        yield _kept(start_period(r, d, start, lambda on: calendar_days(on, 60, r.parties.issuer_days)))


def _b_16_90(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if (start := _preserved(r)) is not None:
        extensions = r.entries.of("preservation-extended")

        def counting(on: datetime) -> CountedPeriod:
            length = Duration(days=90)
            count = calendar_days(on, length, r.parties.issuer_days)
            for e in extensions:  # each made in time lengthens the period, in order
                more = duration(e.get("extends_by"))
                if more is not None and e.on < count.due:
                    renewed = calendar_days(on, length + Duration(days=RENEWED), r.parties.issuer_days)
                    stated = calendar_days(on, length + more, r.parties.issuer_days)
                    length = length + (more if stated.due <= renewed.due else Duration(days=RENEWED))
                    count = calendar_days(on, length, r.parties.issuer_days)
            return count

        yield _kept(start_period(r, d, start, counting))


D_8_6_SERVICE = Deadline(
    id="D-8-6-SERVICE",
    instruments=("2AP-8",),
    wound_by="request-accepted: its complete_at",
    winds=("request-accepted",),
    met_by="governing receipt",
    length="45 days",
    policy="2AP-CAL",
    acts="the requested Party",
    listed="always",
    cite=("2AP:8(6)(a)",),
    mark=Mark.KNOWN,
    run=_d_8_6_service,
)
D_8_6_RETURN = Deadline(
    id="D-8-6-RETURN",
    instruments=("2AP-8",),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="data-disclosed, no-data-held",
    length="20 days; 45 days for traffic data; both if the order asks for both",
    policy="2AP-CAL",
    acts="the provider",
    listed="always",
    cite=("2AP:8(6)(a)(i)-(ii)",),
    mark=Mark.LIKELY,  # that it runs from service
    run=_d_8_6_return,
)
D_9_5 = Deadline(
    id="D-9-5",
    instruments=("2AP-9",),
    wound_by="first data-transmitted-by-state, where D-9-5 is declared",
    met_by="emergency-request-formalised",
    length="as declared",
    policy="2AP-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("2AP:9(5)",),
    mark=Mark.KNOWN,
    run=_d_9_5,
)
B_29_60 = Deadline(
    id="B-29-60",
    instruments=("BC-29",),
    wound_by="preservation-confirmed, else governing receipt",
    winds=("preservation-confirmed", "order-received"),
    met_by="production-request-confirmed",
    length="60 days",
    policy="2AP-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("BC:29(7)",),
    mark=Mark.TEXT,  # where it starts is [likely]
    run=_b_29_60,
)
B_16_90 = Deadline(
    id="B-16-90",
    instruments=("BC-16",),
    wound_by="preservation-confirmed, else governing receipt",
    winds=("preservation-confirmed", "order-received"),
    met_by="production-request-confirmed",
    length="90 days, longer by each preservation-extended made in time",
    policy="2AP-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("BC:16(2)",),
    mark=Mark.TEXT,  # where it starts is [likely]
    run=_b_16_90,
)

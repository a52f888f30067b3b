"""Other clocks of European orders: duties of authorities, preservation, validation after the fact, links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ledger.entries.case import Entry, instant
from ledger.law.deadlines.deadline_base import RunningPeriod, answered, first_of, since, start_by_receipt, start_period
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import (
    CountedPeriod,
    Days,
    Duration,
    duration,
    eu_days,
    eu_hours,
    eu_working_days,
    stated,
)
from ledger.law.terms.calendar import calendar_days as house_days
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark


def _after(e: Entry, earlier: Entry) -> bool:
    return (e.on, e.index) > (earlier.on, earlier.index)


# -- clarification: arts 10(6), 11(5) ----------------------------------------------------------------------------------


def _clarify(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for referral, clarification in r.changes.referrals:
        w = start_period(r, d, referral, lambda on: eu_days(on, 5, r.parties.issuer_days))
        withdrawn = [e for e in r.entries.of("order-withdrawn") if _after(e, referral)]
        answers = sorted((*withdrawn, *((clarification,) if clarification else ())), key=lambda e: (e.on, e.index))
        yield answered(w, answers)


# -- preservation: art. 11 ---------------------------------------------------------------------------------------------


def keeping_end(r: OrderReading) -> datetime | None:
    """Return the end of the sixty days of art. 11(1), before any extension; None while the receipt is not known."""
    return start_by_receipt(r, E_11_1, lambda on: eu_days(on, 60, r.parties.provider_days), extendable=False).due


def extension_in_time(r: OrderReading, e: Entry) -> bool:
    """Return True if a preservation-extended came before the end of the sixty days, or while that is not known."""
    end = keeping_end(r)
    return end is None or e.on < end


def _e_11_1(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if not (r.order.versions and r.order.sent_or_received):
        return
    end = keeping_end(r)

    def counting(on: datetime) -> CountedPeriod:
        """Count the first extension in time from the sixtieth calendar day, and roll the whole (decision 36)."""
        extensions = (e for e in since(r, "preservation-extended") if end is not None and e.on < end)
        more = next((length for e in extensions if (length := duration(e.get("extends_by")))), Duration())
        return eu_days(on, Duration(days=60) + more, r.parties.provider_days)

    w = start_by_receipt(r, d, counting, extendable=False)
    requests = since(r, "production-request-confirmed")
    verdict, answer = w.judged(first_of(requests), requests)
    if w.due is not None and verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        kinds = ("order-withdrawn", "preservation-ceased", "preservation-refused", "no-data-held")
        over = next((e for e in r.entries.of(*kinds) if w.before(e)), None)
        exempt = any(c.verdict is ClockVerdict.MISSED for c in _clarify(E_11_5, r))
        if over is not None or exempt:
            yield w.clock(ClockVerdict.NOT_RUNNING, answer, over)
            return
    yield w.clock(verdict, answer)


# -- enforcement: art. 16 ----------------------------------------------------------------------------------------------


def _enforcing(r: OrderReading, request: Entry) -> Days:
    office = r.register.office(request.get("enforcing_authority") or "")
    return r.parties.days_of(office.party if office else r.parties.to_party)


def _e_16_2(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for request in r.entries.of("enforcement-requested"):
        days = _enforcing(r, request)
        w = start_period(r, d, request, lambda on, days=days: eu_working_days(on, 5, days))  # type: ignore[misc]
        yield answered(w, (e for e in r.entries.of("recognition-decided") if _after(e, request)))


def _e_16_7(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    requested = r.entries.first("enforcement-requested")
    for question in r.entries.of("additional-information-requested"):
        if requested is not None and _after(question, requested) and r.actors.is_by(question, "NOT"):
            w = start_period(r, d, question, lambda on: eu_working_days(on, 5, r.parties.issuer_days))
            replies = r.entries.of("additional-information-provided")
            yield answered(w, (e for e in replies if r.entries.named(e.get("answers")) is question))


# -- validation after the fact: art. 4(5) ------------------------------------------------------------------------------


def _pending(r: OrderReading) -> bool:
    """Return True if issued without prior validation, for a reader that may read the field (decision 41)."""
    return r.order.issued is not None and r.order.issued.get("validation_pending") is True


def _e_4_5(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if _pending(r):
        w = start_period(r, d, r.order.issued, lambda on: eu_hours(on, 48, r.parties.issuer_days))
        yield answered(w, r.entries.of("ex-post-validation-sought"))


def _e_4_5_data(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    refused, disclosed = r.entries.first("ex-post-validation-refused"), r.entries.first("data-disclosed")
    if _pending(r) and refused is not None and disclosed is not None:
        trigger = disclosed if _after(disclosed, refused) else refused
        w = start_period(r, d, trigger, lambda on: house_days(on, 7, r.parties.issuer_days, d.policy))
        done = r.entries.of("data-destroyed", "use-restricted")
        yield answered(w, (e for e in done if e.get("scope") == "all" and _after(e, disclosed)))


# -- a ground after the data: art. 10(4) -------------------------------------------------------------------------------


def _e_10_4_data(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for ground in r.review.grounds_in_time:
        touched = [e for e in r.substance.disclosures if _after(ground, e) and r.substance.touches(ground, e)]
        if touched:
            w = start_period(r, d, ground, lambda on: house_days(on, 7, r.parties.issuer_days, d.policy))
            done = r.entries.of("data-destroyed", "use-restricted", "condition-accepted")
            yield answered(w, (e for e in done if _after(e, ground if e.kind == "condition-accepted" else touched[0])))


# -- a link: Implementing Regulation (EU) 2025/1550, point 3.3.3(b) ----------------------------------------------------


def _e_2025(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for disclosure in r.substance.disclosures:
        if (until := disclosure.get("access_until")) is not None:
            w = _link(r, d, disclosure, instant(until))
            yield answered(w, (e for e in r.entries.of("evidence-received") if r.reliability.speaks_of(e, disclosure)))


def _link(r: OrderReading, d: Deadline, disclosure: Entry, until: datetime) -> RunningPeriod:
    return start_period(r, d, disclosure, lambda on: stated(until, r.parties.provider_days, on))


E_10_4_DATA = Deadline(
    id="E-10-4-DATA",
    instruments=("EPOC",),
    wound_by="ground in time after a disclosure it touches",
    met_by="data-destroyed, use-restricted, condition-accepted",
    length="7 days; the regulation has no number",
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:10(4)",),
    mark=Mark.DESIGN,
    run=_e_10_4_data,
)
E_10_6 = Deadline(
    id="E-10-6",
    instruments=("EPOC",),
    wound_by="order-referred-back",
    winds=("order-referred-back",),
    met_by="order-corrected; additional-information-provided or order-maintained that answers it; order-withdrawn",
    length="5 days",
    policy="EU-1182-71",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:10(6)",),
    mark=Mark.TEXT,
    run=_clarify,
)
E_11_1 = Deadline(
    id="E-11-1",
    instruments=("EPOC-PR",),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="production-request-confirmed",
    length="60 days; with the first preservation-extended in time 60 days and its length, counted as one period",
    policy="EU-1182-71",
    acts="the provider",
    listed="once transmitted or received",
    cite=("EPOC:11(1)",),
    mark=Mark.TEXT,  # where it starts is [likely]
    run=_e_11_1,
)
E_11_5 = Deadline(
    id="E-11-5",
    instruments=("EPOC-PR",),
    wound_by="order-referred-back",
    winds=("order-referred-back",),
    met_by="as E-10-6",
    length="5 days",
    policy="EU-1182-71",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:11(5)",),
    mark=Mark.TEXT,
    run=_clarify,
)
E_16_2 = Deadline(
    id="E-16-2",
    instruments=("EPOC",),
    wound_by="enforcement-requested",
    winds=("enforcement-requested",),
    met_by="recognition-decided",
    length="5 working days",
    policy="EU-1182-71",
    acts="the enforcing authority",
    listed="always",
    cite=("EPOC:16(2)",),
    mark=Mark.TEXT,
    run=_e_16_2,
)
E_16_7 = Deadline(
    id="E-16-7",
    instruments=("EPOC",),
    wound_by="additional-information-requested by NOT after enforcement-requested",
    met_by="the answer to it",
    length="5 working days",
    policy="EU-1182-71",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:16(7)",),
    mark=Mark.TEXT,
    run=_e_16_7,
)
E_4_5 = Deadline(
    id="E-4-5",
    instruments=("EPOC", "EPOC-PR"),
    wound_by="order-issued with validation_pending",
    met_by="ex-post-validation-sought",
    length="48 hours",
    policy="EU-1182-71",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:4(5)",),
    mark=Mark.TEXT,
    run=_e_4_5,
)
E_4_5_DATA = Deadline(
    id="E-4-5-DATA",
    instruments=("EPOC", "EPOC-PR"),
    wound_by="ex-post-validation-refused, or the first disclosure if later",
    met_by="data-destroyed or use-restricted of all",
    length='7 days; the regulation says "immediately"',
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="once data were disclosed",
    cite=("EPOC:4(5)",),
    mark=Mark.DESIGN,
    run=_e_4_5_data,
)
E_2025_3_3_3_B = Deadline(
    id="E-2025-3.3.3(b)",
    instruments=("EPOC",),
    wound_by="data-disclosed with access_until",
    met_by="evidence-received about it",
    length="until access_until",
    policy="STATED",
    acts="the issuing Party",
    listed="always",
    cite=("2025/1550:3.3.3(b)",),
    mark=Mark.TEXT,
    run=_e_2025,
)

"""Clocks of orders that go straight to a provider, outside the Union: CETS 224 arts 6 and 7, 18 U.S.C. 2703(f), (h)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import (
    Answers,
    RunningPeriod,
    answered,
    earliest,
    first_of,
    since,
    start_by_receipt,
    start_period,
    window,
    with_twin,
)
from ledger.law.parties.bound_parties import agreement_from
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import CountedPeriod, Days, calendar_days, duration, us_days
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

ANSWERS = ("data-disclosed", "disclosure-declined", "no-data-held")


def provider_answers(r: OrderReading) -> Answers:
    """Return the answers to an order under arts 6 and 7 (decisions 10, 11).

    All is returned; the provider declines; it holds no such data; or it discloses a part and says what it withholds and
    why.
    """
    entries = [e for e in since(r, *ANSWERS) if _is_answer(r, e)]
    return earliest(first_of(entries), lambda without: r.substance.complete(r.order.since, without))


def _is_answer(r: OrderReading, e: Entry) -> bool:
    if e.kind == "data-disclosed":
        return e.get("partial") is True and e.stated("withheld") and e.stated("withheld_reason")
    return e.kind == "disclosure-declined" or r.substance.is_no_data_for_all(e)


def _d_7_7(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.order.versions and r.order.sent_or_received:
        timeframe = duration(r.order.versions[0].get("return_timeframe"))

        def counting(receipt: datetime) -> CountedPeriod:
            counts = [calendar_days(receipt, length, r.parties.provider_days) for length in (30, timeframe) if length]
            return max(counts, key=lambda count: count.due)

        answers, candidates = provider_answers(r), since(r, *ANSWERS)
        yield from with_twin(start_by_receipt(r, d, counting), lambda w: _judged_7_7(w, answers, candidates))


def _judged_7_7(w: RunningPeriod, answers: Answers, candidates: tuple[Entry, ...]) -> tuple[ClockVerdict, Entry | None]:
    """Return the verdict of D-7-7: no duty remains after withdrawal, or with an instruction for all at the end.

    An instruction lifted only at or after the end leaves it open what the provider still had to do (decision 21).
    """
    r, due = w.r, w.due
    verdict, answer = w.judged(answers, candidates)
    if due is None or verdict in (ClockVerdict.MET, ClockVerdict.UNDETERMINED):
        return verdict, answer
    for_all = [e for e in r.instructions.valid if e.get("scope") == "all"]
    if any(w.before(e) for e in r.entries.of("order-withdrawn")):
        return ClockVerdict.NOT_RUNNING, answer
    if r.at < due:
        standing = any(e in for_all for e in r.instructions.in_force(r.at))
        return (ClockVerdict.NOT_RUNNING if standing else verdict), answer
    at_end = [r.instructions.lifted_on(e) for e in for_all if w.before(e)]
    if any(lifted is None for lifted in at_end):
        return ClockVerdict.NOT_RUNNING, answer
    if any(lifted is not None and lifted >= due for lifted in at_end):
        return ClockVerdict.UNDETERMINED, answer
    return verdict, answer


def _d_7_5d(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for instruction in r.instructions.valid:
        days = r.parties.days_of(r.actors.party(instruction))
        w = start_period(r, d, instruction, lambda on, days=days: calendar_days(on, 7, days, d.policy))  # type: ignore[misc]
        reasons = r.entries.of("instruction-reasons-given")
        yield answered(w, (e for e in reasons if r.entries.named(e.get("about")) is instruction))


def _d_6_3d(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield D-6-3d if a time frame is stated and, as D-7-7, once the request was sent or has arrived.

    Before that it binds no provider [design].
    """
    timeframe = duration(r.order.versions[0].get("return_timeframe")) if r.order.versions else None
    if timeframe is not None and r.order.sent_or_received:
        w = start_by_receipt(r, d, lambda receipt: calendar_days(receipt, timeframe, r.parties.provider_days))
        yield w.clock(*w.judged(provider_answers(r), since(r, *ANSWERS)))


def qualifies(r: OrderReading, party: str | None, on: datetime) -> bool:
    """Return True unless a State is known to have no agreement under 18 U.S.C. 2523 with the issuing one then."""
    since = agreement_from(r.register, (r.parties.from_party, party))
    return since is None or since <= r.parties.issuer_days.day(on)


def motion_2703_h(r: OrderReading, e: Entry) -> bool:
    """Return True if an objection is a motion under 18 U.S.C. 2703(h)(2) in time: it suspends the order, 2703(h)(4).

    It is one against an order for contents, on the law of a qualifying foreign government, and not for a customer who
    is a United States person or resides there.
    """
    if "content" not in r.order.governing or e.get("not_us_person") is False:
        return False
    return qualifies(r, e.get("conflicting_law_party"), e.on) and r.deadlines.before_end(e, "SCA-2703-h")


def _sca_2703_h(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.receipts.governing is not None and "content" in r.order.governing:
        w = start_by_receipt(r, d, lambda receipt: us_days(receipt, 14, r.parties.provider_days))
        yield window(w, since(r, "reasoned-objection-filed"))


def _days_of(r: OrderReading, requested: Entry) -> Days:
    """Return the calendar of the Party that asks: no order need be issued yet."""
    return r.parties.days_of(r.actors.party(requested))


def renewal_2703_f(r: OrderReading) -> Entry | None:
    """Return the first renewed request that came within the ninety days; a second one extends nothing."""
    requested = r.entries.first("preservation-requested")
    if requested is None:
        return None
    end = calendar_days(requested.on, 90, _days_of(r, requested)).due
    renewed = (e for e in r.entries.later(requested, "preservation-extended", "preservation-requested") if e.on < end)
    return next(renewed, None)


def _sca_2703_f(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield SCA-2703-f: ninety days from the request, one hundred and eighty with one renewed request in time."""
    requested = r.entries.first("preservation-requested")
    if requested is None:
        return
    length = 90 if renewal_2703_f(r) is None else 180
    w = start_period(r, d, requested, lambda on: calendar_days(on, length, _days_of(r, requested)), extendable=False)
    process = r.entries.of("order-issued", "production-request-confirmed")
    verdict, answer = w.judged(first_of(process), process)
    over = [e for e in r.entries.of("order-withdrawn", "preservation-ceased") if w.before(e)]
    if over and verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        yield w.clock(ClockVerdict.NOT_RUNNING, answer, over[0])
    else:
        yield w.clock(verdict, answer, renewal_2703_f(r))


D_7_7 = Deadline(
    id="D-7-7",
    instruments=("2AP-7",),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="all is returned; disclosure-declined; no-data-held for all; a partial data-disclosed that says what it "
    "withholds and why",
    length="the longer of 30 days and return_timeframe",
    policy="2AP-CAL",
    acts="the provider",
    listed="once transmitted or received",
    cite=("2AP:7(7)",),
    mark=Mark.KNOWN,  # the counting is [design]
    run=_d_7_7,
)
D_7_5D = Deadline(
    id="D-7-5d",
    instruments=("2AP-7",),
    wound_by="valid non-disclosure-instructed",
    winds=("non-disclosure-instructed",),
    met_by="instruction-reasons-given about it",
    length='7 days; the treaty says "promptly"',
    policy="HOUSE-CAL",
    acts="the notifying authority",
    listed="always",
    cite=("2AP:7(5)(d)(ii)",),
    mark=Mark.DESIGN,
    run=_d_7_5d,
)
D_6_3D = Deadline(
    id="D-6-3d",
    instruments=("2AP-6",),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="as D-7-7",
    length="return_timeframe",
    policy="2AP-CAL",
    acts="the provider",
    listed="if a time frame is stated",
    cite=("2AP:6(3)(d)",),
    mark=Mark.KNOWN,
    run=_d_6_3d,
)
SCA_2703_H = Deadline(
    id="SCA-2703-h",
    instruments=("SCA",),
    wound_by="governing receipt of an order for contents",
    winds=("order-received",),
    met_by="reasoned-objection-filed",
    length="14 days",
    policy="US-45",
    acts="the provider",
    listed="for contents; a window",
    cite=("SCA:2703(h)(2)",),
    mark=Mark.TEXT,  # the counting is [known]
    run=_sca_2703_h,
    window=True,
)
SCA_2703_F = Deadline(
    id="SCA-2703-f",
    instruments=("SCA",),
    wound_by="preservation-requested",
    winds=("preservation-requested",),
    met_by="order-issued, production-request-confirmed",
    length="90 days; 180 with one renewed request within the 90",
    policy="2AP-CAL",
    acts="the issuing authority",
    listed="always",
    cite=("SCA:2703(f)(2)",),
    mark=Mark.TEXT,  # where it starts is [likely]
    run=_sca_2703_f,
)

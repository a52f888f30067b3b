"""Clocks of orders that go straight to a provider, outside the Union: CETS 224 arts 6 and 7, 18 U.S.C. 2703(h)."""

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
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import CountedPeriod, calendar_days, duration, us_days
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


def _sca_2703_h(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.receipts.governing is not None:
        w = start_by_receipt(r, d, lambda receipt: us_days(receipt, 14, r.parties.provider_days))
        yield window(w, since(r, "reasoned-objection-filed"))


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
    instruments=("SCA", "COA"),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="reasoned-objection-filed",
    length="14 days",
    policy="US-45",
    acts="the provider",
    listed="always; a window",
    cite=("SCA:2703(h)(2)",),
    mark=Mark.KNOWN,  # the 14 days are [text]
    run=_sca_2703_h,
    window=True,
)

"""Clocks of European orders: Regulation (EU) 2023/1543, Implementing Regulation (EU) 2025/1550.

Here are the ten days and the eight hours of art. 10; `e_evidence_authorities.py` has the duties between authorities,
preservation, validation and links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import Answers, RunningPeriod, earliest, first_of, since, start_period, window
from ledger.law.parties.bound_parties import is_member_state
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import HOUR, CountedPeriod, eu_days, eu_hours
from ledger.law.terms.computation import paused
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

ANSWERS = ("data-disclosed", "no-data-held")
OVER = ("order-withdrawn", "ex-post-validation-refused", "impossibility-concluded", "preservation-released")
SILENCE = timedelta(hours=24)  # decision 28 [design]: after an authority that stayed silent, so long from the end

PausedCount = Callable[[datetime, int], CountedPeriod]  # (start, days or hours of the pause) -> the count


# -- art. 10(2), 10(3), 10(4): to transmit -----------------------------------------------------------------------------


def _answers(r: OrderReading) -> Answers:
    no_data = [e for e in since(r, "no-data-held") if r.substance.is_no_data_for_all(e)]
    return earliest(first_of(no_data), lambda without: r.substance.complete(r.order.since, without))


def _emergency_at_receipt(r: OrderReading) -> bool:
    """Return True if art. 10(4) applies: an emergency at the governing receipt or, before any receipt, now."""
    return r.emergency.lasts(r.receipts.governing.on if r.receipts.governing else r.at)


def _transmission(
    r: OrderReading,
    d: Deadline,
    trigger: Entry | None,
    counting: PausedCount,
    passed: Callable[[datetime, datetime], int],
    unit: str,
) -> RunningPeriod:
    """Return the period of a provider; a referral back pauses it until the clarification, art. 10(6).

    It goes on and does not start again (decision 27); a referral at or after the end stops nothing. During the pause
    the old end is shown.
    """
    start = trigger.on if trigger else None
    if trigger is not None and trigger.kind == "emergency-reassessed":
        start = next(over for over, e in r.emergency.reassessed if e is trigger)
    w = start_period(r, d, trigger, lambda on: counting(on, 0), start, versioned=True)
    pause, clarified = 0, start
    for referral, clarification in r.changes.referrals:
        if w.due is None or (r.order.since is not None and referral.on < r.order.since):
            continue
        begins = max(referral.on, clarified or referral.on)
        if begins >= w.due:
            break
        if clarification is None:
            return replace(w, waiting=referral)
        if clarification.on > begins and start is not None and w.extension is None:
            more = passed(begins, clarification.on)
            pause += more
            step = paused(begins, clarification.on, more, unit, (referral.leaf, clarification.leaf))
            w = replace(w, count=counting(start, pause), notes=(*w.notes, step))
        clarified = max(begins, clarification.on)
    return w


def _in_days(r: OrderReading) -> tuple[PausedCount, Callable[[datetime, datetime], int], str]:
    days = r.parties.provider_days
    return (
        lambda on, stood: eu_days(on, 10 + stood, days),
        lambda begins, ends: (days.day(ends) - days.day(begins)).days,
        "days",
    )


def _in_hours(r: OrderReading) -> tuple[PausedCount, Callable[[datetime, datetime], int], str]:
    return (
        lambda on, stood: eu_hours(on, 8 + stood, r.parties.provider_days),
        lambda begins, ends: -((begins - ends) // HOUR),  # rounded up to full hours
        "hours",
    )


def _stopped_by(w: RunningPeriod) -> Entry | None:
    """Return the entry that releases a provider from the period: arts 4(5), 10(6)-(9), 12(2), 17(3).

    An objection or reasons no longer do once the authority has set a new end after them (decisions 34, 35). In an
    emergency nothing suspends the eight hours: a ground or an objection after them is no excuse.
    """
    r = w.r
    if w.waiting is not None:
        return w.waiting
    ground = next((e for e in r.review.grounds_in_time if r.substance.bars_all(e) and _stops(w, e)), None)
    filed = r.entries.of("reasoned-objection-filed")
    objections = [e for e in filed if of_a_third_country(r, e) and objection_in_time(r, e) and _stops(w, e)]
    reasons = [e for e in r.entries.of("reasons-for-non-execution-given") if w.before(e)]
    still = [e for e in (*objections, *reasons) if w.extension is None or e.on > w.extension.on]
    over = [e for e in r.entries.of(*OVER) if w.before(e)]
    return ground or next(iter((*still, *over)), None)


def _stops(w: RunningPeriod, e: Entry) -> bool:
    return w.deadline is not E_10_4 or w.before(e)


def _judged(w: RunningPeriod, end: datetime | None = None) -> Clock:
    verdict, answer = w.judged(_answers(w.r), since(w.r, *ANSWERS), end)
    if w.due is not None and verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        stopped = _stopped_by(w)
        if stopped is not None:
            return w.clock(ClockVerdict.NOT_RUNNING, answer, stopped)
    return w.clock(verdict, answer)


def end_10_2(r: OrderReading, due: datetime) -> datetime:
    """Return until when E-10-2 can be met (decision 28).

    If the authority is silent to the end, transmission may only begin at `due`, and the provider has 24 hours from it.
    If the authority spoke, on whatever part, it is `due`.
    """
    spoke = (*r.entries.of("no-ground-confirmed"), *r.review.grounds_in_time)
    heard = any(e.on < due and (r.order.since is None or e.on >= r.order.since) for e in spoke)
    return due if heard else due + SILENCE


def _downgraded(r: OrderReading, w: RunningPeriod) -> Entry | None:
    """Return the entry that ended or downgraded the emergency (decision 43); None without one.

    Its effect began before the eight hours were over and not later than the answer.
    """
    _, answer = w.judged(_answers(r), since(r, *ANSWERS))
    for over, e in r.emergency.reassessed:
        if w.due is not None and over < w.due and over <= r.at and (answer is None or over <= answer.on):
            return e
    return None


def _e_10_4(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.order.versions and r.order.sent_or_received and _emergency_at_receipt(r):
        w = _transmission(r, d, r.receipts.governing, *_in_hours(r))
        downgraded = _downgraded(r, w)
        if downgraded is not None:
            _, answer = w.judged(_answers(r), since(r, *ANSWERS))
            yield w.clock(ClockVerdict.NOT_RUNNING, answer, downgraded)
        else:
            yield _judged(w)


def _ten_days(r: OrderReading, d: Deadline) -> RunningPeriod | None:
    """Return the ten days: from the governing receipt or, after an emergency, from the effect of its end."""
    if not (r.order.versions and r.order.sent_or_received):
        return None
    trigger = r.receipts.governing
    if _emergency_at_receipt(r):
        trigger = _downgraded(r, _transmission(r, E_10_4, r.receipts.governing, *_in_hours(r)))
        if trigger is None:
            return None
    return _transmission(r, d, trigger, *_in_days(r))


def _e_10_2(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.review.required and (w := _ten_days(r, d)) is not None:
        yield _judged(w, end_10_2(r, w.due) if w.due else None)


def _e_10_3(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if not r.review.required and (w := _ten_days(r, d)) is not None:
        yield _judged(w)


# -- art. 12(1), 17(2): to say no --------------------------------------------------------------------------------------


def _e_12_1(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.review.notification is not None:
        w = RunningPeriod(r, d, r.review.notification, r.review.period, r.changes.extension(d.id))
        begun = r.order.version_of(r.review.notification)
        used = r.entries.of("no-ground-confirmed", "ground-for-refusal-raised")
        yield window(w, (e for e in used if begun is None or e.on >= begun.on))


def _objection_window(r: OrderReading, d: Deadline) -> RunningPeriod:
    return start_period(
        r, d, r.receipts.governing, lambda on: eu_days(on, 10, r.parties.issuer_days, d.policy), versioned=True
    )


def objection_in_time(r: OrderReading, e: Entry) -> bool:
    """Return True if an objection was filed before the end of E-17-2, or while that end is not known."""
    end = _objection_window(r, E_17_2).due
    return end is None or e.on < end


def of_a_third_country(r: OrderReading, e: Entry) -> bool:
    """Return True unless an objection names the law of a Member State: art. 17(1) speaks of a third country alone."""
    return not is_member_state(r.register, e.get("conflicting_law_party"))


def _e_17_2(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    filed = since(r, "reasoned-objection-filed")
    if r.order.versions and filed:
        w = _objection_window(r, d)
        yield w.clock(*w.judged(first_of(filed), filed))


E_10_2 = Deadline(
    id="E-10-2",
    instruments=("EPOC",),
    wound_by="governing receipt, notification required",
    winds=("order-received",),
    met_by="all is returned; no-data-held for all",
    length="10 days",
    policy="EU-1182-71",
    acts="the provider",
    listed="once transmitted or received",
    cite=("EPOC:10(2)",),
    mark=Mark.TEXT,
    run=_e_10_2,
)
E_10_3 = Deadline(
    id="E-10-3",
    instruments=("EPOC",),
    wound_by="governing receipt, notification not required",
    winds=("order-received",),
    met_by="all is returned; no-data-held for all",
    length="10 days",
    policy="EU-1182-71",
    acts="the provider",
    listed="once transmitted or received",
    cite=("EPOC:10(3)",),
    mark=Mark.TEXT,
    run=_e_10_3,
)
E_10_4 = Deadline(
    id="E-10-4",
    instruments=("EPOC",),
    wound_by="governing receipt in an emergency",
    winds=("order-received",),
    met_by="all is returned; no-data-held for all",
    length="8 hours",
    policy="EU-1182-71",
    acts="the provider",
    listed="once transmitted or received",
    cite=("EPOC:10(4)",),
    mark=Mark.TEXT,
    run=_e_10_4,
)
E_12_1 = Deadline(
    id="E-12-1",
    instruments=("EPOC",),
    wound_by="notification-received",
    winds=("notification-received",),
    met_by="no-ground-confirmed, ground-for-refusal-raised",
    length="10 days; 96 hours in an emergency",
    policy="EU-1182-71",
    acts="the enforcing authority",
    listed="always; a window",
    cite=("EPOC:12(1)",),
    mark=Mark.TEXT,
    run=_e_12_1,
    window=True,
)
E_17_2 = Deadline(
    id="E-17-2",
    instruments=("EPOC",),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="reasoned-objection-filed",
    length="10 days",
    policy="EU-17(9)",
    acts="the provider, by the calendar of the issuing Party",
    listed="once an objection is filed",
    cite=("EPOC:17(2)", "EPOC:17(9)"),
    mark=Mark.TEXT,  # the counting is [design]
    run=_e_17_2,
)

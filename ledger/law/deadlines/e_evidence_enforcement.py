"""Clocks of the procedure for enforcement: Regulation (EU) 2023/1543 art. 16, for both European orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from ledger.entries.case import Entry, instant
from ledger.law.deadlines.deadline_base import RunningPeriod, answered, earliest, first_of, start_period, until_stated
from ledger.law.deadlines.e_evidence_authorities import start_by_arrival
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import CountedPeriod, Days, eu_working_days, stated
from ledger.law.terms.instruments import EUROPEAN
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

# What shows compliance with the order that is enforced. To keep the data is not to produce them.
COMPLIED = {"EPOC": "data-transmitted-by-state", "EPOC-PR": "preservation-confirmed"}
DECIDE, REPLY = 5, 5  # working days: art. 16(2), 16(7) [text]


def _enforcing_party(r: OrderReading, request: Entry) -> str | None:
    office = r.register.office(request.get("enforcing_authority") or "")
    return office.party if office else r.parties.to_party


def _unless_over(w: RunningPeriod, verdict: ClockVerdict, answer: Entry | None, over: tuple[Entry, ...]) -> Clock:
    """Return the clock; NOT-RUNNING if, without an answer in time, one of the entries `over` released its office."""
    released = next((e for e in over if w.before(e)), None)
    if released is not None and w.due is not None and verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        return w.clock(ClockVerdict.NOT_RUNNING, answer, released)
    return w.clock(verdict, answer)


def _decide(days: Days, on: datetime) -> CountedPeriod:
    return eu_working_days(on, DECIDE, days)


def _e_16_2(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for request in r.entries.of("enforcement-requested"):
        party = _enforcing_party(r, request)
        days = r.parties.days_of(party)
        w = start_by_arrival(r, d, request, partial(_decide, days), "NOT", party=party)
        decisions = r.entries.later(request, "recognition-decided")
        yield _unless_over(w, *w.judged(first_of(decisions), decisions), r.entries.later(request, "order-withdrawn"))


def _e_16_3(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for demand in r.entries.of("compliance-ordered"):
        w = _until(r, d, demand, instant(demand.get("new_due")))
        kinds = ("addressee-objected", "no-data-held", COMPLIED[r.instrument])
        answers = [
            e for e in r.entries.later(demand, *kinds) if e.kind != "no-data-held" or r.substance.is_no_data_for_all(e)
        ]
        complied = earliest(first_of(answers), lambda without: r.substance.complete(None, without))
        denied = tuple(e for e in r.entries.later(demand, "recognition-decided") if e.get("decision") == "denied")
        verdict, answer = w.judged(complied, (*answers, *r.substance.disclosures))
        yield _unless_over(w, verdict, answer, (*r.entries.later(demand, "order-withdrawn"), *denied))


def _until(r: OrderReading, d: Deadline, demand: Entry, end: datetime) -> RunningPeriod:
    return until_stated(r, d, demand, stated(end, r.parties.provider_days, demand.on), extendable=False)


def _e_16_7(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    requested = r.entries.first("enforcement-requested")
    for question in r.entries.of("additional-information-requested"):
        if requested is not None and precedes(requested, question) and r.actors.is_by(question, "NOT"):
            w = start_period(r, d, question, lambda on: eu_working_days(on, REPLY, r.parties.issuer_days))
            replies = r.entries.of("additional-information-provided")
            yield answered(w, (e for e in replies if r.entries.named(e.get("answers")) is question))


E_16_2 = Deadline(
    id="E-16-2",
    instruments=EUROPEAN,
    wound_by="form-received by NOT about enforcement-requested; without it, enforcement-requested",
    winds=("enforcement-requested", "form-received"),
    met_by="recognition-decided",
    length="5 working days",
    policy="EU-1182-71",
    acts="the enforcing authority",
    listed="always",
    cite=("EPOC:16(2)",),
    mark=Mark.TEXT,
    run=_e_16_2,
)
E_16_3 = Deadline(
    id="E-16-3",
    instruments=EUROPEAN,
    wound_by="compliance-ordered",
    winds=("compliance-ordered",),
    met_by="addressee-objected; no-data-held for all; EPOC: all is returned, data-transmitted-by-state; EPOC-PR: "
    "preservation-confirmed",
    length="until new_due",
    policy="STATED",
    acts="the provider",
    listed="always",
    cite=("EPOC:16(3)(c)",),
    mark=Mark.TEXT,
    run=_e_16_3,
)
E_16_7 = Deadline(
    id="E-16-7",
    instruments=EUROPEAN,
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

"""The conditions of the tables on an entry that may change the state. Each docstring is the words of findings.md 4."""

from __future__ import annotations

from datetime import datetime

from ledger.entries.case import Entry, instant
from ledger.law.deadlines.direct_cooperation import motion_2703_h
from ledger.law.deadlines.e_evidence import end_10_2, of_a_third_country
from ledger.law.deadlines.e_evidence_preservation import extension_in_time
from ledger.law.deadlines.table import REGISTER
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.states.machine import Condition
from ledger.law.terms.rule import ClockVerdict

TRANSMISSION = ("E-10-2", "E-10-3", "E-10-4")  # the clocks within which a provider transmits under an EPOC


def states(field: str, *values: object) -> Condition:
    """Return the condition that an entry states one of these values in a field; a flag not stated is false."""

    def stated(r: OrderReading, e: Entry) -> bool:
        return e.get(field, False) in values

    stated.__doc__ = f"{field} {' or '.join(str(value).lower() for value in values)}"
    return stated


def by_the_provider(r: OrderReading, e: Entry) -> bool:
    """by the provider"""
    return r.actors.is_by(e, "SP", "REG")


def answers_the_provider(r: OrderReading, e: Entry) -> bool:
    """answers the provider"""
    question = r.entries.named(e.get("answers"))
    return question is not None and r.actors.is_by(question, "SP", "REG")


def by_the_designated_authority(r: OrderReading, e: Entry) -> bool:
    """by the designated authority"""
    return r.instructions.is_valid(e)


def no_other_instruction_stands(r: OrderReading, e: Entry) -> bool:
    """no other instruction stands"""
    lifted = r.entries.named(e.get("about"))
    return all(i is lifted or precedes(e, i) for i in r.instructions.in_force(e.on))


def transmitted(r: OrderReading, e: Entry) -> bool:
    """transmitted"""
    return bool(r.entries.of("data-transmitted-by-state"))


def _last_was_partial(r: OrderReading, e: Entry) -> bool:
    last = next((d for d in reversed(r.substance.disclosures) if precedes(d, e)), None)
    return last is not None and last.get("partial") is True


def transmitted_in_full(r: OrderReading, e: Entry) -> bool:
    """transmitted, not partial"""
    return transmitted(r, e) and not _last_was_partial(r, e)


def transmitted_in_part(r: OrderReading, e: Entry) -> bool:
    """transmitted, partial"""
    return transmitted(r, e) and _last_was_partial(r, e)


def declared_9_5(r: OrderReading, e: Entry) -> bool:
    """D-9-5 declared"""
    return r.parties.declared("D-9-5") is not None


def in_time(r: OrderReading, e: Entry) -> bool:
    """in time"""
    match e.kind:
        case "ground-for-refusal-raised":
            return r.review.ground_in_time(e)
        case "reasoned-objection-filed":
            if r.instrument == "SCA":
                return motion_2703_h(r, e)
            return of_a_third_country(r, e) and r.deadlines.before_end(e, "E-17-2")
        case "preservation-extended":
            return extension_in_time(r, e)
        case _:
            return r.deadlines.before_end(e, "E-11-1")


def in_time_for_all(r: OrderReading, e: Entry) -> bool:
    """in time, all"""
    return r.review.ground_in_time(e) and r.substance.bars_all(e)


def in_time_in_part(r: OrderReading, e: Entry) -> bool:
    """in time, part or conditions"""
    return r.review.ground_in_time(e) and e.get("scope") in ("part", "conditions") and not r.substance.bars_all(e)


def suspensive(r: OrderReading, e: Entry) -> bool:
    """suspensive"""
    return r.review.suspends(e.on)


def the_suspensive_notification_has_been_received(r: OrderReading, e: Entry) -> bool:
    """the suspensive notification has been received"""
    return r.review.suspends(e.on) and any(precedes(n, e) for n in r.entries.of("notification-received"))


def while_the_notification_suspends(r: OrderReading, t: datetime) -> bool:
    """while the notification suspends"""
    return r.review.suspends(t)


def confirmed(r: OrderReading, e: Entry) -> bool:
    """confirmed: the clock it names, with that policy and `due`, is MISSED when computed again"""
    id, policy, due = e.get("deadline"), e.get("policy"), instant(e.get("due"))
    # computed, not looked up: a disowned order lists no such clock, and the lapse before it was true
    again = (c for d in REGISTER if d.id == id and d.applies(r.instrument) for c in d.run(d, r))
    return e.on >= due and any(c.verdict is ClockVerdict.MISSED and (c.policy, c.due) == (policy, due) for c in again)


def lapsed(*clocks: str) -> Condition:
    """Return the condition that an entry names one of these clocks and is confirmed."""

    def named_and_confirmed(r: OrderReading, e: Entry) -> bool:
        return e.get("deadline") in clocks and confirmed(r, e)

    named_and_confirmed.__doc__ = f"{' or '.join(clocks)}, confirmed"
    return named_and_confirmed


def the_time_to_transmit_is_over(r: OrderReading, e: Entry) -> bool:
    """the time to transmit is over"""
    reasons = {x.leaf for x in r.entries.of("reasons-for-non-execution-given")}
    over = [
        c
        for c in r.deadlines.clocks
        if c.id in TRANSMISSION
        and (
            c.verdict is ClockVerdict.MISSED
            or (c.verdict is ClockVerdict.NOT_RUNNING and not reasons.isdisjoint(c.entries))
        )
    ]
    ends = [end_10_2(r, c.due) if c.id == "E-10-2" else c.due for c in over if c.due]
    return any(end <= e.on for end in ends)


def after_a_withdrawal(r: OrderReading, e: Entry) -> bool:
    """after an order-withdrawn or ex-post-validation-refused"""
    return any(precedes(w, e) for w in r.entries.of("order-withdrawn", "ex-post-validation-refused"))


def after_a_refused_validation(r: OrderReading, e: Entry) -> bool:
    """after an ex-post-validation-refused"""
    return any(precedes(v, e) for v in r.entries.of("ex-post-validation-refused"))


partial = states("partial", True)
not_partial = states("partial", False)
upheld = states("decision", "upheld")
lifted = states("decision", "lifted")
denied = states("decision", "denied")

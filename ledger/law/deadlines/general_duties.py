"""Clocks of any order: surplus data, notice to the person, security incidents.

CETS 224 art. 14, Directive (EU) 2016/680 (LED), Regulation (EU) 2016/679 (GDPR), Reg. (EU) 2023/1543 art. 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.entries.case import Entry, instant
from ledger.law.deadlines.deadline_base import answered, first_of, start_period, until_stated
from ledger.law.parties.bound_parties import is_member_state, is_real
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import calendar_days, eu_hours, stated_day
from ledger.law.terms.instruments import EUROPEAN, PROTOCOL
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark


def _surplus(r: OrderReading) -> Entry | None:
    """Return the first entry that shows surplus data: by its own words, or by the elements of a receipt."""
    reports = r.entries.of("out-of-scope-data-identified")[:1]
    seen = (
        e
        for e in r.entries.of("evidence-received")
        if any(r.substance.not_sought(element, r.substance.sent(e)) for element in r.substance.received_elements(e))
    )
    return min((*reports, *seen), key=lambda e: (e.on, e.position), default=None)


def _d_14_2b(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    trigger = _surplus(r)
    if trigger is not None:
        w = start_period(r, d, trigger, lambda on: calendar_days(on, 30, r.parties.days_of(trigger.party), d.policy))
        done = r.entries.of("data-returned", "data-destroyed", "use-restricted")
        yield answered(w, (e for e in done if e.get("scope") in ("all", "out-of-scope")))


def _notice_review(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield NOTICE-REVIEW of the last delay only. Its day ends in the zone of the Party of its signer."""
    delays = r.entries.of("customer-notification-delayed", "customer-notification-delay-extended")
    if delays:
        last = delays[-1]
        review_on = date.fromisoformat(last.get("review_on"))
        count = stated_day(review_on, r.parties.days_of(last.party), last.on)
        w = until_stated(r, d, last, count, extendable=False)
        decided = r.entries.of(
            "customer-notification-delay-lifted", "customer-notification-omitted", "customer-notified"
        )
        yield answered(
            w,
            (
                e
                for e in decided
                if (e.on, e.position) > (last.on, last.position)
                and (e.kind != "customer-notified" or r.actors.is_by(e, "ISS", "RET"))
            ),
        )


def union_duties(r: OrderReading) -> bool:
    """Return True unless the issuing side is bound neither by the law of the Union nor by CETS 224 art. 14.

    So it is under the law of the United States, and for a State outside the Union under another instrument. An invented
    State counts as a Member State [design].
    """
    if r.instrument == "SCA":
        return False
    issuer = r.parties.from_party
    return r.instrument in (*EUROPEAN, *PROTOCOL) or not is_real(issuer) or is_member_state(r.register, issuer)


def notices(r: OrderReading) -> tuple[Entry, ...]:
    """Return the notices to the person that discharge the duty: under a European order those of the authority alone.

    Reg. (EU) 2023/1543 art. 13(1): "the issuing authority shall".
    """
    told = r.entries.of("customer-notified")
    return tuple(e for e in told if r.instrument not in EUROPEAN or r.actors.is_by(e, "ISS", "RET"))


def _notice_due(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for lifted in r.entries.of("customer-notification-delay-lifted"):
        days = r.parties.days_of(lifted.party)
        w = start_period(r, d, lifted, lambda on, days=days: calendar_days(on, 30, days, d.policy), extendable=False)  # type: ignore[misc]
        yield answered(w, notices(r))


def _dp_72h(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for incident in r.entries.of("security-incident-detected"):
        if incident.get("regime") not in ("GDPR:33", "LED:30"):
            continue
        days, aware = r.parties.days_of(incident.party), instant(incident.get("aware_at"))
        w = start_period(r, d, incident, lambda on, days=days: eu_hours(on, 72, days), aware)  # type: ignore[misc]
        notified = [
            e for e in r.entries.of("incident-notified-to-authority") if r.entries.named(e.get("about")) is incident
        ]
        assessed = (e for e in r.entries.of("incident-assessed") if r.entries.named(e.get("about")) is incident)
        harmless = next((e for e in assessed if e.get("risk") == "none"), None)
        if harmless is not None and not notified:
            yield w.clock(ClockVerdict.NOT_RUNNING, None, harmless)
        else:
            yield w.clock(*w.judged(first_of(notified), notified))


D_14_2B = Deadline(
    id="D-14-2b",
    instruments=(),
    wound_by="the earlier of out-of-scope-data-identified and the first evidence-received with an element not sought",
    met_by="data-returned, data-destroyed or use-restricted of all or out of scope",
    length="30 days",
    policy="HOUSE-CAL",
    acts="the Party of the signer of the trigger",
    listed="always",
    cite=("2AP:14(2)(b)", "LED:4(1)(c)"),
    mark=Mark.DESIGN,
    run=_d_14_2b,
)
NOTICE_REVIEW = Deadline(
    id="NOTICE-REVIEW",
    instruments=(),
    wound_by="customer-notification-delayed or -delay-extended: its review_on",
    winds=("customer-notification-delayed", "customer-notification-delay-extended"),
    met_by="the next extension, lifting, omission, or notice by ISS or RET",
    length="until the end of that day",
    policy="STATED",
    acts="the issuing Party",
    listed="the last one only",
    cite=("EPOC:13(2)", "LED:13(3)", "2AP:14(11)(b)"),
    mark=Mark.DESIGN,
    run=_notice_review,
)
NOTICE_DUE = Deadline(
    id="NOTICE-DUE",
    instruments=(),
    wound_by="customer-notification-delay-lifted",
    winds=("customer-notification-delay-lifted",),
    met_by="customer-notified; for EPOC and EPOC-PR by ISS or RET",
    length='30 days; the regulation says "without undue delay"',
    policy="HOUSE-CAL",
    acts="the Party of the signer of the trigger",
    listed="always",
    cite=("EPOC:13(1)",),
    mark=Mark.DESIGN,
    run=_notice_due,
)
DP_72H = Deadline(
    id="DP-72H",
    instruments=(),
    wound_by="security-incident-detected with regime GDPR:33 or LED:30: its aware_at",
    met_by="incident-notified-to-authority about it",
    length="72 hours",
    policy="EU-1182-71",
    acts="the Party of the signer of the trigger",
    listed="always",
    cite=("GDPR:33", "LED:30"),
    mark=Mark.TEXT,  # the counting is [likely]
    run=_dp_72h,
)

"""Clocks of the rights of a person: the answer to a request, and the review of retention.

GDPR art. 12(3): an answer "within one month of receipt of the request", which "may be extended by two further months";
the person is informed of the extension within the first month. LED art. 12(3) and CETS 224 art. 14(12)(a) have no
number: there the month is a choice of this project.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.entries.case import Entry, wire
from ledger.law.deadlines.deadline_base import Counting, RunningPeriod, answered, first_of, start_period, until_stated
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.person_requests import REQUESTS, answers_to, extension_of
from ledger.law.terms.calendar import Duration, calendar_days, eu_days, stated_day
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

MONTH = Duration(months=1)  # GDPR:12(3)
EXTENDED = Duration(months=3)  # GDPR:12(3): one month and "two further months"
PRIVATE = ("SP", "REG")  # controllers under the GDPR; an authority that investigates is under the LED [design]
REVIEWS = ("retention-rule-set", "retention-reviewed")


def _gdpr_12_3(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for request in r.entries.of(*REQUESTS):
        if r.actors.is_by(request, *PRIVATE):
            yield _reply(d, r, request)


def _led_12_3(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for request in r.entries.of(*REQUESTS):
        if not r.actors.is_by(request, *PRIVATE):
            yield _reply(d, r, request)


def _reply(d: Deadline, r: OrderReading, request: Entry) -> Clock:
    """Return the clock of one request; an extension counts only if it is made within the first month."""
    answers = answers_to(r.entries, request)
    w = start_period(r, d, request, _counting(r, d, request, MONTH), extendable=False)
    extension = extension_of(r.entries, request)
    if extension is None or not w.before(extension):
        return answered(w, answers)
    count = start_period(r, d, request, _counting(r, d, request, EXTENDED), extendable=False).count
    note = f"two further months by an entry of {wire(extension.on)}"
    w = RunningPeriod(r, d, request, count, notes=(note,))
    return w.clock(*w.judged(first_of(answers), answers), extension)


def _counting(r: OrderReading, d: Deadline, request: Entry, length: Duration) -> Counting:
    """Count where the controller acts: in the Party of the office that took the request, else the issuing Party."""
    by_counsel = r.actors.is_by(request, "DEF")
    days = r.parties.issuer_days if by_counsel else r.parties.days_of(r.actors.party(request))
    count = eu_days if d.policy == "EU-1182-71" else calendar_days
    return lambda on: count(on, length, days, d.policy)


def _retention_review(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield RETENTION-REVIEW of the last stated date only."""
    dated = [e for e in r.entries.of(*REVIEWS) if e.stated("review_on")]
    if not dated:
        return
    last = dated[-1]
    review_on = date.fromisoformat(last.get("review_on"))
    count = stated_day(review_on, r.parties.days_of(last.party), last.on)
    w = until_stated(r, d, last, count, extendable=False)
    reviews = r.entries.later(last, "retention-reviewed", "retention-expired")
    if r.substance.gone and not reviews:
        yield w.clock(ClockVerdict.NOT_RUNNING, None)
    else:
        yield answered(w, reviews)


GDPR_12_3 = Deadline(
    id="GDPR-12-3",
    instruments=(),
    wound_by="access-requested, rectification-requested or erasure-requested by SP or REG",
    met_by="the answer to it: granted, restricted, made, refused or decided",
    length="one month; three with a reply-period-extended about it within the first",
    policy="EU-1182-71",
    acts="the Party of the office that took the request",
    listed="always",
    cite=("GDPR:12(3)", "GDPR:12(4)"),
    mark=Mark.TEXT,  # the counting is [likely]
    run=_gdpr_12_3,
)
LED_12_3 = Deadline(
    id="LED-12-3",
    instruments=(),
    wound_by="access-requested, rectification-requested or erasure-requested by any other role",
    met_by="the answer to it: granted, restricted, made, refused or decided",
    length='as GDPR-12-3; the act says "without undue delay"',
    policy="HOUSE-CAL",
    acts="the Party of the office that took the request; the issuing Party if counsel made it",
    listed="always",
    cite=("LED:12(3)", "2AP:14(12)(a)"),
    mark=Mark.DESIGN,
    run=_led_12_3,
)
RETENTION_REVIEW = Deadline(
    id="RETENTION-REVIEW",
    instruments=(),
    wound_by="retention-rule-set or retention-reviewed: its review_on",
    winds=REVIEWS,
    met_by="the next retention-reviewed or retention-expired",
    length="until the end of that day",
    policy="STATED",
    acts="the Party of the signer of the trigger",
    listed="the last one only",
    cite=("LED:5", "2AP:14(5)"),
    mark=Mark.DESIGN,
    run=_retention_review,
)

"""Open duties of data protection, for criterion A7 and for the processing record.

CETS 224 art. 14, Directive (EU) 2016/680 (LED), Regulation (EU) 2016/679 (GDPR), Reg. (EU) 2023/1543 art. 13. A duty
that was broken is a finding. A duty that is open is no finding, but while it is open A7 is not demonstrated.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ledger.entries.case import Entry
from ledger.law.deadlines.general_duties import union_duties
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.person_requests import REQUESTS, answers_to
from ledger.law.record_checks.regions import conditions, custody
from ledger.law.terms.periods import outcome
from ledger.law.terms.rule import ClockVerdict
from ledger.messages import Message

# Clocks of data protection, each with its question of the processing record.
CLOCKS = {"D-14-2b": 3, "E-4-5-DATA": 3, "NOTICE-REVIEW": 4, "NOTICE-DUE": 4, "DP-72H": 9}
RETENTION = ("retention-rule-set", "retention-reviewed", "retention-expired")


class OpenDuty(Struct, frozen=True):
    """An open duty: the question of the processing record (1 to 10), a sentence, the entries that cause it."""

    question: int
    says: str
    entries: tuple[str, ...] = ()


def open_duties(r: OrderReading) -> tuple[OpenDuty, ...]:
    """Return the open duties of data protection at the moment of the reading, by question."""
    duties = (*_running(r), *_retention(r), *_bound(r), *_incidents(r), *_unanswered(r))
    return tuple(sorted(duties, key=lambda duty: duty.question))


def _running(r: OrderReading) -> Iterator[OpenDuty]:
    """Yield clocks without an answer: running, over, or not computed."""
    for clock in r.deadlines.counting:
        if (
            clock.id in CLOCKS
            and not clock.met_by
            and clock.verdict not in (ClockVerdict.MET, ClockVerdict.NOT_RUNNING)
        ):
            yield OpenDuty(CLOCKS[clock.id], outcome(clock), clock.entries)


def _retention(r: OrderReading) -> Iterator[OpenDuty]:
    """Yield held data without a retention rule, and held data whose retention ended. 2AP:14(5), LED:5."""
    held = custody(r)
    if held not in ("HELD", "RESTRICTED") or not union_duties(r):
        return
    decisions = r.entries.of(*RETENTION)
    if not decisions:
        yield OpenDuty(
            6, Message("Data are held, and no retention rule is on record."), _leaves(r.entries.of("evidence-received"))
        )
    elif decisions[-1].kind == "retention-expired" or decisions[-1].get("decision") == "erase":
        yield OpenDuty(6, Message("The retention of the data ended, and they are still held."), _leaves(decisions[-1:]))
    elif decisions[-1].get("decision") == "restrict" and held == "HELD":
        yield OpenDuty(
            6, Message("It was decided to restrict the data, and they are not restricted."), _leaves(decisions[-1:])
        )


def _bound(r: OrderReading) -> Iterator[OpenDuty]:
    """Yield a condition on use that is neither accepted nor declined. 2AP:14(2)(a), BC:28(2)(b)."""
    if conditions(r) == "IMPOSED":
        yield OpenDuty(8, Message("A condition on the use was set, and neither accepted nor declined."))


def _incidents(r: OrderReading) -> Iterator[OpenDuty]:
    """Yield incidents neither notified nor assessed as without risk. LED:30, GDPR:33."""
    notified = r.entries.of("incident-notified-to-authority", "incident-notified-to-transferring-party")
    harmless = (e for e in r.entries.of("incident-assessed") if e.get("risk") == "none")
    settled = {e.leaf for about in (*notified, *harmless) if (e := r.entries.named(about.get("about"))) is not None}
    if waiting := [e for e in r.entries.of("security-incident-detected") if e.leaf not in settled]:
        yield OpenDuty(
            9, Message("A security incident was neither notified nor found to be without risk."), _leaves(waiting)
        )


def _unanswered(r: OrderReading) -> Iterator[OpenDuty]:
    """Yield requests of the person without an answer, and a granted erasure that was not done. LED:14 to LED:16."""
    if waiting := [e for e in r.entries.of(*REQUESTS) if not answers_to(r.entries, e)]:
        yield OpenDuty(10, Message("A request of the person was not answered."), _leaves(waiting))
    granted = [e for e in r.entries.of("erasure-decided") if e.get("decision") == "erased"]
    if granted and custody(r) in ("HELD", "RESTRICTED"):
        yield OpenDuty(10, Message("It was decided to erase the data, and they are still held."), _leaves(granted))


def _leaves(entries: tuple[Entry, ...] | list[Entry]) -> tuple[str, ...]:
    return tuple(e.leaf for e in entries)

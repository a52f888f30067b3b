"""Notice to the person and confidentiality: Reg. (EU) 2023/1543 art. 13, LED art. 13, CETS 224 art. 14(11).

Confidentiality has three weights: a request, an order or a law, and European orders, where it always applies; after it
ends, notice is free (decision 52). Its clocks are in deadlines/general_duties.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from ledger.entries.case import Entry
from ledger.law.deadlines.general_duties import notices, union_duties
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import CheckResult, Matches, finding, of_clocks
from ledger.law.terms.instruments import EUROPEAN
from ledger.law.terms.rule import Mark

DELAYS = ("customer-notification-delayed", "customer-notification-delay-extended")
DECISIONS = (*DELAYS, "customer-notification-delay-lifted", "customer-notification-omitted", "customer-notified")
NOTIFIED_CONTRARY = "customer-notified-contrary-to-confidentiality"

# -- confidentiality ---------------------------------------------------------------------------------------------------


def end_of_day(r: OrderReading, e: Entry, field: str) -> datetime | None:
    """Return the end of a day that an entry states, in the zone of the Party of its signer; None if it states none."""
    day = e.get(field)
    return None if day is None else r.parties.days_of(e.party).end_of(date.fromisoformat(day))


def forbidden(r: OrderReading, e: Entry) -> bool:
    """Return True if an order, a law or the regulation forbade notice to the customer at the time of an entry.

    The regulation does so in the certificate of a production order (annex I, section H). The one of a preservation
    order has no such section.
    """
    return r.instrument == "EPOC" or any(_lasts(r, o, e) for o in r.entries.earlier(e, "confidentiality-ordered"))


def confidentiality_requested(r: OrderReading, e: Entry) -> bool:
    """Return True if a request of confidentiality was active at the time of an entry.

    It was not over by its date, the delay was not lifted since, and the issuing side had not notified the person.
    """
    return any(_lasts(r, q, e) and not _settled_between(r, q, e) for q in _requests(r, e))


def confidential(r: OrderReading, e: Entry) -> bool:
    """Return True if the provider had to keep the order confidential at the time of an entry: art. 13(4), or asked."""
    return r.instrument in EUROPEAN or forbidden(r, e) or confidentiality_requested(r, e)


def _requests(r: OrderReading, e: Entry) -> Iterator[Entry]:
    if r.order.instructs("confidentiality"):
        yield from (issued for issued in r.order.versions[:1] if precedes(issued, e))
    yield from r.entries.earlier(e, "confidentiality-requested")


def _lasts(r: OrderReading, confidentiality: Entry, e: Entry) -> bool:
    end = end_of_day(r, confidentiality, "until")
    return end is None or e.on < end


def _settled_between(r: OrderReading, request: Entry, e: Entry) -> bool:
    since = r.entries.later(request, "customer-notification-delay-lifted", "customer-notified")
    before = r.entries.earlier(e, "customer-notification-delay-lifted", "customer-notified")
    return any(x in before and (x.kind != "customer-notified" or r.actors.is_by(x, "ISS", "RET")) for x in since)


def notified_by_the_provider(r: OrderReading) -> list[Entry]:
    """Return every notice of the provider to its customer, and every entry that reports one."""
    return [
        e
        for e in r.entries.of("customer-notified", NOTIFIED_CONTRARY)
        if e.kind == NOTIFIED_CONTRARY or r.actors.is_by(e, "SP", "REG")
    ]


@finding(
    "W-NOTICE-CONTRARY-TO-REQUEST",
    cite="2AP:7(4)(f), BC:16(3)",
    mark=Mark.KNOWN,
    kinds="customer-notified customer-notified-contrary-to-confidentiality",
    gap="A7",
    says="The provider told the customer although it was asked not to.",
)
def told_though_confidentiality_requested(r: OrderReading) -> Matches:
    return [e for e in notified_by_the_provider(r) if not forbidden(r, e) and confidentiality_requested(r, e)]


@finding(
    "V-NOTICE-CONTRARY-TO-ORDER",
    cite="EPOC:13(4), EPOC:AnnexI(H), SCA:2705(b)",
    mark=Mark.TEXT,
    kinds="customer-notified customer-notified-contrary-to-confidentiality",
    contradicts="A7",
    says="The provider told the customer although a court, the law or the regulation forbade it.",
)
def told_though_forbidden(r: OrderReading) -> Matches:
    return [e for e in notified_by_the_provider(r) if forbidden(r, e)]


@finding(
    "W-NOTICE-OF-PRESERVATION",
    cite="EPOC:13(4)",
    mark=Mark.DESIGN,
    under="EPOC-PR",
    kinds="customer-notified customer-notified-contrary-to-confidentiality",
    gap="A7",
    says="The provider told the customer of a preservation order, which it has to keep confidential.",
)
def told_of_a_preservation(r: OrderReading) -> Matches:
    return [e for e in notified_by_the_provider(r) if not forbidden(r, e) and not confidentiality_requested(r, e)]


# -- delay -------------------------------------------------------------------------------------------------------------


@finding(
    "V-NOTICE-OVERDUE",
    cite="EPOC:13(2), LED:13(3), 2AP:14(11)(b)",
    mark=Mark.TEXT,
    kinds="customer-notification-delayed customer-notification-delay-extended customer-notification-delay-lifted",
    contradicts="A7",
    says="The date to look at the delay again passed with nothing decided, or the person was not told once the "
    "delay was lifted.",
)
def notice_overdue(r: OrderReading) -> Matches:
    """Find missed reviews and notices. The clock lists the last review only.

    An earlier review that ended with a late extension is V-DELAY-EXTENDED-AFTER-EXPIRY; any other late decision, such
    as a new delay, is a breach here.
    """
    missed = of_clocks(r.deadlines.missed("NOTICE-REVIEW", "NOTICE-DUE"))
    too_late = [e.leaf for delay in r.entries.of(*DELAYS)[:-1] for e in _decided_too_late(r, delay)]
    leaves = dict.fromkeys((*too_late, *(missed.leaves if missed else ())))
    return CheckResult(tuple(leaves), missed.words if missed else {}) if leaves else None


def _decided_too_late(r: OrderReading, delay: Entry) -> tuple[Entry, ...]:
    """Return a delay before the last and the first decision after it, if no extension and after the review was due."""
    decided = (
        e
        for e in r.entries.later(delay, *DECISIONS)
        if e.kind != "customer-notified" or r.actors.is_by(e, "ISS", "RET")
    )
    decision, end = next(decided), end_of_day(r, delay, "review_on")  # the next delay at the latest
    if end is None or decision.kind == DELAYS[1] or decision.on < end:
        return ()
    return delay, decision


@finding(
    "V-DELAY-NO-GROUND",
    cite="EPOC:13(2), LED:13(3)",
    mark=Mark.TEXT,
    kinds="customer-notification-delayed customer-notification-delay-extended customer-notification-omitted",
    contradicts="A7",
    says="The person was not told and no ground, or no fresh ground, is given.",
)
def delayed_without_ground(r: OrderReading) -> Matches:
    notices = r.entries.of(*DELAYS, "customer-notification-omitted")
    return [e for e in notices if not e.stated("grounds") or e.get("reassessed", True) is False]


@finding(
    "V-DELAY-EXTENDED-AFTER-EXPIRY",
    cite="EPOC:13(2), LED:13(3)",
    mark=Mark.TEXT,
    kinds="customer-notification-delay-extended",
    contradicts="A7",
    says="The delay was prolonged after it had run out.",
)
def extended_after_expiry(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("customer-notification-delay-extended") if _had_run_out(r, e)]


def _had_run_out(r: OrderReading, extension: Entry) -> bool:
    before = r.entries.earlier(extension, *DELAYS)
    end = end_of_day(r, before[-1], "review_on") if before else None
    return end is not None and extension.on >= end


# -- the notice to the person ------------------------------------------------------------------------------------------


@finding(
    "W-13-3-NO-REMEDIES",
    cite="EPOC:13(3)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="customer-notified",
    gap="A7",
    says="The record does not show that the person was told of the available remedies.",
)
def told_without_remedies(r: OrderReading) -> Matches:
    """Find it where no notice of the issuing side includes the remedies; a later notice may add them."""
    notices = [e for e in r.entries.of("customer-notified") if r.actors.is_by(e, "ISS", "RET")]
    return None if any("remedies" in (e.get("includes") or ()) for e in notices) else notices


# -- in the end --------------------------------------------------------------------------------------------------------


def general_notice(r: OrderReading) -> tuple[Entry, ...]:
    """Return the general notices of the issuing Party in force; none count under European orders (decision 55)."""
    if r.instrument in EUROPEAN:
        return ()
    published = (e for e in r.entries.anywhere("notice-published") if e.party == r.parties.from_party)
    return tuple(
        e for e in published if date.fromisoformat(e.get("valid_from")) <= r.parties.days_of(e.party).day(r.at)
    )


def notice_is_owed(r: OrderReading) -> bool:
    """Return False where no notice is owed: other records under 18 U.S.C. 2703(c)(3), no law that asks it."""
    return "content" in r.order.governing if r.instrument == "SCA" else union_duties(r)


@finding(
    "G-NOTICE-UNSETTLED",
    cite="2AP:14(11), EPOC:13(1), LED:13",
    mark=Mark.DESIGN,
    kinds="evidence-received data-transmitted-by-state data-disclosed",
    gap="A7",
    says="The record does not show whether the person was told, or why not.",
)
def notice_unsettled(r: OrderReading) -> Matches:
    if not notice_is_owed(r) or r.substance.gone or general_notice(r):
        return None
    leaks = () if r.instrument in EUROPEAN else r.entries.of(NOTIFIED_CONTRARY)
    decided = r.entries.of("customer-notification-delayed", "customer-notification-omitted")
    return None if notices(r) or decided or leaks else r.substance.reaching

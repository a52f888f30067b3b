"""Other clocks of European orders: duties of the issuing authority, validation after the fact, links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import Counting, RunningPeriod, answered, start_period, until_stated
from ledger.law.reading.effective_entries import in_order, precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import calendar_days as house_days
from ledger.law.terms.calendar import eu_days, eu_hours, stated
from ledger.law.terms.rule import Clock, Deadline, Mark

ISSUING = ("ISS", "CAR", "RET")  # the roles of the issuing side at which a form arrives


# -- arrival of a form or of an order ----------------------------------------------------------------------------------

NOT_SHOWN = "its arrival is not on record; counted from its sending"


def start_by_arrival(
    r: OrderReading,
    d: Deadline,
    sent: Entry,
    counting: Counting,
    *roles: str,
    party: str | None,
    extendable: bool = True,
) -> RunningPeriod:
    """Start a period by the form-received about an entry by one of these roles; without one, by the entry itself.

    The Regulation counts from the receipt. A form-received dated before the sending counts for nothing, nor does one by
    an office of another State than `party`, where that is known.
    """
    of_party = (e for e in r.entries.of("form-received") if party is None or r.actors.party(e) == party)
    arrivals = (e for e in of_party if e.on >= sent.on and r.actors.is_by(e, *roles))
    arrival = next((e for e in arrivals if r.entries.named(e.get("about")) is sent), None)
    w = start_period(r, d, arrival or sent, counting, extendable=extendable)
    return w if arrival else replace(w, notes=(*w.notes, NOT_SHOWN))


# -- clarification: arts 10(6), 11(5) ----------------------------------------------------------------------------------


def clarify(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield the five days of each referral back, from the receipt of the form by the issuing side."""
    for referral, clarification in r.changes.referrals:
        w = start_by_arrival(
            r, d, referral, lambda on: eu_days(on, 5, r.parties.issuer_days), *ISSUING, party=r.parties.from_party
        )
        withdrawn = r.entries.later(referral, "order-withdrawn")
        answers = sorted((*withdrawn, *((clarification,) if clarification else ())), key=in_order)
        yield answered(w, answers)


# -- validation after the fact: art. 4(5) ------------------------------------------------------------------------------


def pending(r: OrderReading) -> bool:
    """Return True if issued without prior validation, for a reader that may read the field (decision 41)."""
    return r.order.states("validation_pending") is True


def _e_4_5(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if pending(r):
        w = start_period(r, d, r.order.issued, lambda on: eu_hours(on, 48, r.parties.issuer_days))
        yield answered(w, r.entries.of("ex-post-validation-sought"))


def _e_4_5_data(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    refused, disclosed = r.entries.first("ex-post-validation-refused"), r.entries.first("data-disclosed")
    if pending(r) and refused is not None and disclosed is not None:
        trigger = disclosed if precedes(refused, disclosed) else refused
        w = start_period(r, d, trigger, lambda on: house_days(on, 7, r.parties.issuer_days, d.policy))
        done = r.entries.of("data-destroyed", "use-restricted")
        yield answered(w, (e for e in done if e.get("scope") == "all" and precedes(disclosed, e)))


# -- a ground after the data: art. 10(4) -------------------------------------------------------------------------------


def _e_10_4_data(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for ground in r.review.grounds_in_time:
        touched = [e for e in r.substance.disclosures if precedes(e, ground) and r.substance.touches(ground, e)]
        if touched:
            w = start_period(r, d, ground, lambda on: house_days(on, 7, r.parties.issuer_days, d.policy))
            done = r.entries.of("data-destroyed", "use-restricted", "condition-accepted")
            yield answered(
                w, (e for e in done if precedes(ground if e.kind == "condition-accepted" else touched[0], e))
            )


# -- a link: Implementing Regulation (EU) 2025/1550, point 3.3.3(b) ----------------------------------------------------


def _e_2025(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for transfer in r.entries.of("data-disclosed", "data-transmitted-by-state"):
        if (until := r.substance.accessible_until(transfer)) is not None:
            w = _access(r, d, transfer, until)
            yield answered(w, (e for e in r.entries.of("evidence-received") if r.reliability.speaks_of(e, transfer)))


def _access(r: OrderReading, d: Deadline, transfer: Entry, until: datetime) -> RunningPeriod:
    return until_stated(r, d, transfer, stated(until, r.parties.days_of(r.actors.party(transfer)), transfer.on))


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
    wound_by="form-received by ISS, CAR or RET about order-referred-back; without it, order-referred-back",
    winds=("order-referred-back", "form-received"),
    met_by="order-corrected; additional-information-provided or order-maintained that answers it; order-withdrawn",
    length="5 days",
    policy="EU-1182-71",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:10(6)",),
    mark=Mark.TEXT,
    run=clarify,
)
E_11_5 = Deadline(
    id="E-11-5",
    instruments=("EPOC-PR",),
    wound_by="form-received by ISS, CAR or RET about order-referred-back; without it, order-referred-back",
    winds=("order-referred-back", "form-received"),
    met_by="as E-10-6",
    length="5 days",
    policy="EU-1182-71",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:11(5)",),
    mark=Mark.TEXT,
    run=clarify,
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
    wound_by="data-disclosed or data-transmitted-by-state with access_until",
    met_by="evidence-received about it",
    length="until access_until, as last extended by access-extended",
    policy="STATED",
    acts="the issuing Party",
    listed="always",
    cite=("2025/1550:3.3.3(b)",),
    mark=Mark.TEXT,
    run=_e_2025,
)

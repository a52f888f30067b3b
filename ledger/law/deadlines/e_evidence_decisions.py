"""Clocks of what an authority has to decide or to say at once: Regulation (EU) 2023/1543 arts 4(5), 10, 11, 12, 16, 17.

The Regulation asks for these acts "immediately" or without a number. The seven days are a choice of this project
(decision 42).
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import Answers, RunningPeriod, answered, start_period
from ledger.law.deadlines.e_evidence_authorities import ISSUING, pending, start_by_arrival
from ledger.law.reading.effective_entries import in_order, precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import calendar_days
from ledger.law.terms.instruments import EUROPEAN
from ledger.law.terms.rule import Clock, Deadline, Mark

HOUSE = 7  # days [design]
NO_NUMBER = "7 days; the regulation has no number"

# The reasons of the form of annex III, section D, by the paragraph under which the issuing authority answers them. What
# is incomplete or wrong is referred back: arts 10(6), 11(5).
INTERFERENCE = ("immunity-or-press",)  # arts 10(5), 11(4)
IMPOSSIBLE = ("data-not-held", "de-facto-impossibility")  # arts 10(7), 11(6): "other reasons of de facto impossibility"
OTHER_REASONS = (  # arts 10(8), 11(7), 17(1)
    "not-issued-or-validated-under-art-4",
    "offence-not-covered-by-5-4",
    "service-not-covered",
    "third-country-law",
    "other",
)
# "Withdraw, adapt or maintain"; who asks for enforcement maintains the order, art. 16(1). A withdrawal counts also
# where it came before.
DECISIONS = ("order-adapted", "order-maintained", "enforcement-requested")
# The time of the addressee, for which arts 10(7), 10(8), 11(6) and 11(7) set a new end.
EXECUTION = ("E-10-2", "E-10-3", "E-10-4", "E-11-1")


def _house(r: OrderReading, d: Deadline, trigger: Entry) -> RunningPeriod:
    return start_period(
        r, d, trigger, lambda on: calendar_days(on, HOUSE, r.parties.issuer_days, d.policy), extendable=False
    )


# -- an order without validation: art. 4(5) ----------------------------------------------------------------------------


def _e_4_5_withdrawal(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    refused = r.entries.first("ex-post-validation-refused")
    if pending(r) and refused is not None:
        yield answered(_house(r, d, refused), r.entries.of("order-withdrawn"))


# -- reasons of the addressee: arts 10(5), 10(7), 10(8), 11(4), 11(6), 11(7) -------------------------------------------


def _on_reasons(r: OrderReading, d: Deadline, codes: tuple[str, ...], *decisions: str) -> Iterator[Clock]:
    """Yield a period for each form that states one of these reasons, from its receipt by the issuing side."""
    for reasons in r.entries.of("reasons-for-non-execution-given", "preservation-refused"):
        if not set(codes).isdisjoint(reasons.get("reason_codes") or (reasons.get("ground"),)):
            w = start_by_arrival(
                r,
                d,
                reasons,
                lambda on: calendar_days(on, HOUSE, r.parties.issuer_days, d.policy),
                *ISSUING,
                party=r.parties.from_party,
                extendable=False,
            )
            taken = [e for e in r.entries.later(reasons, *DECISIONS, *decisions) if _decides(r, e, reasons)]
            yield answered(w, sorted((*r.entries.of("order-withdrawn"), *taken), key=in_order))


def _decides(r: OrderReading, e: Entry, reasons: Entry) -> bool:
    """Return True unless a decision names other reasons than these, or sets an end for another act."""
    if e.kind == "deadline-extended" and e.get("deadline") not in EXECUTION:
        return False
    named = r.entries.named(e.get("answers") or e.get("about"))
    return named is None or named is reasons


def _e_10_5(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    return _on_reasons(r, d, INTERFERENCE)


def _e_10_7(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    return _on_reasons(r, d, IMPOSSIBLE, "impossibility-concluded", "deadline-extended")


def _e_10_8(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    return _on_reasons(r, d, OTHER_REASONS, "order-corrected", "deadline-extended")


# -- a ground against the whole order: art. 12(2) ----------------------------------------------------------------------


def _e_12_2(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    ground = next((e for e in r.review.grounds_in_time if r.substance.bars_all(e)), None)
    if ground is None:
        return
    later = frozenset(e.leaf for e in r.entries.of("ground-for-refusal-raised") if not precedes(e, ground))
    complete = r.substance.complete(None, later)
    if complete is None or precedes(ground, complete):
        yield answered(_house(r, d, ground), r.entries.of("order-withdrawn"))


# -- decisions that others must know: arts 16(8), 17(10) ---------------------------------------------------------------


def _notified(r: OrderReading, decision: Entry, *sides: tuple[str, ...]) -> Answers:
    """Return the answer: the decision-notified with which an office of each of these sides knows the decision."""
    notices = [e for e in r.entries.of("decision-notified") if r.entries.named(e.get("about")) is decision]

    def answer(without: frozenset[str]) -> Entry | None:
        roles: set[str] = set()
        for e in notices:
            if e.leaf not in without:
                recipients = [office for office in e.get("recipients") or () if _takes_part(r, office)]
                roles.update(role for office in recipients for role in r.register.roles(office, e.on))
                if not any(roles.isdisjoint(side) for side in sides):
                    return e
        return None

    return answer


def _takes_part(r: OrderReading, name: str) -> bool:
    """Return True for a provider of this order, and for another office of one of its two Parties."""
    office = r.register.office(name)
    if name == r.parties.provider or name in (r.order.states("providers") or ()):
        return True
    return (
        office is not None and "SP" not in office.roles and office.party in (r.parties.from_party, r.parties.to_party)
    )


def _made_known(r: OrderReading, d: Deadline, decision: Entry, *sides: tuple[str, ...]) -> Clock:
    days = r.parties.days_of(r.actors.party(decision))
    w = start_period(r, d, decision, lambda on: calendar_days(on, HOUSE, days, d.policy), extendable=False)
    return w.clock(*w.judged(_notified(r, decision, *sides), r.entries.of("decision-notified")))


def _e_16_8(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for decision in r.entries.of("recognition-decided", "compliance-ordered", "penalty-imposed"):
        addressed = decision.kind == "compliance-ordered"  # it is addressed to the provider
        yield _made_known(r, d, decision, ISSUING, *(() if addressed else (("SP",),)))


def _e_17_10(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    for outcome in r.entries.of("court-review-decided"):
        yield _made_known(r, d, outcome, ("NOT",))


E_4_5_WITHDRAWAL = Deadline(
    id="E-4-5-WITHDRAWAL",
    instruments=EUROPEAN,
    wound_by="ex-post-validation-refused",
    winds=("ex-post-validation-refused",),
    met_by="order-withdrawn",
    length='7 days; the regulation says "immediately"',
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:4(5)",),
    mark=Mark.DESIGN,
    run=_e_4_5_withdrawal,
)
BY_FORM = (
    "form-received by ISS, CAR or RET about reasons-for-non-execution-given or preservation-refused with {}; without "
    "it, these reasons"
)
E_10_5 = Deadline(
    id="E-10-5",
    instruments=EUROPEAN,
    wound_by=BY_FORM.format("immunity-or-press"),
    met_by="order-withdrawn; order-adapted; order-maintained about them; enforcement-requested",
    length=NO_NUMBER,
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:10(5)", "EPOC:11(4)"),
    mark=Mark.DESIGN,
    run=_e_10_5,
)
E_10_7 = Deadline(
    id="E-10-7",
    instruments=EUROPEAN,
    wound_by=BY_FORM.format("data-not-held or de-facto-impossibility"),
    met_by="impossibility-concluded; deadline-extended of E-10-2, E-10-3, E-10-4, E-11-1; order-withdrawn; "
    "order-adapted; order-maintained about them; enforcement-requested",
    length=NO_NUMBER,
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:10(7)", "EPOC:11(6)"),
    mark=Mark.DESIGN,
    run=_e_10_7,
)
E_10_8 = Deadline(
    id="E-10-8",
    instruments=EUROPEAN,
    wound_by=BY_FORM.format("another reason that is not referred back"),
    met_by="deadline-extended of E-10-2, E-10-3, E-10-4, E-11-1; order-corrected; order-withdrawn; "
    "order-adapted; order-maintained about them; enforcement-requested",
    length=NO_NUMBER,
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:10(8)", "EPOC:11(7)"),
    mark=Mark.DESIGN,
    run=_e_10_8,
)
E_12_2 = Deadline(
    id="E-12-2",
    instruments=("EPOC",),
    wound_by="ground in time against all data, unless all were returned before",
    met_by="order-withdrawn",
    length=NO_NUMBER,
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:12(2)",),
    mark=Mark.DESIGN,
    run=_e_12_2,
)
E_16_8 = Deadline(
    id="E-16-8",
    instruments=EUROPEAN,
    wound_by="recognition-decided, compliance-ordered, penalty-imposed",
    winds=("recognition-decided", "compliance-ordered", "penalty-imposed"),
    met_by="decision-notified about it to the issuing side and to the provider of the order",
    length='7 days; the regulation says "immediately"',
    policy="HOUSE-CAL",
    acts="the enforcing authority",
    listed="always",
    cite=("EPOC:16(8)",),
    mark=Mark.DESIGN,
    run=_e_16_8,
)
E_17_10 = Deadline(
    id="E-17-10",
    instruments=("EPOC",),
    wound_by="court-review-decided",
    winds=("court-review-decided",),
    met_by="decision-notified about it to the enforcing authority",
    length=NO_NUMBER,
    policy="HOUSE-CAL",
    acts="the issuing Party",
    listed="always",
    cite=("EPOC:17(10)",),
    mark=Mark.DESIGN,
    run=_e_17_10,
)

"""Findings on origin: signer, authority and key, first-hand evidence, certificates (A1, A4)."""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.facts import KINDS
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import CheckResult, Matches, finding
from ledger.law.terms.rule import CriterionState, Mark

HANDING_OVER = ("data-disclosed", "data-transmitted-by-state")
# No order is lawful without these; any other entry without authority leaves a gap.
AUTHORITY = ("order-issued", "order-supervised", "order-validated", "emergency-declared")
DECISIONS = (  # decisions of an office that release, permit or bind another office
    "order-supervised order-validated order-adapted order-withdrawn authenticity-confirmed emergency-declared "
    "no-ground-confirmed instruction-lifted consultation-concluded condition-accepted request-accepted "
    "determination-given deadline-extended ex-post-validation-granted recognition-decided court-review-decided "
    "confidentiality-ordered customer-notification-delayed customer-notification-delay-extended "
    "customer-notification-omitted customer-notification-delay-lifted onward-transfer-authorisation-granted "
    "further-use-decided suspension-lifted restriction-released remedy-decided court-ruled"
)
ONE_SIDE = frozenset(("ISS", "SEEK", "RET"))  # offices of one Party in these roles speak for each other
NO_SIDE = frozenset(("AUD", "CT", "DPO", "SA"))  # nothing is decided in their favour

# -- authority ---------------------------------------------------------------------------------------------------------


@finding(
    "V-AUTHORITY",
    cite="2AP:3(2)(b), EPOC:4",
    mark=Mark.DESIGN,
    gap="A4",
    says="An entry was signed in a role that cannot do this.",
)
def signed_without_authority(r: OrderReading) -> Matches:
    powerless = [
        e
        for e in r.entries.current
        if e.held and e.speaks == "act" and e.kind in KINDS and not r.entries.is_effective(e)
    ]
    powerless = [e for e in powerless if not _extends_its_own_time(e)]
    if not powerless:
        return None
    ours = [e for e in powerless if not r.entries.is_of_another_state(e)]  # a stranger takes nothing from the order
    grave = any(e.kind in AUTHORITY for e in ours)
    effects = (("A4", CriterionState.CONTRADICTED if grave else CriterionState.GAP),) if ours else ()
    return CheckResult(tuple(e.leaf for e in powerless), effects=effects)


def _extends_its_own_time(e: Entry) -> bool:
    return e.held and e.kind == "deadline-extended" and e.speaks == "act" and e.role in ("SP", "REG")


@finding(
    "V-ROLE-NOT-HELD",
    cite="2AP:7(6), EPOC:9(1)",
    mark=Mark.DESIGN,
    gap="A1",
    says="An entry claims a role that its signer's key did not hold; it has no legal effect.",
)
def role_not_held(r: OrderReading) -> Matches:
    """Look at replaced entries too: a replacement does not hide the role."""
    return [e for e in r.case.entries if not e.held]


@finding(
    "W-SELF-EXTENSION",
    cite="EPOC:10(8), 2AP:7(4)(d)",
    mark=Mark.DESIGN,
    kinds="deadline-extended",
    says="The provider gave itself more time; the clock was not moved.",
)
def gave_itself_more_time(r: OrderReading) -> Matches:
    return [e for e in r.entries.current if _extends_its_own_time(e)]


@finding(
    "W-UNSIGNED-ORDER",
    cite="2AP:7(6), EPOC:9(1)",
    mark=Mark.DESIGN,
    kinds="order-received data-disclosed",
    gap="A1 A4",
    says="No order signed by a registered office is on record.",
)
def no_signed_order(r: OrderReading) -> Matches:
    signed = any(r.reliability.first_hand(e) for e in r.entries.of("order-issued"))
    return None if signed else r.entries.of("order-received", "data-disclosed")


@finding(
    "V-DISCLOSED-TO-FORGER",
    cite="GDPR:5(1)(f)",
    mark=Mark.DESIGN,
    kinds="order-repudiated",
    contradicts="A1 A4 A7",
    says="Data were handed to somebody who was not the authority named.",
)
def disclosed_to_a_forger(r: OrderReading) -> Matches:
    return (*r.entries.of("order-repudiated"), *r.substance.disclosures) if r.substance.disclosures else None


@finding(
    "G-OFFICE-UNCONFIRMED",
    cite="2AP:7(6), EPOC:9(1)",
    mark=Mark.DESIGN,
    says="Only the register of another ledger knows an office that acted; what rests on its acts is undetermined.",
)
def office_unconfirmed(r: OrderReading) -> Matches:
    """Its effects are those of all that would differ if the office were confirmed: see `judge`."""
    unknown = r.register.unknown - r.register.assumed
    return [
        e
        for e in r.case.entries
        if (e.known_to and e.by not in r.register.assumed) or (e.whose in unknown and e.kind in KINDS)
    ]


@finding(
    "W-RECEIVED-NOT-PROVEN",
    cite="2AP:7(6), EPOC:9(1)",
    mark=Mark.DESIGN,
    kinds="counterparty-record-received",
    says="An entry of another ledger is not proven to be an act of the office that it names; it has no effect.",
)
def received_and_not_proven(r: OrderReading) -> Matches:
    """Leave out acts of offices that only the other register knows: they have another finding."""
    unconfirmed = {e.index for e in r.case.entries if e.known_to}
    return [e for e in r.entries.current if e.unproven.startswith("KEY-") and e.index not in unconfirmed]


# -- keys --------------------------------------------------------------------------------------------------------------


@finding(
    "W-KEY-UNTRUSTED",
    cite="2AP:7(6)",
    mark=Mark.DESIGN,
    gap="A1",
    says="An entry was signed with a key that may have been in wrong hands.",
)
def signed_with_an_untrusted_key(r: OrderReading) -> Matches:
    """By the time of recording, not by the time claimed (decision 59)."""
    if not r.register.compromises:
        return None
    confirmations = r.entries.of("authenticity-confirmed")
    return [e for e in r.entries.current if r.entries.is_effective(e) and _untrusted(r, e, confirmations)]


def _untrusted(r: OrderReading, e: Entry, confirmations: tuple[Entry, ...]) -> bool:
    suspicion = r.register.compromised(e.by, e.at)
    if suspicion is None:
        return False
    about = (c for c in confirmations if c.get("about") == e.leaf)
    return not any(c.by != e.by or (suspicion.until is not None and c.at >= suspicion.until) for c in about)


# -- the answer --------------------------------------------------------------------------------------------------------


@finding(
    "G-SECOND-HAND",
    cite="FRE:901(a), 2025/1550:5.1",
    mark=Mark.DESIGN,
    kinds="data-disclosed data-transmitted-by-state",
    gap="A1",
    says="That the data were handed over rests on the word of the other side only.",
)
def second_hand(r: OrderReading) -> Matches:
    return [e for e in r.entries.of(*HANDING_OVER) if not r.reliability.first_hand(e)]


@finding(
    "G-DECISION-SECOND-HAND",
    cite="FRE:901(a)",
    mark=Mark.DESIGN,
    kinds=DECISIONS,
    gap="A4 A5",
    says="That an office decided this rests on the word of another office only.",
)
def decision_second_hand(r: OrderReading) -> Matches:
    return [e for e in r.entries.of(*DECISIONS.split()) if not r.reliability.first_hand(e) and _of_another_side(r, e)]


def _of_another_side(r: OrderReading, e: Entry) -> bool:
    if e.actor == e.by or e.role in NO_SIDE:
        return False
    return not (e.role in ONE_SIDE and r.actors.roles(e) & ONE_SIDE and r.actors.party(e) == e.party)


@finding(
    "G-NOT-CERTIFIED",
    cite="2AP:7(4)(f), FRE:902(13)",
    mark=Mark.LIKELY,
    kinds="data-disclosed",
    gap="A1",
    says="The certificate that was needed or asked for is missing.",
)
def not_certified(r: OrderReading) -> Matches:
    if r.substance.disowned or not (r.instrument == "VOL" or r.order.instructs("certification")):
        return None
    return [d for d in r.substance.disclosures if not d.stated("certificate")]

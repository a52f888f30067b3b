"""Findings on what a European order says: Regulation (EU) 2023/1543, arts 5 to 7, 9(4) and 13(2), in their order.

What must not be missing is listed in rules/order_contents.py. A condition that is not stated counts as not shown
(decision 44); a value that cannot be read here counts as stated.
"""

from __future__ import annotations

from ledger.entries.case import Entry, Unread
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark

LEAST_MONTHS = 4  # of a sentence that is to be executed: arts 5(3), 5(4)(d), 6(3) [text]
EXECUTION = "sentence-execution"  # the threshold of art. 5(4)(d)

# -- articles 5 and 6: conditions --------------------------------------------------------------------------------------


@finding(
    "V-5-3-SENTENCE",
    cite="EPOC:5(3), EPOC:5(4)(d), EPOC:6(3)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    contradicts="A5",
    says="For a sentence the order needs four months, no decision in absentia and flight; one of them is not shown.",
)
def sentence_not_shown(r: OrderReading) -> Matches:
    issued = r.order.issued
    if issued is None or not _of_a_sentence(issued):
        return None
    months = issued.get("sentence_months")
    short = not _unread(issued, "sentence_months") and not (isinstance(months, int) and months >= LEAST_MONTHS)
    absent = not _unread(issued, "sentence_in_absentia") and issued.get("sentence_in_absentia") is not False
    stayed = not _unread(issued, "convicted_absconded") and issued.get("convicted_absconded") is not True
    return (issued,) if short or absent or stayed else None


def _of_a_sentence(issued: Entry) -> bool:
    stated = (issued.get("proceedings"), issued.get("offence_threshold"))
    return not {"execution-of-sentence", EXECUTION}.isdisjoint(stated)


def _unread(e: Entry, name: str) -> bool:
    return isinstance(e.sealed.get(name), Unread)


@finding(
    "V-5-7-NO-JUSTIFICATION",
    cite="EPOC:5(7)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="order-issued",
    gap="A5",
    says="The processor is not to inform the controller, and the order or the case file does not say why.",
)
def controller_delay_unexplained(r: OrderReading) -> Matches:
    if not r.order.instructs("no-notice-to-controller"):
        return None
    return (
        r.entries.of("order-issued")[:1]
        if r.order.lacks("controller_delay_justification", "controller_delay_reasons")
        else None
    )


@finding(
    "W-5-7-CONTRARY",
    cite="EPOC:5(7)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="controller-informed",
    says="The processor informed the controller although the order asked it not to.",
)
def controller_informed_all_the_same(r: OrderReading) -> Matches:
    return r.entries.of("controller-informed") if r.order.instructs("no-notice-to-controller") else None


@finding(
    "V-5-8-OTHER-STATE",
    cite="EPOC:5(8), EPOC:6(1)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="protection-examined",
    contradicts="A5",
    says="The data are stored for a public authority that is not in the issuing State.",
)
def public_authority_of_another_state(r: OrderReading) -> Matches:
    home = r.parties.from_party
    return [e for e in _examined(r) if home and e.get("public_authority_in") not in (None, home)]


@finding(
    "G-5-8-NOT-EXAMINED",
    cite="EPOC:5(8), EPOC:5(9), EPOC:6(1)",
    mark=Mark.DESIGN,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    gap="A5",
    says="The order names a public authority or a privileged professional, and no condition for that is shown.",
)
def protection_not_examined(r: OrderReading) -> Matches:
    """Look for the answer to each circumstance; that of a professional is asked for traffic and content alone."""
    issued = r.order.issued
    if issued is None:
        return None
    asked = set()
    named = issued.get("circumstances") or ()
    if "public-authority" in named:
        asked.add("public_authority_in")
    if "privileged-profession" in named and _produces_traffic_or_content(r):
        asked.add("privilege_condition")
    answered = {name for e in _examined(r) for name in asked if e.stated(name)}
    return (issued,) if asked - answered else None


@finding(
    "V-5-10-PROTECTED",
    cite="EPOC:5(10)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="protection-examined",
    contradicts="A5",
    says="The order was made although the issuing authority found the data protected in the enforcing State.",
)
def made_for_protected_data(r: OrderReading) -> Matches:
    """Look at what was found before the order was made; what is found later is of art. 10(5)."""
    issued = r.order.issued
    if issued is None or not _produces_traffic_or_content(r):
        return None
    before = r.entries.earlier(issued, "protection-examined")[-1:]
    return [e for e in before if e.get("protected_by") not in (None, "nothing")]


def _examined(r: OrderReading) -> tuple[Entry, ...]:
    return r.entries.of("protection-examined")


def _produces_traffic_or_content(r: OrderReading) -> bool:
    return r.instrument == "EPOC" and r.order.traffic_or_content


# -- article 7: the addressee ------------------------------------------------------------------------------------------


@finding(
    "V-7-2-OTHER-ADDRESSEE",
    cite="EPOC:7(1), EPOC:7(2), EPOC:AnnexI(B)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    contradicts="A5",
    says="The order goes to another establishment, and no emergency or no reason for that is stated.",
)
def other_addressee_without_need(r: OrderReading) -> Matches:
    issued = r.order.issued
    if issued is None or issued.get("addressee_capacity") != "other-establishment":
        return None
    return None if r.emergency.lasts(issued.on) and issued.stated("other_addressee_reason") else (issued,)


@finding(
    "W-7-2-NO-EARLIER-ORDER",
    cite="EPOC:7(2)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    gap="A5",
    says="The addressee before is said not to have reacted, and no earlier order is named.",
)
def no_earlier_order(r: OrderReading) -> Matches:
    issued = r.order.issued
    if issued is None or issued.get("other_addressee_reason") != "no-reaction":
        return None
    return None if issued.stated("prior_order") else (issued,)


# -- articles 9(4) and 27: language ------------------------------------------------------------------------------------


@finding(
    "W-9-4-ADDRESSEE",
    cite="EPOC:9(4)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    gap="A5",
    says="The order is in no language that the addressee accepts, or that is official where the addressee is.",
)
def not_in_a_language_of_the_addressee(r: OrderReading) -> Matches:
    """Ask the register: first the languages of the addressee, without any those of its Party."""
    office = r.register.office(r.parties.provider or "")
    accepted = office.languages if office and office.languages else _languages(r, r.parties.provider_party)
    return _in_none_of(r, accepted)


@finding(
    "W-9-4-NOTIFIED",
    cite="EPOC:9(4), EPOC:27",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="order-issued",
    gap="A5",
    says="The order is in no language that the notified enforcing State accepts.",
)
def not_in_a_language_of_the_enforcing_state(r: OrderReading) -> Matches:
    return _in_none_of(r, _languages(r, r.parties.to_party)) if r.review.required else None


def _languages(r: OrderReading, party: str | None) -> frozenset[str]:
    registered = r.register.parties.get(party or "")
    return registered.languages if registered else frozenset()


def _in_none_of(r: OrderReading, accepted: frozenset[str]) -> Matches:
    """Return the order if its languages are stated, some are known to be accepted, and it is in none of them."""
    served = frozenset(r.order.states("languages") or ())
    return r.order.versions[:1] if served and accepted and served.isdisjoint(accepted) else None


# -- article 13(2): the person is not informed yet ---------------------------------------------------------------------


@finding(
    "W-13-2-NOT-IN-ORDER",
    cite="EPOC:13(2), EPOC:AnnexI(H)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="customer-notification-delayed customer-notification-omitted",
    gap="A7",
    says="It was decided not to inform the person yet, and the order has no short justification.",
)
def delay_not_justified_in_the_order(r: OrderReading) -> Matches:
    """Look at decisions that were made before the order: a later one cannot be in it [design]."""
    issued = r.order.issued
    if issued is None or not r.order.lacks("notice_delay_grounds"):
        return None
    return r.entries.earlier(issued, "customer-notification-delayed", "customer-notification-omitted")


# -- article 32: other instruments -------------------------------------------------------------------------------------


@finding(
    "W-32-PARALLEL",
    cite="EPOC:32(1)",
    mark=Mark.DESIGN,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    says="The same data are asked for under another instrument too; what arrives twice is evidence of one fact.",
)
def asked_under_another_instrument(r: OrderReading) -> Matches:
    issued = r.order.issued
    return (issued,) if issued and issued.stated("parallel_instruments") else None

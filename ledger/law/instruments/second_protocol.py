"""Findings on the Second Additional Protocol, CETS 224: article 7, in the order of its paragraphs.

The text of the protocol was not at hand, so most rules are [known]. Elsewhere: orders between States, articles 8 and 9
(second_protocol_states.py), use of the data, 6(3)(c) and 14 (data_protection.py), the required contents (rules/
order_contents.py), the clocks (deadlines/direct_cooperation.py), the states (states/second_protocol.py).
"""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.facts.vocabulary import ELEMENTS
from ledger.law.instruments.notification import never_notified, notified_late, notified_that_day
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Level, Mark

NEXT_STEP = ("escalated-to-article8", "escalated-to-mutual-assistance")

# -- article 7: who may be asked, for what, by whom --------------------------------------------------------------------


@finding(
    "V-7-RESERVED",
    cite="2AP:7(9)(a)",
    mark=Mark.TEXT,
    under="2AP-7",
    kinds="order-issued",
    contradicts="A5",
    says="The other Party does not apply article 7; the order had to go by another way.",
)
def reserved(r: OrderReading) -> Matches:
    return r.entries.of("order-issued") if r.parties.declared("R-7-9-a") else None


@finding(
    "W-7-RESERVER-ISSUES",
    cite="2AP:7(9)(a)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="order-issued",
    gap="A5",
    says="The issuing Party has itself reserved article 7; whether it may send such orders is not settled.",
)
def reserver_issues(r: OrderReading) -> Matches:
    return r.entries.of("order-issued") if r.parties.declared("R-7-9-a", r.parties.from_party) else None


@finding(
    "F730",
    cite="2AP:7(9)(b)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="order-issued",
    level=Level.V,
    contradicts="A5",
    says="The order asks for access numbers, which the other Party has excluded from this article.",
)
def access_numbers_excluded(r: OrderReading) -> Matches:
    sought = r.order.states("elements_sought") or ()
    numbers = any(element.access_number for e in sought if (element := ELEMENTS.get(e.partition("#")[0])))
    return r.entries.of("order-issued") if numbers and r.parties.declared("R-7-9-b") else None


@finding(
    "V-7-2b",
    cite="2AP:7(2)(b)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="order-issued",
    contradicts="A4 A5",
    says="The order was not made by or under the supervision the other Party requires before it was served.",
)
def not_supervised(r: OrderReading) -> Matches:
    if r.order.served is None or r.order.issued is None or not r.parties.declared("D-7-2-b"):
        return None
    service = r.order.service(r.order.issued) or r.order.served
    approvals = r.entries.of("order-supervised", "order-validated")
    approved = any(e.get("decision") == "approved" and e.on <= service for e in approvals)
    return None if approved else (r.order.issued,)


# -- article 7(5): notification, consultation, instruction -------------------------------------------------------------


@finding(
    "V-7-5a-MISSING",
    cite="2AP:7(5)(a)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="order-issued",
    contradicts="A5",
    says="The authority of the provider's Party was not notified.",
)
def not_notified(r: OrderReading) -> Matches:
    return never_notified(r)


@finding(
    "W-7-5a-LATE",
    cite="2AP:7(5)(a)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="notification-sent",
    gap="A5",
    says="The notification was not simultaneous; it came {delta} after service.",
)
def not_notified_simultaneously(r: OrderReading) -> Matches:
    return notified_late(r)


@finding(
    "W-7-5a-SAME-DAY",
    cite="2AP:7(5)(a)",
    mark=Mark.DESIGN,
    under="2AP-7",
    kinds="notification-sent",
    says="The authority of the provider's Party was notified on the same day, {delta} after the transmission; that "
    "counts as the same time.",
)
def notified_the_same_day(r: OrderReading) -> Matches:
    return notified_that_day(r)


@finding(
    "V-7-5b-NO-CONSULT",
    cite="2AP:7(5)(b)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="data-disclosed",
    contradicts="A5",
    says="The provider disclosed without having finished the consultation its Party requires.",
)
def disclosed_without_consultation(r: OrderReading) -> Matches:
    return [d for d in r.substance.disclosures if _owed(r, d) or _unfinished(r, d)]


def _owed(r: OrderReading, disclosure: Entry) -> bool:
    return r.parties.declaration_applies("N-7-5-b") and not r.entries.earlier(disclosure, "consultation-concluded")


def _unfinished(r: OrderReading, disclosure: Entry) -> bool:
    """Return True if a consultation of the provider was opened before it disclosed and not concluded."""
    concluded = {
        about.leaf
        for e in r.entries.earlier(disclosure, "consultation-concluded")
        if (about := r.entries.named(e.get("about")))
    }
    opened = (e for e in r.entries.earlier(disclosure, "consultation-opened") if r.actors.is_by(e, "SP", "REG"))
    return any(e.leaf not in concluded for e in opened)


@finding(
    "W-7-5b-NOT-DECLARED",
    cite="2AP:7(5)(b)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="consultation-opened",
    says="The provider consulted although its Party does not require it here.",
)
def consulted_though_not_declared(r: OrderReading) -> Matches:
    if r.parties.declaration_applies("N-7-5-b"):
        return None
    opened = (e for e in r.entries.of("consultation-opened") if r.actors.is_by(e, "SP", "REG"))
    return [e for e in opened if not r.entries.earlier(e, "data-disclosed")]


def broken_instructions(r: OrderReading) -> list[tuple[Entry, Entry]]:
    """Return every valid instruction in force at a disclosure that it bars, with that disclosure.

    Lifting it later cures nothing (decision 20); one for a part bars only what it names (decision 19).
    """
    return [
        (i, d)
        for d in r.substance.disclosures
        for i in r.instructions.in_force(d.on)
        if precedes(i, d) and r.substance.bars(i, d)
    ]


def late_instructions(r: OrderReading) -> list[tuple[Entry, Entry]]:
    """Return every valid instruction after a disclosure that it would have barred, with that disclosure."""
    return [
        (i, d)
        for d in r.substance.disclosures
        for i in r.instructions.valid
        if precedes(d, i) and r.substance.bars(i, d)
    ]


@finding(
    "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION",
    cite="2AP:7(5)(c)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="data-disclosed",
    contradicts="A5",
    says="Data were disclosed although the notified authority had forbidden it.",
)
def disclosed_against_instruction(r: OrderReading) -> Matches:
    return [e for pair in broken_instructions(r) for e in pair]


@finding(
    "W-7-LATE-INSTRUCTION",
    cite="2AP:7(5)(c)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="data-disclosed",
    gap="A5",
    says="The instruction came after the disclosure; the protocol has no rule for this.",
)
def instructed_after_disclosure(r: OrderReading) -> Matches:
    return [e for pair in late_instructions(r) for e in pair]


@finding(
    "V-7-5c-GROUND",
    cite="2AP:7(5)(c)(i)-(ii)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="non-disclosure-instructed",
    gap="A5",
    says="The instruction does not rest on a ground of the list.",
)
def ground_not_in_the_list(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("non-disclosure-instructed") if e.get("ground") == "other"]


@finding(
    "V-7-5d-NO-REASONS",
    cite="2AP:7(5)(d)(ii)",
    mark=Mark.DESIGN,
    under="2AP-7",
    kinds="non-disclosure-instructed",
    gap="A5",
    says="The notified authority did not give its reasons in time.",
)
def no_reasons_for_instruction(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("D-7-5d"))


@finding(
    "V-7-5d-LEAK",
    cite="2AP:7(5)(d)(i)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="additional-information-provided",
    contradicts="A5",
    says="Information meant for the notified authority was opened to the provider without consent.",
)
def reply_opened_to_provider(r: OrderReading) -> Matches:
    replies = (
        e for e in r.entries.of("additional-information-provided") if e.get("may_share_with_provider") is not True
    )
    return [
        e
        for e in replies
        if (request := r.entries.named(e.get("answers"))) is not None
        and r.actors.is_by(request, "NOT")
        and any(e.stated(name) and "SP" in e.audience.get(name, ()) for name in ("reply", "reply_document"))
    ]


@finding(
    "V-7-5e-WRONG-AUTHORITY",
    cite="2AP:7(5)(e)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="non-disclosure-instructed",
    gap="A5",
    says="An instruction was signed by an office that is not the designated one; read with and without it.",
)
def instructed_by_another_office(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("non-disclosure-instructed") if not r.instructions.is_valid(e)]


# -- article 7(7): the end of the time ---------------------------------------------------------------------------------


def _refused_before(r: OrderReading, step: Entry) -> bool:
    """Return True if the next step was open at once (decision 10).

    The provider declined or holds no data, an instruction is in force, or a part was withheld with a reason.
    """
    return (
        bool(r.entries.earlier(step, "disclosure-declined", "no-data-held"))
        or any(precedes(i, step) for i in r.instructions.in_force(step.on))
        or any(
            d.get("partial") is True and d.stated("withheld") and d.stated("withheld_reason")
            for d in r.entries.earlier(step, "data-disclosed")
        )
    )


@finding(
    "V-7-7-PREMATURE",
    cite="2AP:7(7)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="escalated-to-article8 escalated-to-mutual-assistance",
    contradicts="A5",
    says="The issuing side went on before the provider's time was over.",
)
def went_on_too_early(r: OrderReading) -> Matches:
    clock = r.deadlines.clock("D-7-7")
    if clock is None or clock.due is None:
        return None
    return [e for e in r.entries.of(*NEXT_STEP) if e.on < clock.due and not _refused_before(r, e)]


@finding(
    "W-7-7-ROLL",
    cite="2AP:7(7)",
    mark=Mark.DESIGN,
    under="2AP-7",
    kinds="escalated-to-article8 escalated-to-mutual-assistance",
    gap="A5",
    says="The issuing side went on after the calendar end but before the next working day was over; the treaty "
    "does not say which counts.",
)
def went_on_before_the_next_working_day(r: OrderReading) -> Matches:
    clock = r.deadlines.clock("D-7-7")
    twin = next((c for c in r.deadlines.clocks if c.id == "D-7-7" and c is not clock), None)
    if clock is None or clock.due is None or twin is None or twin.due is None:
        return None
    return [e for e in r.entries.of(*NEXT_STEP) if clock.due <= e.on < twin.due and not _refused_before(r, e)]


@finding(
    "W-LATE-DISCLOSURE",
    cite="2AP:7(7)",
    mark=Mark.KNOWN,
    under="2AP-7",
    kinds="data-disclosed",
    gap="A6",
    says="The data came after the time was over; nothing bars their use for that.",
)
def disclosed_late(r: OrderReading) -> Matches:
    clock = r.deadlines.clock("D-7-7")
    return [d for d in r.substance.disclosures if clock.due <= d.on] if clock and clock.due else None

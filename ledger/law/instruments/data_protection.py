"""Data protection and use: CETS 224 art. 14 paragraph by paragraph, with Directive (EU) 2016/680 (LED) and GDPR.

Also the use limits of CETS 224 art. 6(3)(c) and ETS 185 art. 28(2)(b), because use in another case gives one finding,
the most special one; a decision taken afterwards does not cure (decision 57).
"""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.law.instruments.second_protocol import broken_instructions, late_instructions
from ledger.law.reading.effective_entries import in_order, precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.person_requests import EXTENDED, extension_of
from ledger.law.rules.check import Matches, finding, of_clocks
from ledger.law.terms.rule import Mark

# -- 14(1): on what basis ----------------------------------------------------------------------------------------------


@finding(
    "G-DP-BASIS",
    cite="2AP:14(1), GDPR:48",
    mark=Mark.DESIGN,
    kinds="evidence-received data-transmitted-by-state data-disclosed",
    gap="A7",
    says="The legal basis of the transfer is not stated.",
)
def no_basis_stated(r: OrderReading) -> Matches:
    return r.substance.reaching if r.order.issued is None or r.order.lacks("dp_regime") else None


# -- 14(2)(a): for what ------------------------------------------------------------------------------------------------


@finding(
    "G-USE-UNPROVEN",
    cite="2AP:14(2)(a)",
    mark=Mark.DESIGN,
    under="2AP-7",
    kinds="evidence-received",
    gap="A7",
    says="For some time nothing shows that the data were not used.",
)
def use_unproven(r: OrderReading) -> Matches:
    """Unless the data were locked, destroyed or returned no later than both, receipt and instruction (decision 23)."""
    instructions = sorted((i for i, _ in (*broken_instructions(r), *late_instructions(r))), key=in_order)
    receipt = r.entries.first("evidence-received")
    if receipt is None or not instructions:
        return None
    both = max(receipt.on, instructions[0].on)
    held_back = (
        e for e in r.entries.of("use-restricted", "data-destroyed", "data-returned") if e.get("scope") != "out-of-scope"
    )
    return None if any(e.on <= both for e in held_back) else (instructions[0], receipt)


def in_another_case(r: OrderReading) -> list[Entry]:
    """Return every use in another case than that of the order; none if the order names no case."""
    case = r.order.states("case_ref")
    return [e for e in r.entries.of("use-recorded") if case is not None and e.get("case_ref") != case]


def bound_to_the_case(r: OrderReading, use: Entry) -> bool:
    """Return True if a condition that binds the data to this case was accepted before they were used."""
    accepted = (r.entries.named(e.get("about")) for e in r.entries.earlier(use, "condition-accepted"))
    return any(
        c is not None and r.entries.is_effective(c) and c.get("condition_code") == "this-case-only" for c in accepted
    )


@finding(
    "V-6-3c-USE",
    cite="2AP:6(3)(c)",
    mark=Mark.KNOWN,
    under="2AP-6",
    kinds="use-recorded",
    contradicts="A5 A7",
    says="Registration data were used in another case than the one stated.",
)
def registration_data_used_elsewhere(r: OrderReading) -> Matches:
    return in_another_case(r)


@finding(
    "V-28-2b-USE",
    cite="BC:28(2)(b), 2AP:8(8)",
    mark=Mark.TEXT,
    kinds="use-recorded",
    contradicts="A5 A7",
    says="The data were used in another case against an accepted condition.",
)
def used_against_a_condition(r: OrderReading) -> Matches:
    return None if r.instrument == "2AP-6" else [e for e in in_another_case(r) if bound_to_the_case(r, e)]


@finding(
    "V-14-2a-PURPOSE",
    cite="2AP:14(2)(a), LED:4(2)",
    mark=Mark.KNOWN,
    kinds="use-recorded",
    contradicts="A7",
    says="The data were used in another case without a decision allowing it.",
)
def used_without_a_decision(r: OrderReading) -> Matches:
    if r.instrument == "2AP-6":
        return None
    return [e for e in in_another_case(r) if not bound_to_the_case(r, e) and not _allowed(r, e)]


def _allowed(r: OrderReading, use: Entry) -> bool:
    decided = (e for e in r.entries.earlier(use, "further-use-decided") if e.get("decision") == "allowed")
    return any(e.get("case_ref") == use.get("case_ref") for e in decided)


# -- 14(2)(b), 14(4), 14(5): how much, how sensitive, how long ---------------------------------------------------------


@finding(
    "V-14-2b",
    cite="2AP:14(2)(b), LED:4(1)(c)",
    mark=Mark.DESIGN,
    kinds="evidence-received out-of-scope-data-identified",
    contradicts="A7",
    says="More was received than was asked for and nothing was done about it in time.",
)
def surplus_kept(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("D-14-2b"))


@finding(
    "V-14-4",
    cite="2AP:14(4), LED:10",
    mark=Mark.KNOWN,
    kinds="sensitive-data-flagged",
    contradicts="A7",
    says="Specially protected data are held without a safeguard.",
)
def no_safeguard(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("sensitive-data-flagged") if not e.stated("safeguard")]


@finding(
    "W-14-5-OVERDUE",
    cite="2AP:14(5), LED:5",
    mark=Mark.KNOWN,
    kinds="retention-rule-set retention-reviewed",
    gap="A7",
    says="The date to look at retention again has passed.",
)
def retention_not_reviewed(r: OrderReading) -> Matches:
    return of_clocks(c for c in r.deadlines.missed("RETENTION-REVIEW") if not c.met_by)


# -- 14(7): security incidents -----------------------------------------------------------------------------------------


@finding(
    "V-DP-72H",
    cite="GDPR:33, LED:30",
    mark=Mark.TEXT,
    kinds="security-incident-detected",
    contradicts="A7",
    says="The supervisory authority was not told within 72 hours, and it is not said why.",
)
def incident_not_told_in_time(r: OrderReading) -> Matches:
    notifications = [e for e in r.entries.of("incident-notified-to-authority") if e.stated("late_reasons")]
    excused = {incident.leaf for e in notifications if (incident := r.entries.named(e.get("about")))}
    return of_clocks(c for c in r.deadlines.missed("DP-72H") if c.trigger not in excused)


# -- 14(10): to a third State ------------------------------------------------------------------------------------------


def _authorised(r: OrderReading, transfer: Entry, by: frozenset[str] = frozenset()) -> bool:
    """Return True if a transfer was authorised before, for its recipient, by one of these offices if any are named.

    The entries decide, not the reference that the transfer states (decision 58).
    """
    for grant in r.entries.earlier(transfer, "onward-transfer-authorisation-granted"):
        request = r.entries.named(grant.get("about"))
        same = request is not None and request.get("recipient_party") == transfer.get("recipient_party")
        if same and (not by or grant.actor in by):
            return True
    return False


@finding(
    "V-14-10",
    cite="2AP:14(10)",
    mark=Mark.KNOWN,
    under="2AP-6 2AP-7 2AP-8 2AP-9 2AP-10",
    kinds="onward-transferred",
    contradicts="A7",
    says="Data went to a third State without prior authorisation.",
)
def passed_on_without_authorisation(r: OrderReading) -> Matches:
    party = r.parties.to_party
    return [
        e
        for e in r.entries.of("onward-transferred")
        if not _authorised(r, e, r.register.designated(party, "C-14-10-b", e.on) if party else frozenset())
    ]


@finding(
    "V-LED-35-ONWARD",
    cite="LED:35(1)(c), LED:35(1)(e)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="onward-transferred",
    contradicts="A7",
    says="Data went to a third country without the authorisation of the State they came from.",
)
def passed_on_to_a_third_country(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("onward-transferred") if not _authorised(r, e)]


# -- 14(12), 14(15): the person, and suspension ------------------------------------------------------------------------


@finding(
    "V-14-12b-NO-REASONS",
    cite="2AP:14(12)(b), LED:15(4)",
    mark=Mark.KNOWN,
    kinds="access-restricted rectification-refused",
    contradicts="A7",
    says="A person was refused without reasons or without being told how to seek redress.",
)
def person_refused_without_reasons(r: OrderReading) -> Matches:
    refused = r.entries.of("access-restricted", "rectification-refused")
    return [e for e in refused if not e.stated("reasons") or e.get("redress_info") is False]


@finding(
    "V-GDPR-12-3",
    cite="GDPR:12(3), GDPR:12(4)",
    mark=Mark.TEXT,
    kinds="access-requested rectification-requested erasure-requested",
    contradicts="A7",
    says="A request of the person was not answered within the month, or the three months, of the regulation.",
)
def request_answered_too_late(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("GDPR-12-3"))


@finding(
    "W-LED-12-3",
    cite="LED:12(3), 2AP:14(12)(a)",
    mark=Mark.DESIGN,
    kinds="access-requested rectification-requested erasure-requested",
    gap="A7",
    says="A request of the person waited for more than a month; the act asks for an answer without undue delay.",
)
def request_waited(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("LED-12-3"))


@finding(
    "W-GDPR-12-3-EXTENDED",
    cite="GDPR:12(3)",
    mark=Mark.TEXT,
    kinds="reply-period-extended",
    gap="A7",
    says="The time to answer a request was extended after the first month, or a second time; this has no effect.",
)
def extended_too_late(r: OrderReading) -> Matches:
    """Only the first extension of a request counts, and only if it was made within the first month."""
    return [e for e in r.entries.of(EXTENDED) if not _in_effect(r, e)]


def _in_effect(r: OrderReading, extension: Entry) -> bool:
    request = r.entries.named(extension.get("about"))
    if request is None or extension_of(r.entries, request) is not extension:
        return False
    clocks = (c for c in r.deadlines.clocks if c.trigger == request.leaf)
    return any(c.due is None or extension.leaf in c.entries for c in clocks)


@finding(
    "V-14-15-SUSPENDED",
    cite="2AP:14(15)",
    mark=Mark.KNOWN,
    kinds="data-disclosed",
    contradicts="A7",
    says="Data were disclosed while transfers between the two Parties were suspended.",
)
def disclosed_while_suspended(r: OrderReading) -> Matches:
    suspensions = [
        e
        for e in r.entries.anywhere("transfers-suspended")
        if (e.get("from_party"), e.get("to_party")) == (r.parties.provider_party, r.parties.from_party)
    ]
    return [e for d in r.substance.disclosures for s in suspensions if _suspended(r, s, d) for e in (s, d)]


def _suspended(r: OrderReading, suspension: Entry, disclosure: Entry) -> bool:
    lifted = (e for e in r.entries.anywhere("suspension-lifted") if e.get("about") == suspension.leaf)
    return precedes(suspension, disclosure) and not any(precedes(e, disclosure) for e in lifted)

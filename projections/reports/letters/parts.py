"""The parts that several letters have: the order, the data, purposes, recipients, periods, rights, remedies.

Directive (EU) 2016/680 (LED) arts 13, 14, 16, 17 [text]; Regulation (EU) 2023/1543 arts 13, 18 [text]; Regulation
(EU) 2016/679 art. 15 [known]; CETS 224 art. 14(11) to (13) [known]; 18 U.S.C. 2705(a) [text].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.entries.case import Entry
from ledger.facts.vocabulary import GROUNDS
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.messages import Message, coded, joined
from projections.reports.letters.context import LetterContext, blank
from projections.reports.letters.letter import LetterSection, Paragraph
from projections.reports.letters.wording import (
    ACT_WORDS,
    CATEGORY_WORDS,
    PURPOSE_WORDS,
    instrument_words,
    listed,
    period,
    stated_date,
)
from projections.reports.recipients import recipients

BASIS: Final = {
    "notice": {"EPOC": "EPOC:13", "LED": "LED:13", "2AP": "2AP:14(11)", "SCA": "SCA:2705"},
    "access": {"LED": "LED:14", "GDPR": "GDPR:15", "2AP": "2AP:14(12)"},
    "erasure": {"LED": "LED:16", "GDPR": "GDPR:12", "2AP": "2AP:14(12)"},
}
HANDED_OVER: Final = ("data-disclosed", "data-transmitted-by-state")


def order_section(c: LetterContext) -> LetterSection:
    """Return who made which order, when, to whom, for what; art. 13(1) of Regulation (EU) 2023/1543."""
    e = c.issued
    if e is None:
        return LetterSection(Message("The order"), ((Message("No order is on record."),),))
    authority = c.name(e.get("issuing_authority") or e.actor)
    state = c.name(e.get("from_party") or e.party)
    made = Message(
        "On {0}, {1} ({2}) made {3}.", c.times.date(e.on), authority, state, instrument_words(c.case.instrument)
    )
    lines = [c.rests_on(e, made)]
    if reference := e.get("reference"):
        lines.append(Message("The number of the order is {0}.", reference))
    if case_ref := e.get("case_ref"):
        lines.append(Message("The number of the proceedings is {0}.", case_ref))
    if providers := e.get("providers"):
        lines.append(Message("It was addressed to {0}.", joined(", ", map(c.name, providers))))
    lines += [
        c.rests_on(
            v,
            (
                Message("It was validated on {0} by {1}.", c.times.date(v.on), c.name(v.actor))
                if v.kind == "order-validated"
                else Message("It was supervised on {0} by {1}.", c.times.date(v.on), c.name(v.actor))
            ),
        )
        for v in c.of("order-validated", "order-supervised")
        if v.get("decision") == "approved"
    ]
    lines += [c.rests_on(w, Message("It was withdrawn on {0}.", c.times.date(w.on))) for w in c.of("order-withdrawn")]
    return LetterSection(Message("The order"), (tuple(lines), tuple(_asked_for(e))))


def _asked_for(e: Entry) -> Iterator[str]:
    if data := listed(e.get("elements_sought"), ELEMENT_WORDS) or listed(e.get("data_categories"), CATEGORY_WORDS):
        yield Message("These data were asked for: {0}.", data)


def disclosure_section(c: LetterContext) -> LetterSection:
    """Return what was handed over, by whom, when and to whom, and what was kept."""
    handed = [_handed_over(c, e) for e in c.of(*HANDED_OVER)]
    kept = [
        c.rests_on(
            e,
            Message("{0} keeps the data since {1}, so that they are not deleted.", c.name(e.actor), c.times.date(e.on)),
        )
        for e in c.of("preservation-confirmed")
    ]
    if not handed:
        kept.append(Message("No data were handed over so far, as far as the record of this office shows."))
    return LetterSection(Message("What was handed over"), (*handed, *((line,) for line in kept)))


def _handed_over(c: LetterContext, e: Entry) -> Paragraph:
    giver, when = c.name(e.actor), c.times.moment(e.on)
    to = e.get("recipient")
    says = (
        Message("On {0}, {1} handed over data to {2}.", when, giver, c.name(to))
        if to
        else Message("On {0}, {1} handed over data.", when, giver)
    )
    part = (Message("They were not all the data that were asked for."),) if e.get("partial") else ()
    return (c.rests_on(e, says), *part)


def delay_section(c: LetterContext) -> Iterator[LetterSection]:
    """Yield why the person was not informed earlier, and by whose decision; 18 U.S.C. 2705(a), LED art. 13(3)."""
    lines = []
    for e in c.of("customer-notification-delayed", "customer-notification-delay-extended"):
        who, day, ground = c.name(e.actor), c.times.date(e.on), listed(e.get("grounds"), _GROUND_WORDS)
        lines.append(c.rests_on(e, Message("{0} decided on {1} that you were to be told later.", who, day)))
        lines += [Message("The ground was: {0}.", ground)] if ground else []
    for e in c.of("customer-notification-delay-lifted"):
        lines.append(c.rests_on(e, Message("This delay ended on {0}.", c.times.date(e.on))))
    if lines:
        yield LetterSection(Message("Why you are told now"), (tuple(lines),))


_GROUND_WORDS: Final = {code: ground.says for code, ground in GROUNDS.items()}


def purpose_section(c: LetterContext) -> LetterSection:
    """Return purposes and legal basis; LED arts 13(1)(c), 13(2)(a), 14(a)."""
    purposes = c.described("purposes")
    if not purposes:
        recorded = c.of("purpose-recorded")
        purposes = tuple(
            dict.fromkeys(coded(code, PURPOSE_WORDS) for e in recorded if (code := str(e.get("purpose_code"))))
        )
        if not purposes:
            c.lacks(Message("the purposes of the processing"), "purposes", "controller-described: purposes")
    lines = []
    grounds = () if c.issued is None else tuple(c.issued.get("domestic_legal_grounds") or ())
    bases = tuple(dict.fromkeys((*grounds, *c.described("legal_bases"))))
    if bases:
        lines.append(Message("The processing rests on these provisions: {0}.", joined("; ", bases)))
    elif not grounds:
        c.lacks(Message("the legal basis of the processing"), "basis", "controller-described: legal_bases")
    blanks = (
        *blank(purposes, Message("The purposes of the processing")),
        *blank(bases, Message("The legal basis of the processing")),
    )
    lead = (Message("The data are processed for these purposes:"),) if purposes else ()
    paragraphs = tuple(p for p in (tuple(lines), lead) if p)
    return LetterSection(Message("Purposes and legal basis"), paragraphs, purposes, blanks)


def recipients_section(c: LetterContext) -> LetterSection:
    """Return who received the data, by name; LED arts 13(2)(c), 14(c)."""
    received: dict[str, str] = {}
    for one in recipients(c.case.happened(c.making.as_of)):
        if not c.reading.entries.is_effective(one.entry):
            continue
        if one.whom != c.asked.actor and one.whom not in received:
            received[one.whom] = Message("{0} (received on {1})", c.name(one.whom), c.times.date(one.entry.on))
            c.rests_on(one.entry, Message("{0} received the data.", c.name(one.whom)))
    abroad, abroad_lines = c.of("onward-transferred"), list[str]()
    lines = [Message("These received the data:")] if received else []
    if not received:
        lines.append(Message("Nobody else received the data, as far as the record of this office shows."))
    if abroad:
        states = joined(", ", dict.fromkeys(c.name(e.get("recipient_party")) for e in abroad))
        abroad_lines.append(Message("Data went to these other States or organisations: {0}.", states))
        if safeguards := c.describes(
            "safeguards", Message("the safeguards of transfers to other States"), "safeguards"
        ):
            abroad_lines.append(Message("These safeguards protect the data there: {0}.", joined("; ", safeguards)))
    paragraphs = tuple(p for p in (tuple(abroad_lines), tuple(lines)) if p)
    return LetterSection(Message("Who received the data"), paragraphs, tuple(received.values()))


def period_section(c: LetterContext) -> LetterSection:
    """Return how long the data are kept, or the criteria; LED arts 13(2)(b), 14(d)."""
    lines: list[str] = []
    for e in c.of("retention-rule-set")[-1:]:
        if e.get("period"):
            lines.append(c.rests_on(e, Message("The data are kept for {0}.", period(e.get("period")))))
        lines.append(
            c.rests_on(
                e,
                Message(
                    "Whether they are still needed is examined at the latest on {0}.", stated_date(e.get("review_on"))
                ),
            )
        )
    general = () if lines else c.described("periods")
    for e in c.of("data-destroyed", "data-returned"):
        says = Message(
            f"{'All data' if e.get('scope') == 'all' else 'Part of the data'} were "
            f"{'destroyed' if e.kind == 'data-destroyed' else 'returned'} on {{0}}.",
            c.times.date(e.on),
        )
        lines.append(c.rests_on(e, says))
    if not lines and not general:
        c.lacks(
            Message("the period for which the data are kept"),
            "period",
            "retention-rule-set, or controller-described: periods",
        )
    lead = (Message("These periods or criteria apply:"),) if general else ()
    return LetterSection(
        Message("How long the data are kept"),
        tuple(p for p in (tuple(lines), lead) if p),
        general,
        blank((*lines, *general), Message("The period for which the data are kept, or the criteria for it")),
    )


def rights_section(c: LetterContext) -> LetterSection:
    """Return the rights of the person, and how to exercise them; LED arts 13(1)(e), 14(e)."""
    contact = c.describes("contact", Message("the contact of the controller"), "controller")
    lead = Message("You can ask this office for:")
    points = (
        Message("access to the data about you, and information on how they are processed"),
        Message("the correction of data that are wrong, and the completion of data that are incomplete"),
        Message("the erasure of data that may not be processed"),
        Message("the restriction of the processing, where the data must be kept"),
    )
    how = tuple(Message("Write to: {0}.", line) for line in contact)
    return LetterSection(
        Message("Your rights"), ((*how, lead),), points, blank(contact, Message("The contact of the controller"))
    )


def remedies_section(c: LetterContext) -> LetterSection:
    """Return the complaint and the remedies; LED arts 13(1)(d), 17, EPOC art. 18, CETS 224 art. 14(13)."""
    authority = c.describes("supervisory_authority", Message("the name of the supervisory authority"), "complaint")
    contact = c.describes("supervisory_contact", Message("the contact of the supervisory authority"), "complaint")
    lines = [Message("You can complain to the supervisory authority: {0}.", joined(", ", (*authority, *contact)))]
    if not (authority and contact):
        lines = [Message("You can complain to the supervisory authority.")]
    if "LED" in c.regimes:
        lines.append(Message("You can also exercise your rights through the supervisory authority."))
    state = c.name(c.reading.parties.from_party)
    if "EPOC" in c.regimes:
        lines.append(
            Message(
                "You have the right to an effective remedy against the order before a court of {0}, under its law.",
                state,
            )
        )
        lines.append(
            Message(
                "There you can challenge whether the order was lawful, also whether it was necessary and proportionate."
            )
        )
    elif "2AP" in c.regimes:
        lines.append(Message("You can seek a remedy, before a court or otherwise, if these rules were not kept."))
    else:
        lines.append(Message("You can also seek a remedy before a court."))
    court = c.described("court")
    if c.own_side and "EPOC" in c.regimes and not court:
        c.lacks(Message("the court of the remedies"), "remedies", "controller-described: court")
    lines += [Message("The court is: {0}.", line) for line in court]
    blanks = blank(authority and contact, Message("The supervisory authority and its contact"))
    if c.own_side and "EPOC" in c.regimes:
        blanks += blank(court, Message("The court, and the time within which to go there"))
    return LetterSection(Message("Complaint and remedies"), (tuple(lines),), (), blanks)


def controller_section(c: LetterContext) -> LetterSection:
    """Return who is responsible, and the contact of the data protection officer; LED art. 13(1)(a), (b)."""
    dpo = c.describes("dpo_contact", Message("the contact of the data protection officer"), "dpo")
    lines = (
        Message("{0} is responsible for the answer to your request.", c.office)
        if c.concealed
        else Message("{0} is responsible for the processing.", c.controller),
        *(Message("The data protection officer: {0}.", line) for line in dpo),
    )
    return LetterSection(
        Message("Who is responsible"), (lines,), (), blank(dpo, Message("The contact of the data protection officer"))
    )


def basis(c: LetterContext) -> str:
    """Return the provisions that ask for what the letter says; empty where none of the known acts applies."""
    acts = [
        Message(ACT_WORDS[cite]) for act, cite in BASIS[c.asked.letter].items() if act in c.regimes and not c.concealed
    ]
    return (
        Message("This letter gives the information for which these provisions ask: {0}.", joined("; ", acts))
        if acts
        else ""
    )

"""The answer to a request for access: LED arts 14, 15, 17; GDPR art. 15; CETS 224 art. 14(12).

LED art. 15(3): a restriction and its reasons are stated, unless stating them would undermine its purpose. Then the
letter says neither whether data are processed nor that something is withheld.
"""

from __future__ import annotations

from ledger.command_line import quoted
from ledger.entries.case import Entry
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.person_requests import answers_to
from ledger.messages import Message
from projections.reports.entry_numbers import number
from projections.reports.letters import parts
from projections.reports.letters.context import LetterContext, blank
from projections.reports.letters.letter import LetterRefused, LetterSection, Omission
from projections.reports.letters.wording import CATEGORY_WORDS, RESTRICTION_WORDS, listed

TITLE = Message("Answer to your request for access")
ALL = frozenset({"copy", "legal-basis", "purpose", "retention", "recipients", "redress"})  # of access-granted


def refused_silently(r: OrderReading, omit: Omission) -> bool:
    """Return True if access is refused as a whole and the letter may not say so."""
    requests = r.entries.of("access-requested")
    kinds = {e.kind for e in answers_to(r.entries, requests[-1])} if requests else set()
    return omit == "restriction" and kinds == {"access-restricted"}


def access(c: LetterContext) -> tuple[str, tuple[LetterSection, ...]]:
    """Return the title and the sections of an answer.

    Without a restriction it has everything. With one it has the parts that `access-granted` states, none without.
    """
    request = _request(c)
    c.answers = number(request, c.case)
    restriction, granted = _answer(c, request, "access-restricted"), _answer(c, request, "access-granted")
    c.restricted = restriction is not None
    _check_omission(c, restriction)
    if restriction is None and granted is None and c.of("access-restricted"):
        raise LetterRefused(
            "an earlier request for access was restricted, and the newest one is not decided on record",
            f"comity record access-granted|access-restricted ORDER -f {quoted(f'answers={c.answers}')} ...",
        )
    received = Message("On {0} you asked this office which data about you it processes.", c.times.date(request.on))
    if c.concealed:
        return TITLE, _neutral(c, received)
    c.rests_on(request, Message("You asked for access."))
    opening = LetterSection("", ((received, Message("This office processes data about you.")),))
    parts_given = ALL if restriction is None else frozenset(granted.get("includes") or () if granted else ())
    return TITLE, (
        opening,
        *_restricted(c, restriction),
        *((_data(c), _origin(c)) if "copy" in parts_given else ()),
        *((parts.purpose_section(c),) if parts_given & {"purpose", "legal-basis"} else ()),
        *((parts.recipients_section(c),) if "recipients" in parts_given else ()),
        *((parts.period_section(c),) if "retention" in parts_given else ()),
        *_profiling(c),
        parts.rights_section(c),
        parts.remedies_section(c),
        parts.controller_section(c),
    )


def _request(c: LetterContext) -> Entry:
    requests = c.of("access-requested")
    if not requests:
        raise LetterRefused(
            "no request for access is on record, so there is nothing to answer",
            "comity record access-requested ORDER --as ACTOR",
        )
    return requests[-1]


def _answer(c: LetterContext, request: Entry, kind: str) -> Entry | None:
    return next((e for e in reversed(answers_to(c.reading.entries, request)) if e.kind == kind), None)


def _check_omission(c: LetterContext, restriction: Entry | None) -> None:
    """Refuse a letter that would tell too much, or that leaves out what the law does not allow to leave out."""
    record = "comity record access-restricted ORDER -f 'answers=#N' -f grounds=LED:15(1)(a) -f reasons=TEXT"
    if c.concealed and (restriction is None or c.asked.omit != "restriction"):
        raise LetterRefused(
            "the person must not learn of this order now, and this letter would tell them of it",
            f"record the decision ({record}), then --omit restriction: a letter that neither confirms nor denies",
        )
    if c.concealed and c.asked.enclosures:
        raise LetterRefused(
            "a letter that neither confirms nor denies encloses nothing: an enclosure would tell of the data",
            "without --enclosure",
        )
    if c.asked.omit and (restriction is None or not restriction.get("grounds") or not restriction.stated("reasons")):
        raise LetterRefused(
            "LED art. 15(3) and (4): only a restriction whose ground and reasons are documented may be left unsaid",
            record,
        )


def _neutral(c: LetterContext, received: str) -> tuple[LetterSection, ...]:
    """Return the answer that neither confirms nor denies. LED art. 15(3)."""
    says = (
        Message(
            "This office can give you no further information: either it processes no data about you, or the "
            "law does not allow it to inform you of them."
        ),
        Message("This letter does not say which of the two is the case."),
    )
    return (
        LetterSection("", ((received,), says)),
        parts.remedies_section(c),
        parts.controller_section(c),
    )


def _restricted(c: LetterContext, restriction: Entry | None) -> tuple[LetterSection, ...]:
    if restriction is None or c.asked.omit == "restriction":
        return ()
    lines = [c.rests_on(restriction, Message("On {0} your access was restricted.", c.times.date(restriction.on)))]
    if c.asked.omit == "grounds":
        lines.append(Message("The law allows this office not to state the reasons."))
    else:
        lines.append(Message("The ground is: {0}.", listed(restriction.get("grounds"), RESTRICTION_WORDS)))
    lines.append(Message("The supervisory authority can examine the reasons."))
    return (LetterSection(Message("What is withheld"), (tuple(lines),)),)


def _data(c: LetterContext) -> LetterSection:
    """Return the categories of data, and the data themselves as an enclosure. LED art. 14(b), (g)."""
    issued = c.issued
    kinds = listed(issued.get("data_categories"), CATEGORY_WORDS) if issued is not None else ""
    elements = listed(issued.get("elements_sought"), ELEMENT_WORDS) if issued is not None else ""
    lines = [Message("The data are of these categories: {0}.", kinds)] if kinds else []
    lines += [Message("In particular they are: {0}.", elements)] if elements else []
    if c.asked.enclosures:
        lines.append(Message("The data are enclosed with this letter."))
    else:
        c.lacks(Message("the data themselves, as an enclosure"), "data", "--enclosure TEXT names what is enclosed")
    return LetterSection(
        Message("The data"),
        (tuple(lines),),
        (),
        blank(c.asked.enclosures, Message("The data, or where you can see them")),
    )


def _origin(c: LetterContext) -> LetterSection:
    """Return where the data come from. LED art. 14(g), GDPR art. 15(1)(g)."""
    order, *_ = parts.order_section(c).paragraphs
    return LetterSection(Message("Where the data come from"), (order, *parts.disclosure_section(c).paragraphs))


def _profiling(c: LetterContext) -> tuple[LetterSection, ...]:
    lines = c.described("profiling")
    return (
        (LetterSection(Message("Automated decisions and profiling"), (lines,)),)
        if lines and "GDPR" in c.regimes
        else ()
    )

"""The answer to a request for erasure: LED art. 16(2) to (4), 17; GDPR arts 12(4), 17; CETS 224 art. 14(12)."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.entries.case import Entry, Unread
from ledger.law.reading.person_requests import answers_to
from ledger.messages import Message
from projections.reports.letters import parts
from projections.reports.letters.context import LetterContext, blank
from projections.reports.letters.letter import LetterRefused, LetterSection
from projections.reports.letters.wording import LOCK_WORDS, METHOD_WORDS

TITLE = Message("Answer to your request for erasure")


def erasure(c: LetterContext) -> tuple[str, tuple[LetterSection, ...]]:
    """Return the title and the sections of an answer."""
    request = _request(c)
    decision = next(reversed(answers_to(c.reading.entries, request)), None)
    if decision is None:
        raise LetterRefused(
            "the request for erasure is not decided on record",
            "comity record erasure-decided ORDER -f 'answers=#N' -f decision=erased|refused|restricted-instead ...",
        )
    received = c.rests_on(
        request, Message("On {0} you asked this office to erase data about you.", c.times.date(request.on))
    )
    return TITLE, (
        LetterSection("", ((received, c.rests_on(decision, _decided(c, decision))),)),
        *_outcome(c, decision),
        *_reasons(c, decision),
        parts.rights_section(c),
        parts.remedies_section(c),
        parts.controller_section(c),
    )


def _request(c: LetterContext) -> Entry:
    requests = c.of("erasure-requested")
    if not requests:
        raise LetterRefused(
            "no request for erasure is on record, so there is nothing to answer",
            "comity record erasure-requested ORDER --as ACTOR",
        )
    return requests[-1]


def _decided(c: LetterContext, decision: Entry) -> str:
    day = c.times.date(decision.on)
    return {
        "erased": Message("On {0} it was decided that the data are erased.", day),
        "refused": Message("On {0} it was decided that the data are not erased.", day),
        "restricted-instead": Message("On {0} it was decided that the data are locked instead of erased.", day),
    }[str(decision.get("decision"))]


def _outcome(c: LetterContext, decision: Entry) -> Iterator[LetterSection]:
    """Yield what was done: what is erased, what is locked instead, what remains."""
    done = [
        c.rests_on(
            e, Message("On {0} data were erased: {1}.", c.times.date(e.on), Message(METHOD_WORDS[str(e.get("method"))]))
        )
        for e in c.of("payload-key-destroyed", "data-destroyed")
        if e.on >= decision.on or str(decision.get("decision")) == "erased"
    ]
    if decision.get("decision") == "erased":
        done += [] if done else [Message("The erasure itself is not on record yet.")]
        done.append(Message("The entries that document the steps of the proceedings remain."))
        done.append(Message("The erased values can no longer be read in them."))
        if not c.of("payload-key-destroyed", "data-destroyed"):
            c.lacks(Message("the erasure itself"), "outcome", "comity erase ORDER")
    released = {c.reading.entries.named(e.get("about")) for e in c.of("restriction-released")}
    locked = [e for e in c.of("processing-restricted") if e not in released]
    done += [
        c.rests_on(
            e,
            Message(
                "Since {0} data are locked, because {1}.", c.times.date(e.on), Message(LOCK_WORDS[str(e.get("cause"))])
            ),
        )
        for e in locked
    ]
    if decision.get("decision") == "restricted-instead":
        if not locked:
            done.append(Message("The locking itself is not on record yet."))
            c.lacks(Message("the locking itself"), "restriction", "comity record processing-restricted")
        done.append(Message("Locked data are kept, and are used for no other purpose."))
    if done:
        yield LetterSection(Message("What was done"), tuple((line,) for line in done))


def _reasons(c: LetterContext, decision: Entry) -> Iterator[LetterSection]:
    """Yield the reasons of a refusal, in the words of the decision. LED art. 16(4)."""
    if decision.get("decision") == "erased":
        return
    stated = decision.sealed.get("reasons")
    words = () if not stated or isinstance(stated, Unread) else tuple(str(stated).splitlines())
    if not words:
        c.lacks(Message("the reasons of the decision"), "reasons", "erasure-decided: reasons")
    yield LetterSection(
        Message("Reasons for the decision"),
        tuple((line,) for line in words),
        (),
        blank(words, Message("The reasons of the decision")),
    )

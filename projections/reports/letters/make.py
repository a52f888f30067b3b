"""Make a letter from an order: what its reader may read, refused where the law does not allow it now."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ledger.bundle.audience import shown_to
from ledger.entries.case import Case, Entry, Unread
from ledger.law.judge import read_order
from ledger.law.record_checks.notice_bars import NoticeBar, bar_of_notice
from projections.reports.front_page import Provenance, languages
from projections.reports.letters import parts
from projections.reports.letters.access import access, refused_silently
from projections.reports.letters.context import PERSON, LetterContext, LetterRequest, party_of
from projections.reports.letters.erasure import erasure
from projections.reports.letters.letter import Letter, LetterRefused
from projections.reports.letters.notice import notice

DESTROYED = "payload-key-destroyed"
OF_A_PERSON = ("access-", "rectification-", "erasure-")  # kinds that are about one person's request


def letter(asked: LetterRequest, case: Case, making: Provenance) -> Letter:
    """Return a letter on a case as known at its moment; `LetterRefused` where the law does not allow it now."""
    shown = shown_to(case, PERSON)
    reading = read_order(shown, making.as_of)
    bar = bar_of_notice(reading, asked.role, party_of(reading, asked.actor))
    concealed = bar is not None or (asked.letter == "access" and refused_silently(reading, asked.omit))
    c = LetterContext(asked, shown, reading, making, concealed)
    if asked.letter == "notice":
        if asked.omit:
            raise LetterRefused("a notice leaves nothing unsaid", "--omit is of an answer to a request for access")
        _check_bar(bar)
        title, sections = notice(c)
    elif asked.letter == "access":
        title, sections = access(c)
    else:
        if asked.omit:
            raise LetterRefused("an answer on erasure omits nothing", "--omit is of an answer to a request for access")
        _check_bar(bar)
        title, sections = erasure(c)
    issued = c.issued
    reference = "" if concealed or issued is None else str(issued.get("reference") or issued.get("case_ref") or "")
    return Letter(
        letter=asked.letter,
        title=title,
        making=making,
        sender=c.sender,
        addressee=asked.addressee,
        place=next(iter(c.described("place")), ""),
        date=c.times.date(making.as_of),
        reference=reference,
        sections=sections,
        basis=parts.basis(c),
        enclosures=asked.enclosures,
        office=c.office,
        sources=() if concealed else c.sorted_sources(),
        missing=tuple(c.missing),
        answers=c.answers,
        restricted=c.restricted,
        languages=() if concealed else languages(case.registry),
    )


def _check_bar(bar: NoticeBar | None) -> None:
    if bar is None:
        return
    where = "" if bar.entry is None else f" (entry {bar.entry.number}, {bar.entry.kind})"
    raise LetterRefused(f"{bar.says}{where} {', '.join(bar.cite)}", f"what ends this: {bar.ends}")


def of_subject(case: Case, values: Collection[tuple[int, str]], others: Collection[str] = ()) -> Case:
    """Return a case with the sealed values of one person alone; `values` are (index, field) of this person.

    A request or an answer with sealed values of other persons alone is left out: it is theirs, also after their
    erasure. So is the destruction of one of the keys `others`.
    """
    entries = (
        _of(e, {name for index, name in values if index == e.index})
        for e in case.entries
        if not _of_another(e, {name for index, name in values if index == e.index})
        if e.kind != DESTROYED or e.get("key_ref") not in others
    )
    return replace(case, entries=tuple(entries))


def _of_another(e: Entry, mine: Collection[str]) -> bool:
    stated = [name for name, value in e.sealed.items() if value is not None]
    return e.kind.startswith(OF_A_PERSON) and bool(stated) and not mine


def _of(e: Entry, mine: Collection[str]) -> Entry:
    sealed = {
        name: value if name in mine or value is None or value is Unread.ERASED else Unread.WITHHELD
        for name, value in e.sealed.items()
    }
    return e if sealed == e.sealed else replace(e, sealed=sealed)

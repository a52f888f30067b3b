"""The processing record of a data protection officer: the ten answers, who held and read the data, each moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ledger.entries.case import Case, Entry, Unread
from ledger.facts import KINDS
from ledger.facts.value_forms import ListForm
from ledger.facts.words import words_of
from ledger.law import Judgement
from ledger.messages import Message, coded, joined
from projections.reports.data_protection.dpo_questions import register
from projections.reports.entry_numbers import number
from projections.reports.front_page import CheckCommand, FrontPage, Provenance, front_page, words
from projections.reports.history import History, history, text
from projections.reports.recipients import came_to_nothing, readers, recipients, replaced_access
from projections.reports.replay import RunningDeadline, Stage, running
from projections.sentences.field_words import named_words
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names, names_of
from projections.sentences.values import Language, Worded, in_words
from projections.views.custody import custody, held_periods
from projections.views.due import due
from projections.views.timeline import fields

ISSUED: Final = KINDS["order-issued"].fields()
PURPOSES: Final = words_of(KINDS["record-accessed"].fields()["purpose_code"].one_of)
VIEWS: Final = words_of(KINDS["record-accessed"].fields()["view"].one_of)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """Hold one of the ten questions with its answer in lines, the entries it rests on, and whether a duty is open."""

    number: int
    question: str
    cite: str
    lines: tuple[str, ...]
    entries: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """Hold one period in which an office had the data: from one entry to another; None if it has not ended.

    `exhibit` is the exhibit or copy that the office has; None for data without such a number.
    """

    holder: str
    since: datetime
    since_entry: str
    until: datetime | None
    until_entry: str | None
    exhibit: str | None = None


@dataclass(frozen=True, slots=True)
class AccessRow:
    """Hold one opening of sealed values: when, which office and person, in which view, the purpose code, the reason.

    `purpose_says` is the purpose in words, `view_says` the view.

    It also stands for the entry which says that nothing was handed out after an opening.
    """

    on: datetime
    who: str
    person: str
    view: str
    purpose: str
    because: str
    purpose_says: str = ""
    view_says: str = ""


@dataclass(frozen=True, slots=True)
class ProcessingRecord:
    """Hold what was done with one person's data, on which ground, for how long, and which duties are open."""

    face: FrontPage
    row: tuple[tuple[str, str], ...]
    answers: tuple[AnswerRow, ...]
    duties: tuple[RunningDeadline, ...]
    holdings: tuple[Holding, ...]
    reads: tuple[AccessRow, ...]
    stages: tuple[Stage, ...]
    story: History


def processing_record(
    case: Case,
    judgement: Judgement,
    making: Provenance,
    commands: Sequence[CheckCommand],
    accesses: Sequence[Entry],
    stages: Sequence[Stage],
) -> ProcessingRecord:
    """Return the record of a case as known at the judgement's moment.

    `accesses` are the `record-accessed` entries that name it.
    """
    names, past = names_of(case).offices, case.happened(judgement.as_of)
    what = Message(
        "Whose data these are, on which ground they were obtained, who held and read them, when the "
        "person was told, what is still owed, and how all this looked at each moment."
    )
    answers = tuple(
        AnswerRow(a.number, a.question, a.cite, a.lines, tuple(_numbered(a.entries, case)), a.open)
        for a in register(case, judgement, accesses, reveal=making.reveal)
    )
    owed = sum(a.open for a in answers)
    answer = Message(
        f"{{0}} of the {{1}} questions of a data protection officer {'leaves' if owed == 1 else 'leave'} a duty open. "
        "Telling the person: {2}.",
        owed,
        len(answers),
        words(judgement.regions.get("customer_notice", "nothing on record")),
    )
    return ProcessingRecord(
        face=front_page(Message("Processing record"), what, answer, case, judgement, making, commands),
        row=_row(past, answers, readers(accesses) if making.reveal else ()),
        answers=answers,
        duties=running(due(judgement, making.as_of)),
        holdings=_holdings(past),
        reads=tuple(_read(e, accesses, names, making.reveal) for e in accesses),
        stages=tuple(stages),
        story=history(case, judgement, reveal=making.reveal, proven=making.proven),
    )


def _view(e: Entry, accesses: Sequence[Entry], view: str) -> str:
    """Return what was read, or that nothing was handed out, where the replacing entry says so as the program does."""
    if came_to_nothing(e, accesses):
        return Message("nothing was handed out")
    if access := replaced_access(e, accesses):
        return Message("{0}, entry {1}, in place of entry {2}", view, e.index, access.index)
    later = [a for a in accesses if replaced_access(a, (e,)) and not came_to_nothing(a, (e,))]
    return Message("{0}, entry {1}, replaced by entry {2}", view, e.index, later[0].index) if later else view


def _read(e: Entry, accesses: Sequence[Entry], names: Mapping[str, str], reveal: bool) -> AccessRow:
    """Return one opening as its reader may see it; the person and the reason are sealed values too."""
    stated = fields(e, reveal=reveal)

    def said(name: str) -> str:
        value = stated.get(name)
        if value is None:
            return Message("not stated")
        return {Unread.WITHHELD: "[sealed]", Unread.ERASED: "[erased]"}.get(value, str(value))

    purpose, view = said("purpose_code"), str(e.get("view", ""))
    says = PURPOSES.get(purpose)
    return AccessRow(
        e.on,
        names.get(e.by, e.by),
        said("person"),
        _view(e, accesses, view),
        purpose,
        said("justification"),
        purpose if says is None else Message(says),
        _view(e, accesses, coded(view, VIEWS)),
    )


def _numbered(entries: Sequence[Entry], case: Case) -> list[str]:
    """Return the numbers of an order's own entries; entries of the access order have none."""
    here = {e.leaf for e in case.entries}
    return [number(e, case) for e in entries if e.leaf in here]


def _row(case: Case, answers: Sequence[AnswerRow], read_by: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the row of the records of processing (LED art. 24(1), GDPR art. 30(1)), as far as the entries fill it.

    `read_by` are the roles for which bundles were made.
    """
    names = names_of(case).offices
    issued = next(iter(case.issued), None)
    received = dict.fromkeys((*(one.who for one in recipients(case)), *read_by))
    order_fields = {} if issued is None else fields(issued)

    def said(*asked_for: str) -> str:
        parts = [
            Worded(partial(_in_language, name, order_fields[name], names))
            for name in asked_for
            if order_fields.get(name) not in (None, "", [])
        ]
        return joined("; ", parts)

    time_limits = [line for a in answers if a.number == 6 for line in a.lines if a.entries]
    onward = [line for a in answers if a.number == 7 for line in a.lines if a.entries]
    return (
        (Message("Controller"), "" if issued is None else names.get(issued.actor, issued.actor)),
        (Message("Purpose"), said("case_ref", "offences")),
        (Message("Legal basis"), said("domestic_legal_grounds", "dp_regime")),
        (Message("Categories of data"), said("data_categories", "elements_sought")),
        (Message("Recipients"), joined("; ", received)),
        (Message("Transfers to other States"), joined(" ", onward)),
        (Message("Time limits for erasure"), joined(" ", time_limits)),
    )


def _in_language(name: str, value: Any, names: Mapping[str, str], language: Language) -> str:
    """Return a value of the order in words; one that is sealed or erased with the name of its field."""
    if isinstance(value, Unread):
        return f"{language.word(name.replace('_', ' '))}: {language.of(text(value, None, {}, names))}"
    if words := named_words(name, value):
        return language.of(words)
    form = ISSUED[name].form
    if name in ("data_categories", "elements_sought") and isinstance(form, ListForm):
        one = partial(in_words, form=form.item, language=language, names=Names(()), times=LocalTimes(""))
        return "; ".join(one(item) or str(item) for item in value)
    return language.of(text(value, form, {}, names))


def _holdings(case: Case) -> tuple[Holding, ...]:
    """Return the periods in which each holder had an exhibit, a copy, or data that have no such number."""
    return tuple(
        Holding(
            holder=held.holder,
            since=held.since.on,
            since_entry=number(held.since, case),
            until=None if held.until is None else held.until.on,
            until_entry=None if held.until is None else number(held.until, case),
            exhibit=held.exhibit,
        )
        for held in held_periods(custody(case))
    )

"""Make the order form of a case for one reader, filled as far as stated, and say whether the order is complete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from types import MappingProxyType

from ledger.bundle.audience import COUNTED_ONLY, shown_to
from ledger.entries.case import Case, Entry
from ledger.facts import KINDS
from ledger.facts.kind import Field
from ledger.facts.readers import DRAFTERS
from ledger.facts.value_forms import ListForm
from ledger.facts.vocabulary import ROLES
from ledger.formats.characters import visible
from ledger.law import Judgement, read_all
from ledger.law.instruments.e_evidence_transmission import COMMON_SYSTEM
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.order_contents import CONTENTS, WORDS, RequiredContent
from ledger.law.terms.instruments import EUROPEAN
from ledger.messages import Capitalised, Message, Moment
from projections.reports.entry_numbers import number
from projections.reports.fillable_form import FillableForm, FormLine, FormSection, FormTable
from projections.reports.front_page import Provenance, languages, named, only_for, subject
from projections.reports.history import text
from projections.reports.order_form.parts import (
    ANNEX,
    ANNEX_I,
    ANNEX_II,
    FOR_AUTHORITY,
    LABELS,
    LATER,
    OTHER,
    PARAGRAPHS,
    PART_LABELS,
    PARTS,
    PRESERVED,
    SIGNED,
    STATEMENTS,
    VOLUNTARY,
    AnnexSection,
)
from projections.reports.request import StateName, state
from projections.sentences.field_words import field_words
from projections.sentences.names import Names, language_name, names_of
from projections.sentences.sentence import sentence
from projections.sentences.values import Language, Worded
from projections.views.completeness import Missing, lacking
from projections.views.timeline import fields

# A field by its name, as it reads; empty where it was not stated, None where it is not for the reader.
Say = Callable[[str], tuple[str, ...] | None]

KEPT = ("BC-16", "UNCC-42")  # what they ask for is to keep data
SUPPORTING = "2AP:8(3)(b)"
ISSUED = KINDS["order-issued"].fields()
NOTE = Message(
    "Words and layout are this program's own and no official form. What is blank was not stated. "
    "What is [sealed] is not opened in this copy."
)
LISTED = {*CONTENTS} - {"2AP-10"}  # the act lists the contents; of 2AP-10 it adds to those of mutual assistance
MAKERS = (*DRAFTERS, "CAR")  # the side that makes the order
ADDRESSEES = {
    "2AP-6": "REG",
    "2AP-9": "POC",
    **dict.fromkeys(("2AP-8", "2AP-10", "BC-29", "BC-31", "UNCC-42", "UNCC-44"), "CAQ"),
}


def addressee(instrument: str) -> str:
    """Return the role to which an order under this instrument is addressed."""
    return ADDRESSEES.get(instrument, "SP")


def order_form(case: Case, judgement: Judgement, making: Provenance, role: str) -> FillableForm:
    """Return the form of a case's order as known at the judgement's moment, for a reader in `role`.

    It is blank where no order was made by then. It leaves out what is not for this reader. Only the form for
    the issuing side says whether the order is complete.
    """
    case = shown_to(case, role)
    issued = next(reversed(case.issued), None)
    say = _reader(case, issued, role, reveal=making.reveal)
    instrument = case.instrument
    if instrument in EUROPEAN:
        sections = _annex(instrument, case.happened(judgement.as_of), judgement.as_of, say)
        form = "I" if instrument == "EPOC" else "II"
        what = Message(
            "The certificate for the addressee, after the structure of Annex {0} to Regulation (EU) 2023/1543.", form
        )
    else:
        sections = _paragraphs(CONTENTS.get(instrument, ()), say, instrument, role)
        what = (
            Message(
                "The order with the contents its article asks for, and the supporting information that goes with it."
            )
            if instrument in CONTENTS
            else Message("The order as its maker stated it.")
        )
    if changed := _changed(case, judgement.as_of):
        sections = [changed, *sections]
    about = subject(case, judgement)
    return FillableForm(
        form=instrument,
        title=Message("Order form"),
        what=Message(
            "{0} This paper is for: {1}. What is not for that reader is left out.", what, Message(ROLES[role])
        ),
        note=NOTE,
        making=making,
        subject=about if role in MAKERS else replace(about, state="", regions=()),
        sections=tuple(s for s in sections if s.lines or s.lead or s.table),
        only_for=only_for(case.entries),
        languages=languages(case.registry),
        named=named(case.registry),
        missing=tuple(missing(case, making.as_of)) if issued is not None and role in MAKERS else None,
    )


def missing(case: Case, moment: datetime) -> list[Missing]:
    """Return what the order of a case lacks, if it is served as it is; empty where no order was made."""
    issued = next(reversed(case.issued), None)
    if issued is None:
        return []
    by_mail = str(issued.get("return_manner", "secure-email"))
    return lacking(case, moment, COMMON_SYSTEM if case.instrument in EUROPEAN else by_mail)


def _reader(case: Case, issued: Entry | None, role: str, *, reveal: bool) -> Say:
    names = names_of(case)
    stated: Mapping[str, object] = {} if issued is None else fields(issued, reveal=reveal)
    own, audience = (None, {}) if issued is None else (issued.role, issued.audience)
    closed = {
        name
        for name, field in ISSUED.items()
        if field.audience and role != own and role not in audience.get(name, field.audience)
    }

    def say(name: str) -> tuple[str, ...] | None:
        if name in closed:
            return None
        value = stated.get(name)
        if value is True and (says := STATEMENTS.get((case.instrument, name))):
            return (says,)
        if name == "supervision" and value:
            return tuple(_supervised(value, case, names))
        return tuple(_worded(ISSUED[name], value, case, names)) if name in ISSUED else ()

    return say


def _worded(field: Field, value: object, case: Case, names: Names) -> Iterator[str]:
    """Yield a value in words, its codes too, each item of a list alone; nothing where it was not stated."""
    for item in value if isinstance(value, list | tuple) else (value,):
        if item is None or item == "":
            continue
        if not isinstance(item, str):
            yield text(item, None, {}, {})
        elif field.name == "languages":
            yield Worded(partial(_language, item))
        elif field.type == "party":
            yield Worded(partial(_state, state(item, case.registry)))
        else:
            yield Worded(partial(_in_words, field, item, names))


def _in_words(field: Field, value: str, names: Names, language: Language) -> str:
    """Return one value of a field in words."""
    if field.name == "time_range" and (days := _days(value)):
        return " – ".join(map(language.date, days))
    form = field.form.item if isinstance(field.form, ListForm) else field.form
    return field_words(value, form, names, names.times(""), language)


def _days(value: str) -> tuple[date, date] | None:
    """Return the two dates of a period, `2026-06-01/2026-08-31`; None for another text."""
    try:
        first, last = map(date.fromisoformat, value.split("/"))
    except ValueError:
        return None
    return first, last


def _state(name: StateName | None, language: Language) -> str:
    return "" if name is None else language.of(name.called(language.lang))


def _language(code: str, language: Language) -> str:
    return language_name(code, language.lang)


def _office(actor: str, names: Names, language: Language) -> str:
    return visible(names.office(actor, language.lang))


def _supervised(leaf: object, case: Case, names: Names) -> Iterator[str]:
    """Yield who supervised or validated the order, in which capacity, and by which entry."""
    e = next((e for e in case.entries if e.leaf == leaf), None)
    if e is None:
        yield Message("in an entry that is not for this reader")
    else:
        yield Worded(partial(_office, e.actor, names))
        yield from _of_entry(e, "capacity", case, names)
        yield Message("entry {0}", number(e, case))


def _of_entry(e: Entry, name: str, case: Case, names: Names) -> Iterator[str]:
    """Yield a value of an entry in words."""
    return _worded(KINDS[e.kind].fields()[name], e.get(name), case, names)


def _lines(
    names: Iterable[str], say: Say, cite: str = "", own: Mapping[str, str] = MappingProxyType({})
) -> Iterator[FormLine]:
    """Yield a line for each field that is for the reader; `own` are labels of this form."""
    for name in names:
        if (values := say(name)) is not None:
            words = own if name in own else WORDS | ANNEX if cite else LABELS | WORDS | ANNEX
            label = words.get(name) or LABELS.get(name) or name.replace("_", " ")
            yield FormLine(Capitalised(Message(label)), values, cite, blank=0 if values else 1)


def _paragraphs(points: Sequence[RequiredContent], say: Say, instrument: str, role: str) -> list[FormSection]:
    """Return one section for each paragraph of the contents, and one for the rest, in the order of the article."""
    parts: dict[str, list[FormLine]] = {}
    for point in points:
        under = next((p for p in PARAGRAPHS if point.cite.startswith(p)), OTHER)
        if under == SUPPORTING and role in COUNTED_ONLY:
            continue
        source = (
            point.cite if point.when is None else Message("{0}, if {1}", point.cite, Message(point.when.__doc__ or ""))
        )
        parts.setdefault(under, []).extend(_lines(point.fields, say, source))
    if instrument == "2AP-7":
        parts["2AP:7(4)"] += _lines(["other_information"], say, "2AP:7(4)(h)")
    printed = {"other_information"} if instrument == "2AP-7" else set()
    printed |= {name for point in points for name in point.fields}
    own = [*_parts(instrument, say, printed)]
    if instrument in LISTED:
        parts.setdefault(OTHER, []).extend(line for part in own for line in part.lines if line.says)
        own = []
    first = FormSection(
        Message("The order"), lines=tuple(_lines(("reference", "case_ref", "from_party", "to_party"), say))
    )
    sections = [
        FormSection(PARAGRAPHS.get(under, OTHER), "" if under == OTHER else under, lines=tuple(lines))
        for under, lines in parts.items()
    ]
    return [first, *own, *sections, FormSection(Message("Signed"), lines=SIGNED)]


def _parts(instrument: str, say: Say, printed: Collection[str]) -> Iterator[FormSection]:
    """Yield the parts of a form that no act lists, without the fields that are printed elsewhere."""
    for part in PARTS:
        always, others = ([n for n in names.split() if n not in printed] for names in (part.fields, part.others))
        lines = (*_lines(always, say, own=PART_LABELS), *_lines((n for n in others if say(n)), say, own=PART_LABELS))
        data = part.title == "The data"
        title = PRESERVED if data and instrument in KEPT else part.title
        if lines:
            yield FormSection(title, lead=VOLUNTARY if data and instrument == "VOL" else "", lines=lines)


def _annex(instrument: str, case: Case, at: datetime, say: Say) -> list[FormSection]:
    parts, annex = (ANNEX_I, "I") if instrument == "EPOC" else (ANNEX_II, "II")
    r = read_all(case, at)
    sections = [_section(part, r, say, annex) for part in parts]
    if later := _later(case):
        sections.append(later)
    theirs = any(say(name) is not None for name in FOR_AUTHORITY.fields.split())
    return [*sections, _section(FOR_AUTHORITY, r, say, annex)] if instrument == "EPOC" and theirs else sections


def _section(part: AnnexSection, r: OrderReading, say: Say, annex: str) -> FormSection:
    cite = Message("Annex {0}, section {1}", annex, part.letter) if part.letter else Message("Annex {0}", annex)
    lines = [*_lines(part.fields.split(), say)]
    lines += _from_record(part.title, r)
    title = Message("{0}. {1}", part.letter, part.title) if part.letter else part.title
    return FormSection(title, cite, part.lead, (*lines, *part.hand), fresh=part is FOR_AUTHORITY)


def _from_record(title: str, r: OrderReading) -> list[FormLine]:
    """Return what other entries than the order fill: who validated it, why the person is not informed yet.

    Only what counts: no entry that was replaced or has no effect, and no report of an act that its office has stated.
    """
    case, names = r.case, names_of(r.case)
    lines: list[FormLine] = []
    for e in r.entries.of("order-validated", "customer-notification-delayed", "notification-sent"):
        where = _where(e, case)
        if r.reliability.stated_by_its_office(e):
            continue
        if title == "The validating authority" and e.kind == "order-validated":
            who = Worded(partial(_office, e.actor, names))
            said = (words for name in ("capacity", "decision") for words in _of_entry(e, name, case, names))
            lines.append(FormLine(Message("Validated"), (who, *said, where)))
        elif title == "Informing the person" and e.kind == "customer-notification-delayed":
            lines.append(FormLine(Message("Put off, on the ground of"), (*_of_entry(e, "grounds", case, names), where)))
        elif title == "The notified enforcing authority" and e.kind == "notification-sent":
            lines.append(FormLine(Message("Notified"), (where,)))
    return lines


def _where(e: Entry, case: Case) -> str:
    return Message("entry {0}, {1} UTC", number(e, case), Moment(f"{e.on:%Y-%m-%d %H:%M:%S}".removesuffix(":00")))


CHANGED = {
    "order-corrected": FormLine(Message("Corrected")),
    "order-adapted": FormLine(Message("Narrowed")),
    "order-withdrawn": FormLine(Message("Withdrawn")),
}


def _changed(case: Case, at: datetime) -> FormSection | None:
    """Return what has changed the order since, as far as it counts; the form prints the order as it was made."""
    names = names_of(case)
    lines = tuple(
        replace(CHANGED[e.kind], says=(sentence(e, names), _where(e, case)))
        for e in read_all(case.happened(at), at).entries.of(*CHANGED)
    )
    lead = Message("The sections below print the order as it was made.")
    return FormSection(Message("What changed since the order was made"), lead=lead, lines=lines) if lines else None


def _later(case: Case) -> FormSection | None:
    """Return the certificates that followed, one row each."""
    names = names_of(case)
    rows = tuple(
        (
            Message("Annex {0}", LATER[e.kind]),
            number(e, case),
            Moment(f"{e.on:%Y-%m-%d %H:%M:%S}".removesuffix(":00")),
            sentence(e, names),
        )
        for e in case.acting
        if e.kind in LATER
    )
    heads = tuple(map(Message, ("Form", "Entry", "When (UTC)", "What")))
    table = FormTable(Message("From the record; the sealed words of each stand in the reports."), heads, rows)
    return FormSection(Message("What followed"), Message("Annexes III, V and VI"), table=table) if rows else None

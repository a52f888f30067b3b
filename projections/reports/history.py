"""The history of an order as reports show it: every entry with its times, values and replacement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from ledger.entries.case import Case, Entry, Unread
from ledger.facts import KINDS
from ledger.facts.value_forms import Form, ListForm, ObjectForm, TextForm
from ledger.law import Judgement
from projections.drawings.deadline_bars import DeadlineDrawing
from projections.drawings.timeline import DeadlineMark, EntryMark, TimelineDrawing, in_few_words
from projections.reports.entry_numbers import number, numbers
from projections.reports.front_page import words
from projections.reports.order_drawings import deadline_drawing
from projections.sentences.field_words import field_words
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names, names_of
from projections.sentences.values import Language, Worded
from projections.views.replaced import Replacement
from projections.views.timeline import TimelineEntry, by_time, office_names, speaker, timeline


def _label(name: str) -> str:
    return name.replace("_", " ")


def _members(form: Form) -> Iterator[str]:
    """Yield the names of the members of the objects in a value."""
    match form:
        case ListForm(item=item):
            yield from _members(item)
        case ObjectForm(members=members):
            for name, member in members.items():
                yield from (name, *_members(member))


# The names of fields and of members of their values, for which papers in another language have words.
NAMED_FIELDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        _label(label)
        for fact in KINDS.values()
        for name, field in fact.fields().items()
        for label in (name, *_members(field.form))
    )
)
ONLY_IF, THIS_ORDER, NOTHING_SINCE = "only if", "this order", "no {0} in {1} from entry {2} of the log on"
DISPUTES = ("event-disputed", "receipt-disputed")


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one entry in full: number, leaf hash, both times (UTC, claimed), speaker, the state it led to.

    `proven` says when it was signed as far as evidence outside the ledger shows. `replaces` is the entry that
    it says it corrects. `replaced_by` is the entry that corrected it, signed at `replaced_at` by
    `replaced_who`; `why` is the reason as far as this report opens it. A replaced entry counts for nothing.
    """

    number: str
    leaf: str
    index: int
    on: datetime
    signed_at: datetime
    late: str
    early: str
    kind: str
    says: str
    who: str
    state: str
    fields: tuple[tuple[str, str], ...]
    proven: str
    replaces: str | None = None
    replaced_by: str | None = None
    replaced_at: datetime | None = None
    replaced_who: str = ""
    why: str = ""
    local: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """Hold an entry and the entry that disputes it, so that both are read side by side; nothing is decided here.

    Their values are in words, as far as they have any.
    """

    entry: Event
    disputed_by: Event


@dataclass(frozen=True, slots=True)
class History:
    """Hold every entry, the changes of state that needed no entry as (moment, clock, state), and a drawing.

    `disputes` are the disputed entries.
    """

    events: tuple[Event, ...]
    turns: tuple[tuple[datetime, str, str], ...]
    drawing: TimelineDrawing | None
    disputes: tuple[Dispute, ...] = ()
    clocks: DeadlineDrawing | None = None


def history(
    case: Case,
    judgement: Judgement,
    *,
    reveal: bool,
    proven: Mapping[int, str] = {},
    part: slice = slice(None),
) -> History:
    """Return the timeline of a case as known at the judgement's moment; sealed values only where they are revealed.

    `proven` says of entries, by log index, when they were signed as far as evidence outside the ledger shows.
    `part` is the part of the timeline that is listed and drawn.
    """
    lines = timeline(case, judgement.trail, reveal=reveal, part=part, at=judgement.as_of)
    by_leaf, names = numbers(case), names_of(case)
    turns = tuple((s.on, s.clock or "", words(s.to)) for s in by_time(judgement.trail))
    events = tuple(_event(x, case, by_leaf, names.offices, proven.get(x.entry.index, "")) for x in lines)
    return History(
        events,
        turns,
        drawing(lines, case, judgement),
        tuple(_disputes(lines, events, by_leaf, names)),
        deadline_drawing(case, judgement),
    )


def drawing(lines: Sequence[TimelineEntry], case: Case, judgement: Judgement) -> TimelineDrawing | None:
    """Return the drawing of these lines of a timeline, with the deadlines that end after the first of them."""
    if not lines:
        return None
    names, by_leaf = office_names(case.registry), numbers(case)
    lanes = list(dict.fromkeys(x.entry.actor for x in lines))
    found = {leaf for f in judgement.findings for leaf in f.entries}
    ends = {(c.id, c.due, words(str(c.verdict))) for c in judgement.deadlines if c.due and c.due >= lines[0].entry.on}
    return TimelineDrawing(
        lanes=tuple(names.get(actor, actor) for actor in lanes),
        marks=tuple(
            EntryMark(
                number=number(x.entry, case),
                on=x.entry.on,
                what=in_few_words(x.entry.kind),
                lane=lanes.index(x.entry.actor),
                speaks=x.entry.speaks,
                found=x.entry.leaf in found,
                replaced_by=None if x.replaced_by is None else by_leaf.get(x.replaced_by, x.replaced_by[:8]),
            )
            for x in lines
        ),
        deadlines=tuple(DeadlineMark(id_, due, verdict) for due, id_, verdict in sorted((d, i, v) for i, d, v in ends)),
        as_of=judgement.as_of,
    )


def _disputes(
    lines: Sequence[TimelineEntry], events: Sequence[Event], known: Mapping[str, str], names: Names
) -> Iterator[Dispute]:
    """Yield each listed entry with each listed entry that disputes it."""
    listed = [*zip(lines, events, strict=True)]
    by_leaf = {leaf: each for each in listed for leaf in (each[0].entry.proves, each[0].entry.leaf) if leaf is not None}
    for each in listed:
        if each[0].entry.kind in DISPUTES and (entry := by_leaf.get(each[0].entry.get("about"))) is not None:
            yield Dispute(*(_in_words(x, event, known, names) for x, event in (entry, each)))


def _in_words(x: TimelineEntry, event: Event, known: Mapping[str, str], names: Names) -> Event:
    """Return an event with its values in words."""
    kind, times = KINDS.get(x.entry.kind), names.times(x.entry.actor)
    forms = {} if kind is None else {name: field.form for name, field in kind.fields().items()}
    shown = (
        (_label(name), value_in_words(value, forms.get(name), known, names, times)) for name, value in x.fields.items()
    )
    return replace(event, fields=(*shown, *_condition(x.entry)))


def value_in_words(value: Any, form: Form | None, known: Mapping[str, str], names: Names, times: LocalTimes) -> str:
    """Return the value of a field in words, as far as it has any; `known` are the numbers of entries by leaf hash."""
    match value, form:
        case list() | tuple(), ListForm(item=item):
            return _joined([value_in_words(each, item, known, names, times) for each in value])
        case Mapping(), ObjectForm(members=members):
            parts = {name: value_in_words(each, members.get(name), known, names, times) for name, each in value.items()}
            return _labelled({_label(name): part for name, part in parts.items()})
        case str(), TextForm() if value not in known:
            return Worded(partial(field_words, value, form, names, times))
    return text(value, known, names.offices)


def _event(x: TimelineEntry, case: Case, known: Mapping[str, str], names: Mapping[str, str], proven: str) -> Event:
    e = x.entry
    return Event(
        number=number(e, case),
        leaf=e.leaf,
        index=e.index,
        on=e.on,
        signed_at=e.at,
        late="" if x.late is None else _span(x.late.days, x.late.seconds),
        early="" if x.early is None else _span(x.early.days, x.early.seconds),
        kind=e.kind,
        says=x.says,
        who=x.who,
        state=words(x.moved[1]) if x.moved else "",
        fields=(*((_label(name), text(value, known, names)) for name, value in x.fields.items()), *_condition(e)),
        proven=proven,
        local=x.local,
        replaces=None if e.replaces is None else known.get(e.replaces, e.replaces[:8]),
        **replacement_fields(x.replaced, known, names),
    )


def _condition(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the condition under which its signer gave an entry to the log, as one more field."""
    if (asked := entry.unless) is None:
        return
    kinds = ", ".join(asked.kinds)

    def says(language: Language) -> str:
        orders = (language.word(THIS_ORDER) if order == entry.order else order for order in asked.orders)
        return language.put(NOTHING_SINCE, kinds, ", ".join(orders), asked.after)

    yield ONLY_IF, Worded(says)


def replacement_fields(gone: Replacement | None, known: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a row that say by which entry it was replaced, when, by whom and why."""
    if gone is None:
        return {}
    by = gone.entry
    return {
        "replaced_by": known.get(by.leaf, by.leaf[:8]),
        "replaced_at": by.at,
        "replaced_who": speaker(by, names),
        "why": gone.why,
    }


def _joined(parts: Sequence[str]) -> str:
    """Return values as a list, whose words of ours have each language."""
    if not any(isinstance(part, Worded) for part in parts):
        return "; ".join(parts)
    return Worded(lambda language: "; ".join(_in(language, part) for part in parts))


def _labelled(members: Mapping[str, str]) -> str:
    """Return the members of an object, whose labels have each language."""
    return Worded(lambda language: ", ".join(f"{language.word(k)}: {_in(language, v)}" for k, v in members.items()))


def _in(language: Language, part: str) -> str:
    return part.in_(language) if isinstance(part, Worded) else part


def _span(days: int, seconds: int) -> str:
    return f"{days} d {seconds // 3600} h" if days else f"{seconds // 3600} h {seconds % 3600 // 60} min"


def text(value: Any, known: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return a value of an entry in one line: entries by number, offices by name, sealed values marked."""
    match value:
        case Unread.WITHHELD:
            return "[sealed]"
        case Unread.ERASED:
            return "[erased]"
        case bool():
            return Worded(lambda language: language.word("yes" if value else "no"))
        case str() if value in known:
            return Worded(lambda language: language.put("entry {0}", known[value]))
        case str():
            return names.get(value, value)
        case Mapping():
            return _labelled({_label(name): text(each, known, names) for name, each in value.items()})
        case []:
            return Worded(lambda language: language.word("none"))
        case list() | tuple():
            return _joined([text(v, known, names) for v in value])
        case None:
            return "not stated"
        case _:
            return str(value)

"""The history of an order as reports show it: every entry with its times, values and replacement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ledger.entries.case import Case, Entry, Unread
from ledger.entries.wrapped_entry import KIND
from ledger.facts import KINDS
from ledger.facts.value_forms import Form, ListForm, ObjectForm, TextForm
from ledger.facts.words.kind_words import in_few_words
from ledger.law import Judgement
from ledger.messages import Message, joined
from projections.drawings.deadline_bars import DeadlineDrawing
from projections.drawings.timeline import DeadlineMark, EntryMark, TimelineDrawing
from projections.reports.entry_numbers import number, numbers
from projections.reports.front_page import words
from projections.reports.order_drawings import deadline_drawing
from projections.sentences.field_words import FREE, field_label, field_words, named_words
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names, names_of
from projections.sentences.quotation import stated
from projections.sentences.values import Worded
from projections.views.replaced import Replacement
from projections.views.timeline import (
    TimelineEntry,
    by_time,
    carriers,
    numbered,
    only_arrives,
    signer,
    timeline,
)


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
        field_label(label)
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

    A received entry is entry `place` (from 0) of the log `origin`; `carrier` is the entry of this log that carries it,
    and gives it `number` and `index`. `key` is the signing key of an entry that carries another (Ed25519, hex).
    `arrival`: it says no more than that an entry of another record arrived, so the annex alone lists it.
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
    origin: str = ""
    place: int | None = None
    carrier: Event | None = None
    key: str = ""
    arrival: bool = False


@dataclass(frozen=True, slots=True)
class Dispute:
    """Hold an entry and the entry that disputes it, so that both are read side by side; nothing is decided here."""

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
    coded: bool = False,
) -> History:
    """Return the timeline of a case as known at the judgement's moment; sealed values only where they are revealed.

    `proven` says of entries, by log index, when they were signed as far as evidence outside the ledger shows.
    `part` is the part of the numbered entries that is listed and drawn. `coded`: values are not put into words.
    """
    listed, by_received = numbered(case.entries)[part], carriers(case.entries)
    trail, at = judgement.trail, judgement.as_of
    lines = timeline(case, trail, reveal=reveal, at=at, of=listed)
    carrying = timeline(case, reveal=reveal, at=at, of=[by_received[e.leaf] for e in listed if e.leaf in by_received])
    by_leaf, names = numbers(case), names_of(case)
    turns = tuple((s.on, s.clock or "", words(s.to)) for s in by_time(trail))
    event = partial(_event, case=case, known=by_leaf, names=names, coded=coded)
    by_index = {x.entry.index: event(x) for x in carrying}
    events = tuple(event(x, proven=proven.get(x.entry.index, ""), carrier=by_index.get(x.entry.index)) for x in lines)
    return History(
        events,
        turns,
        drawing([x for x in lines if not only_arrives(x.entry)], case, judgement),
        tuple(_disputes(lines, events)),
        deadline_drawing(case, judgement),
    )


def drawing(lines: Sequence[TimelineEntry], case: Case, judgement: Judgement) -> TimelineDrawing | None:
    """Return the drawing of these lines of a timeline, with the deadlines that end after the first of them."""
    if not lines:
        return None
    names, by_leaf = names_of(case).offices, numbers(case)
    lanes = list(dict.fromkeys(x.entry.actor for x in lines))
    found = {leaf for f in judgement.findings for leaf in f.entries}
    ending = [c for c in judgement.deadlines if c.due and c.due >= lines[0].entry.on]
    several = Counter(id_ for id_, _ in {(c.id, c.due) for c in ending})
    ends = {
        DeadlineMark(c.id, c.due, str(words(str(c.verdict))), c.last_day, policy=c.policy if several[c.id] > 1 else "")
        for c in ending
        if c.due
    }
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
        deadlines=tuple(sorted(ends, key=lambda mark: (mark.on, mark.id, mark.verdict, mark.policy))),
        as_of=judgement.as_of,
    )


def _disputes(lines: Sequence[TimelineEntry], events: Sequence[Event]) -> Iterator[Dispute]:
    """Yield each listed entry with each listed entry that disputes it."""
    listed = [*zip(lines, events, strict=True)]
    by_leaf = {leaf: event for x, event in listed for leaf in (x.entry.proves, x.entry.leaf) if leaf is not None}
    for x, event in listed:
        if x.entry.kind in DISPUTES and (disputed := by_leaf.get(x.entry.get("about"))) is not None:
            yield Dispute(disputed, event)


def _fields(x: TimelineEntry, known: Mapping[str, str], names: Names, *, coded: bool) -> Iterator[tuple[str, str]]:
    """Yield the values of an entry as (label, text), in words unless they stay `coded`."""
    kind, times = KINDS.get(x.entry.kind), names.times(x.entry.actor)
    forms = {} if kind is None else {name: field.form for name, field in kind.fields().items()}
    if coded:
        for name, value in x.fields.items():
            yield name.replace("_", " "), text(value, forms.get(name), known, names.offices)
        return
    for name, value in x.fields.items():
        yield field_label(name), named_words(name, value) or value_in_words(value, forms.get(name), known, names, times)


def value_in_words(value: Any, form: Form | None, known: Mapping[str, str], names: Names, times: LocalTimes) -> str:
    """Return the value of a field in words, as far as it has any; `known` are the numbers of entries by leaf hash."""
    match value, form:
        case list() | tuple(), ListForm(item=item):
            return _joined([value_in_words(each, item, known, names, times) for each in value])
        case Mapping(), ObjectForm(members=members):
            parts = {name: value_in_words(each, members.get(name), known, names, times) for name, each in value.items()}
            return _labelled({field_label(name): part for name, part in parts.items()})
        case str(), TextForm() if form.values or form.type not in ("actor", *FREE):
            if form.type != "event" or value not in known:
                return Worded(partial(field_words, value, form, names, times))
    return text(value, form, known, names.offices)


def _event(
    x: TimelineEntry,
    case: Case,
    known: Mapping[str, str],
    names: Names,
    *,
    coded: bool,
    proven: str = "",
    carrier: Event | None = None,
) -> Event:
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
        fields=(*_fields(x, known, names, coded=coded), *_condition(e)),
        proven=proven,
        local=x.local,
        replaces=None if e.replaces is None else known.get(e.replaces, e.replaces[:8]),
        origin=e.origin or "",
        place=e.place,
        carrier=carrier,
        key=e.key if e.kind == KIND else "",
        arrival=only_arrives(e),
        **replacement_fields(x.replaced, known, names.offices),
    )


def _condition(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the condition under which its signer gave an entry to the log, as one more field."""
    if (asked := entry.unless) is None:
        return
    orders = joined(", ", (Message(THIS_ORDER) if order == entry.order else order for order in asked.orders))
    yield ONLY_IF, Message(NOTHING_SINCE, ", ".join(asked.kinds), orders, asked.after)


def replacement_fields(gone: Replacement | None, known: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a row that say by which entry it was replaced, when, by whom and why."""
    if gone is None:
        return {}
    by = gone.entry
    return {
        "replaced_by": known.get(by.leaf, by.leaf[:8]),
        "replaced_at": by.at,
        "replaced_who": signer(by, names),
        "why": gone.why,
    }


def _joined(parts: Sequence[str]) -> str:
    """Return values as a list, whose words of ours have each language."""
    return "; ".join(parts) if all(type(part) is str for part in parts) else joined("; ", parts)


def _labelled(members: Mapping[str, str]) -> str:
    """Return the members of an object, whose labels have each language."""
    return joined(", ", (Message("{0}: {1}", Message(label), value) for label, value in members.items()))


def _span(days: int, seconds: int) -> str:
    return (
        Message("{0} d {1} h", days, seconds // 3600)
        if days
        else Message("{0} h {1} min", seconds // 3600, seconds % 3600 // 60)
    )


def text(value: Any, form: Form | None, known: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return a value of an entry in one line: entries by number, offices by name, sealed values marked.

    The form of its field alone decides that a value is an entry or an office: a text may be equal to one.
    """
    match value:
        case Unread.WITHHELD:
            return "[sealed]"
        case Unread.ERASED:
            return "[erased]"
        case bool():
            return Message("yes" if value else "no")
        case str():
            return _named(value, form, known, names)
        case Mapping():
            members = form.members if isinstance(form, ObjectForm) else {}
            parts = {name: text(each, members.get(name), known, names) for name, each in value.items()}
            return _labelled({field_label(name): part for name, part in parts.items()})
        case []:
            return Message("none")
        case list() | tuple():
            item = form.item if isinstance(form, ListForm) else None
            return _joined([text(v, item, known, names) for v in value])
        case None:
            return Message("not stated")
        case _:
            return str(value)


def _named(value: str, form: Form | None, known: Mapping[str, str], names: Mapping[str, str]) -> str:
    if isinstance(form, TextForm) and form.type == "event" and value in known:
        return Message("entry {0}", known[value])
    return names.get(value, value) if isinstance(form, TextForm) and form.type == "actor" else stated(value)

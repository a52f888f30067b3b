"""The timeline of an order: what happened, when it was recorded, who says so, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ledger.entries.case import Case, Entry, Unread
from ledger.entries.wrapped_entry import KIND
from ledger.law import StateChange
from ledger.law.reading.record_order import ranked
from ledger.law.reading.reliability import late
from ledger.messages import Message
from projections.sentences.names import Names, names_of
from projections.views.replaced import Replacement, replaced

if TYPE_CHECKING:
    from projections.sentences.sentence import Sentence


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Hold one entry of the timeline.

    `on` is when it happened and `at` when it was signed, both UTC and both claims. `late` is how long after the
    event it was signed where that is more than a day, `early` how long before, where that cannot be. `fields`
    holds what a reader sees: values, or an `Unread`. `moved` is the change of state it caused, as (from, to).
    `replaced` is the entry that took its place. `local` is the local time of the office whose act it is, if
    that differs from UTC.
    """

    entry: Entry
    says: Sentence
    who: str
    late: timedelta | None
    early: timedelta | None
    replaced: Replacement | None
    moved: tuple[str, str] | None
    fields: Mapping[str, Any]
    local: str = ""

    @property
    def names_signer(self) -> bool:
        """Return True if the sentence says who signed the entry."""
        return self.who in self.says or self.entry.whose is not None

    @property
    def replaced_by(self) -> str | None:
        """Return the leaf of the entry that took its place."""
        return None if self.replaced is None else self.replaced.entry.leaf


def carriers(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return the entry of this log that carries each received entry, by the leaf of the received one."""
    entries = tuple(entries)
    wrapping = {e.index: e for e in entries if e.kind == KIND and e.received is None}
    return {e.leaf: wrapping[e.index] for e in entries if e.received is not None and e.index in wrapping}


def numbered(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with a number of their own, in the order of a timeline: a received entry has its carrier's."""
    entries = tuple(entries)
    carrying = {e.leaf for e in carriers(entries).values()}
    here = ranked(tuple(e for e in entries if e.leaf not in carrying))
    return sorted(here, key=lambda e: (e.on, e.position))


def only_arrives(entry: Entry) -> bool:
    """Return True for an entry that counts and says no more than that an entry of another record arrived."""
    return entry.kind == KIND and entry.held and not entry.unproven


def timeline(
    case: Case,
    trail: Iterable[StateChange] = (),
    *,
    reveal: bool = False,
    at: datetime | None = None,
    of: Sequence[Entry] | None = None,
) -> list[TimelineEntry]:
    """Return the entries of an order, sorted by the time of the event, then by log index; or those entries `of` it.

    `trail` are the changes of state of a judgement, `at` is the moment at which the case is read.
    """
    from projections.sentences.sentence import sentence  # most commands need the names of offices alone

    moved = {step.leaf: (step.source, step.to) for step in trail if step.leaf is not None}
    replacements = replaced(case, at, reveal=reveal)
    names = names_of(case)
    offices = names.offices
    return [
        TimelineEntry(
            entry=e,
            says=sentence(e, names, reveal=reveal),
            who=speaker(e, offices),
            late=e.at - e.on if late(e) else None,
            early=e.ahead if e.after_signature else None,
            replaced=replacements.get(e.leaf),
            moved=moved.get(e.leaf),
            fields=fields(e, reveal=reveal),
            local=names.times(e.actor).beside(e.on),
        )
        for e in (sorted(ranked(case.entries), key=lambda e: (e.on, e.position)) if of is None else of)
    ]


def signer(entry: Entry, names: Mapping[str, str]) -> str:
    """Return who signed, for people; whose act the entry reports does not matter here."""
    return names.get(entry.by, entry.by)


def speaker(entry: Entry, names: Mapping[str, str]) -> str:
    """Return who says so, for people: the office, and whose act it reports."""
    by = signer(entry, names)
    if entry.whose is None:
        return by
    return Message(f"{{0}}, {entry.speaks} by {{1}}", names.get(entry.whose, entry.whose), by)


def office_names(registry: Sequence[Entry]) -> Mapping[str, str]:
    """Return the names of offices, by actor: the newest name in the register, English first."""
    return Names(registry).offices


def fields(entry: Entry, *, reveal: bool = False) -> dict[str, Any]:
    """Return the fields of an entry as a reader sees them: sealed values only where they are revealed."""
    shown: dict[str, Any] = dict(entry.public)
    for name, value in entry.sealed.items():
        if value is None:
            continue  # every entry of its kind commits to it; this one does not state it
        shown[name] = value if reveal or value is Unread.ERASED else Unread.WITHHELD
    return shown


def by_time(trail: Iterable[StateChange]) -> list[StateChange]:
    """Return the changes of state that needed no entry: a deadline ended."""
    return [step for step in trail if step.leaf is None]

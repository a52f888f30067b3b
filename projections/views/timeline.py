"""The timeline of an order: what happened, when it was recorded, who says so, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ledger.entries.case import Case, Entry, Unread
from ledger.law import StateChange
from ledger.law.reading.reliability import late
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


def timeline(
    case: Case,
    trail: Iterable[StateChange] = (),
    *,
    reveal: bool = False,
    part: slice = slice(None),
    at: datetime | None = None,
) -> list[TimelineEntry]:
    """Return the entries of an order, sorted by the time of the event, then by log index.

    `trail` are the changes of state of a judgement, `at` is the moment at which the case is read. `part` selects lines
    of the sorted timeline.
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
        for e in sorted(case.entries, key=lambda e: (e.on, e.index))[part]
    ]


def speaker(entry: Entry, names: Mapping[str, str]) -> str:
    """Return who says so, for people: the office, and whose act it reports."""
    signer = names.get(entry.by, entry.by)
    if entry.whose is None:
        return signer
    return f"{names.get(entry.whose, entry.whose)}, {entry.speaks} by {signer}"


def office_names(registry: Sequence[Entry]) -> dict[str, str]:
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

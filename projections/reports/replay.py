"""The life of an order moment by moment, on two axes of time: what had happened, and what the record knew of it.

A moment makes a stage when something happened, when something entered the record, or when a deadline ended.
What was known is read at the position of the log that had been acknowledged by then, as `replay` reads it. What
had happened is read as if everybody had recorded everything at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cache
from itertools import accumulate

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law import Judgement, state_at
from ledger.law.terms.periods import PERIODS
from ledger.messages import Code, Message
from projections.reports.entry_numbers import number
from projections.reports.front_page import FindingLine, Provenance, Subject, only_for, remarks, subject, words
from projections.reports.history import History, history
from projections.sentences.local_time import running_until
from projections.sentences.names import names_of
from projections.sentences.sentence import sentence
from projections.views.custody import custody, held_periods
from projections.views.due import Duty, due
from projections.views.known_at import Change, LogMoment, as_known, changes
from projections.views.replaced import replaced
from projections.views.timeline import by_time, numbered, only_arrives, speaker

MOST = 150  # stages; of more, days and then weeks are shown by their last moment

Heads = Sequence[tuple[datetime, int]]  # every kept head as (dated, log size): cosigned time, else the log's clock
Judge = Callable[[Case, datetime], Judgement]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """Hold one entry in a line: its number, when it happened, its sentence, its speaker.

    `replaced_by` is the number of the entry that replaced it, None without one.
    """

    number: str
    on: datetime
    says: str
    who: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class RunningDeadline:
    """Hold one deadline that ran at a moment, with its name.

    `due` is the first moment after it (UTC), `until` its end in words; None where the end could not be computed.
    `policy` is how it was counted, where there is another reading of it.
    """

    id: str
    due: datetime | None
    until: str | None
    over: bool
    cite: tuple[str, ...]
    name: str = ""
    policy: str = ""


def running(duties: Iterable[Duty]) -> tuple[RunningDeadline, ...]:
    """Return the deadlines of an order that run, with their names in few words."""
    duties = tuple(duties)
    readings = Counter((d.clock.id, d.clock.trigger) for d in duties)
    return tuple(
        RunningDeadline(
            clock.id,
            clock.due,
            None if clock.due is None else running_until(clock.due, clock.zone, clock.last_day, over=d.over),
            d.over,
            clock.cite,
            PERIODS.get(clock.id, ""),
            clock.policy if readings[clock.id, clock.trigger] > 1 else "",
        )
        for d in duties
        for clock in (d.clock,)
    )


@dataclass(frozen=True, slots=True)
class DataHeld:
    """Hold one office that had data at a moment: which exhibit (None: without a number), and since which entry."""

    holder: str
    exhibit: str | None
    since_entry: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold one moment (UTC) with the log size acknowledged by then.

    `happened` and `recorded` are the entries that are new on either axis, `unknown` the entries that had
    happened and were not on record yet. `state` is what the record showed, `really` what it would have shown
    had everything been recorded at once. `due` and `findings` are of the record, `changes` what reads
    differently from the stage before. `held` is who had the data, as far as the record showed it.
    """

    at: datetime
    size: int
    happened: tuple[EntryLine, ...]
    recorded: tuple[EntryLine, ...]
    unknown: tuple[EntryLine, ...]
    state: str
    really: str
    regions: tuple[tuple[str, str], ...]
    due: tuple[RunningDeadline, ...]
    findings: tuple[FindingLine, ...]
    changes: tuple[Change, ...]
    clocks_ended: tuple[str, ...]
    held: tuple[DataHeld, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """Hold the replay of an order: its stages and its history; `cosigned` if a witness dates any of them."""

    making: Provenance
    subject: Subject
    stages: tuple[Stage, ...]
    story: History
    cosigned: bool
    thinned: bool
    only_for: tuple[str, ...]


def replay(case: Case, heads: Heads, making: Provenance, judge: Judge, *, cosigned: bool) -> Replay:
    """Return the replay of a case up to the moment `making` speaks of; sealed values only where they are revealed."""
    known_case = case.known(making.as_of)
    judgement = judge(known_case, making.as_of)
    result = stages(known_case, heads, making.as_of, judge)
    return Replay(
        making=making,
        subject=subject(known_case, judgement),
        stages=tuple(result),
        story=history(known_case, judgement, reveal=making.reveal, proven=making.proven),
        cosigned=cosigned,
        thinned=len({e.on for e in known_case.entries}) > MOST,
        only_for=only_for(known_case.entries),
    )


def stages(case: Case, heads: Heads, until: datetime, judge: Judge) -> list[Stage]:
    """Return every stage of a case up to a moment, oldest first; `heads` need not be sorted."""
    entered = _entered(case.entries, heads)
    trail = by_time(judge(case, until).trail)
    ends = [s.on for s in trail]
    listed = [e for e in numbered(case.entries) if not only_arrives(e)]
    moments = _thinned(sorted({m for m in (*(e.on for e in case.entries), *entered.values(), *ends) if m <= until}))
    called = names_of(case)
    gone = replaced(case, until)
    at_once = _at_once(case, gone)
    result: list[Stage] = []
    before: Judgement | None = None
    earlier: datetime | None = None

    @cache  # an entry that is in no record yet is named at many moments
    def line(e: Entry) -> EntryLine:
        by = gone.get(e.leaf)
        return EntryLine(
            number(e, case),
            e.on,
            sentence(e, called),
            speaker(e, called.offices),
            None if by is None else number(by.entry, case),
        )

    def lines(entries: Iterable[Entry]) -> tuple[EntryLine, ...]:
        return tuple(map(line, entries))

    def new(moment: datetime) -> bool:
        return moment <= at and (earlier is None or moment > earlier)

    for at in moments:
        size = max((size for dated, size in heads if dated <= at), default=0)
        known_case = as_known(case, LogMoment(at, size))
        judgement = judge(known_case, at)
        here = {e.leaf for e in known_case.entries}
        result.append(
            Stage(
                at=at,
                size=size,
                happened=lines(e for e in listed if new(e.on)),
                recorded=lines(e for e in listed if e.leaf in entered and new(entered[e.leaf])),
                unknown=lines(e for e in listed if e.on <= at and e.leaf not in here),
                state=words(judgement.state),
                really=words(state_at(at_once, at)),
                regions=tuple(
                    (Message(name.replace("_", " ")), words(value)) for name, value in judgement.regions.items()
                ),
                due=running(due(judgement, at)),
                findings=remarks(judgement.findings, known_case),
                changes=tuple(map(in_words, changes(before, judgement))) if before is not None else (),
                clocks_ended=tuple(s.clock for s in trail if s.clock is not None and new(s.on)),
                held=_held(known_case, at),
            )
        )
        before, earlier = judgement, at
    return result


def _held(case: Case, at: datetime) -> tuple[DataHeld, ...]:
    """Return who had the data at a moment, as the case shows it."""
    periods = held_periods(custody(case, at))
    return tuple(DataHeld(p.holder, p.exhibit, number(p.since, case)) for p in periods if p.at(at))


def in_words(change: Change) -> Change:
    """Return a change with its states in words."""
    what, before, after = (None if value is None else _words(value) for value in astuple(change))
    return Change(what or "", before, after)


def _words(value: str) -> str:
    """Return a value whose codes are in words in English too."""
    match value:
        case Code():
            return Message(value.words)
        case Message():
            return Message(value.id, *(_words(v) if isinstance(v, str) else v for v in value.values))
    return value


def _entered(entries: Sequence[Entry], heads: Heads) -> dict[str, datetime]:
    """Return when each entry entered the record, by leaf: the time of the earliest head that covers it."""
    dated = sorted(heads)
    sizes = list(accumulate((size for _, size in dated), max))  # that were acknowledged by then
    places = ((e.leaf, bisect_right(sizes, e.index)) for e in entries)
    return {leaf: dated[n][0] for leaf, n in places if n < len(dated)}


def _at_once(case: Case, gone: Container[str]) -> Case:
    """Return the case as if every entry had been signed when it happened, by offices registered before it.

    The entries that were replaced, by leaf in `gone`, are left out: their signers say that they were wrong.
    """
    entries = tuple(replace(e, at=e.on, received=None) for e in case.entries if e.leaf not in gone)
    first = min((e.on for e in entries), default=None)
    registry = (
        case.registry
        if first is None
        else tuple(replace(e, on=min(e.on, first), at=min(e.at, first)) for e in case.registry)
    )
    return replace(case, entries=entries, registry=registry)


def _thinned(moments: Sequence[datetime]) -> list[datetime]:
    for unit in ("%Y-%m-%d", "%G-%V"):
        if len(moments) <= MOST:
            break
        moments = list({f"{m:{unit}}": m for m in moments}.values())
    return list(moments)

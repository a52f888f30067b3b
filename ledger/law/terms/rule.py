"""The types of rules and of their results: deadline and clock, finding, change of state.

A rule is a frozen value with its citation and the certainty of its source. A result of the law is a value too and
points at entries. Nothing here refuses anything, and nothing here decides what a court decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from ledger.law.terms.calendar import CountedPeriod
from ledger.law.terms.computation import ComputationStep, Note, computation, note


class Mark(StrEnum):
    """How sure a rule is."""

    TEXT = "text"  # the wording of the provision was read
    KNOWN = "known"  # certain from knowledge, not verified against the text
    LIKELY = "likely"  # believed right; check before relying on it
    DESIGN = "design"  # a choice of this project; no source claims it


class Level(StrEnum):
    """The weight of a finding: the first letter of its code, except for F codes."""

    V = "V"  # the record does not fit the rule as modelled
    W = "W"  # look at this
    G = "G"  # the record does not show enough


LEVELS: dict[str, str] = {Level.V: "violation", Level.W: "remark", Level.G: "gap"}


class ClockVerdict(StrEnum):
    """The result of a clock. MISSED is a fact, not a reproach: the findings say whether it is a breach."""

    MET = "MET"  # what meets the clock happened before `due`
    MISSED = "MISSED"  # it happened at or after `due`, or `due` has passed and it has not happened
    OPEN = "OPEN"  # it has not happened and `due` has not passed
    UNDETERMINED = "UNDETERMINED"  # the trigger is not known (no `due`), or a late answer is not supported
    NOT_RUNNING = "NOT-RUNNING"  # no office is bound by it any more; or a window closed unused


class CriterionState(StrEnum):
    """The state of a criterion; a finding pulls it to CONTRADICTED or GAP."""

    DEMONSTRATED = "DEMONSTRATED"
    GAP = "GAP"
    CONTRADICTED = "CONTRADICTED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Finding(Struct, frozen=True):
    """The entries do not fit a rule, need attention, or do not show enough.

    `effects` are the criteria it pulls and where to: (("A4", CONTRADICTED), ("A5", GAP)); empty for a remark. `entries`
    are the leaf hashes of the entries it points at, `says` a sentence for people.
    """

    code: str
    level: Level
    effects: tuple[tuple[str, CriterionState], ...]
    says: str
    cite: tuple[str, ...]
    mark: Mark
    entries: tuple[str, ...] = ()

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria that it pulls, as "A5"; empty for a remark."""
        return tuple(criterion for criterion, _ in self.effects)


@dataclass(frozen=True, slots=True)
class Clock:
    """A period of one order at one moment.

    `due` is the first instant after it, in UTC: an act at that instant is late; None where the clock has no start.
    `trigger` is the leaf hash of the entry that started it, `met_by` are the entries that answered it (in time or not),
    `entries` all that it rests on; `count` is how the days were counted, `notes` what moved or stopped it.
    """

    id: str
    policy: str
    verdict: ClockVerdict
    due: datetime | None
    cite: tuple[str, ...]
    mark: Mark
    trigger: str | None = None
    met_by: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    count: CountedPeriod | None = field(default=None, compare=False, repr=False)
    notes: tuple[Note, ...] = ()

    @property
    def zone(self) -> str:
        """The zone in which it is counted; UTC where no count is known."""
        return self.count.days.zone if self.count else "UTC"

    @property
    def last_day(self) -> date | None:
        """The last local day that still counts; None for a period that ends within a day, as one in hours."""
        if self.due is None or self.count is None:
            return None
        if self.due == self.count.due:
            return self.count.last
        day = self.count.days.day(self.due - timedelta(seconds=1))
        return day if self.count.days.end_of(day) == self.due else None

    @property
    def computation(self) -> tuple[ComputationStep, ...]:
        """The computation of `due` as data, then what moved or stopped it."""
        counted = computation(self.count, self.trigger) if self.count else ()
        return (*counted, *map(note, self.notes))

    @property
    def steps(self) -> tuple[str, ...]:
        """The computation of `due`, one step a line; for people."""
        return tuple(step.says for step in self.computation)


class StateChange(Struct, frozen=True):
    """A change of the state: by the entry `leaf`, or by time alone at the end of `clock`."""

    on: datetime
    source: str
    to: str
    leaf: str | None = None
    clock: str | None = None


class StateHistory(Struct, frozen=True):
    """The run of a state machine: the state at its moment, the changes, and the leaves of entries that fit no row."""

    state: str
    changes: tuple[StateChange, ...] = ()
    out_of_sequence: tuple[str, ...] = ()


class Deadline(Struct, frozen=True):
    """A period that a provision sets: what starts it, what meets it, its length and the office that must act.

    `wound_by`, `met_by`, `length`, `listed` are its words, for people. `run` yields its clocks for the reading of an
    order (`OrderReading`) at its moment, none if it is not listed. `instruments` empty: any. `winds` are the kinds of
    which every entry with a known time starts it (of receipts, every proper one); empty where the words ask for more.
    """

    id: str
    instruments: tuple[str, ...]
    wound_by: str
    met_by: str
    length: str
    policy: str
    acts: str
    listed: str
    cite: tuple[str, ...]
    mark: Mark
    run: Callable[[Deadline, Any], Iterable[Clock]]
    winds: tuple[str, ...] = ()
    window: bool = False

    def applies(self, instrument: str) -> bool:
        """Return True if orders under this instrument can have it."""
        return not self.instruments or instrument in self.instruments

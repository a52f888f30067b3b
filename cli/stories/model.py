"""A story: one or more orders in one file, written for lawyers (fixtures/stories).

Reading a story checks its form and that each name in it exists. The player and the law read its meaning.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec

from cli.exit_codes import Exit, Stop
from ledger.entries.case import wire


class _StoryTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a story. An unknown key is refused, so that a misspelt one is found."""


class StoryParty(_StoryTable, frozen=True, kw_only=True):
    """A Party or State: its calendar, its declarations, and the office that each declaration designates."""

    name: str
    zone: str
    holidays: list[date] | None = None  # absent: those of the pinned package
    declarations: list[str] = []
    declarations_verified: bool = False
    designates: dict[str, str] = {}
    terms: dict[str, str | list[str]] = {}
    not_bound_by: list[str] = []
    languages: list[str] = []


class StoryActor(_StoryTable, frozen=True, kw_only=True):
    """An office or person. Without a key it signs nothing: imports of other actors report its acts."""

    name: str
    office: str
    party: str
    roles: list[str]
    key: Literal["own", "none"] = "own"
    languages: list[str] = []


class StoryOrder(_StoryTable, frozen=True, kw_only=True):
    """An order: its instrument, the Parties that send and receive it, and the provider."""

    instrument: str
    sent_from: str = msgspec.field(name="from")
    to: str
    provider: str | None = None


class StoryFact(_StoryTable, frozen=True, kw_only=True):
    """One fact with its moment and signer; `order` is absent for entries of the register."""

    type: str
    by: str
    role: str = msgspec.field(name="as")
    on: datetime
    recorded: datetime | None = msgspec.field(name="at", default=None)
    label: str | None = None
    order: str | None = None
    speaks: Literal["act", "observation", "import"] = msgspec.field(name="kind", default="act")
    whose: str | None = None
    on_source: Literal["own-act", "receipt-stamp", "other-party", "estimate"] = "own-act"
    replaces: str | None = None
    public: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    audience: dict[str, list[str]] = {}

    @property
    def at(self) -> datetime:
        """The moment of recording; if not stated, the moment of the act."""
        return self.recorded or self.on


class ExpectedDeadline(_StoryTable, frozen=True, kw_only=True):
    """A clock that must be listed; `due` is missing where the clock has no start."""

    id: str
    policy: str
    verdict: str
    due: datetime | None = None


class ExpectedJudgement(_StoryTable, frozen=True, kw_only=True):
    """The expected judgement of an order at a moment."""

    order: str
    as_of: datetime
    state: str
    regions: dict[str, str] = {}
    deadlines: list[ExpectedDeadline] = []
    findings: list[str] = []
    criteria: dict[str, str] = {}


class ExpectedView(_StoryTable, frozen=True, kw_only=True):
    """The expected view of a role on an order; a field is `name`, or `label.name` for one fact only."""

    order: str
    audience: str
    hidden_fields: list[str] = []
    shown_fields: list[str] = []
    hidden_events: list[str] = []


class Story(_StoryTable, frozen=True, kw_only=True):
    """A story, with its facts in the order of recording."""

    story: str
    title: str
    source: str
    assume_in_force: dict[str, date] = {}
    parties: dict[str, StoryParty]
    actors: dict[str, StoryActor]
    orders: dict[str, StoryOrder]
    facts: list[StoryFact]
    expect: list[ExpectedJudgement] = []
    expect_view: list[ExpectedView] = []

    @property
    def begins(self) -> datetime:
        """The moment at which the player records the setup: a day before the first fact."""
        return min(f.at for f in self.facts) - timedelta(days=1)

    @property
    def valid_from(self) -> date:
        """The first day on which the setup is valid: the day before the first act."""
        return (min(f.on for f in self.facts).astimezone(UTC) - timedelta(days=1)).date()

    @property
    def ends(self) -> datetime:
        """The last moment of the story, at which the clock of its ledger stops."""
        return max([*(f.at for f in self.facts), *(e.as_of for e in self.expect)])

    @property
    def registrar(self) -> str | None:
        """The actor that keeps the register; None if no actor with a key does."""
        return next((name for name, a in self.actors.items() if "ADM" in a.roles and a.key == "own"), None)


def read_story(raw: bytes, name: str) -> Story:
    """Return the story in the bytes of a file; `name` names the file in errors. Raises `Stop` (undecidable)."""
    try:
        _check_bounds(raw)
        story = msgspec.convert(tomllib.loads(raw.decode("utf-8")), Story)
        _check(story)
    except UnicodeDecodeError as error:
        raise Stop(f"{name}: not UTF-8 at byte {error.start}", code=Exit.UNDECIDABLE) from None
    except (ValueError, RecursionError) as error:  # of tomllib, msgspec, `_StoryError`, too many digits
        raise Stop(
            f"{name}: {error}", hint="the format of a story: fixtures/stories/README.md", code=Exit.UNDECIDABLE
        ) from None
    return story


_LARGEST = 1 << 22  # bytes; the longest story has fifty thousand
_DIGITS = re.compile(rb"[0-9A-Fa-f_]{1000}")
_DOTS = 500  # on one line; a key of so many parts makes tables within tables


def _check_bounds(raw: bytes) -> None:
    """Refuse bytes for which the TOML reader would take minutes and gigabytes."""
    if len(raw) > _LARGEST:
        raise _StoryError(f"{len(raw)} bytes are too many for a story")
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.count(b".") > _DOTS:
            raise _StoryError(f"line {number}: more than {_DOTS} dots, which would make a key of as many parts")
        if _DIGITS.search(line):
            raise _StoryError(f"line {number}: a number of too many digits")


class _StoryError(ValueError):
    """A story names something that does not exist, or leaves out a time zone."""


def _check(story: Story) -> None:
    if not story.facts:
        raise _StoryError("a story has at least one fact")
    for where, actor in story.actors.items():
        _check_name(actor.party, story.parties, f"actors.{where}.party")
    for code, party in story.parties.items():
        for declaration, actor_name in party.designates.items():
            _check_name(actor_name, story.actors, f"parties.{code}.designates.{declaration}")
    for name, order in story.orders.items():
        _check_name(order.sent_from, story.parties, f"orders.{name}.from")
        _check_name(order.to, story.parties, f"orders.{name}.to")
    labels: set[tuple[str | None, str]] = set()
    for number, fact in enumerate(story.facts, 1):
        where = f"fact {number} ({fact.label or fact.type})"
        _check_name(fact.by, story.actors, f"{where}: by")
        if story.actors[fact.by].key == "none":
            raise _StoryError(f"{where}: {fact.by} has no key and signs nothing; another's import speaks for it")
        if fact.order is not None:
            _check_name(fact.order, story.orders, f"{where}: order")
        for what, moment in (("on", fact.on), ("at", fact.at)):
            if moment.tzinfo is None:
                raise _StoryError(f"{where}: {what} needs its offset or Z")
        if fact.label is not None:
            if (fact.order, fact.label) in labels:
                raise _StoryError(f"{where}: the label {fact.label} is taken in this order")
            labels.add((fact.order, fact.label))
    for number, order_name in enumerate([e.order for e in story.expect] + [e.order for e in story.expect_view], 1):
        _check_name(order_name, story.orders, f"expectation {number}: order")
    if any(e.as_of.tzinfo is None for e in story.expect):
        raise _StoryError("as_of needs its offset or Z")


def _check_name(name: str, among: Mapping[str, object], where: str) -> None:
    if name not in among:
        raise _StoryError(f"{where}: {name!r} is not in this story (there are {', '.join(among) or 'none'})")


def on_the_wire(value: Any) -> Any:
    """Return a value of a story as wire JSON: moments and days become strings."""
    match value:
        case datetime():
            if value.tzinfo is None:
                raise Stop(f"{value.isoformat()} needs its offset or Z", code=Exit.UNDECIDABLE)
            return wire(value)
        case date():
            return value.isoformat()
        case dict():
            return {key: on_the_wire(inner) for key, inner in value.items()}
        case list():
            return [on_the_wire(inner) for inner in value]
        case _:
            return value

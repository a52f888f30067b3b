"""A story: everything about one or more orders in one file, as a lawyer would tell it (fixtures/stories).

Reading one checks its form and that what it names exists; what it means is for the player and the law.
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


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a story: no key but those that are known, so that a slip of the pen is found."""


class Party(_Told, frozen=True, kw_only=True):
    """A Party or State: its calendar, its declarations, and which office each of them designates."""

    name: str
    zone: str
    holidays: list[date] | None = None  # absent: those of the pinned package
    declarations: list[str] = []
    declarations_verified: bool = False
    designates: dict[str, str] = {}
    terms: dict[str, str | list[str]] = {}


class Actor(_Told, frozen=True, kw_only=True):
    """Somebody who acts. Without a key it lives in the paper world: somebody else's import speaks for it."""

    name: str
    office: str
    party: str
    roles: list[str]
    key: Literal["own", "none"] = "own"


class Order(_Told, frozen=True, kw_only=True):
    """An order: its instrument, from which Party to which, and the provider it is about."""

    instrument: str
    sent_from: str = msgspec.field(name="from")
    to: str
    provider: str | None = None


class Told(_Told, frozen=True, kw_only=True):
    """One fact, as it was recorded; `order` is absent for entries of the register."""

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
        """When it was recorded; without a word about it, when it happened."""
        return self.recorded or self.on


class Clock(_Told, frozen=True, kw_only=True):
    """A clock that must be listed; `due` is missing where it could not be wound."""

    id: str
    policy: str
    verdict: str
    due: datetime | None = None


class Expect(_Told, frozen=True, kw_only=True):
    """What judging an order must show at a moment."""

    order: str
    as_of: datetime
    state: str
    regions: dict[str, str] = {}
    deadlines: list[Clock] = []
    findings: list[str] = []
    criteria: dict[str, str] = {}


class ExpectView(_Told, frozen=True, kw_only=True):
    """What a holder of a role can read of an order; a field is `name`, or `label.name` for one fact only."""

    order: str
    audience: str
    hidden_fields: list[str] = []
    shown_fields: list[str] = []
    hidden_events: list[str] = []


class Story(_Told, frozen=True, kw_only=True):
    """A whole story, in the order in which its facts were recorded."""

    story: str
    title: str
    source: str
    assume_in_force: dict[str, date] = {}
    parties: dict[str, Party]
    actors: dict[str, Actor]
    orders: dict[str, Order]
    facts: list[Told]
    expect: list[Expect] = []
    expect_view: list[ExpectView] = []

    @property
    def begins(self) -> datetime:
        """The moment before the first entry of the story: everything it takes for granted is recorded then."""
        return min(f.at for f in self.facts) - timedelta(days=1)

    @property
    def valid_from(self) -> date:
        """The day before anything happens: what the story takes for granted holds from here on."""
        return (min(f.on for f in self.facts).astimezone(UTC) - timedelta(days=1)).date()

    @property
    def ends(self) -> datetime:
        """The story's last moment: the clock of a ledger that was played stands there."""
        return max([*(f.at for f in self.facts), *(e.as_of for e in self.expect)])

    @property
    def registrar(self) -> str | None:
        """The actor who keeps the register, where the story has one with a key."""
        return next((name for name, a in self.actors.items() if "ADM" in a.roles and a.key == "own"), None)


def read_story(raw: bytes, name: str) -> Story:
    """A story from the bytes of its file; `name` is what errors call it. Raises `Stop` (undecidable) with the place."""
    try:
        _check_bounds(raw)
        told = tomllib.loads(raw.decode("utf-8"))
        story = msgspec.convert(told, Story)
        _check(story)
    except UnicodeDecodeError as error:
        raise Stop(f"{name}: not UTF-8 at byte {error.start}", code=Exit.UNDECIDABLE) from None
    except (ValueError, RecursionError) as error:  # of tomllib, msgspec and `_Slip`; of too many digits
        raise Stop(
            f"{name}: {error}", hint="the format of a story: fixtures/stories/README.md", code=Exit.UNDECIDABLE
        ) from None
    return story


_LARGEST = 1 << 22  # bytes; the longest story has fifty thousand
_DIGITS = re.compile(rb"[0-9A-Fa-f_]{1000}")
_DOTS = 500  # on one line; a key of so many parts makes tables within tables


def _check_bounds(raw: bytes) -> None:
    """Refuse what the TOML reader would take minutes and gigabytes for."""
    if len(raw) > _LARGEST:
        raise _Slip(f"{len(raw)} bytes are too many for a story")
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.count(b".") > _DOTS:
            raise _Slip(f"line {number}: more than {_DOTS} dots, which would make a key of as many parts")
        if _DIGITS.search(line):
            raise _Slip(f"line {number}: a number of too many digits")


class _Slip(ValueError):
    """A story names something that does not exist, or leaves out a time zone."""


def _check(story: Story) -> None:
    if not story.facts:
        raise _Slip("a story has at least one fact")
    for where, actor in story.actors.items():
        _known(actor.party, story.parties, f"actors.{where}.party")
    for code, party in story.parties.items():
        for declaration, actor_name in party.designates.items():
            _known(actor_name, story.actors, f"parties.{code}.designates.{declaration}")
    for name, order in story.orders.items():
        _known(order.sent_from, story.parties, f"orders.{name}.from")
        _known(order.to, story.parties, f"orders.{name}.to")
    labels: set[tuple[str | None, str]] = set()
    for number, fact in enumerate(story.facts, 1):
        where = f"fact {number} ({fact.label or fact.type})"
        _known(fact.by, story.actors, f"{where}: by")
        if story.actors[fact.by].key == "none":
            raise _Slip(f"{where}: {fact.by} has no key and signs nothing; another's import speaks for it")
        if fact.order is not None:
            _known(fact.order, story.orders, f"{where}: order")
        for what, moment in (("on", fact.on), ("at", fact.at)):
            if moment.tzinfo is None:
                raise _Slip(f"{where}: {what} needs its offset or Z")
        if fact.label is not None:
            if (fact.order, fact.label) in labels:
                raise _Slip(f"{where}: the label {fact.label} is taken in this order")
            labels.add((fact.order, fact.label))
    for number, order_name in enumerate([e.order for e in story.expect] + [e.order for e in story.expect_view], 1):
        _known(order_name, story.orders, f"expectation {number}: order")
    if any(e.as_of.tzinfo is None for e in story.expect):
        raise _Slip("as_of needs its offset or Z")


def _known(name: str, among: Mapping[str, object], where: str) -> None:
    if name not in among:
        raise _Slip(f"{where}: {name!r} is not in this story (there are {', '.join(among) or 'none'})")


def on_the_wire(value: Any) -> Any:
    """A value of a story as entries write it: moments and days become strings, all else stays."""
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

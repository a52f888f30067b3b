"""Which orders a list has, and in which order: read from an address, and written back to one.

A choice is made of the values of an address alone, so a saved list is an address, and a file of a list has the same
orders as the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from ledger.formats.time_zones import zone as time_zone
from server.access import Caller
from server.desk.lists.lines import OpenClock, OrderLine, Snapshot

PICKED: Final = ("state", "provider", "instrument", "party", "finding")
SCOPES: Final = ("mine", "assigned", "watched", "unassigned")
SIDES: Final = ("provider", "issuing", "requested", "trigger")
DAYS: Final = ("made", "last", "due")
TIMES: Final = ("open", "late", "gone", "none")
LEVELS: Final = ("violation", "remark", "gap")
COLUMNS: Final = ("order", "provider", "made", "last", "due", "acts", "findings", "state")
FALLING: Final = frozenset(("made", "last", "findings"))  # columns that begin with the largest value
MOST_KEPT: Final = 200  # lists of one state of the log
LONGEST: Final = 200  # characters of one value
_NAMES: Final = ("name", "scope", *PICKED, "acts", "time", "day", "since", "till", "sort", "down")
_NO_MOMENT: Final = datetime.max.replace(tzinfo=UTC)


class Marks(Struct, frozen=True):
    """The orders that a person is assigned to and watches, and the orders that someone of the office is assigned to."""

    assigned: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()


class Choice(Struct, frozen=True):
    """The values of a list, as the address states them; empty for any.

    `scope` says whose orders, `acts` which side has to act, `time` how the next deadline is: open, late, gone (it
    cannot be met any more) or none. `day` is which date `since` and `till` limit. `sort` is a column, and `down` "1"
    for its largest value first, "0" for its smallest.
    """

    name: str = ""
    scope: str = ""
    state: str = ""
    provider: str = ""
    instrument: str = ""
    party: str = ""
    finding: str = ""
    acts: str = ""
    time: str = ""
    day: str = ""
    since: str = ""
    till: str = ""
    sort: str = ""
    down: str = ""

    @staticmethod
    def of(asked: Mapping[str, Sequence[str]]) -> Choice:
        """Return the choice of an address; a value that no list has is dropped."""
        said = {name: next(iter(asked.get(name, ())), "").strip()[:LONGEST] for name in _NAMES}
        if next(iter(asked.get("mine", ())), ""):  # of an address of an earlier version
            said["scope"] = "mine"
        known = {"scope": SCOPES, "acts": SIDES, "time": TIMES, "day": DAYS, "sort": COLUMNS, "down": ("0", "1")}
        for name, values in known.items():
            if said[name] not in values:
                said[name] = ""
        if (said["since"] or said["till"]) and not said["day"]:
            said["day"] = "made"
        return Choice(**said)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the stated values by their names."""
        return [(name, value) for name in _NAMES if (value := getattr(self, name))]

    @property
    def query(self) -> str:
        """Return the query of the address of this list; empty for the list of all orders."""
        return urlencode(self.pairs)

    @property
    def narrowed(self) -> bool:
        """Return True if the list leaves out orders."""
        return any(name not in ("sort", "down") for name, _ in self.pairs)

    @property
    def words_alone(self) -> bool:
        """Return True if only words are looked for."""
        return [name for name, _ in self.pairs] == ["name"]

    @property
    def column(self) -> str:
        """Return the column by which the list is sorted."""
        return self.sort or ("due" if self.scope == "mine" else "made")

    @property
    def falling(self) -> bool:
        """Return True if the largest value comes first."""
        return self.down == "1" if self.down else self.column in FALLING

    def sorted_by(self, column: str) -> str:
        """Return the address of this list, sorted by a column; by the column of today, the other way round."""
        other = (not self.falling) if column == self.column else (column in FALLING)
        kept = [(name, value) for name, value in self.pairs if name not in ("sort", "down")]
        return f"/orders?{urlencode([*kept, ('sort', column), ('down', str(int(other)))])}"

    def faults(self) -> list[str]:
        """Return the names of the dates that are none."""
        return [name for name in ("since", "till") if getattr(self, name) and _day(getattr(self, name)) is None]


def chosen(
    found: Snapshot, choice: Choice, caller: Caller, now: datetime, zone: str, marks: Marks
) -> Sequence[OrderLine]:
    """Return the lines of a list, sorted; `zone` is the name of the time zone in which its dates are."""
    key = ("list", choice, caller.actor, caller.party, caller.roles, zone, marks)
    kept: tuple[datetime, Sequence[OrderLine]] | None = found.memo.get(key)
    if kept is not None and kept[0] == now:
        return kept[1]
    tests = _tests(choice, caller, now, zone, marks)
    lines = [line for line in found.lines if all(test(line) for test in tests)]
    lines.sort(key=lambda line: line.order)
    lines.sort(key=_keys(choice.column, now), reverse=choice.falling)
    if choice.column in ("due", "acts"):  # what cannot be met, or has no end, comes last in both directions
        lines.sort(key=lambda line: _worth(line, now))
    if len(found.memo) > MOST_KEPT:
        found.memo.clear()
    found.memo[key] = now, lines
    return lines


def counted(found: Snapshot, name: str) -> list[tuple[str, int]]:
    """Return the values of a column of a list with the number of their orders."""
    key = ("counted", name)
    if key not in found.memo:
        found.memo[key] = sorted(Counter(value for line in found.lines for value in values_of(line, name)).items())
    kept: list[tuple[str, int]] = found.memo[key]
    return kept


def values_of(line: OrderLine, name: str) -> Sequence[str]:
    """Return the values of an order by which `name` of `PICKED` picks it; none of them is empty."""
    values: Mapping[str, Sequence[str]] = {
        "state": (line.state,),
        "provider": (line.provider,),
        "instrument": (line.instrument,),
        "party": (line.from_party,) if line.from_party == line.to_party else (line.from_party, line.to_party),
        "finding": (*(level for level, count in zip(LEVELS, line.levels, strict=True) if count), *line.codes),
    }
    return [value for value in values[name] if value]


def _tests(choice: Choice, caller: Caller, now: datetime, zone: str, marks: Marks) -> list[Callable[[OrderLine], bool]]:
    tests: list[Callable[[OrderLine], bool]] = []
    for word in choice.name.casefold().split():
        tests.append(lambda line, word=word: word in line.words)  # type: ignore[misc]
    for name in PICKED:
        if value := getattr(choice, name):
            tests.append(lambda line, name=name, value=value: value in values_of(line, name))  # type: ignore[misc]
    match choice.scope:
        case "mine":
            tests.append(lambda line: any(_waits(line, e, now) and e.waits.is_for(caller) for e in line.open))
        case "assigned":
            tests.append(lambda line: line.order in marks.assigned)
        case "watched":
            tests.append(lambda line: line.order in marks.watched)
        case "unassigned":
            tests.append(lambda line: not line.ended and line.order not in marks.taken)
    if choice.acts:
        tests.append(lambda line: any(_waits(line, e, now) and e.side == choice.acts for e in line.open))
    if choice.time:
        tests.append(lambda line: _time(line, now) == choice.time)
    if choice.since or choice.till:
        tests.append(_within(choice, now, zone))
    return tests


def _waits(line: OrderLine, each: OpenClock, now: datetime) -> bool:
    return not line.hopeless(each, now)


def _time(line: OrderLine, now: datetime) -> str:
    """Return how the deadline of an order is that comes first: one of `TIMES`."""
    each = line.next(now)
    if each is None:
        return "open" if line.open and not line.ended else "none"
    if line.hopeless(each, now):
        return "gone"
    return "late" if each.over(now) else "open"


def _within(choice: Choice, now: datetime, zone: str) -> Callable[[OrderLine], bool]:
    place = time_zone(zone) if zone else UTC
    first, last = _day(choice.since), _day(choice.till)
    begin = None if first is None else datetime.combine(first, time(), place)
    end = None if last is None else datetime.combine(last + timedelta(days=1), time(), place)

    def within(line: OrderLine) -> bool:
        moment = _moment(line, choice.day, now)
        if moment is None:
            return False
        if choice.day == "due":
            moment -= timedelta(seconds=1)  # a deadline at midnight ends with the day before
        return (begin is None or moment >= begin) and (end is None or moment < end)

    return within


def _moment(line: OrderLine, day: str, now: datetime) -> datetime | None:
    match day:
        case "last":
            return line.last_on
        case "due":
            each = line.next(now)
            return None if each is None else each.clock.due
    return line.issued_on


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1 < found.year < 9999 else None


def _worth(line: OrderLine, now: datetime) -> int:
    each = line.next(now)
    if each is None:
        return 1 if line.open and not line.ended else 3
    return 2 if line.hopeless(each, now) else 0


def _keys(column: str, now: datetime) -> Callable[[OrderLine], Any]:
    """Return the function by whose values a list is sorted."""

    def due(line: OrderLine) -> datetime:
        return _moment(line, "due", now) or _NO_MOMENT

    def acts(line: OrderLine) -> str:
        each = line.next(now)
        return each.acts if each is not None else ""

    keys: Mapping[str, Callable[[OrderLine], Any]] = {
        "order": lambda line: line.name.casefold(),
        "provider": lambda line: line.provider.casefold(),
        "made": lambda line: line.issued_on or line.last_on,
        "last": lambda line: line.last_on,
        "due": due,
        "acts": acts,
        "findings": lambda line: line.levels,
        "state": lambda line: line.state,
    }
    return keys[column]

"""Lists and the board of lines in memory, in plain words: what the questions to `lines.db` are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from ledger.formats.time_zones import zone as time_zone
from server.access import Caller
from server.desk.lists.choice import Choice, Marks, day_of
from server.desk.lists.order_line import PICKED, OpenClock, OrderLine, values_of

NO_MOMENT = datetime.max.replace(tzinfo=UTC)


def chosen(
    lines: Sequence[OrderLine], choice: Choice, caller: Caller, now: datetime, zone: str, marks: Marks
) -> list[OrderLine]:
    """Return the lines of a list, sorted."""
    found = [line for line in lines if all(test(line) for test in tests(choice, caller, now, zone, marks))]
    found.sort(key=lambda line: line.order)
    found.sort(key=sorted_by(choice.column, now), reverse=choice.falling)
    if choice.column in ("due", "acts"):
        found.sort(key=lambda line: worth(line, now))
    return found


def counted(lines: Sequence[OrderLine], name: str) -> list[tuple[str, int]]:
    """Return the values of a column of a list with the number of their orders."""
    return sorted(Counter(value for line in lines for value in set(values_of(line, name))).items())


def turns(lines: Sequence[OrderLine], caller: Caller, now: datetime) -> tuple[list[tuple[str, int]], ...]:
    """Return own turns, those of others, and what cannot be met any more, each as its order and its place."""
    parts: tuple[list[tuple[timedelta | None, str, int]], ...] = ([], [], [])
    for line in lines:
        for place, each in enumerate(line.open):
            left = None if each.clock.due is None else each.clock.due - now
            part = 2 if line.hopeless(each, now) else 0 if each.waits.is_for(caller) else 1
            parts[part].append((left, line.order, place))
    for n, some in enumerate(parts):
        some.sort(key=lambda turn: turn[2])
        some.sort(key=lambda turn: (turn[0] is not None, turn[0] or timedelta(0), turn[1]), reverse=n == 2)
    return tuple([turn[1:] for turn in part] for part in parts)


def tests(choice: Choice, caller: Caller, now: datetime, zone: str, marks: Marks) -> list[Callable[[OrderLine], bool]]:
    """Return what an order of a list fulfils."""
    found: list[Callable[[OrderLine], bool]] = []
    for word in choice.name.casefold().split():
        found.append(lambda line, word=word: word in line.words)  # type: ignore[misc]
    for name in PICKED:
        if value := getattr(choice, name):
            found.append(lambda line, name=name, value=value: value in values_of(line, name))  # type: ignore[misc]
    match choice.scope:
        case "mine":
            found.append(lambda line: any(waits(line, e, now) and e.waits.is_for(caller) for e in line.open))
        case "assigned":
            found.append(lambda line: line.order in marks.assigned)
        case "watched":
            found.append(lambda line: line.order in marks.watched)
        case "unassigned":
            found.append(lambda line: not line.ended and line.order not in marks.taken)
    if choice.acts:
        found.append(lambda line: any(waits(line, e, now) and e.side == choice.acts for e in line.open))
    if choice.time:
        found.append(lambda line: how(line, now) == choice.time)
    if choice.since or choice.till:
        found.append(within(choice, now, zone))
    return found


def waits(line: OrderLine, each: OpenClock, now: datetime) -> bool:
    return not line.hopeless(each, now)


def how(line: OrderLine, now: datetime) -> str:
    """Return how the deadline of an order is that comes first."""
    each = line.next(now)
    if each is None:
        return "open" if line.open and not line.ended else "none"
    if line.hopeless(each, now):
        return "gone"
    return "late" if each.over(now) else "open"


def within(choice: Choice, now: datetime, zone: str) -> Callable[[OrderLine], bool]:
    place = time_zone(zone) if zone else UTC
    first, last = day_of(choice.since), day_of(choice.till)
    begin = None if first is None else datetime.combine(first, time(), place)
    end = None if last is None else datetime.combine(last + timedelta(days=1), time(), place)

    def test(line: OrderLine) -> bool:
        moment = moment_of(line, choice.day, now)
        if moment is None:
            return False
        if choice.day == "due":
            moment -= timedelta(seconds=1)
        return (begin is None or moment >= begin) and (end is None or moment < end)

    return test


def moment_of(line: OrderLine, day: str, now: datetime) -> datetime | None:
    match day:
        case "last":
            return line.last_on
        case "due":
            each = line.next(now)
            return None if each is None else each.clock.due
    return line.issued_on


def worth(line: OrderLine, now: datetime) -> int:
    each = line.next(now)
    if each is None:
        return 1 if line.open and not line.ended else 3
    return 2 if line.hopeless(each, now) else 0


def sorted_by(column: str, now: datetime) -> Callable[[OrderLine], Any]:
    def acts(line: OrderLine) -> str:
        each = line.next(now)
        return each.acts if each is not None else ""

    keys: Mapping[str, Callable[[OrderLine], Any]] = {
        "order": lambda line: line.name.casefold(),
        "provider": lambda line: line.provider.casefold(),
        "made": lambda line: line.issued_on or line.last_on,
        "last": lambda line: line.last_on,
        "due": lambda line: moment_of(line, "due", now) or NO_MOMENT,
        "acts": acts,
        "findings": lambda line: line.levels,
        "state": lambda line: line.state,
    }
    return keys[column]

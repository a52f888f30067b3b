"""Ask `lines.db` for what a list shows. Each question is about the rows of one caller: those of orders they may see.

A list is one question for the rows of one page, one for their number, and one for the lines. The moment decides which
deadlines can still be met; the store has brought the rows up to date for it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from msgspec import Struct

from ledger.formats.time_zones import zone as time_zone
from server.access import Caller
from server.desk.lists.choice import Choice, Marks, day_of
from server.desk.lists.line_rows import decoded, micros
from server.desk.lists.order_line import PICKED, OrderLine
from server.desk.turns import Waits

SHORTEST: Final = 3  # characters of a word that the index of words finds
TOGETHER: Final = 500  # lines that are read at a time
_SECOND: Final = 1_000_000  # microseconds
_SORTED: Final[Mapping[str, tuple[str, ...]]] = {  # by the column of a list
    "order": ("l.name",),
    "provider": ("l.provider",),
    "made": ("l.made",),
    "last": ("l.last",),
    "due": ("l.due",),
    "acts": ("l.acts",),
    "findings": ("l.violations", "l.remarks", "l.gaps"),
    "state": ("l.state",),
}
_TIMES: Final[Mapping[str, str]] = {
    "open": "(l.worth = 1 OR (l.worth = 0 AND l.due > :now))",
    "late": "l.worth = 0 AND l.due <= :now",
    "gone": "l.worth = 2",
    "none": "l.worth = 3",
}


class Asked(Struct, frozen=True):
    """Who asks at which moment: `names` as `Access.sees_by`, `zone` the name of the time zone of dates.

    `waits` are the numbers of what waits for the caller.
    """

    caller: Caller
    knows: bool
    names: frozenset[str] | None
    now: datetime
    waits: Sequence[int]
    zone: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """Return the values that every question has."""
        name = next(iter(self.names), "") if self.names else ""
        return {"knows": self.knows, "name": name, "now": micros(self.now), "waits": json.dumps(list(self.waits))}

    def sees(self, alias: str) -> str:
        """Return the condition that limits the rows of a table to orders that the caller may see."""
        if self.names is None:
            return f"{alias}.knows = :knows"
        if not self.names:
            return "false"
        return f"{alias}.knows = :knows AND {alias}.n IN (SELECT n FROM name WHERE name = :name AND sees = 1)"  # noqa: S608


def asked_by(
    caller: Caller, *, knows: bool, names: frozenset[str] | None, now: datetime, waits: Mapping[Waits, int]
) -> Asked:
    """Return what a caller asks with."""
    return Asked(caller, knows, names, now, [id for each, id in list(waits.items()) if each.is_for(caller)])


def chosen(
    c: sqlite3.Connection, asked: Asked, choice: Choice, zone: str, marks: Marks, begin: int = 0, limit: int = -1
) -> list[int]:
    """Return the rows of a page of a list, sorted, from the number `begin` on; -1: all of them."""
    where, values = _where(asked, choice, zone, marks)
    way = " DESC" if choice.falling else ""
    keys = [f"{column}{way}" for column in _SORTED[choice.column]]
    if choice.column in ("due", "acts"):  # what cannot be met, or has no end, comes last in both directions
        keys.insert(0, "l.worth")
    rows = c.execute(
        f"SELECT l.id FROM line l WHERE {where} ORDER BY {', '.join(keys)}, l.order_id LIMIT :limit OFFSET :begin",  # noqa: S608
        {**values, "limit": limit, "begin": begin},
    )
    return [id for (id,) in rows]


def count(c: sqlite3.Connection, asked: Asked, choice: Choice, zone: str, marks: Marks) -> int:
    """Return how many orders a list has."""
    if not choice.narrowed:
        return tally(c, asked, "orders")
    name, value = choice.alone
    if asked.names is None and name in PICKED:
        row = c.execute(
            "SELECT orders FROM tally WHERE knows = ? AND name = ? AND value = ?", (asked.knows, name, value)
        )
        return next((int(orders) for (orders,) in row), 0)
    if (name, value) == ("scope", "mine"):
        mine = f"{asked.sees('c')} AND c.gone > :now AND c.waits IN (SELECT value FROM json_each(:waits))"  # noqa: S608
        return int(c.execute(f"SELECT count(DISTINCT c.id) FROM clock c WHERE {mine}", asked.values).fetchone()[0])  # noqa: S608
    where, values = _where(asked, choice, zone, marks)
    return int(c.execute(f"SELECT count(*) FROM line l WHERE {where}", values).fetchone()[0])  # noqa: S608 - fixed text


def tally(c: sqlite3.Connection, asked: Asked, what: str) -> int:
    """Return how many `orders`, `deadlines` or `resting` orders, in which none is open, a caller may see."""
    if asked.names is None:
        row = c.execute(
            "SELECT orders FROM tally WHERE knows = ? AND name = '' AND value = ?", (asked.knows, what)
        ).fetchone()
        return int(row[0]) if row else 0
    source = {
        "orders": f"line l WHERE {asked.sees('l')}",
        "resting": f"line l WHERE {asked.sees('l')} AND NOT EXISTS (SELECT 1 FROM clock c WHERE c.id = l.id)",  # noqa: S608
        "deadlines": f"clock c WHERE {asked.sees('c')}",
    }[what]
    return int(c.execute(f"SELECT count(*) FROM {source}", asked.values).fetchone()[0])  # noqa: S608 - fixed text


def counted(c: sqlite3.Connection, asked: Asked) -> dict[str, list[tuple[str, int]]]:
    """Return the values of each name of `PICKED`, with the number of the orders that have it."""
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in PICKED}
    if asked.names is None:
        question = "SELECT name, value, orders FROM tally WHERE knows = :knows AND name <> '' AND orders > 0"
    else:
        question = (
            "SELECT v.name, v.value, count(*) FROM value v JOIN line l ON l.id = v.id"  # noqa: S608 - fixed text
            f" WHERE v.knows = :knows AND {asked.sees('l')} GROUP BY v.name, v.value"
        )
    for name, value, orders in c.execute(f"{question} ORDER BY 1, 2", asked.values):
        found[name].append((value, orders))
    return found


def to_judge(c: sqlite3.Connection, asked: Asked) -> int:
    """Return how many orders are to be judged that a caller may see.

    All orders of which this is not known yet count as one: their number says what happens in orders of others.
    """
    if asked.names is None:
        question = "SELECT count(*) FROM stale s WHERE s.knows = :knows AND s.why < 3"
    elif asked.names:
        question = (
            f"SELECT (SELECT count(*) FROM stale s WHERE {asked.sees('s')} AND s.why < 3)"  # noqa: S608 - fixed text
            " + EXISTS (SELECT 1 FROM orders o WHERE o.named = 0)"
        )
    else:
        return 0
    return int(c.execute(question, asked.values).fetchone()[0])


def lines(c: sqlite3.Connection, ids: Sequence[int]) -> Iterator[OrderLine]:
    """Yield the lines of rows, in their order."""
    for begin in range(0, len(ids), TOGETHER):
        some = ids[begin : begin + TOGETHER]
        rows = c.execute("SELECT id, body FROM body WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(some),))
        found: dict[int, bytes] = dict(rows.fetchall())
        yield from (decoded(found[id]) for id in some if id in found)


def ids_of(c: sqlite3.Connection, asked: Asked, orders: Sequence[str]) -> list[int]:
    """Return the rows of these orders, as far as the caller may see them."""
    rows = c.execute(
        "SELECT l.id FROM json_each(:orders) j CROSS JOIN orders o ON o.order_id = j.value"  # noqa: S608 - fixed text
        f" CROSS JOIN line l ON l.id = 2 * o.n + :knows WHERE {asked.sees('l')}",
        {**asked.values, "orders": json.dumps(list(orders))},
    )
    return [id for (id,) in rows]


def _where(asked: Asked, choice: Choice, zone: str, marks: Marks) -> tuple[str, dict[str, Any]]:
    """Return the condition of a list, with its values."""
    values = asked.values
    tests = [asked.sees("l")]
    _words(choice.name, tests, values)
    for name in PICKED:
        if value := getattr(choice, name):
            values[name] = value
            tests.append(f"l.id IN (SELECT id FROM value WHERE knows = :knows AND name = '{name}' AND value = :{name})")  # noqa: S608
    waiting = "l.id IN (SELECT id FROM clock c WHERE c.knows = :knows AND c.gone > :now AND "
    match choice.scope:
        case "mine":
            tests.append(f"{waiting} c.waits IN (SELECT value FROM json_each(:waits)))")  # noqa: S608
        case "assigned" | "watched":
            values["marked"] = json.dumps(sorted(marks.assigned if choice.scope == "assigned" else marks.watched))
            tests.append("l.order_id IN (SELECT value FROM json_each(:marked))")
        case "unassigned":
            values["marked"] = json.dumps(sorted(marks.taken))
            tests.append("l.ended = 0 AND l.order_id NOT IN (SELECT value FROM json_each(:marked))")
    if choice.acts:
        values["side"] = choice.acts
        tests.append(f"{waiting} c.side = :side)")
    if choice.time:
        tests.append(_TIMES[choice.time])
    _within(choice, zone, tests, values)
    return " AND ".join(tests), values


def _words(said: str, tests: list[str], values: dict[str, Any]) -> None:
    """Ask for orders in whose words each of some words is, at any place of it."""
    indexed, short = [], []
    for n, word in enumerate(dict.fromkeys(said.casefold().split())):
        if len(word) >= SHORTEST and "\0" not in word:
            indexed.append('"' + word.replace('"', '""') + '"')
        else:
            values[f"word{n}"] = word
            short.append(f"instr(said, :word{n}) > 0")
    if short:  # together: each question to `text` reads the words of every order
        tests.append(f"l.id IN (SELECT id FROM text WHERE {' AND '.join(short)})")  # noqa: S608 - fixed text
    if indexed:
        values["words"] = " AND ".join(indexed)
        tests.append("l.id IN (SELECT rowid FROM words WHERE words MATCH :words)")


def _within(choice: Choice, zone: str, tests: list[str], values: dict[str, Any]) -> None:
    if not (choice.since or choice.till):
        return
    day = choice.day or "made"
    tests.append(f"{'l.issued' if day == 'made' else f'l.{day}'} IS NOT NULL")
    place = time_zone(zone) if zone else UTC
    early = _SECOND if day == "due" else 0  # a deadline at midnight ends with the day before
    if (first := day_of(choice.since)) is not None:
        values["since"] = micros(datetime.combine(first, time(), place)) + early
        tests.append(f"l.{day} >= :since")
    if (last := day_of(choice.till)) is not None:
        values["till"] = micros(datetime.combine(last + timedelta(days=1), time(), place)) + early
        tests.append(f"l.{day} < :till")

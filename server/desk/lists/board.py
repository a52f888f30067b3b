"""The board: the open deadlines of all orders that a person may see, first those before which that person has to act.

What cannot be met any more comes last, for every person.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Final

from msgspec import Struct

from server.desk.lists import query
from server.desk.lists.line_rows import NEVER
from server.desk.lists.order_line import OLD, OpenClock, OrderLine
from server.desk.lists.query import Asked

PARTS: Final = ("mine", "others", "old")
SHOWN: Final = 25  # lines of each part of the board
MOST: Final = 1_000  # lines of one part that was asked for as a whole
FEW: Final = 5_000  # own turns that are sorted rather than looked for in the sorted deadlines of all
_SOONEST: Final = "c.due, c.order_id, c.place"
_MINE: Final = "c.waits IN (SELECT value FROM json_each(:waits))"


class Turn(Struct, frozen=True):
    """One open deadline with the time left, and whether it is the caller's turn; `line` is its order on the board."""

    line: OrderLine | None
    open: OpenClock
    left: timedelta | None
    mine: bool

    @property
    def over(self) -> bool:
        """Return True if the time has run out."""
        return self.left is not None and self.left <= timedelta(0)


class Part(Struct, frozen=True):
    """The first turns of one part of the board, and how many the part has."""

    turns: list[Turn]
    count: int


class Board(Struct, frozen=True):
    """What a person sees first: own turns, those of others, what cannot be met any more, and how much was judged.

    `resting` counts the orders in which no deadline is open, `late` the own turns whose time has run out.
    """

    mine: Part
    others: Part
    old: Part
    orders: int
    resting: int
    late: int
    to_judge: int


def board(c: sqlite3.Connection, asked: Asked, whole: str = "") -> Board:
    """Sort the open deadlines of orders: own turns, then others', each soonest first; old ones the newest first.

    A part has its first `SHOWN` turns, the part that `whole` names its first `MOST` ones.
    """
    limits = {part: MOST if part == whole else SHOWN for part in PARTS}
    sight = asked.sees("c")
    met = _number(c, asked, f"{sight} AND c.gone > :now")
    mine = _number(c, asked, f"{sight} AND c.gone > :now AND {_MINE}")
    every = query.tally(c, asked, "deadlines")
    # by the sorted deadlines of all, or by the ones for which the person is waited
    by = "clock c INDEXED BY clock_waits" if mine < FEW else "clock c INDEXED BY clock_due"
    return Board(
        mine=Part(_first(c, asked, by, f"{sight} AND {_MINE}", limits["mine"]), mine),
        others=Part(
            _first(c, asked, "clock c INDEXED BY clock_due", f"{sight} AND NOT {_MINE}", limits["others"]), met - mine
        ),
        old=Part(_turns(c, asked, _old(sight), limits["old"]), every - met),
        orders=query.tally(c, asked, "orders"),
        resting=query.tally(c, asked, "resting"),
        late=_number(c, asked, f"{sight} AND c.gone > :now AND {_MINE} AND c.due <= :now AND c.due > {-NEVER}"),
        to_judge=query.to_judge(c, asked),
    )


def _first(c: sqlite3.Connection, asked: Asked, source: str, where: str, limit: int) -> list[Turn]:
    """Return the first deadlines that can be met; one whose end is not known comes first, as its urgency is unknown."""
    met = f"FROM {source} WHERE {where} AND c.gone > :now AND c.due"
    since = f"> :now - {OLD // timedelta(microseconds=1) + 1}"  # before it none can be met
    unknown = _turns(c, asked, f"{met} = {-NEVER} ORDER BY {_SOONEST}", limit)
    return [*unknown, *_turns(c, asked, f"{met} {since} ORDER BY {_SOONEST}", limit - len(unknown))]


def _old(sight: str) -> str:
    newest = "c.due DESC, c.order_id DESC, c.place"
    return f"FROM clock c INDEXED BY clock_due WHERE {sight} AND c.gone <= :now ORDER BY {newest}"


def _turns(c: sqlite3.Connection, asked: Asked, source: str, limit: int) -> list[Turn]:
    rows = c.execute(f"SELECT c.id, c.place {source} LIMIT :limit", {**asked.values, "limit": limit}).fetchall()
    ids = list(dict.fromkeys(id for id, _ in rows))
    known = dict(zip(ids, query.lines(c, ids), strict=True))  # one reading: no line goes meanwhile
    return [_turn(known[id], known[id].open[place], asked) for id, place in rows]


def _turn(line: OrderLine, each: OpenClock, asked: Asked) -> Turn:
    left = None if each.clock.due is None else each.clock.due - asked.now
    return Turn(line, each, left, each.waits.is_for(asked.caller))


def _number(c: sqlite3.Connection, asked: Asked, where: str) -> int:
    return int(c.execute(f"SELECT count(*) FROM clock c WHERE {where}", asked.values).fetchone()[0])  # noqa: S608

"""The board: the open deadlines of all orders that a person may see, first those before which that person has to act.

What cannot be met any more comes last, for every person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from server.access import Caller
from server.desk.lists.lines import OpenClock, OrderLine, Snapshot

SHOWN: Final = 25  # lines of each part of the board


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


class Board(Struct, frozen=True):
    """What a person sees first: own turns, those of others, what cannot be met any more, and how much was judged.

    `resting` counts the orders in which no deadline is open, `late` the own turns whose time has run out.
    """

    mine: list[Turn]
    others: list[Turn]
    old: list[Turn]
    orders: int
    resting: int
    late: int
    to_judge: int


def board(found: Snapshot, caller: Caller, now: datetime) -> Board:
    """Sort the open deadlines of orders: own turns, then others', each soonest first; old ones the newest first."""
    key = ("board", caller.actor, caller.party, caller.roles)
    kept: tuple[datetime, Board] | None = found.memo.get(key)
    if kept is not None and kept[0] == now:
        return kept[1]
    mine: list[Turn] = []
    others: list[Turn] = []
    old: list[Turn] = []
    resting = 0
    for line in found.lines:
        resting += not line.open
        for each in line.open:
            left = None if each.clock.due is None else each.clock.due - now
            turn = Turn(line, each, left, each.waits.is_for(caller))
            if line.hopeless(each, now):
                old.append(turn)
            else:
                (mine if turn.mine else others).append(turn)
    for some in (mine, others):
        some.sort(key=_soonest)
    old.sort(key=_soonest, reverse=True)
    late = sum(turn.over for turn in mine)
    made = Board(mine, others, old, len(found.lines), resting, late, found.to_judge)
    found.memo[key] = now, made
    return made


def _soonest(turn: Turn) -> tuple[bool, timedelta, str]:
    """Return the key by which turns are sorted; one whose end is not known comes first, as its urgency is not known."""
    return turn.left is not None, turn.left or timedelta(0), turn.line.order if turn.line else ""

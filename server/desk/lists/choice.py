"""Which orders a list has, and in which order: read from an address, and written back to one.

A choice is made of the values of an address alone, so a saved list is an address, and a file of a list has the same
orders as the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from server.desk.lists.order_line import PICKED

SCOPES: Final = ("mine", "assigned", "watched", "unassigned")
SIDES: Final = ("provider", "issuing", "requested", "trigger")
DAYS: Final = ("made", "last", "due")
TIMES: Final = ("open", "late", "gone", "none")
COLUMNS: Final = ("order", "provider", "made", "last", "due", "acts", "findings", "state")
FALLING: Final = frozenset(("made", "last", "findings"))  # columns that begin with the largest value
LONGEST: Final = 200  # characters of one value
_NAMES: Final = ("name", "scope", *PICKED, "acts", "time", "day", "since", "till", "sort", "down")


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
    def alone(self) -> tuple[str, str]:
        """Return name and value of what alone narrows the list; two empty texts for every other list."""
        narrowing = [pair for pair in self.pairs if pair[0] not in ("sort", "down")]
        return narrowing[0] if len(narrowing) == 1 else ("", "")

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
        return [name for name in ("since", "till") if getattr(self, name) and day_of(getattr(self, name)) is None]


def day_of(text: str) -> date | None:
    """Return the day that a text states as 2027-03-01; None for another text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1 < found.year < 9999 else None

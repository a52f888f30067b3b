"""Note what a sheet of a workbook holds that its values do not show, within a bound of cells for all sheets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.errors import RecordError
from ledger.messages import Message

CELLS = 1_000_000  # of the rectangle around the cells of one sheet
COLUMNS = 16_384  # of one sheet: a reader leaves out what is behind them
_PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})")

Place = tuple[int, int]  # row and column, from 1


def wrong(name: str, says: str, hint: str = Message("save it again as .xlsx, .ods or CSV")) -> RecordError:
    """Return the error of a file that is no table that can be read here."""
    return RecordError("TABLE-FORM", says, where=name, hint=hint)


@dataclass(slots=True)
class SheetFacts:
    """What a sheet holds that its values do not show; rows and columns count from 1.

    `unstored` are formulas without a stored result, `errors` cells such as #REF!, `merged` the cells that another one
    covers, with that one. Hidden rows and columns are noted as far as the values reach.
    """

    name: str = ""
    hidden: bool = False
    unstored: set[Place] = field(default_factory=set)
    errors: set[Place] = field(default_factory=set)
    merged: dict[Place, Place] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    last: Place = (0, 0)

    def met(self, row: int, column: int, name: str) -> None:
        """Count a cell with a value; refuse a sheet whose rectangle becomes too large."""
        self.last = (max(self.last[0], row), max(self.last[1], column))
        if self.last[1] > COLUMNS or self.last[0] * self.last[1] > CELLS:
            raise wrong(
                name,
                Message(
                    "sheet {0} reaches to row {1}, column {2}: too large", repr(self.name), self.last[0], self.last[1]
                ),
            )


@dataclass(slots=True)
class Room:
    """Count the cells, rows and columns that are noted of all sheets of a workbook; refuse more than `CELLS`."""

    name: str
    taken: int = 0

    def take(self, many: int, says: str) -> None:
        self.taken += many
        if self.taken > CELLS:
            raise wrong(self.name, says)

    def hide(self, facts: SheetFacts, rows: list[Place], columns: list[Place]) -> None:
        """Note the hidden rows and columns of a whole sheet, given as (first, last) each."""
        facts.hidden_rows, facts.hidden_columns = _up_to(rows, facts.last[0]), _up_to(columns, facts.last[1])
        hidden = len(facts.hidden_rows) + len(facts.hidden_columns)
        self.take(hidden, Message("sheet {0} hides too many rows and columns", repr(facts.name)))


def _up_to(ranges: list[Place], last: int) -> set[int]:
    """Return the numbers in these ranges, each (first, last), up to a number; ranges may overlap."""
    found: set[int] = set()
    done = 0
    for first, end in sorted(ranges):
        found.update(range(max(first, done + 1), min(end, last) + 1))
        done = max(done, end)
    return found


def place_of(ref: str, name: str) -> Place:
    """Return row and column of a cell such as B7, from 1; refuse another text, which a reader may place elsewhere."""
    found = _PLACE.fullmatch(ref)
    if found is None:
        raise wrong(name, f"{ref[:20]!r} is no place of a cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def letters(column: int) -> str:
    """Return the letters of a column as a spreadsheet shows them: 1 is A, 28 is AB."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def number_in(attributes: Mapping[str, str], attribute: str, otherwise: int, name: str) -> int:
    """Return the number in an attribute; refuse another text, which the reader of the values may count otherwise."""
    text = attributes.get(attribute)
    if text is None:
        return otherwise
    if not re.fullmatch("[0-9]{1,9}", text):
        raise wrong(name, f"{attribute} is {text[:20]!r}, no number of at most nine digits")
    return int(text)

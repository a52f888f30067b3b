"""Read a table of an office: CSV in a stated encoding, .xlsx or .ods, as rows of values with their numbers.

No guess changes a value. A workbook gives its stored values: texts, numbers, dates, times of day, true and false.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from msgspec import Struct

from ledger.application.intake.sheet_facts import CELLS, SheetFacts, letters, wrong
from ledger.application.intake.workbook_check import checked
from ledger.errors import LedgerError
from ledger.messages import Message

LARGEST: Final = 1 << 25  # bytes of a file
ROWS: Final = 100_000
CELL: Final = 1 << 16  # characters
Encoding = Literal[
    "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1257",
    "iso-8859-1", "iso-8859-2", "iso-8859-13", "iso-8859-15",
]  # fmt: skip
DELIMITERS: Final = ",;\t|"

Value = str | int | float | bool | datetime | date | time | timedelta


class Row(Struct, frozen=True):
    """A row that is not blank: its number as the spreadsheet counts it (from 1), and its cells in order."""

    number: int
    cells: Sequence[Value]


class Table(Struct, frozen=True):
    """A table as it is in its file: the rows, the sheet (empty for CSV), and what its values do not show.

    `hidden` are the names of the hidden sheets that were left out. `sha256` is that of the file.
    """

    sheet: str
    rows: Sequence[Row]
    sha256: str
    facts: SheetFacts
    hidden: Sequence[str] = ()

    def place(self, row: int, column: int) -> str:
        """Return the place of a cell for a person, both numbers from 1."""
        return (f"sheet {self.sheet!r}, cell {letters(column)}{row}") if self.sheet else f"row {row}, column {column}"


def is_workbook(data: bytes) -> bool:
    """Return True if the first bytes are those of a ZIP, or of a workbook of the old form."""
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def read_table(data: bytes, name: str, *, sheet: str = "", encoding: str = "utf-8", delimiter: str = "") -> Table:
    """Return the rows of a file; `RecordError` TABLE-FORM if it cannot be read as a table.

    `sheet` is needed only where a workbook shows more than one sheet; `encoding` and `delimiter` are those of a CSV.
    """
    if len(data) > LARGEST:
        raise wrong(
            name,
            Message("{0} bytes are more than {1} MiB", len(data), LARGEST >> 20),
            Message("split it into several tables"),
        )
    if is_workbook(data):
        return _workbook(data, name, sheet)
    if sheet:
        raise wrong(
            name,
            Message("sheet {0} is asked for, and a CSV has no sheets", repr(sheet)),
            Message("leave `sheet` out of the profile"),
        )
    return _csv(data, name, encoding, delimiter)


def _workbook(data: bytes, name: str, sheet: str) -> Table:
    try:
        import python_calamine
    except ModuleNotFoundError as absent:
        says = f"reading .xlsx and .ods needs {absent.name}"
        raise LedgerError("NO-SHEETS", says, "pip install 'comity[spreadsheet]'") from None
    workbook = checked(data, name)
    shown = [facts.name for facts in workbook.sheets if not facts.hidden]
    wanted = sheet or (shown[0] if len(shown) == 1 else "")
    if not wanted:
        raise wrong(
            name,
            Message("which sheet? it shows {0}", ", ".join(map(repr, shown)) or "none"),
            Message("`sheet` of the profile"),
        )
    facts = next((each for each in workbook.sheets if each.name == wanted), None)
    if facts is None:
        says = Message("it has no sheet {0}; it shows {1}", repr(wanted), ", ".join(map(repr, shown)))
        raise wrong(name, says, Message("`sheet` of the profile"))
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)) as opened:
            cells = opened.get_sheet_by_name(wanted).to_python(skip_empty_area=False)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise wrong(name, f"no workbook that can be read: {str(error)[:200]}") from None  # also a panic of the library
    if len(cells) > ROWS:
        raise wrong(name, Message("more than {0} rows", ROWS), Message("split it into several tables"))
    rows = [Row(n, row) for n, row in enumerate(cells, 1) if any(cell != "" for cell in row) or _marked(facts, n)]
    hidden = [each.name for each in workbook.sheets if each.hidden and each.name != wanted]
    return Table(wanted, rows, hashlib.sha256(data).hexdigest(), facts, hidden)


def _marked(facts: SheetFacts, row: int) -> bool:
    """Return True if a row that looks blank has a formula without a result, or an error."""
    return any(row == place[0] for place in (*facts.unstored, *facts.errors))


def _csv(data: bytes, name: str, encoding: str, delimiter: str) -> Table:
    text = _decoded(data, name, encoding)
    if "\0" in text:
        raise wrong(name, Message("it holds a NUL character: this is not a text file"))
    first = text.partition("\n")[0]
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter = delimiter or first.strip()[4]
        text = "\n" + text.partition("\n")[2]  # the rows keep their numbers
    mark = delimiter or max(DELIMITERS, key=first.count)
    csv.field_size_limit(CELL)
    rows: list[Row] = []
    cells = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True), 1):
            cells += len(row)
            if number > ROWS or cells > CELLS:
                raise wrong(
                    name,
                    Message("more than {0} rows or {1} cells", ROWS, CELLS),
                    Message("split it into several tables"),
                )
            if any(cell.strip() for cell in row):
                rows.append(Row(number, [cell.strip().replace("\r\n", "\n") for cell in row]))
    except csv.Error as error:
        hint = Message("a quotation mark that is opened is closed before the next delimiter, and doubled inside")
        raise wrong(name, Message("row {0} is not CSV: {1}", len(rows) + 1, error), hint) from None
    return Table("", rows, hashlib.sha256(data).hexdigest(), SheetFacts())


def _decoded(data: bytes, name: str, encoding: str) -> str:
    """Decode a CSV; TABLE-FORM for bytes of another encoding, also for UTF-8 where another one is stated."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if marked != (encoding == "utf-16"):
        raise wrong(
            name,
            Message("it is UTF-16") if marked else Message("it is not UTF-16"),
            Message("state the `encoding` in the profile"),
        )
    if encoding != "utf-8" and not data.isascii() and is_utf8(data):
        says = Message("it is UTF-8, and {0} would change its letters", encoding)
        raise wrong(name, says, Message("leave `encoding` out of the profile"))
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8") if encoding == "utf-8" else data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        says = Message("line {0} is not {1} at byte {2}", line, encoding, error.start)
        raise wrong(
            name, says, Message("state its `encoding` in the profile, such as cp1252; or save it as UTF-8")
        ) from None


def is_utf8(data: bytes) -> bool:
    """Return True if bytes are UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

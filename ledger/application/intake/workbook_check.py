"""Check a workbook (.xlsx, .ods) before a library reads it: its size, its XML, and what the library does not show.

The library makes a rectangle of all cells between the first and the last one, and reads a formula without a stored
result, and an error, as an empty cell. So the parts are unpacked here within bounds, scanned with expat, and packed
again: the library reads only bytes that were scanned.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from ledger.errors import RecordError

UNPACKED = 1 << 26  # bytes of all parts that are read
PARTS = 2_000
ELEMENTS = 2_000_000  # of all parts together
DEEPEST = 64
LONGEST = 1_000  # characters of a name of XML
CELLS = 1_000_000  # of the rectangle around the cells of one sheet
COLUMNS = 16_384  # of one sheet: a reader leaves out what is behind them

ODS = "application/vnd.oasis.opendocument.spreadsheet"
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError,
               NotImplementedError, RuntimeError)  # fmt: skip
_PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_LONG_NAME = re.compile(rb"xmlns[^=<>]*=\s*(?:\"[^\"]{%d}|'[^']{%d})" % (LONGEST, LONGEST))

# No element that is read here states one attribute in two namespaces: the library may take the other value.
_READ = frozenset({"sheet", "Relationship", "row", "col", "c", "mergeCell", "style", "table-properties", "table",
                   "table-column", "table-row", "table-cell", "covered-table-cell"})  # fmt: skip
_TWICE = frozenset({"value-type"})  # but this one, which LibreOffice writes in two: the second one says more

Place = tuple[int, int]  # row and column, from 1


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
            raise wrong(name, f"sheet {self.name!r} reaches to row {self.last[0]}, column {self.last[1]}: too large")


@dataclass(slots=True)
class _Room:
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
        self.take(hidden, f"sheet {facts.name!r} hides too many rows and columns")


def _up_to(ranges: list[Place], last: int) -> set[int]:
    """Return the numbers in these ranges, each (first, last), up to a number; ranges may overlap."""
    found: set[int] = set()
    done = 0
    for first, end in sorted(ranges):
        found.update(range(max(first, done + 1), min(end, last) + 1))
        done = max(done, end)
    return found


@dataclass(frozen=True, slots=True)
class Workbook:
    """A checked workbook: its bytes packed again, and its sheets in order."""

    data: bytes
    sheets: tuple[SheetFacts, ...]


def wrong(name: str, says: str, hint: str = "save it again as .xlsx, .ods or CSV") -> RecordError:
    """Return the error of a file that is no table that can be read here."""
    return RecordError("TABLE-FORM", says, where=name, hint=hint)


def checked(data: bytes, name: str) -> Workbook:
    """Return a workbook after its check; `RecordError` TABLE-FORM if it is none, or too large."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise wrong(name, "a workbook of the old form (.xls), or one with a password")
    parts = _unpacked(data, name)
    if parts.get("mimetype", b"").strip() == ODS.encode():
        sheets = _ods(parts, name)
    elif "xl/workbook.xml" in parts:
        sheets = _xlsx(parts, name)
    else:
        raise wrong(name, "a ZIP, and neither an .xlsx nor an .ods workbook")
    return Workbook(_packed(parts), tuple(sheets))


def _unpacked(data: bytes, name: str) -> dict[str, bytes]:
    """Return the XML parts of a workbook; the parts that a table does not need are left out."""
    parts: dict[str, bytes] = {}
    seen: set[str] = set()
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > PARTS:
                raise wrong(name, f"more than {PARTS} parts")
            for info in archive.infolist():
                if not _is_needed(info.filename):
                    continue
                if info.flag_bits & 1:
                    raise wrong(name, "the workbook has a password", "save it without one")
                if info.filename.lower() in seen:  # a reader that finds no part looks for one in other letters
                    raise wrong(name, f"two parts are called {info.filename!r}")
                seen.add(info.filename.lower())
                with archive.open(info) as part:
                    raw = part.read(UNPACKED - total + 1)
                total += len(raw)
                if total > UNPACKED:
                    raise wrong(name, f"it unpacks to more than {UNPACKED >> 20} MiB", "split it into several tables")
                parts[info.filename] = raw
    except _UNREADABLE as error:
        raise wrong(name, f"no workbook that can be read: {error}") from None
    return parts


def _is_needed(part: str) -> bool:
    return part == "mimetype" or (part.endswith((".xml", ".rels")) and not part.startswith(("docProps/", "customXml/")))


def _packed(parts: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for part, raw in sorted(parts.items(), key=lambda pair: pair[0] != "mimetype"):
            archive.writestr(zipfile.ZipInfo(part), raw)
    return packed.getvalue()


# -- XML ---------------------------------------------------------------------------------------------------------------

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class _Scanner:
    """Scan the parts of one workbook; all of them share one bound of elements."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._elements = 0

    def scan(
        self,
        part: str,
        raw: bytes,
        start: Start = lambda *_: None,
        end: End = lambda *_: None,
        text: Text | None = None,
    ) -> None:
        """Call `start` and `end` with the local name of each element, `text` with texts.

        `RecordError` TABLE-FORM for XML that is not taken.
        """
        name = f"{self._name}/{part}"
        if b"\0" in raw[:200] or _LONG_NAME.search(raw):
            raise wrong(name, "no XML in UTF-8, or a namespace of too many characters")
        depth = 0

        def open_(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            self._elements += 1
            if depth > DEEPEST or self._elements > ELEMENTS or max(map(len, (tag, *attributes))) > LONGEST:
                raise wrong(name, "too many elements, or too deep in each other", "split it into several tables")
            local, names = tag.rpartition(" ")[2], [key.rpartition(" ")[2] for key in attributes]
            values = dict(zip(names, attributes.values(), strict=True))
            if len(values) < len(names) and local in _READ and {n for n in names if names.count(n) > 1} - _TWICE:
                raise wrong(name, f"an element {local} states one attribute in two namespaces")
            start(local, values)

        def close(tag: str) -> None:
            nonlocal depth
            depth -= 1
            end(tag.rpartition(" ")[2])

        def refuse(*_: object) -> NoReturn:
            raise wrong(name, "it declares a document type, so it is not read")

        parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = open_, close
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
        try:
            parser.Parse(raw, True)
        except (expat.ExpatError, ValueError) as error:
            raise wrong(name, f"no XML in UTF-8: {error}") from None


# -- .xlsx -------------------------------------------------------------------------------------------------------------


def _xlsx(parts: Mapping[str, bytes], name: str) -> list[SheetFacts]:
    scanner, room = _Scanner(name), _Room(name)
    named: list[tuple[str, str, bool]] = []
    targets: dict[str, str] = {}

    def book(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            named.append((attributes.get("name", ""), attributes.get("id", ""), "state" in attributes
                          and attributes["state"] != "visible"))  # fmt: skip

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            target, id = attributes.get("Target", ""), attributes.get("Id", "")
            if id in targets:
                raise wrong(name, f"two relations of the workbook are called {id!r}")
            targets[id] = target[1:] if target.startswith("/") else f"xl/{target}"

    scanner.scan("xl/workbook.xml", parts["xl/workbook.xml"], book)
    scanner.scan("xl/_rels/workbook.xml.rels", parts.get("xl/_rels/workbook.xml.rels", b"<none/>"), relation)
    sheets: dict[str, SheetFacts] = {}
    for sheet, id, hidden in named:
        part = targets.get(id, "")
        if part not in parts or part in sheets:  # a reader may find the cells in a part that was not counted
            raise wrong(name, f"sheet {sheet!r} has no part, or that of another sheet")
        sheets[part] = SheetFacts(sheet, hidden)
    for part, raw in parts.items():
        if (facts := sheets.get(part)) is not None:
            cells = _XlsxCells(facts, name, room)
            scanner.scan(part, raw, cells.start, cells.end, cells.text)
            room.hide(facts, cells.hidden_rows, cells.hidden_columns)
        elif part not in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "mimetype"):
            scanner.scan(part, raw)
    return list(sheets.values())


class _XlsxCells:
    """Note the cells of one sheet of an .xlsx."""

    def __init__(self, facts: SheetFacts, name: str, room: _Room) -> None:
        self._facts, self._name, self._room = facts, name, room
        self.hidden_rows: list[Place] = []  # first and last
        self.hidden_columns: list[Place] = []
        self._row = self._column = 0
        self._formula = self._value = self._inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "row":
                self._row, self._column = _number(attributes, "r", self._row + 1, self._name), 0
                if attributes.get("hidden") in ("1", "true"):
                    self.hidden_rows.append((self._row, self._row))
            case "col" if attributes.get("hidden") in ("1", "true"):
                first, last = _number(attributes, "min", 1, self._name), _number(attributes, "max", 1, self._name)
                self.hidden_columns.append((first, last))
            case "c":
                place = _place(attributes["r"], self._name) if "r" in attributes else None
                self._row, self._column = place or (max(self._row, 1), self._column + 1)
                self._formula = self._inside = False
                self._value = attributes.get("t") == "str"  # of a formula: its text may be empty
                if attributes.get("t") == "e":
                    self._facts.errors.add((self._row, self._column))
            case "f":
                self._formula = True
            case "v" | "t":
                self._inside = True
            case "mergeCell":
                self._merge(attributes.get("ref", ""))

    def text(self, text: str) -> None:
        self._value = self._value or self._inside

    def end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self._inside = False
        elif tag == "c" and (self._formula or self._value):
            self._facts.met(self._row, self._column, self._name)
            if not self._value:
                self._facts.unstored.add((self._row, self._column))

    def _merge(self, ref: str) -> None:
        ends = [_place(end, self._name) for end in ref.split(":")]
        (top, left), (bottom, right) = ends[0], ends[-1]
        many = (bottom - top + 1) * (right - left + 1)
        self._room.take(many, f"sheet {self._facts.name!r} merges too many cells")
        cells = {(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)}
        self._facts.merged |= dict.fromkeys(cells - {(top, left)}, (top, left))


def _place(ref: str, name: str) -> Place:
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


def _number(attributes: Mapping[str, str], attribute: str, otherwise: int, name: str) -> int:
    """Return the number in an attribute; refuse another text, which the reader of the values may count otherwise."""
    text = attributes.get(attribute)
    if text is None:
        return otherwise
    if not re.fullmatch("[0-9]{1,9}", text):
        raise wrong(name, f"{attribute} is {text[:20]!r}, no number of at most nine digits")
    return int(text)


# -- .ods --------------------------------------------------------------------------------------------------------------


def _ods(parts: Mapping[str, bytes], name: str) -> list[SheetFacts]:
    scanner, book = _Scanner(name), _OdsCells(name)
    if "content.xml" not in parts:
        raise wrong(name, "an .ods without content")
    for part, raw in parts.items():
        if part == "content.xml":
            scanner.scan(part, raw, book.start, book.end)
        elif part == "META-INF/manifest.xml" and b"encryption-data" in raw:
            raise wrong(name, "the workbook has a password", "save it without one")
        elif part != "mimetype":
            scanner.scan(part, raw)
    for sheet in book.sheets:
        sheet.hidden = book.styles.get(sheet.name, "") in book.unseen
    return book.sheets


class _OdsCells:
    """Note the cells of all tables of an .ods, each repeated as often as it says."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.sheets: list[SheetFacts] = []
        self.styles: dict[str, str] = {}  # sheet -> its style
        self.unseen: set[str] = set()  # the styles of hidden sheets
        self._style = ""
        self._row = self._column = self._times = 0
        self._filled: list[tuple[int, int]] = []  # columns of the row with values: first and last
        self._room = _Room(name)
        self._hidden_rows: list[Place] = []  # of the sheet: first and last
        self._hidden_columns: list[Place] = []
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "style":
                self._style = attributes.get("name", "")
            case "table-properties" if attributes.get("display") == "false":
                self.unseen.add(self._style)
            case "table":
                self._depth += 1
                if self._depth == 1:
                    self.sheets.append(SheetFacts(attributes.get("name", "")))
                    self.styles[attributes.get("name", "")] = attributes.get("style-name", "")
                    self._row = self._times = self._column = 0
                    self._hidden_rows, self._hidden_columns = [], []
            case "table-column" if self._depth == 1:
                many = _number(attributes, "number-columns-repeated", 1, self._name)
                if attributes.get("visibility") in ("collapse", "filter"):
                    self._hidden_columns.append((self._column + 1, self._column + many))
                self._column += many
            case "table-row" if self._depth == 1:
                self._row += max(self._times, 1)
                self._times = _number(attributes, "number-rows-repeated", 1, self._name)
                self._column, self._filled = 0, []
                if attributes.get("visibility") in ("collapse", "filter"):
                    self._hidden_rows.append((self._row, self._row + self._times - 1))
            case "table-cell" | "covered-table-cell" if self._depth == 1:
                self._cell(tag, attributes)

    def end(self, tag: str) -> None:
        if tag == "table":
            self._depth -= 1
            if self._depth == 0:
                self._room.hide(self.sheets[-1], self._hidden_rows, self._hidden_columns)
        elif tag == "table-row" and self._depth == 1:
            for _, last in self._filled:
                self.sheets[-1].met(self._row + self._times - 1, last, self._name)

    def _cell(self, tag: str, attributes: dict[str, str]) -> None:
        facts = self.sheets[-1]
        first = self._column + 1
        self._column += _number(attributes, "number-columns-repeated", 1, self._name)
        stated = "value-type" in attributes
        if stated or "formula" in attributes:
            self._filled.append((first, self._column))
            facts.met(self._row, self._column, self._name)
        if "formula" in attributes and (not stated or attributes.get("value-type") == "error"):
            facts.unstored.add((self._row, first))
        if attributes.get("value-type") == "error":
            facts.errors.add((self._row, first))
        down = _number(attributes, "number-rows-spanned", 1, self._name)
        right = _number(attributes, "number-columns-spanned", 1, self._name)
        if tag == "table-cell" and down * right > 1:
            self._room.take(down * right, f"sheet {facts.name!r} merges too many cells")
            cells = {(self._row + r, first + c) for r in range(down) for c in range(right)}
            facts.merged |= dict.fromkeys(cells - {(self._row, first)}, (self._row, first))

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
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

from ledger.application.intake.sheet_facts import Place, Room, SheetFacts, number_in, place_of, wrong
from ledger.messages import Message

UNPACKED = 1 << 26  # bytes of all parts that are read
PARTS = 2_000
ELEMENTS = 2_000_000  # of all parts together
DEEPEST = 64
LONGEST = 1_000  # characters of a name of XML

ODS = "application/vnd.oasis.opendocument.spreadsheet"
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError,
               NotImplementedError, RuntimeError)  # fmt: skip
_LONG_NAME = re.compile(rb"xmlns[^=<>]*=\s*(?:\"[^\"]{%d}|'[^']{%d})" % (LONGEST, LONGEST))

# No element that is read here states one attribute in two namespaces: the library may take the other value.
_READ = frozenset({"sheet", "Relationship", "row", "col", "c", "mergeCell", "style", "table-properties", "table",
                   "table-column", "table-row", "table-cell", "covered-table-cell"})  # fmt: skip
_TWICE = frozenset({"value-type"})  # but this one, which LibreOffice writes in two: the second one says more


@dataclass(frozen=True, slots=True)
class Workbook:
    """A checked workbook: its bytes packed again, and its sheets in order."""

    data: bytes
    sheets: tuple[SheetFacts, ...]


def checked(data: bytes, name: str) -> Workbook:
    """Return a workbook after its check; `RecordError` TABLE-FORM if it is none, or too large."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise wrong(name, Message("a workbook of the old form (.xls), or one with a password"))
    parts = _unpacked(data, name)
    if parts.get("mimetype", b"").strip() == ODS.encode():
        sheets = _ods(parts, name)
    elif "xl/workbook.xml" in parts:
        sheets = _xlsx(parts, name)
    else:
        raise wrong(name, Message("a ZIP, and neither an .xlsx nor an .ods workbook"))
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
                    raise wrong(name, Message("the workbook has a password"), Message("save it without one"))
                if info.filename.lower() in seen:  # a reader that finds no part looks for one in other letters
                    raise wrong(name, f"two parts are called {info.filename!r}")
                seen.add(info.filename.lower())
                with archive.open(info) as part:
                    raw = part.read(UNPACKED - total + 1)
                total += len(raw)
                if total > UNPACKED:
                    raise wrong(
                        name,
                        Message("it unpacks to more than {0} MiB", UNPACKED >> 20),
                        Message("split it into several tables"),
                    )
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
                raise wrong(
                    name, "too many elements, or too deep in each other", Message("split it into several tables")
                )
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
    scanner, room = _Scanner(name), Room(name)
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

    def __init__(self, facts: SheetFacts, name: str, room: Room) -> None:
        self._facts, self._name, self._room = facts, name, room
        self.hidden_rows: list[Place] = []  # first and last
        self.hidden_columns: list[Place] = []
        self._row = self._column = 0
        self._formula = self._value = self._inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "row":
                self._row, self._column = number_in(attributes, "r", self._row + 1, self._name), 0
                if attributes.get("hidden") in ("1", "true"):
                    self.hidden_rows.append((self._row, self._row))
            case "col" if attributes.get("hidden") in ("1", "true"):
                first, last = number_in(attributes, "min", 1, self._name), number_in(attributes, "max", 1, self._name)
                self.hidden_columns.append((first, last))
            case "c":
                place = place_of(attributes["r"], self._name) if "r" in attributes else None
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
        ends = [place_of(end, self._name) for end in ref.split(":")]
        (top, bottom), (left, right) = map(sorted, zip(ends[0], ends[-1], strict=True))
        many = (bottom - top + 1) * (right - left + 1)
        self._room.take(many, Message("sheet {0} merges too many cells", repr(self._facts.name)))
        cells = {(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)}
        self._facts.merged |= dict.fromkeys(cells - {(top, left)}, (top, left))


# -- .ods --------------------------------------------------------------------------------------------------------------


def _ods(parts: Mapping[str, bytes], name: str) -> list[SheetFacts]:
    scanner, book = _Scanner(name), _OdsCells(name)
    if "content.xml" not in parts:
        raise wrong(name, Message("an .ods without content"))
    for part, raw in parts.items():
        if part == "content.xml":
            scanner.scan(part, raw, book.start, book.end)
        elif part == "META-INF/manifest.xml" and b"encryption-data" in raw:
            raise wrong(name, Message("the workbook has a password"), Message("save it without one"))
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
        self._room = Room(name)
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
                many = number_in(attributes, "number-columns-repeated", 1, self._name)
                if attributes.get("visibility") in ("collapse", "filter"):
                    self._hidden_columns.append((self._column + 1, self._column + many))
                self._column += many
            case "table-row" if self._depth == 1:
                self._row += max(self._times, 1)
                self._times = number_in(attributes, "number-rows-repeated", 1, self._name)
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
        self._column += number_in(attributes, "number-columns-repeated", 1, self._name)
        stated = "value-type" in attributes
        if stated or "formula" in attributes:
            self._filled.append((first, self._column))
            facts.met(self._row, self._column, self._name)
        if "formula" in attributes and (not stated or attributes.get("value-type") == "error"):
            facts.unstored.add((self._row, first))
        if attributes.get("value-type") == "error":
            facts.errors.add((self._row, first))
        down = number_in(attributes, "number-rows-spanned", 1, self._name)
        right = number_in(attributes, "number-columns-spanned", 1, self._name)
        if tag == "table-cell" and down * right > 1:
            self._room.take(down * right, Message("sheet {0} merges too many cells", repr(facts.name)))
            cells = {(self._row + r, first + c) for r in range(down) for c in range(right)}
            facts.merged |= dict.fromkeys(cells - {(self._row, first)}, (self._row, first))

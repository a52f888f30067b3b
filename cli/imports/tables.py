"""Read a table of facts row by row: CSV or JSON Lines, as spreadsheets and programs write it.

No guess changes a value: the text is UTF-8 (a byte-order mark is ignored) or in the encoding that the caller states,
the delimiter is the one that splits the first line into most columns, and a cell that does not fit is an error with
its row.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from cli.exit_codes import Exit, Stop
from ledger.application.intake.table_file import is_utf8

DELIMITERS = ",;\t|"
CELL = 1 << 20  # characters; an entry is smaller, so a longer cell has an unclosed quotation mark
_LINE = 4 * CELL  # bytes
MOST = 1_000  # members of a row
ENCODINGS = ("utf-8", "cp1252", "latin-1")  # each has LF as one byte, so that lines are read before they are decoded


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its number as in a spreadsheet (the header is 1), its first line in the file, its cells.

    Empty cells are left out. Cells of CSV are strings, those of JSON Lines any JSON value.
    """

    number: int
    line: int
    cells: Mapping[str, Any]

    def named(self, wrongs: Sequence[Wrong]) -> list[Wrong]:
        """Return faults of the row, their columns as the file calls them."""
        return [*wrongs]


class Wrong(Exception):
    """The fault of a cell that does not fit its column, or of a row that is no fact (then `column` is empty)."""

    def __init__(self, column: str, says: str, hint: str = "", code: str = "") -> None:
        super().__init__(says)
        self.column, self.says, self.hint, self.code = column, says, hint, code


class Source:
    """The lines of a table, decoded as they are read, and their digest; `report` is called with the number of bytes."""

    def __init__(
        self,
        stream: IO[bytes],
        name: str,
        report: Callable[[int], None] = lambda done: None,
        encoding: str = "utf-8",
    ) -> None:
        self.name = name
        self._encoding = encoding
        self._stream = stream
        self._report = report
        self._sha256 = hashlib.sha256()
        self.line = 0
        self.done = 0

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the bytes read so far, in hex."""
        return self._sha256.hexdigest()

    def __iter__(self) -> Iterator[str]:
        while raw := self._stream.readline(_LINE):
            self._sha256.update(raw)
            self.line += 1
            if self.line == 1:
                raw = self._without_mark(raw)
            text = self._decoded(raw)
            self.done += len(raw)
            self._report(self.done)
            if len(raw) >= _LINE and not text.endswith("\n"):
                says = f"{self.name}: line {self.line} is longer than {_LINE} bytes"
                raise Stop(says, hint="is it a table, with lines that end?", code=Exit.UNDECIDABLE)
            if "\r" in text.removesuffix("\n").removesuffix("\r"):
                says = f"{self.name}: line {self.line} ends as on an old Macintosh, with CR alone"
                raise Stop(says, hint="save it again as `CSV UTF-8`, not as `CSV (Macintosh)`", code=Exit.UNDECIDABLE)
            if "\0" in text:
                says = f"{self.name}: line {self.line} holds a NUL character: this is not a text file"
                raise Stop(says, code=Exit.UNDECIDABLE)
            yield text

    def _decoded(self, raw: bytes) -> str:
        """Decode one line; `Stop` for a line in another encoding, also for UTF-8 where another one is stated."""
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            named = "UTF-8" if self._encoding == "utf-8" else self._encoding
            says = f"{self.name}: line {self.line} is not {named} at byte {self.done + error.start}"
            hint = "save it again as UTF-8 (in a spreadsheet: `CSV UTF-8`), or state its encoding with --encoding"
            raise Stop(says, hint=hint, code=Exit.UNDECIDABLE) from None
        if self._encoding != "utf-8" and not raw.isascii() and is_utf8(raw):
            says = f"{self.name}: line {self.line} is UTF-8, and --encoding {self._encoding} would change its letters"
            raise Stop(says, hint="leave --encoding out", code=Exit.UNDECIDABLE)
        return text

    def _without_mark(self, raw: bytes) -> bytes:
        for mark, name in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"PK\x03\x04", "a spreadsheet itself")):
            if raw.startswith(mark):
                hint = "save it as `CSV UTF-8`"
                raise Stop(f"{self.name} is {name}, not CSV or JSON Lines in UTF-8", hint=hint, code=Exit.UNDECIDABLE)
        mark = b"\xef\xbb\xbf"
        self.done += len(mark) if raw.startswith(mark) else 0
        return raw.removeprefix(mark)


def rows_of(
    source: Source, form: str, *, known: Callable[[str], str], delimiter: str | None = None
) -> Iterator[TableRow | tuple[TableRow, list[Wrong]]]:
    """Yield the rows of a table of this form (csv or jsonl), a wrong row with its faults.

    `known` returns the name of a column, or raises `Wrong`. Raises `Stop` for a file that is no table.
    """
    return _csv(source, known, delimiter) if form == "csv" else _jsonl(source, known)


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _csv(
    source: Source, known: Callable[[str], str], delimiter: str | None
) -> Iterator[TableRow | tuple[TableRow, list[Wrong]]]:
    csv.field_size_limit(CELL)
    lines = iter(source)
    head = next(lines, "")
    if head.lower().startswith("sep=") and len(head.strip()) == 5:  # this line names the delimiter for spreadsheets
        delimiter = delimiter or head.strip()[4]
        head = next(lines, "")
    offset = source.line - 1
    line = source.line
    try:
        reader = csv.reader(_with(head, lines), delimiter=delimiter or _delimiter(head), strict=True)
        columns = _header(next(reader, []), source.name, known)
        number = 1
        while True:
            line = reader.line_num + offset + 1
            cells = next(reader, None)
            if cells is None:
                return
            number += 1
            if any(cell.strip() for cell in cells):
                yield _row(number, line, columns, cells)
    except csv.Error as error:
        says = f"{source.name}: the row that begins in line {line} is not CSV: {error}"
        hint = "a quotation mark that is opened is closed before the next delimiter, and doubled inside"
        raise Stop(says, hint=hint, code=Exit.UNDECIDABLE) from None


def _with(head: str, lines: Iterable[str]) -> Iterator[str]:
    yield head
    yield from lines


def _delimiter(head: str) -> str:
    """Return the delimiter that splits a header into most columns."""
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([head], delimiter=mark), [])))


def _header(cells: list[str], name: str, known: Callable[[str], str]) -> list[str]:
    columns: list[str] = []
    if not any(cell.strip() for cell in cells):
        hint = "its first line names the columns; `comity import --template csv` prints one"
        raise Stop(f"{name} has no header", hint=hint, code=Exit.UNDECIDABLE)
    wrongs: list[Wrong] = []
    for number, cell in enumerate(cells, 1):
        column = ""
        try:
            column = known(cell) if cell.strip() else ""
            if column and column in columns:
                raise Wrong("", f"{column} stands twice in the header", "one fact a row, one cell a field")
        except Wrong as wrong:
            wrongs.append(Wrong(f"column {number}", wrong.says, wrong.hint))
        columns.append(column)
    if wrongs:
        says = "; ".join(f"{wrong.column}: {wrong.says}" for wrong in wrongs[:5])
        raise Stop(f"{name}: {says}", hint=wrongs[0].hint, code=Exit.REFUSED)
    return columns


def _row(number: int, line: int, columns: list[str], cells: list[str]) -> TableRow | tuple[TableRow, list[Wrong]]:
    texts = {
        c: text for c, cell in zip(columns, cells, strict=False) if c and (text := cell.strip().replace("\r\n", "\n"))
    }
    row = TableRow(number, line, texts)
    stray = [n for n, cell in enumerate(cells) if cell.strip() and (n >= len(columns) or not columns[n])]
    wrongs = [
        Wrong(f"#{n + 1}", "this cell stands under no column", "is a text with the delimiter unquoted?") for n in stray
    ]
    return (row, wrongs) if wrongs else row


# -- JSON Lines --------------------------------------------------------------------------------------------------------


def _jsonl(source: Source, known: Callable[[str], str]) -> Iterator[TableRow | tuple[TableRow, list[Wrong]]]:
    for text in source:
        if not text.strip():
            continue
        empty = TableRow(source.line, source.line, {})
        try:
            members = json.loads(text, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            yield empty, [Wrong("", f"not a JSON object on one line: {error}")]
            continue
        if not isinstance(members, dict):
            yield empty, [Wrong("", "expected a JSON object on each line")]
            continue
        if sum(1 for _ in _flat(members)) > MOST:
            yield empty, [Wrong("", f"has more than {MOST} members")]
            continue
        cells: dict[str, Any] = {}
        wrongs: list[Wrong] = []
        for name, value in _flat(members):
            try:
                column = known(name)
                if column in cells:
                    raise Wrong(column, "stands twice")
            except Wrong as wrong:
                wrongs.append(wrong)
            else:
                if value is not None:
                    cells[column] = value
        row = TableRow(source.line, source.line, cells)
        yield (row, wrongs) if wrongs else row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _flat(stated: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the members of a row; fields may be under `public` and `sealed`, as `record --dry-run` prints them."""
    for name, value in stated.items():
        if name in ("public", "sealed") and isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value

"""Format tables and paragraphs for a terminal: nothing is cut, and no word or digest is broken.

A table keeps its columns as long as every word of every cell fits. Otherwise each row becomes a block,
with one value a line.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

GAP = 2  # between columns
HANG = 24  # the least room, in columns, for a line to continue under its last column
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# After a space, comma, slash or underscore; inside a compound word; between the day and the hour of a moment.
BREAKS = re.compile(r"(?<=[ ,/_])|(?<=[A-Za-z]-)(?=[a-z])|(?<=\d{4}-\d\d-\d\d)(?=T\d)")
WHOLE = re.compile(r"[0-9a-f-]{20,}|\S+://\S+")  # people copy it, so it stays whole

Paint = Callable[[str], str]


def cells(text: str) -> int:
    """Return the columns that a terminal gives a text: two for wide letters, none for combining marks and colours."""
    plain = ESCAPES.sub("", text)
    if plain.isascii():
        return len(plain)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in plain)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    paint: Paint,
    bold: Paint,
    struck: Mapping[int, Paint] = {},
) -> str:
    """Return rows under their headings in at most `width` columns; `paint` colours a cell by its text.

    `struck` maps row numbers (from 0) to the paint of all cells but the last. A row shown as a block
    omits empty cells.
    """
    every = (columns, *rows)
    widest = [max(cells(row[n]) for row in every) for n in range(len(columns))]
    least = [max(cells(piece) for row in every for piece in pieces(row[n])) for n in range(len(columns))]
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        blocks = (_block(columns, row, width, paint, bold, struck.get(n, paint)) for n, row in enumerate(rows))
        return "\n\n".join(map("\n".join, blocks))
    wide = _shared(widest, least, room)
    lines = _row(columns, wide, bold, bold)
    for n, row in enumerate(rows):
        lines += _row(row, wide, paint, struck.get(n, paint))
    return "\n".join(lines)


def _shared(widest: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths that fit into `room`, as the least ones do; the widest column that can shrink gives first."""
    wide = [min(w, room) for w in widest]
    while sum(wide) > room:
        _, most = max((w, n) for n, w in enumerate(wide) if w > least[n])
        wide[most] -= 1
    return wide


def _row(row: Sequence[str], wide: Sequence[int], last: Paint, paint: Paint) -> list[str]:
    folded = [fold(cell, w) for cell, w in zip(row, wide, strict=True)]
    lines = []
    for at in range(max(map(len, folded))):
        parts = [lines_of[at] if at < len(lines_of) else "" for lines_of in folded]
        padded = [
            _painted(part, whole, last if n == len(row) - 1 else paint) + " " * (w - cells(part))
            for n, (part, whole, w) in enumerate(zip(parts, row, wide, strict=True))
        ]
        lines.append((" " * GAP).join(padded).rstrip())
    return lines


def _block(
    columns: Sequence[str], row: Sequence[str], width: int, last: Paint, bold: Paint, paint: Paint
) -> Iterator[str]:
    under = max(map(cells, columns)) + GAP
    for n, (heading, cell) in enumerate(zip(columns, row, strict=True)):
        if not cell:
            continue
        paint = last if n == len(row) - 1 else paint
        first, *rest = fold(cell, width - under)
        yield f"{bold(heading)}{'':{under - cells(heading)}}{_painted(first, cell, paint)}".rstrip()
        yield from (f"{'':{under}}{_painted(part, cell, paint)}" for part in rest)


def _painted(part: str, whole: str, paint: Paint) -> str:
    """Return a piece of a cell in the colour of the cell."""
    return paint(whole).replace(whole, part, 1) if part else ""


def pieces(text: str) -> list[str]:
    """Return the parts of a text that are never broken; joined, they are the text."""
    parts = [part for word in re.split(r"(?<= )", text) for part in ([word] if WHOLE.match(word) else _broken(word))]
    return parts or [""]


def _broken(word: str) -> list[str]:
    return [part for part in BREAKS.split(word) if part]


def fold(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` columns; a piece that is longer is broken anywhere."""
    lines = [""]
    for piece in pieces(text):
        if lines[-1] and cells(lines[-1]) + cells(piece.rstrip()) > width:
            lines.append("")
        while cells(lines[-1]) + cells(piece.rstrip()) > width:
            room = _room(piece, width)
            lines[-1], piece = piece[:room], piece[room:]
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines] if text else [""]


def _room(piece: str, width: int) -> int:
    """Return how many letters of a piece fit into `width` columns, at least one."""
    widths = accumulate(cells(letter) for letter in piece)
    return max(1, sum(columns <= width for columns in widths))


def wrapped(text: str, mark: str, width: int = 80, indent: int = 2) -> list[str]:
    """Return the lines of a paragraph that begins with a mark; later lines are indented by two more columns."""
    room = "\0" * cells(mark)
    first, later = " " * indent, " " * (indent + 2)
    lines = textwrap.wrap(
        f"{room} {text}", width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
    )
    return [lines[0].replace(room, mark, 1), *lines[1:]]


def fitted(text: str, width: int) -> str:
    """Wrap lines that are too long; they continue under their last column, or a little deeper than their start.

    A word that is longer than the line stays whole, so that a copied key or digest is one line.
    """
    return "\n".join(part for line in text.split("\n") for part in _fit(line, width))


def _fit(line: str, width: int) -> list[str]:
    if cells(line) <= width:
        return [line]
    plain = ESCAPES.sub("", line)
    under = [m.end() for m in re.finditer(r"(?<=\S)  +(?=\S)", plain) if width - m.end() >= HANG]
    hang = under[-1] if under else min(len(plain) - len(plain.lstrip()) + GAP, width // 2)
    first, *words = line.split(" ")
    lines = [first]
    for word in words:
        if cells(lines[-1]) + 1 + cells(word) > width and lines[-1].strip():
            lines.append(" " * hang + word)
        else:
            lines[-1] += " " * bool(lines[-1].strip() or len(lines) == 1) + word
    return [part.rstrip() for part in lines]

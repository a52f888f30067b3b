"""A picture as values: lines, shapes and words with their places, which one template turns into SVG.

Every picture is drawn in black, white and grey. A shape and a word say what a colour would say. The width of words is
estimated from above, because the page and the paper have different fonts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, Protocol

from ledger.messages import Message

SIZE: Final = 12.0  # of words, in units; a picture is shown at one pixel a unit, never smaller
LINE: Final = 16.0  # from one line of words to the next
WIDE, NARROW = 680, 340  # the widths of a picture: on a page and on paper, and on a phone

Box = tuple[float, float, float, float]  # left, top, right, bottom


class Spoken(Protocol):
    """A language: `say` has a message of ours by its English pattern, `words` writes a value as its type says."""

    def words(self, value: object) -> str:
        """Return a value in the language."""
        ...

    def say(self, id: str, *values: object) -> str:
        """Return a text in this language."""


@dataclass(frozen=True, slots=True)
class Words:
    """Hold one line of words; `y` is its base line. `theirs`: it is the name of somebody, in any writing."""

    x: float
    y: float
    says: str
    anchor: str = "start"
    bold: bool = False
    soft: bool = False
    theirs: bool = False
    struck: bool = False

    @property
    def box(self) -> Box:
        """Return the room that the words take at most."""
        wide = breadth(self.says, bold=self.bold)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return (left, self.y - 0.78 * SIZE, left + wide, self.y + 0.24 * SIZE)


@dataclass(frozen=True, slots=True)
class Path:
    """Hold one shape or line as SVG writes it, with its box; `ink` is `line`, `soft`, `faint`, `full` or `paper`."""

    d: str
    box: Box
    ink: str = "line"
    width: float = 1.0
    dash: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Hold one picture: its size in units, its title, what it says in a sentence, its shapes and words.

    It may be cut at `seams`; what is above `head` is repeated on each page. A part of a picture begins at `top`.
    """

    width: float
    height: float
    title: str
    says: str
    paths: tuple[Path, ...]
    words: tuple[Words, ...]
    seams: tuple[float, ...] = ()
    head: float = 0.0
    top: float = 0.0

    def parts(self, least: float) -> tuple[Picture, ...]:
        """Return the picture cut into parts of `least` units or more, except the head, which is first, and the last."""
        cuts = [0.0, self.head] if self.head else [0.0]
        for seam in self.seams:
            if seam - cuts[-1] >= least:
                cuts.append(seam)
        return tuple(self._part(a, b) for a, b in pairwise((*cuts, self.height)))

    def _part(self, top: float, bottom: float) -> Picture:
        paths = tuple(p for p in self.paths if p.box[1] <= bottom and p.box[3] >= top)
        words = tuple(w for w in self.words if top <= w.y < bottom)
        return replace(self, height=round(bottom - top, 1), paths=paths, words=words, seams=(), head=0.0, top=top)


@dataclass(slots=True)
class Canvas:
    """Collect the shapes and words of a picture."""

    paths: list[Path] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    seams: list[float] = field(default_factory=list)

    def line(self, *points: tuple[float, float], ink: str = "line", width: float = 1.0, dash: str = "") -> None:
        """Draw a line through points."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        d = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self.paths.append(Path(d, (min(xs), min(ys), max(xs), max(ys)), ink, width, dash))

    def frame(self, box: Box, ink: str = "line", width: float = 1.0, dash: str = "") -> None:
        """Draw a rectangle."""
        left, top, right, bottom = box
        d = f"M{_n(left)} {_n(top)}H{_n(right)}V{_n(bottom)}H{_n(left)}Z"
        self.paths.append(Path(d, box, ink, width, dash))

    def mark(self, shape: str, x: float, y: float, r: float = 5.0, ink: str = "full", dash: str = "") -> None:
        """Draw a mark: `circle`, `square`, `diamond`, `triangle`, `arrow` (downwards) or `cross`."""
        a, b, c, e = _n(x), _n(y), _n(r), _n(2 * r)
        left, top, right = _n(x - r), _n(y - r), _n(x + r)
        d = {
            "circle": f"M{left} {b}a{c} {c} 0 1 0 {e} 0a{c} {c} 0 1 0 -{e} 0Z",
            "square": f"M{left} {top}h{e}v{e}h-{e}Z",
            "diamond": f"M{a} {top}l{c} {c}l-{c} {c}l-{c} -{c}Z",
            "triangle": f"M{a} {top}l{c} {e}h-{e}Z",
            "arrow": f"M{left} {top}h{e}l-{c} {e}Z",
            "cross": f"M{left} {top}l{e} {e}M{right} {top}l-{e} {e}",
        }[shape]
        box = (x - r, y - r, x + r, y + r)
        self.paths.append(Path(d, box, "line" if shape == "cross" else ink, 2.5 if shape == "cross" else 1.5, dash))

    def write(
        self,
        x: float,
        y: float,
        says: str,
        room: float,
        *,
        bold: bool = False,
        soft: bool = False,
        theirs: bool = False,
        struck: bool = False,
    ) -> float:
        """Write words in lines of at most `room`, the first on the base line `y`; return the base line after them."""
        for text in wrapped(says, room, bold=bold):
            self.words.append(Words(x, y, text, bold=bold, soft=soft, theirs=theirs, struck=struck))
            y += LINE
        return y

    def picture(self, width: float, height: float, title: str, says: str, head: float = 0.0) -> Picture:
        """Return what was collected."""
        words, seams = tuple(self.words), tuple(round(seam, 1) for seam in self.seams)
        return Picture(width, round(height, 1), title, says, tuple(self.paths), words, seams, round(head, 1))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


NARROW_LETTERS: Final = frozenset("iljtfrI.,:;'|!()[] -/")
BROAD_LETTERS: Final = frozenset("mwMW@%&…—")
FULL: Final = 1.09  # of a Chinese letter: a font takes 1.0, and Firefox without one draws a box of 13 pixels at 12


@lru_cache(maxsize=4096)
def breadth(text: str, *, bold: bool = False, size: float = SIZE) -> float:
    """Return the room that a line of words takes at most, in units."""
    return sum(map(_letter, text)) * size * (1.09 if bold else 1.0)


@lru_cache(maxsize=4096)
def _letter(c: str) -> float:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
        return FULL
    if c in NARROW_LETTERS:
        return 0.42
    if c in BROAD_LETTERS:
        return 1.0
    return 0.76 if c.isupper() else 0.64


@lru_cache(maxsize=4096)
def wrapped(text: str, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """Return a text in lines that fit the room; a word that is longer than a line is broken between its letters."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        with_word = f"{line} {word}" if line else word
        if breadth(with_word, bold=bold) <= room:
            line = with_word
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, room, bold)
        lines += whole
    return (*lines, line) if line or not lines else tuple(lines)


def _pieces(word: str, room: float, bold: bool) -> list[str]:
    pieces = [""]
    for c in word:
        joins = unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Mc", "Cf")
        if pieces[-1] and not joins and breadth(pieces[-1] + c, bold=bold) > room:
            pieces.append("")
        pieces[-1] += c
    return pieces


def fits(text: str, room: float) -> bool:
    """Return True if a text is one line in this room."""
    return len(wrapped(text, room)) == 1


def span(long: timedelta) -> str:
    """Return how long it is in words: whole days, else hours, minutes or seconds."""
    seconds = int(long.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            n = seconds // size
            return Message(f"{{0}} {unit}" if n == 1 else f"{{0}} {unit}s", n)
    return Message("{0} second" if seconds == 1 else "{0} seconds", seconds)


def counted(n: int, one: str, many: str) -> str:
    """Return a number with its word."""
    return Message(f"{{0}} {one if n == 1 else many}", n)


def said(spoken: Spoken, sentences: Sequence[str]) -> str:
    """Return sentences of ours in a language, as one text."""
    return " ".join(map(spoken.words, sentences))


def joined(parts: Sequence[str]) -> str:
    """Return parts as one line of a label."""
    return " · ".join(part for part in parts if part)

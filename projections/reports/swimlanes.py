"""The history of an order as a drawing: one lane for each office, one mark for each entry, from left to right.

The marks are equally spaced, because one order has minutes and months next to each other. The dates are written
below and long silences are named. This module computes numbers and words; the template turns them into SVG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ledger.entries.case import Case
from projections.reports.front_page import number
from projections.views.timeline import TimelineEntry, office_names

WIDTH, LEFT, RIGHT = 960, 232, 16  # of the drawing, of the names at its left, of its margin
LANE, TOP, FOOT = 34, 16, 46
ROOM = 20  # below this distance two numbers would touch, so marks have none
LETTER = 5.8  # what a letter of a date takes
SILENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EntryMark:
    """Hold one entry: its place, its number, how it speaks (act, observation, import); `found`: it has a finding."""

    x: float
    y: float
    number: str
    speaks: str
    found: bool
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Hold one office and the height of its line."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class DateLabel:
    """Hold a date below the marks: its place, its row (of two), its alignment (SVG's text-anchor), its text."""

    x: float
    row: int
    anchor: str
    says: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Hold all of it, in its own units; `numbered` is False where there are too many marks for numbers.

    Then each mark is a stroke, `stroke` wide, so that the strokes of a thousand entries differ from an empty
    place.
    """

    width: int
    height: int
    left: int
    lanes: tuple[Lane, ...]
    marks: tuple[EntryMark, ...]
    days: tuple[DateLabel, ...]
    numbered: bool
    stroke: float


def drawing(lines: Sequence[TimelineEntry], case: Case, found: frozenset[str]) -> Drawing | None:
    """Return the drawing of a timeline; `found` are the leaf hashes that findings point at. None for an empty one."""
    if not lines:
        return None
    names = office_names(case.registry)
    lanes = {actor: TOP + LANE * n + LANE / 2 for n, actor in enumerate(dict.fromkeys(x.entry.actor for x in lines))}
    step = (WIDTH - LEFT - RIGHT) / len(lines)
    numbered = step >= ROOM
    marks = tuple(
        EntryMark(
            x=round(LEFT + step * (n + 0.5), 1),
            y=lanes[x.entry.actor],
            number=number(x.entry, case),
            speaks=x.entry.speaks,
            found=x.entry.leaf in found,
            says=f"{x.entry.on:%Y-%m-%d %H:%M} UTC: {x.says}",
        )
        for n, x in enumerate(lines)
    )
    return Drawing(
        width=WIDTH,
        height=round(TOP + LANE * len(lanes) + FOOT),
        left=LEFT,
        lanes=tuple(Lane(_short(names.get(actor, actor)), y) for actor, y in lanes.items()),
        marks=marks,
        days=_days(lines, marks),
        numbered=numbered,
        stroke=round(min(1.0, max(step / 2, 0.4)), 2),
    )


def _days(lines: Sequence[TimelineEntry], marks: Sequence[EntryMark]) -> tuple[DateLabel, ...]:
    """Label the first mark of each day with its date, where one of the two rows has room since the last label."""
    days: list[DateLabel] = []
    free = [0.0, 0.0]
    for n, (x, mark) in enumerate(zip(lines, marks, strict=True)):
        on, before = x.entry.on, lines[n - 1].entry.on if n else None
        if before is not None and on.date() == before.date():
            continue
        says = f"{on.day} {on:%b}" if before is not None and on.year == before.year else f"{on.day} {on:%b %Y}"
        if before is not None and on - before >= SILENCE:
            says += f", {(on - before).days} days later"
        width = LETTER * len(says)
        anchor = "end" if mark.x + width / 2 > WIDTH else "middle"
        left = mark.x - width / 2 if anchor == "middle" else mark.x - width
        row = next((r for r in (0, 1) if free[r] <= left), None)
        if row is not None:
            days.append(DateLabel(mark.x, row, anchor, says))
            free[row] = left + width + LETTER
    return tuple(days)


def _short(name: str) -> str:
    return name if len(name) <= 34 else f"{name[:33]}…"


def legend(drawn: Drawing) -> Mapping[str, str]:
    """Return what the marks mean, by how the entry speaks; only the marks that are drawn."""
    all_ = {
        "act": "filled: signed by whoever did it",
        "observation": "open: signed by somebody who saw it",
        "import": "square: taken over from paper or mail",
    }
    return {speaks: says for speaks, says in all_.items() if any(m.speaks == speaks for m in drawn.marks)}


def describe_drawing(drawn: Drawing) -> str:
    """Describe the drawing for readers who do not see it."""
    return (
        f"{len(drawn.marks)} entries of {len(drawn.lanes)} offices, from left to right in the order in which they "
        "happened. The table of entries says the same in words."
    )


def caption(drawn: Drawing) -> str:
    """Return the text below the drawing: how to read its lines and marks."""
    marked = any(m.found for m in drawn.marks)
    if not drawn.numbered:
        return (
            "One line for each office, one stroke for each entry"
            f"{'; a higher one: a finding points at it' if marked else ''}. Distances are not to scale; a day without "
            "room for its date stands in the table."
        )
    return (
        f"One line for each office, one mark for each entry ({'; '.join(legend(drawn).values())}"
        f"{'; a triangle above: a finding points at it' if marked else ''}). Distances are not to scale; a day without "
        "room for its date stands in the table."
    )

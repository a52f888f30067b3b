"""Pictures as SVG for pages and papers: laid out in the language and for the width in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from projections.drawings.picture import NARROW, WIDE, Picture, Spoken, said
from projections.drawings.timeline import TimelineDrawing, timeline_caption, timeline_pictures

Drawing = TimelineDrawing

ENDLESS: Final = 1e9
PAGE: Final = 900.0  # units of height on one sheet of paper


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold a drawing as it is shown: its pictures one below the other, the text below, and the same in words."""

    pictures: tuple[Picture, ...]
    caption: str
    lines: tuple[str, ...] = ()


def figure(drawn: Drawing, spoken: Spoken, width: float = WIDE, tallest: float = ENDLESS) -> Figure:
    """Return a drawing laid out in a language for a width in units."""
    return Figure(tuple(timeline_pictures(drawn, spoken, width, tallest)), said(spoken, timeline_caption(drawn)))


def drawings(report: object) -> Mapping[str, Drawing]:
    """Return the drawings of a report by their names."""
    story = getattr(report, "story", None)
    named = {"timeline": getattr(story, "drawing", None)}
    return {name: drawn for name, drawn in named.items() if drawn is not None}


def figures(drawn: Drawing, spoken: Spoken) -> Mapping[str, Figure]:
    """Return a drawing for a page: `wide`, and `narrow` for a phone."""
    return {"wide": figure(drawn, spoken), "narrow": figure(drawn, spoken, NARROW)}

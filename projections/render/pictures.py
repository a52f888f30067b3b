"""Pictures as SVG for pages and papers: laid out in the language and for the width in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

from ledger.messages import Message
from projections.drawings.bar_chart import bar_caption, bar_picture
from projections.drawings.charts import Bars
from projections.drawings.custody_chain import ChainDrawing, chain_caption, chain_lines, chain_picture, describe_chains
from projections.drawings.deadline_bars import DeadlineDrawing, deadline_caption, deadline_lines, deadline_picture
from projections.drawings.picture import NARROW, WIDE, Path, Picture, Spoken, Words, said
from projections.drawings.timeline import TimelineDrawing, timeline_caption, timeline_picture

Drawing = TimelineDrawing | ChainDrawing | DeadlineDrawing | Bars

INKS: Final = {
    "line": ("none", "#1a1a1a"),
    "soft": ("none", "#767676"),
    "faint": ("none", "#c8c8c8"),
    "full": ("#1a1a1a", "#1a1a1a"),
    "grey": ("#8a8a8a", "#1a1a1a"),
    "pale": ("#e6e6e6", "#1a1a1a"),
    "paper": ("#fff", "#1a1a1a"),
}  # what fills a shape, and its line
PART: Final = 120.0  # units of height that stay together on paper, an eighth of a sheet
MOST_LINES: Final = 60  # of a list that says the same in words; the tables of a longer record do


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold a drawing as it is shown: its picture (None: too long for one), the text below, and the same in words."""

    picture: Picture | None
    caption: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sort:
    """Hold how one sort of drawing is laid out and said."""

    picture: Callable[[Any, Spoken, float], Picture | None]
    caption: Callable[[Any], Sequence[str]]
    lines: Callable[[Any, Spoken], Sequence[str]]


SORTS: Final[Mapping[type, Sort]] = {
    TimelineDrawing: Sort(timeline_picture, timeline_caption, lambda drawn, spoken: ()),  # its table says all of it
    Bars: Sort(bar_picture, bar_caption, lambda drawn, spoken: ()),  # a table has every number
    DeadlineDrawing: Sort(deadline_picture, deadline_caption, deadline_lines),
    ChainDrawing: Sort(chain_picture, chain_caption, chain_lines),
}


def figure(drawn: Drawing, spoken: Spoken, width: float = WIDE) -> Figure:
    """Return a drawing laid out in a language for a width in units."""
    sort = SORTS[type(drawn)]
    picture = sort.picture(drawn, spoken, width)
    if picture is None:
        states = describe_chains(drawn)[:-1] if isinstance(drawn, ChainDrawing) else []
        left_out = Message("The picture is left out, because it would be too long; the table says the same.")
        return Figure(None, said(spoken, [left_out, *states]))
    lines = tuple(sort.lines(drawn, spoken))
    return Figure(picture, said(spoken, sort.caption(drawn)), lines if len(lines) <= MOST_LINES else ())


def drawings(report: object) -> Mapping[str, Drawing]:
    """Return the drawings of a report by their names."""
    story = getattr(report, "story", None)
    named: dict[str, Drawing | None] = {
        "timeline": getattr(story, "drawing", None),
        "deadlines": getattr(story, "clocks", None),
        "chain": getattr(report, "chain", None),
    }
    for n, part in enumerate(getattr(report, "parts", ()), 1):
        named |= {f"bars-{n}-{k}": drawn for k, drawn in enumerate(part.bars, 1)}
    return {name: drawn for name, drawn in named.items() if drawn is not None}


def figures(drawn: Drawing, spoken: Spoken) -> Mapping[str, Figure]:
    """Return a drawing for a page: `wide`, and `narrow` for a phone."""
    return {"wide": figure(drawn, spoken), "narrow": figure(drawn, spoken, NARROW)}


def shapes(drawn: Picture, written: Callable[[str], object], *, paper: bool) -> Markup:
    """Return the shapes and words of a picture as SVG; on paper without the names of others, which typst sets."""
    words = (_words(w, escape(written(w.says))) for w in drawn.words if not (paper and w.theirs))
    return Markup("".join((*map(_shape, drawn.paths), *words)))  # noqa: S704 - the words are escaped


def _shape(s: Path) -> str:
    fill, stroke = INKS[s.ink]
    width = f' stroke-width="{s.width}"' if s.width != 1 else ""
    dash = f' stroke-dasharray="{s.dash}"' if s.dash else ""
    return f'<path d="{s.d}" fill="{fill}" stroke="{stroke}"{width}{dash}/>\n'


def _words(w: Words, says: Markup) -> str:
    fill = "#4a4a4a" if w.soft else "#1a1a1a"
    anchor = f' text-anchor="{w.anchor}"' if w.anchor != "start" else ""
    weight = ' font-weight="bold"' if w.bold else ""
    struck = ' text-decoration="line-through"' if w.struck else ""
    text = f"&#8296;{says}&#8297;" if w.theirs else says
    return f'<text x="{round(w.x, 1)}" y="{round(w.y, 1)}" fill="{fill}"{anchor}{weight}{struck}>{text}</text>\n'

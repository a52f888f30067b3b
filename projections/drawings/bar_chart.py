"""Bars with their names above them, so that a name of any length and in any writing has room."""

from __future__ import annotations

from projections.drawings.charts import Bars
from projections.drawings.picture import LINE, Canvas, Picture, Spoken, breadth, wrapped


def bar_caption(drawn: Bars) -> list[str]:
    """Return the sentences below the bars: only what is withheld needs one."""
    return ["No bar: the number is withheld (x)."] if any(b.value is None for b in drawn.bars) else []


def bar_pictures(drawn: Bars, spoken: Spoken, width: float, tallest: float) -> list[Picture]:
    """Return the bars as pictures of at most `tallest` units, one below the other."""
    most = max((b.value or 0 for b in drawn.bars), default=0) or 1
    values = max((breadth(spoken.say(b.says)) for b in drawn.bars), default=0) + 10
    says = "; ".join(f"{b.name} {spoken.say(b.says)}" for b in drawn.bars)
    pictures: list[Picture] = []
    canvas, y = Canvas(), 2.0
    for bar in drawn.bars:
        tall = LINE * len(wrapped(bar.name, width)) + 24
        if y > 2 and y + tall > tallest:
            pictures.append(canvas.picture(width, y, drawn.title, says))
            canvas, y = Canvas(), 2.0
        base = canvas.write(0, y + 11, bar.name, width, theirs=True)
        length = (bar.value or 0) / most * (width - values - 2)
        if bar.value:
            canvas.frame((1, base - 9, 1 + length, base + 4), "grey")
        canvas.write(length + 7, base + 2, spoken.say(bar.says), width)
        y += tall
    return [*pictures, canvas.picture(width, y, drawn.title, says)]

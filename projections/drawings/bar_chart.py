"""Bars with their names above them, so that a name of any length and in any writing has room."""

from __future__ import annotations

from ledger.messages import Message
from projections.drawings.charts import Bars
from projections.drawings.picture import Canvas, Picture, Spoken, breadth


def bar_caption(drawn: Bars) -> list[str]:
    """Return the sentences below the bars: only what is withheld needs one."""
    return [Message("No bar: the number is withheld (x).")] if any(b.value is None for b in drawn.bars) else []


def bar_picture(drawn: Bars, spoken: Spoken, width: float) -> Picture:
    """Return the bars as a picture that can be cut between them."""
    most = max((b.value or 0 for b in drawn.bars), default=0) or 1
    values = max((breadth(spoken.words(b.says)) for b in drawn.bars), default=0) + 10
    says = "; ".join(f"{b.name} {spoken.words(b.says)}" for b in drawn.bars)
    canvas, y = Canvas(), 2.0
    for bar in drawn.bars:
        canvas.seams.append(y)
        base = canvas.write(0, y + 11, bar.name, width, theirs=True)
        length = (bar.value or 0) / most * (width - values - 2)
        if bar.value:
            canvas.frame((1, base - 9, 1 + length, base + 4), "grey")
        canvas.write(length + 7, base + 2, spoken.words(bar.says), width)
        y = base + 13
    return canvas.picture(width, y, drawn.title, says)

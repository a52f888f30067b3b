"""Charts as numbers and words, for SVG and for a terminal: lines over half years, bars next to names.

They can be read in grey: series differ by dash and mark, and every number is also in a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.messages import Message, joined

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, FOOT = 56, 16, 16, 34
BEGIN, BAR = 200, 26  # where bars begin, and how far apart they are
STEPS = (0, 25, 50, 75, 100)  # per cent
DASHES = ("", "6 4")
EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class DataPoint:
    """Hold one value: its place and its text."""

    x: float
    y: float
    says: str


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one series: its name, how it is dashed, whether its marks are filled, its points from left to right."""

    name: str
    dash: str
    filled: bool
    points: tuple[DataPoint, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Hold shares over half years; `ticks` and `periods` are (place, words).

    `missing` names the gaps where half years were left out because no series has a value there.
    """

    width: int
    height: int
    left: int
    lines: tuple[Series, ...]
    ticks: tuple[tuple[float, str], ...]
    periods: tuple[tuple[float, str], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one bar: its name, its value (None: withheld), its length in the drawing, the text at its end."""

    name: str
    value: int | None
    length: float
    says: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Hold bars below each other, the longest as long as there is room; `left` is where they begin."""

    title: str
    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]


def bar_chart(title: str, named: Sequence[tuple[str, int | None]]) -> Bars | None:
    """Return numbers as bars; None where there is no number to draw, or only one bar: it would be as long as any."""
    most = max((n for _, n in named if n is not None), default=0)
    if not most or len(named) < 2:
        return None
    room = WIDTH - BEGIN - 60
    drawn = tuple(
        Bar(name, n, round((n or 0) / most * room, 1), Message("withheld (x)") if n is None else str(n))
        for name, n in named
    )
    return Bars(title, WIDTH, BAR * len(named) + 4, BEGIN, drawn)


def plot(series: Mapping[str, Mapping[str, float]]) -> Plot | None:
    """Return shares (0 to 1) by half year, one line for each series; None if there is no value at all."""
    periods = sorted({period for values in series.values() for period in values})
    if not periods:
        return None
    step = (WIDTH - LEFT - RIGHT) / len(periods)
    place = {period: round(LEFT + step * (n + 0.5), 1) for n, period in enumerate(periods)}

    def height(share: float) -> float:
        return round(HEIGHT - FOOT - share * (HEIGHT - FOOT - TOP), 1)

    lines = tuple(
        Series(
            name,
            DASHES[n % len(DASHES)],
            n % 2 == 0,
            tuple(
                DataPoint(place[p], height(v), Message("{0}, {1}: {2}", name, p, f"{v:.1%}"))
                for p, v in sorted(values.items())
            ),
        )
        for n, (name, values) in enumerate(series.items())
    )
    missing = tuple(Message("between {0} and {1}", a, b) for a, b in pairwise(periods) if _halves(b) - _halves(a) > 1)
    return Plot(
        WIDTH,
        HEIGHT,
        LEFT,
        lines,
        tuple((height(n / 100), f"{n} %") for n in STEPS),
        tuple((place[p], p.replace("-", " ")) for p in periods),
        missing,
    )


def describe_plot(c: Plot) -> str:
    """Describe a plot for readers who do not see it."""
    series = joined("; ", (Message("{0} half years of {1}", len(line.points), line.name) for line in c.lines))
    return Message("{0}. The tables say the same in numbers.", series)


def legend(c: Plot) -> str:
    """Return the text below a plot: which marks belong to which series, and what is left out."""
    marks = {True: Message("Filled marks, whole line"), False: Message("Open marks, dashed line")}
    sentences = [Message("{0}: {1}.", marks[line.filled], line.name) for line in c.lines]
    if c.missing:
        sentences.append(Message("No figures {0}: those half years are left out.", joined(", ", c.missing)))
    return joined(" ", [*sentences, Message("A half year whose share is withheld has no mark.")])


def _halves(period: str) -> int:
    year, _, half = period.partition("-H")
    return int(year) * 2 + int(half)


def bar(value: float, most: float, width: int, *, plain: bool) -> str:
    """Return a bar of at most `width` characters: eighths of blocks on a terminal, # elsewhere."""
    size = value / most * width if most else 0.0
    if plain:
        return "#" * round(size)
    whole, part = divmod(round(size * 8), 8)
    return EIGHTHS[8] * whole + (EIGHTHS[part] if part else "")


def bars(
    named: Sequence[tuple[str, float | None, str]], width: int, *, plain: bool, most: float | None = None
) -> list[str]:
    """Return one line for each (name, value or None, words): the bar next to its name.

    The longest bar is `most`, by default the largest value. A share is drawn as a part of the whole, which is
    1.
    """
    most = max((value for _, value, _ in named if value is not None), default=0.0) if most is None else most
    left = max((len(name) for name, _, _ in named), default=0)
    room = max(10, width - left - 2 - max((len(says) for _, _, says in named), default=0) - 1)
    drawn = (
        (name, "" if value is None else f"{bar(value, most, room, plain=plain)} ", says) for name, value, says in named
    )
    return [f"{name:<{left}}  {line}{says}" for name, line, says in drawn]

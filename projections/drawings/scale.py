"""A scale of time: distances are to scale, except that none is too short to be seen and long silences are broken.

An interval is drawn as long as it lasted. It is never shorter than its marks need. An interval in which nothing
happened for so long that all others would vanish next to it is a break: it has one length, and its picture says how
long it lasted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

SHARE: Final = 0.4  # of all time that is drawn: a longer interval is a break,
TIMES: Final = 4  # if it is so many times as long as half of the others
LONG: Final = 86400.0  # seconds; a shorter interval is no break
MOST: Final = 4  # breaks of one scale


@dataclass(frozen=True, slots=True)
class Spacing:
    """Hold the lengths of intervals, which of them are breaks, and how many units a second takes (0: none is to scale).

    Each interval is as long as it lasted at this scale, or as long as it needs to be, or a break.
    """

    lengths: tuple[float, ...]
    breaks: frozenset[int]
    scale: float


def spaced(gaps: Sequence[float], needs: Sequence[float], room: float, sign: float, most: int = MOST) -> Spacing:
    """Return the lengths of intervals of `gaps` seconds, each at least what it needs, all together `room` if they fit.

    A break is `sign` longer than it needs to be.
    """
    breaks = breaks_of(gaps, most)
    short = {n for n, gap in enumerate(gaps) if gap <= 0 or n in breaks}
    left = room - sign * len(breaks)
    while True:
        free = [n for n in range(len(gaps)) if n not in short]
        rest = left - sum(needs[n] for n in short)
        seconds = sum(gaps[n] for n in free)
        scale = max(rest, 0.0) / seconds if seconds else 0.0
        under = {n for n in free if gaps[n] * scale < needs[n]}
        if not under:
            break
        short |= under
    lengths = (
        needs[n] + sign if n in breaks else needs[n] if n in short else gaps[n] * scale for n in range(len(gaps))
    )
    return Spacing(tuple(lengths), breaks, scale)


def breaks_of(gaps: Sequence[float], most: int = MOST) -> frozenset[int]:
    """Return the intervals that are drawn as breaks: long ones, next to which all others would vanish."""
    found: set[int] = set()
    ordered = sorted((n for n, gap in enumerate(gaps) if gap > 0), key=lambda n: (-gaps[n], n))
    while len(found) < most and len(ordered) > 1:
        first, *others = ordered
        longest = gaps[first]
        if longest < LONG or longest < SHARE * sum(gaps[n] for n in ordered):
            break
        if longest <= TIMES * median(gaps[n] for n in others):
            break
        found.add(first)
        ordered = others
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Hold moments with their places; a moment between two of them has a place between theirs."""

    moments: tuple[datetime, ...]
    places: tuple[float, ...]
    breaks: tuple[tuple[int, float, float], ...]  # of each: the moment before it, and where it begins and ends

    def place(self, moment: datetime) -> float:
        """Return the place of a moment; of one outside the scale, the place of its first or last."""
        n = bisect_right(self.moments, moment) - 1
        if n < 0:
            return self.places[0]
        if n + 1 == len(self.moments):
            return self.places[-1]
        before, after = self.moments[n], self.moments[n + 1]
        share = (moment - before) / (after - before)
        return self.places[n] + share * (self.places[n + 1] - self.places[n])


def time_scale(
    moments: Sequence[datetime], start: float, end: float, need: float, sign: float, most: int = MOST
) -> TimeScale:
    """Return the scale of moments between two places; `need` is the least distance, if there is room for it."""
    distinct = tuple(sorted(set(moments)))
    gaps = [(b - a).total_seconds() for a, b in pairwise(distinct)]
    room = end - start
    need = min(need, max(room - sign * most, 0.0) / max(len(gaps), 1))
    spacing = spaced(gaps, [need] * len(gaps), room, sign, most)
    stretch = room / total if (total := sum(spacing.lengths)) else 1.0
    places = [start]
    for length in spacing.lengths:
        places.append(places[-1] + length * stretch)
    broken = tuple((n, places[n], places[n + 1]) for n in sorted(spacing.breaks))
    return TimeScale(distinct, tuple(places), broken)

"""Fit a power of the size to what a step costs, and say what it would cost on larger ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

LARGER = (100_000_000, 1_000_000_000)
_GROWTH = 1.25  # a step that costs less than this times as much on the largest as on the smallest is called flat
DECADE = 10  # sizes that are fitted, from the largest down
_LEAST = 0.05  # above what is taken off: less is noise


class Law(NamedTuple):
    """State `cost = base + factor * size ** slope`; a slope of 0 says that the cost does not grow."""

    base: float
    factor: float
    slope: float

    def at(self, size: float) -> float:
        """Return the cost at a size."""
        return self.base + self.factor * exp(self.slope * log(size))


def fit(costs: Mapping[int, float], base: float, least: float = _LEAST) -> Law | None:
    """Return the law of costs by size, None of fewer than two; `base` is what a command costs that does nothing.

    The logarithm of what is above `base` is a straight line in that of the size, by least squares over the sizes from a
    tenth of the largest on: what does not grow makes a slope over smaller ones too small. `least` is the
    smallest difference that is not noise.
    """
    if len(costs) < 2:
        return None
    small, large = costs[min(costs)], costs[max(costs)]
    if large <= small * _GROWTH or large - base <= least:
        return Law(max(costs.values()), 0.0, 0.0)
    points = [(log(size), log(max(cost - base, least))) for size, cost in costs.items() if size >= max(costs) / DECADE]
    if len(points) < 2:  # sizes that are far apart
        points = [(log(size), log(max(costs[size] - base, least))) for size in sorted(costs)[-2:]]
    middle_x, middle_y = (sum(column) / len(points) for column in zip(*points, strict=True))
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)
    return Law(base, exp(middle_y - slope * middle_x), slope)

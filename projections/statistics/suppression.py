"""Suppression: which cells of a table may not be shown, so that no reader learns a number under five.

A cell from one to four is withheld. So are others, until no withheld number follows from the totals around it.
A small cell is safe if another table exists with the same shown numbers and a different number in that cell: no
outsider can tell it from the true one. It is searched as a move, some cells up by one and others down by one,
that keeps every sum. The cells it needs are withheld too, the smallest first (Cox, "Suppression methodology and
statistical disclosure control", JASA 75, 1980, for tables of two dimensions; here for any sums).

A withheld cell looks the same whether it is small or protects a small one, so a reader knows of it only that it
is not zero. Zeros are shown, because they concern no person. A move that adds one throughout always exists.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Cell = TypeVar("Cell", bound=Hashable)

FEW = 5
Sums = Sequence[tuple[Cell, Sequence[Cell]]]


def withheld(cells: Mapping[Cell, int], sums: Sums[Cell], *, never: Collection[Cell] = ()) -> frozenset[Cell]:
    """Return the cells not to be shown.

    `sums` are (total, its parts); a cell may be in several. `never` are cells that no form shows, such as the
    remainder of a total: they are in sums, and need no protection.
    """
    small = {cell for cell, n in cells.items() if 0 < n < FEW and cell not in never}
    hidden = small | set(never)
    search = _Search(cells, sums, frozenset(never))
    for cell in sorted(small, key=lambda c: (cells[c], str(c))):
        needed = search.move(cell, hidden)
        if needed is None:
            return frozenset(cells)  # safe, if useless; no table is known that comes here
        hidden |= needed
    return frozenset(hidden - set(never))


class _Search(Generic[Cell]):
    """Search moves in one set of sums."""

    def __init__(self, cells: Mapping[Cell, int], sums: Sums[Cell], never: frozenset[Cell]) -> None:
        self.cells, self.sums, self.never = cells, sums, never
        self.weighs: dict[Cell, list[tuple[int, int]]] = {cell: [] for cell in cells}  # in which sum, on which side
        for n, (total, parts) in enumerate(sums):
            self.weighs[total].append((n, -1))
            for part in parts:
                self.weighs[part].append((n, 1))

    def move(self, start: Cell, hidden: Collection[Cell]) -> frozenset[Cell] | None:
        """Return the cells of the cheapest move that changes `start`; its cost is what must be withheld for it alone.

        Dijkstra's search over which sums are off and by how much: for a table of two dimensions that is one row
        and one column, so the search is over pairs of them and not over sets of cells.
        """
        order = count()  # cells need not be comparable
        queue: list[tuple[int, int, int, dict[Cell, int], dict[int, int]]] = []
        seen: set[frozenset[tuple[int, int]]] = set()

        def push(cost: int, moved: Mapping[Cell, int], off: Mapping[int, int], cell: Cell, step: int) -> None:
            if self.allowed(cell, step):
                price = 0 if cell in hidden or cell == start else self.cells[cell]
                now = dict(off)
                for n, side in self.weighs[cell]:
                    now[n] = now.get(n, 0) + side * step
                left = {n: by for n, by in now.items() if by}
                heappush(queue, (cost + price, len(moved) + 1, next(order), {**moved, cell: step}, left))

        for step in (1, -1):
            push(0, {}, {}, start, step)
        while queue:
            cost, _, _, moved, off = heappop(queue)
            if not off:
                return frozenset(moved)
            place = frozenset(off.items())
            if place in seen:
                continue
            seen.add(place)
            first = min(off)
            total, parts = self.sums[first]
            up = 1 if off[first] > 0 else -1
            for cell, step in ((total, up), *((part, -up) for part in parts)):
                if cell not in moved:
                    push(cost, moved, off, cell, step)
        return None

    def allowed(self, cell: Cell, step: int) -> bool:
        """Return True if a cell may be one more or one less, for all that a reader knows of it."""
        n = self.cells[cell]
        return n + step >= 0 if cell in self.never else n > 0 and n + step > 0

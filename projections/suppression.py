"""Which cells of a table may not be shown, so that nobody learns a number under five.

A cell from one to four is withheld; so are others, until no withheld number follows from the totals around it. What
proves a small cell safe is another table: one with the same shown numbers and a different number in that cell, which
nobody outside can tell from the true one. It is looked for as a move, some cells up by one and others down by one, that
leaves every sum standing; the cells it needs are withheld too, the smallest first (Cox, "Suppression methodology and
statistical disclosure control", JASA 75, 1980, for tables of two dimensions; here for any sums).

A withheld cell looks the same whether it is small or guards one that is, so a reader knows of it only that it is not
zero: zeros are shown, because that nothing happened is about nobody. A move that adds one all along always exists.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

Cell = TypeVar("Cell", bound=Hashable)

FEW = 5
TRIES = 2_000  # moves looked at for one cell; beyond that everything is withheld, which is safe and hardly ever needed


def withheld(
    cells: Mapping[Cell, int], sums: Sequence[tuple[Cell, Sequence[Cell]]], *, never: Collection[Cell] = ()
) -> frozenset[Cell]:
    """The cells not to be shown.

    `sums` are (total, its parts); a cell may stand in several. `never` are cells that no form shows, such as what is
    left of a total: they stand in sums, and need no protection themselves.
    """
    small = {cell for cell, n in cells.items() if 0 < n < FEW and cell not in never}
    hidden = small | set(never)
    for cell in sorted(small, key=lambda c: (cells[c], str(c))):
        needed = _move(cells, sums, cell, hidden, frozenset(never))
        if needed is None:
            return frozenset(cells)
        hidden |= needed
    return frozenset(hidden - set(never))


def _move(
    cells: Mapping[Cell, int],
    sums: Sequence[tuple[Cell, Sequence[Cell]]],
    start: Cell,
    hidden: Collection[Cell],
    never: Collection[Cell],
) -> frozenset[Cell] | None:
    """The cells of the cheapest move that changes `start`; the cost is what had to be withheld for it alone."""

    def allowed(cell: Cell, step: int) -> bool:
        n = cells[cell] + step
        return n >= 0 if cell in never else cells[cell] > 0 and n > 0

    def repairs(moved: Mapping[Cell, int]) -> Iterator[tuple[Cell, int]] | None:
        """What may be moved to mend the first sum that does not stand; None if all stand."""
        for total, parts in sums:
            off = sum(moved.get(part, 0) for part in parts) - moved.get(total, 0)
            if off:
                up = 1 if off > 0 else -1
                wanted = [(total, up), *((part, -up) for part in parts)]
                return ((c, step) for c, step in wanted if c not in moved and allowed(c, step))
        return None

    order = count()
    queue: list[tuple[int, int, int, dict[Cell, int]]] = []
    seen: set[frozenset[tuple[Cell, int]]] = set()

    def push(cost: int, moved: dict[Cell, int]) -> None:
        key = frozenset(moved.items())
        if key not in seen:
            seen.add(key)
            heappush(queue, (cost, len(moved), next(order), moved))

    for step in (1, -1):
        if allowed(start, step):
            push(0, {start: step})
    for _ in range(TRIES):
        if not queue:
            return None
        cost, _, _, moved = heappop(queue)
        steps = repairs(moved)
        if steps is None:
            return frozenset(moved)
        for cell, step in steps:
            push(cost + (0 if cell in hidden else cells[cell]), {**moved, cell: step})
    return None

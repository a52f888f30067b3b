"""Small cells are withheld, and cannot be computed again, even by a reader who has every published sum."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projections.statistics.suppression import FEW, withheld
from tests.support.samples import examples

Cell = tuple[int, int]
Sums = list[tuple[Cell, list[Cell]]]
ALL = -1  # the row and the column of totals
HIGH = 10**6


def table(body: Sequence[Sequence[int]]) -> tuple[dict[Cell, int], Sums]:
    """Return a table of two dimensions with its totals, and the sums that hold in it."""
    rows, columns = range(len(body)), range(len(body[0]))
    cells = {(r, c): body[r][c] for r in rows for c in columns}
    cells |= {(r, ALL): sum(body[r]) for r in rows}
    cells |= {(ALL, c): sum(body[r][c] for r in rows) for c in columns}
    cells[ALL, ALL] = sum(map(sum, body))
    sums: Sums = [((r, ALL), [(r, c) for c in columns]) for r in (*rows, ALL)]
    sums += [((ALL, c), [(r, c) for r in rows]) for c in (*columns, ALL)]
    return cells, sums


def bounds(
    cells: Mapping[Any, int],
    sums: Sequence[tuple[Any, Sequence[Any]]],
    hidden: Collection[Any],
    never: Collection[Any] = (),
) -> dict[Any, tuple[int, int]]:
    """Return what an attacker can say of every cell: intervals narrowed by every sum until nothing changes any more.

    Of a withheld cell it knows at the start that it is not zero, of one that no table has (`never`) not even that.
    """
    known = {c: (0, HIGH) if c in never else (1, HIGH) if c in hidden else (n, n) for c, n in cells.items()}
    changed = True
    while changed:
        changed = False
        for total, parts in sums:
            low, high = sum(known[p][0] for p in parts), sum(known[p][1] for p in parts)
            narrowed = {total: (low, high)}
            for part in parts:
                others_low, others_high = low - known[part][0], high - known[part][1]
                narrowed[part] = (known[total][0] - others_high, known[total][1] - others_low)
            for cell, (at_least, at_most) in narrowed.items():
                new = (max(known[cell][0], at_least), min(known[cell][1], at_most))
                if new != known[cell]:
                    known[cell], changed = new, True
    return known


bodies = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 12) | st.sampled_from([0, 1, 4, 5, 400]), min_size=width, max_size=width),
        min_size=1,
        max_size=5,
    )
)


@given(bodies)
@examples(150)
def test_no_withheld_cell_is_pinned_or_narrowed_to_fewer_than_two_values(body: list[list[int]]) -> None:
    cells, sums = table(body)
    hidden = withheld(cells, sums)
    known = bounds(cells, sums, hidden)
    assert {cell for cell, many in cells.items() if 0 < many < FEW} <= hidden
    for cell in hidden:
        low, high = known[cell]
        assert low <= cells[cell] <= high
        if 0 < cells[cell] < FEW:
            assert high - low >= 1, f"{cell} is pinned to {low}"


@given(st.lists(st.lists(st.integers(0, 7), min_size=2, max_size=2), min_size=2, max_size=2))
@examples(12)
def test_whoever_tries_every_table_there_could_be_still_has_two_numbers_for_each_small_cell(
    body: list[list[int]],
) -> None:
    cells, sums = table(body)
    hidden = withheld(cells, sums)
    shown = {c: n for c, n in cells.items() if c not in hidden}
    small = {c for c in hidden if 0 < cells[c] < FEW}
    values: dict[Cell, set[int]] = {c: set() for c in small}
    for a, b, c, d in product(range(9), repeat=4):
        other, _ = table([[a, b], [c, d]])
        if any(other[k] != n for k, n in shown.items()):
            continue
        if all(other[k] > 0 for k in hidden):
            for k in small:
                values[k].add(other[k])
    assert all(len(found) >= 2 for found in values.values()), values


@given(bodies)
@examples(100)
def test_every_small_cell_is_withheld_and_no_zero_is(body: list[list[int]]) -> None:
    cells, sums = table(body)
    hidden = withheld(cells, sums)
    assert {c for c, n in cells.items() if 0 < n < FEW} <= hidden
    assert not any(cells[c] == 0 for c in hidden)


def test_a_table_without_small_cells_is_shown_whole() -> None:
    cells, sums = table([[5, 9], [0, 40]])
    assert withheld(cells, sums) == frozenset()


def test_one_small_cell_takes_three_others_with_it_the_smallest_that_will_do() -> None:
    cells, sums = table([[3, 20, 30], [50, 10, 90], [60, 70, 80]])
    assert withheld(cells, sums) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_subset_is_guarded_by_what_is_left_of_its_whole() -> None:
    # Six orders, four of them in an emergency: the two others are printed nowhere and guard the four.
    cells = {"all": 6, "emergency": 4, "the rest": 2}
    sums = [("all", ("emergency", "the rest"))]
    assert withheld(cells, sums, never=("the rest",)) == {"emergency"}
    # Had all four been all there are, the whole would have to go as well.
    assert withheld({"all": 4, "emergency": 4, "the rest": 0}, sums, never=("the rest",)) == {"all", "emergency"}


def test_two_tables_that_share_a_row_are_guarded_together() -> None:
    # `open` would follow from the second table, if only the first were looked at.
    cells = {"all": 30, "ordinary": 27, "urgent": 3, "answered": 28, "open": 2}
    sums = [("all", ("ordinary", "urgent")), ("all", ("answered", "open"))]
    assert withheld(cells, sums) == frozenset(cells) - {"all"}

"""The places of moments on a scale, number by number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from projections.drawings.scale import breaks_of, spaced, time_scale

DAY = 86400.0
BEGIN = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gaps", "most", "broken"),
    [
        ([DAY, 4 * DAY], 4, set()),  # not longer than four times half of the others
        ([DAY, 4 * DAY + 1], 4, {1}),
        ([600.0, DAY], 4, {1}),
        ([600.0, DAY - 1], 4, set()),
        ([60 * DAY, 100 * DAY, *[DAY] * 9], 4, {0, 1}),
        ([60 * DAY, 100 * DAY, *[DAY] * 9], 1, {1}),
        ([60 * DAY, 100 * DAY, *[DAY] * 9], 0, set()),
        ([10 * DAY, *[DAY] * 15], 4, {0}),  # two fifths of all
        ([10 * DAY, *[DAY] * 16], 4, set()),
        ([10 * DAY, 0.0, 0.0], 4, set()),  # the only one that took time
        ([10 * DAY, 10 * DAY, 1.0, 1.0, 1.0], 4, {0, 1}),
        ([], 4, set()),
    ],
    ids=str,
)
def test_a_break_is_a_day_or_longer_two_fifths_of_all_and_four_times_half_of_the_others(
    gaps: list[float], most: int, broken: set[int]
) -> None:
    assert breaks_of(gaps, most) == broken


def test_intervals_share_the_room_by_their_length_as_far_as_each_has_what_it_needs() -> None:
    assert spaced([1, 3], [1, 1], 40, 9).lengths == (10, 30)
    assert spaced([1, 9], [5, 1], 40, 9).lengths == (5, 35)
    assert spaced([0, 2, 2], [6, 1, 1], 46, 9).lengths == (6, 20, 20)
    assert spaced([1, 1], [30, 30], 40, 9).lengths == (30, 30), "longer than the room"
    found = spaced([1, 3], [1, 1], 40, 9)
    assert (found.scale, found.breaks) == (10, frozenset())
    assert spaced([0, 0], [2, 3], 40, 9).lengths == (2, 3)
    assert spaced([0, 0], [2, 3], 40, 9).scale == 0


def test_a_break_is_a_sign_longer_than_it_needs_to_be_and_the_rest_is_for_the_others() -> None:
    found = spaced([100 * DAY, DAY, 3 * DAY], [2, 2, 2], 51, 9)
    assert found.breaks == {0}
    assert found.lengths == pytest.approx((11, 10, 30))
    assert found.scale == pytest.approx(10 / DAY)


def test_a_moment_has_its_place_between_its_neighbours_and_none_is_outside_the_ends() -> None:
    at = [BEGIN + timedelta(days=n) for n in range(12)]
    scale = time_scale([at[4], at[0], at[8], at[4]], 10, 90, 1, 20)
    assert [*scale.moments] == [at[0], at[4], at[8]]
    assert [*scale.places] == [10, 50, 90]
    assert not scale.breaks
    assert [scale.place(m) for m in (at[0], at[1], at[4], at[6], at[8])] == [10, 20, 50, 70, 90]
    assert [scale.place(m) for m in (BEGIN - timedelta(1), at[11])] == [10, 90]
    alone = time_scale([BEGIN], 10, 90, 1, 20)
    assert [*alone.places, alone.place(BEGIN), alone.place(at[3])] == [10, 10, 10]


def test_a_scale_with_a_break_names_it_with_its_ends_and_fills_the_room() -> None:
    at = [BEGIN + timedelta(days=n) for n in (0, 1, 901)]
    scale = time_scale(at, 0, 100, 9, 20, most=2)
    assert scale.places[-1] == pytest.approx(100)
    ((n, begins, ends),) = scale.breaks
    assert (n, begins, ends) == (1, scale.places[1], scale.places[2])
    assert ends - begins == pytest.approx((9 + 20) * 100 / (9 + 20 + 80 - 9))
    many = time_scale([BEGIN + timedelta(days=n) for n in range(51)], 0, 100, 9, 20, most=2)
    assert many.places[1] == pytest.approx(2), "without room for the least distance all are equal"

"""The scale of time: to scale, in order, nothing too short to be seen, long silences broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.drawings.scale import MOST, breaks_of, spaced, time_scale

DAY = 86400.0
GAPS = st.lists(st.integers(0, 10**9).map(float), min_size=1, max_size=40)
BEGIN = datetime(2027, 3, 1, tzinfo=UTC)


@given(GAPS, st.floats(1, 60), st.floats(100, 5000))
def test_no_interval_is_shorter_than_it_needs_and_equal_scale_holds_for_all_others(
    gaps: list[float], need: float, room: float
) -> None:
    spacing = spaced(gaps, [need] * len(gaps), room, 26)
    assert len(spacing.breaks) <= MOST
    for n, (gap, length) in enumerate(zip(gaps, spacing.lengths, strict=True)):
        assert length >= need
        if n in spacing.breaks:
            assert length == need + 26
        elif length > need:
            assert abs(length - gap * spacing.scale) < 1e-6 * length


@given(GAPS, st.floats(1, 60), st.floats(100, 5000))
def test_of_two_intervals_that_are_no_breaks_the_longer_one_is_not_drawn_shorter(
    gaps: list[float], need: float, room: float
) -> None:
    spacing = spaced(gaps, [need] * len(gaps), room, 26)
    drawn = sorted((gap, spacing.lengths[n]) for n, gap in enumerate(gaps) if n not in spacing.breaks)
    assert all(a <= b for (_, a), (_, b) in pairwise(drawn))


def test_three_years_of_silence_are_a_break_and_ten_minutes_are_still_seen() -> None:
    gaps = [600.0, 3600.0, 1131 * DAY, 600.0, 2 * DAY]
    spacing = spaced(gaps, [18.0] * 5, 400, 26)
    assert 2 in spacing.breaks
    assert spacing.lengths[0] >= 18.0
    assert spacing.lengths[3] >= 18.0


def test_equal_intervals_and_a_night_are_no_breaks() -> None:
    assert not breaks_of([30 * DAY] * 3)
    assert not breaks_of([30 * DAY])
    assert not breaks_of([60.0, 60.0, 60.0, 50000.0])


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=60))
def test_places_rise_with_time_and_stay_between_the_ends(seconds: list[int]) -> None:
    moments = [BEGIN + timedelta(seconds=s) for s in seconds]
    scale = time_scale(moments, 10, 650, 8, 20)
    places = [scale.place(m) for m in sorted(set(moments))]
    assert all(a < b for a, b in pairwise(places))
    assert all(9.999 <= p <= 650.001 for p in places)
    middle = scale.place(BEGIN + timedelta(seconds=5 * 10**7))
    assert 9.999 <= middle <= 650.001


@pytest.mark.parametrize(
    ("seconds", "room", "need", "places"),
    [
        pytest.param([7], 100, 30, [10], id="one moment"),
        pytest.param([7, 7], 100, 30, [10], id="one moment twice"),
        pytest.param([9, 0], 100, 300, [10, 110], id="one interval takes all"),
        pytest.param([0, 60, 240], 100, 30, [10, 40, 110], id="the shorter one as long as it needs"),
        pytest.param([0, 60, 240], 100, 25, [10, 35, 110], id="to scale"),
        pytest.param([0, 60, 240], 100, 24, [10, 35, 110], id="to scale, and longer than it needs"),
        pytest.param([0, 60, 120, 180, 240, 18_240], 100, 30, [10, 28, 46, 64, 82, 110], id="less than each needs"),
        pytest.param([0, 60, 240], 8, 30, [10, 12, 18], id="no room for a break: all to scale"),
    ],
)
def test_each_interval_has_its_need_as_far_as_there_is_room_for_all(
    seconds: list[int], room: float, need: float, places: list[float]
) -> None:
    moments = [BEGIN + timedelta(seconds=s) for s in seconds]
    scale = time_scale(moments, 10, 10 + room, need, 5, most=2)
    assert scale.moments == tuple(sorted(set(moments)))
    assert scale.places == pytest.approx(places)
    assert scale.breaks == ()


def test_a_break_is_named_by_the_moment_before_it_and_its_two_places() -> None:
    moments = [BEGIN + timedelta(seconds=s) for s in (0, 60, 60 + 100 * DAY, 120 + 100 * DAY)]
    scale = time_scale(moments, 10, 110, 9, 5, most=2)
    ((n, begins, ends),) = scale.breaks
    assert (n, begins, ends) == (1, scale.places[1], scale.places[2])
    assert scale.places == pytest.approx([10, 53, 67, 110])
    assert scale.place(BEGIN - timedelta(seconds=1)) == 10
    assert scale.place(moments[-1] + timedelta(seconds=1)) == pytest.approx(110)
    assert scale.place(BEGIN + timedelta(seconds=30)) == pytest.approx(31.5)

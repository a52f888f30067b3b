"""The scale of time: to scale, in order, nothing too short to be seen, long silences broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

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

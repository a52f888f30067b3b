"""What is said of larger ledgers follows from a power of the size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale.fit import fit
from benchmarks.scale.report import duration, in_bytes


@given(
    factor=st.floats(1e-5, 1e-2),
    slope=st.floats(0.5, 2.0),
    base=st.floats(0.0, 5.0),
    sizes=st.sets(st.sampled_from([10**n for n in range(3, 9)]), min_size=2),
)
def test_a_power_of_the_size_is_found_again(factor: float, slope: float, base: float, sizes: set[int]) -> None:
    costs = {size: base + factor * size**slope for size in sizes}
    law = fit(costs, base, least=1e-9)
    assert law is not None
    if law.slope == 0:
        assert max(costs.values()) <= min(costs.values()) * 1.25
    else:
        assert law.slope == pytest.approx(slope, rel=1e-6)
        assert law.at(10**9) == pytest.approx(base + factor * 10 ** (9 * slope), rel=1e-4)


@pytest.mark.parametrize("costs", [{10**4: 0.30, 10**6: 0.34}, {10**4: 0.34, 10**6: 0.30}, {10**4: 0.1, 10**6: 0.14}])
def test_what_grows_by_less_than_a_quarter_or_by_less_than_noise_is_flat_and_never_said_to_be_cheaper(
    costs: dict[int, float],
) -> None:
    law = fit(costs, 0.1)
    assert law is not None
    assert (law.slope, law.at(10**9)) == (0.0, max(costs.values()))


def test_a_fixed_part_that_shows_on_small_ledgers_alone_does_not_make_the_slope_smaller() -> None:
    costs = {size: 0.1 + 0.3 + 1e-4 * size for size in (10**3, 10**5, 10**6)}
    law = fit(costs, 0.1)
    assert law is not None
    assert law.slope > 0.98


def test_one_size_alone_says_nothing_of_others() -> None:
    assert fit({10**5: 3.0}, 0.1) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.03, "0.0 s"), (119, "119.0 s"), (120, "2.0 min"), (7_199, "120.0 min"), (7_200, "2.0 h"), (172_800, "2.0 d")],
)
def test_a_duration_has_the_largest_unit_of_which_there_are_two(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2.257e11, "225.7 GB"), (5e18, "5000.0 PB")]
)
def test_bytes_have_a_unit_of_powers_of_a_thousand(count: float, words: str) -> None:
    assert in_bytes(count) == words

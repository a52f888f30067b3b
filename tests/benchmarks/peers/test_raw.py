"""A ratio to the raw verifications is the smaller of clock and processor time."""

from __future__ import annotations

import pytest

from benchmarks.peers.raw import Against


@pytest.mark.parametrize(("clock", "processor"), [(0.51, 0.39), (0.45, 0.62)])
def test_a_reach_is_not_passed_by_the_clock_alone_or_by_processor_time_alone(clock: float, processor: float) -> None:
    found = Against(clock, processor, 4_000.0, 8_000.0, 10_000.0)
    assert found.least == min(clock, processor)
    assert (found.made_of()["clock_ratio"], found.made_of()["cpu_ratio"]) == (clock, processor)

"""The clock of a machine is doubted if it is far from the newest head, or from more sources than may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.adapters.system_clock import HINT, ahead, away

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("earlier", [timedelta(0), -timedelta(days=400), timedelta(days=31)])
def test_a_clock_may_be_thirty_one_days_after_the_newest_head(earlier: timedelta) -> None:
    assert ahead(NOON, NOON - earlier) is None


@pytest.mark.parametrize(("earlier", "days"), [(timedelta(days=31) + SECOND, 31), (timedelta(days=40), 40)])
def test_a_clock_that_is_further_ahead_signs_nothing(earlier: timedelta, days: int) -> None:
    fault = ahead(NOON, NOON - earlier)
    assert fault is not None
    assert (fault.code, fault.hint) == ("CLOCK-AHEAD", HINT)
    assert f"2027-03-01T12:00:00Z, {days} days after the newest head" in fault.says


@pytest.mark.parametrize(
    ("minutes", "liars", "named"),
    [
        ([], 0, None),
        ([10, -10, 0], 0, None),
        ([10, 11], 0, "second"),
        ([10, -11], 0, "second"),
        ([11, 12], 0, "first"),
        ([11, 10], 1, None),
        ([11, 12, 0], 1, "first"),
        ([11, 12, 13], 2, "first"),
        ([0, 12, 13], 2, None),
    ],
)
def test_a_clock_may_differ_by_ten_minutes_from_all_but_so_many_sources(
    minutes: list[int], liars: int, named: str | None
) -> None:
    sources = ("first", "second", "third")
    given = [(who, NOON + timedelta(minutes=by)) for who, by in zip(sources, minutes, strict=False)]
    for fault in (away(NOON, given, liars), away(NOON, iter(given), liars)):
        if named is None:
            assert fault is None
        else:
            assert fault is not None
            assert (fault.code, fault.hint) == ("CLOCK-AHEAD", HINT)
            assert f"and {named} says" in fault.says
    if liars == 0:
        assert (away(NOON, given) is None) == (named is None)


def test_a_second_more_than_ten_minutes_is_too_much() -> None:
    for away_by in (timedelta(minutes=10) + SECOND, -timedelta(minutes=10) - SECOND):
        assert away(NOON, [("a witness", NOON + away_by)]) is not None

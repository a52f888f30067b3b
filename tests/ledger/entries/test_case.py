"""A moment that is written can be read again, whatever its year: lists of orders keep what the law computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.entries.case import instant, wire
from ledger.law.terms.computation import utc


@pytest.mark.parametrize("year", [1, 850, 999, 1000, 2026, 9999])
def test_a_moment_of_any_year_is_read_as_it_was_written(year: int) -> None:
    moment = datetime(year, 6, 1, 12, 30, 59, tzinfo=UTC)
    assert instant(wire(moment)) == moment
    assert wire(moment) == utc(moment)


def test_fractions_and_other_zones_are_not_written() -> None:
    oslo = timezone(timedelta(hours=2))
    assert wire(datetime(2026, 11, 24, 15, 37, 44, 999_999, tzinfo=oslo)) == "2026-11-24T13:37:44Z"

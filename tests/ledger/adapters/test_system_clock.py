"""The clock of a machine is compared with the newest head and with the times of others, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.adapters.system_clock import HINT, ahead, away

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since", "days"),
    [
        (timedelta(days=31), None),
        (timedelta(days=31, seconds=1), 31),
        (timedelta(days=32), 32),
        (timedelta(0), None),
        (timedelta(days=-400), None),
    ],
)
def test_a_clock_is_ahead_more_than_31_days_after_the_newest_head(since: timedelta, days: int | None) -> None:
    fault = ahead(NOON + since, NOON)
    if days is None:
        assert fault is None
    else:
        assert fault is not None
        assert (fault.code, fault.hint) == ("CLOCK-AHEAD", HINT)
        assert f", {days} days after the newest head of this log (2027-03-01T12:00:00Z)" in fault.says


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_differs_more_than_ten_minutes_from_more_sources_than_may_be_wrong(sign: int) -> None:
    near, far = (NOON + sign * (timedelta(minutes=10) + more) for more in (timedelta(0), SECOND))
    assert away(NOON, []) is None
    assert away(NOON, [("near", near)]) is None
    given = [("near", near), ("first", far), ("second", far + sign * SECOND)]
    for liars in (0, 1):
        fault = away(NOON, given, liars)
        assert fault is not None
        assert (fault.code, fault.hint) == ("CLOCK-AHEAD", HINT)
        assert f"the clock says 2027-03-01T12:00:00Z, and first says {far:%Y-%m-%dT%H:%M:%SZ};" in fault.says
    assert away(NOON, given, 2) is None
    assert away(NOON, given[:2], 1) is None

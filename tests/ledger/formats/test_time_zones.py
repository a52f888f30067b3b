"""Zones come from the pinned table, and every other name is UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.formats.time_zones import names, zone


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "a\0b", "Europe", "America/Indiana", "a" * 300]
)
def test_a_name_that_the_table_does_not_have_is_utc(name: str) -> None:
    assert name not in names()
    assert zone(name) is UTC


def test_a_name_of_the_table_is_its_zone() -> None:
    summer = datetime(2027, 7, 1, 12, tzinfo=zone("Europe/Oslo"))
    assert summer.utcoffset() == timedelta(hours=2)
    assert "Europe/Oslo" in names()


def test_the_name_for_no_zone_is_no_zone() -> None:
    assert "Factory" not in names()

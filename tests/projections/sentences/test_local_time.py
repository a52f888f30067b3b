"""The local time of an office, next to UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from projections.render.translation import translation
from projections.sentences.local_time import LocalTimes, place_of
from projections.sentences.names import Names
from projections.sentences.values import Language
from tests.projections.sentences.test_sentence import NAMES

WINTER = datetime(2027, 3, 15, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "words", "beside"),
    [
        ("Europe/Oslo", WINTER, "15 March 2027 at 13:00 UTC (14:00 in Oslo)", "14:00 in Oslo"),
        (
            "America/Argentina/Buenos_Aires",
            WINTER.replace(second=7),
            "15 March 2027 at 13:00:07 UTC (10:00:07 in Buenos Aires)",
            "10:00:07 in Buenos Aires",
        ),
        (
            "Asia/Tokyo",
            WINTER.replace(hour=20),
            "15 March 2027 at 20:00 UTC (05:00 on 16 March 2027 in Tokyo)",
            "2027-03-16 05:00 in Tokyo",
        ),
        ("Europe/London", WINTER, "15 March 2027 at 13:00 UTC", ""),
        ("Europe/London", WINTER.replace(month=7), "15 July 2027 at 13:00 UTC (14:00 in London)", "14:00 in London"),
        ("Etc/GMT-3", WINTER, "15 March 2027 at 13:00 UTC", ""),
        ("UTC", WINTER, "15 March 2027 at 13:00 UTC", ""),
        ("", WINTER, "15 March 2027 at 13:00 UTC", ""),
        ("Mars/Olympus", WINTER, "15 March 2027 at 13:00 UTC", ""),
    ],
)
def test_local_time_is_shown_where_it_differs_from_utc(zone: str, moment: datetime, words: str, beside: str) -> None:
    times = LocalTimes(zone)
    assert times.moment(moment) == Language().moment(moment, times) == words
    assert times.beside(moment) == beside


def test_the_place_is_the_last_part_of_the_zone() -> None:
    assert [place_of(z) for z in ("Europe/Oslo", "America/New_York", "UTC", "Etc/UTC")] == ["Oslo", "New York", "", ""]


def test_german_says_the_day_and_the_hour() -> None:
    german = translation("de").values
    assert german.moment(WINTER, LocalTimes("Europe/Oslo")) == "15. März 2027 um 13:00 Uhr UTC (14:00 Uhr in Oslo)"
    assert translation("de").say("2027-03-16 05:00 in Tokyo") == "16.03.2027 05:00 in Tokyo"
    assert translation("de").say("14:00 in Oslo") == "14:00 in Oslo"


def test_an_office_has_the_time_of_its_party_and_an_unknown_one_has_none() -> None:
    assert NAMES.times("skylark").beside(WINTER) == "14:00 in Oslo"
    assert Names(()).times("skylark").beside(WINTER) == ""


@pytest.mark.parametrize(
    ("zone", "end", "shown"),
    [
        ("Europe/Oslo", datetime(2027, 4, 8, 22, tzinfo=UTC), "2027-04-08 end of day in Oslo"),
        ("Europe/Oslo", datetime(2027, 4, 9, tzinfo=UTC), "2027-04-09 02:00 in Oslo"),
        ("Europe/London", datetime(2027, 1, 9, tzinfo=UTC), ""),
        ("UTC", datetime(2027, 1, 9, tzinfo=UTC), ""),
    ],
)
def test_a_period_that_ends_at_midnight_ends_with_the_day_before(zone: str, end: datetime, shown: str) -> None:
    assert LocalTimes(zone).ending(end) == shown

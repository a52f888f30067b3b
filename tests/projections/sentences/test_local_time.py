"""The local time of an office, next to UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.law.terms.calendar import LAST
from projections.render.translation import translation
from projections.sentences.local_time import LocalTimes, end_of, place_of, running_until, until
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
    assert german.of(LocalTimes("Asia/Tokyo").beside(WINTER + timedelta(hours=7))) == "16.03.2027 05:00 in Tokyo"
    assert german.of(LocalTimes("Europe/Oslo").beside(WINTER)) == "14:00 in Oslo"


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


def test_the_end_of_a_period_in_days_is_its_last_day_and_of_one_in_hours_its_moment_in_the_zone() -> None:
    due = datetime(2026, 11, 21, tzinfo=UTC)
    assert until(due, "Europe/Dublin", date(2026, 11, 20)) == "until the end of Friday 20 November 2026, Dublin"
    assert until(due, "Europe/Oslo", None) == "until 01:00 on Saturday 21 November 2026, Oslo"
    assert until(due, "UTC", None) == "until 00:00 on Saturday 21 November 2026, UTC"
    assert until(LAST, "Europe/Oslo", None) == "until 23:59:59 on Friday 31 December 9999, UTC"


def test_a_period_in_days_ends_with_the_last_day_that_counts_and_not_at_a_midnight() -> None:
    due, last = datetime(2026, 11, 27, tzinfo=UTC), date(2026, 11, 26)
    assert end_of(due, "Europe/Dublin", last) == "end of 2026-11-26 (Dublin)"
    assert end_of(due, "UTC", last) == "end of 2026-11-26 (UTC)"
    assert running_until(due, "Europe/Dublin", last, over=False) == "until the end of 2026-11-26 (Dublin)"
    assert running_until(due, "Europe/Dublin", last, over=True) == "ran out at the end of 2026-11-26 (Dublin)"
    german, french = translation("de"), translation("fr")
    assert german.words(end_of(due, "Europe/Dublin", last)) == "Ende des 26.11.2026 (Dublin)"
    assert (
        french.words(running_until(due, "Europe/Dublin", last, over=False)) == "jusqu’à la fin du 26/11/2026 (Dublin)"
    )


def test_a_period_in_hours_ends_at_a_moment_whose_zone_is_named() -> None:
    due = datetime(2026, 11, 27, 13, 30, tzinfo=UTC)
    assert end_of(due, "Europe/Oslo", None) == "2026-11-27 13:30 UTC"
    assert running_until(due, "Europe/Oslo", None, over=False) == "until 2026-11-27 13:30 UTC"
    assert translation("de").words(running_until(due, "UTC", None, over=True)) == "abgelaufen am 27.11.2026 13:30 UTC"


def test_the_first_day_of_a_month_is_written_as_french_writes_it() -> None:
    french, german = translation("fr").values, translation("de").values
    assert [french.date(date(2027, 3, n)) for n in (1, 2, 11)] == ["1er mars 2027", "2 mars 2027", "11 mars 2027"]
    assert german.date(date(2027, 3, 1)) == "1. März 2027"

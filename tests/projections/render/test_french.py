"""The words that the desk has in French: places, dates and sentences are those of the English messages."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.law import FINDING_RULES
from ledger.messages import Day
from projections.render.translation import translation
from projections.sentences.kinds import PATTERNS
from projections.sentences.local_time import LocalTimes


def test_every_sentence_of_an_entry_and_every_finding_is_french() -> None:
    said = translation("fr").messages
    assert [pattern for pattern in PATTERNS.values() if pattern not in said] == []
    whole = (rule.says for rule in FINDING_RULES if "{" not in rule.says and not rule.says.startswith("Missing"))
    assert [says for says in whole if says not in said] == []


def test_dates_numbers_and_places_are_written_as_in_french() -> None:
    french = translation("fr")
    assert french.words(Day("2027-03-01")) == "01/03/2027"
    assert french.say("{0} in {1}", "14:00", "Oslo") == "14:00 à Oslo"
    assert french.number(12345.5, 1) == "12\u202f345,5"


def test_the_end_of_a_period_has_its_parts() -> None:
    midnight = datetime(2027, 2, 25, 23, tzinfo=UTC)
    assert LocalTimes("Europe/Oslo").ending_parts(midnight) == ("2027-02-25", "", "Oslo")
    assert LocalTimes("Europe/Oslo").ending(midnight) == "2027-02-25 end of day in Oslo"
    assert LocalTimes("UTC").ending_parts(midnight) is None

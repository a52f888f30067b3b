"""Periods in words."""

from __future__ import annotations

from ledger.law.deadlines.table import REGISTER
from ledger.law.terms.periods import OUTCOMES, PERIODS, outcome, period
from ledger.law.terms.rule import ClockVerdict
from projections.render.translation import translation
from tests.support.scenarios import disclosed, given, issued, received


def test_every_period_of_the_rules_has_words_and_nothing_else_has() -> None:
    assert set(PERIODS) == {d.id for d in REGISTER}


def test_a_period_is_named_in_words_with_its_code() -> None:
    assert period("D-7-7") == "answer of the provider (D-7-7)"
    assert period("X-1") == "X-1"


def test_what_became_of_a_period_is_said_in_words_with_its_code_in_each_language() -> None:
    story = given(issued("2027-03-01T09:00Z"), received("2027-03-03T08:30Z"))
    (clock,) = story.clocks("D-7-7")
    assert outcome(clock) == "Answer of the provider (D-7-7): the period is still open."
    assert translation("de").words(outcome(clock)) == "Antwort des Diensteanbieters (D-7-7): Die Frist läuft noch."
    assert set(OUTCOMES) == set(ClockVerdict)


def test_of_an_answer_that_nothing_supports_it_is_not_said_that_the_end_of_the_period_is_unknown() -> None:
    answer = disclosed("2027-03-31T10:00Z", at="2027-04-05T09:00Z", on_source="own-act")
    story = given(issued("2027-03-01T09:00Z"), received("2027-03-03T08:30Z")).when(answer)
    (clock,) = story.asked_at("2027-04-06T00:00Z").clocks("D-7-7")
    assert (clock.verdict, clock.due is None) == (ClockVerdict.UNDETERMINED, False)
    assert outcome(clock) == "Answer of the provider (D-7-7): whether the period was kept could not be determined."

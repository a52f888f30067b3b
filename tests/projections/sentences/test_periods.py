"""Periods in words."""

from __future__ import annotations

from ledger.law.deadlines.table import REGISTER
from projections.sentences.periods import PERIODS, period


def test_every_period_of_the_rules_has_words_and_nothing_else_has() -> None:
    assert set(PERIODS) == {d.id for d in REGISTER}


def test_a_period_is_named_in_words_with_its_code() -> None:
    assert period("D-7-7") == "answer of the provider (D-7-7)"
    assert period("X-1") == "X-1"

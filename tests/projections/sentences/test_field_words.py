"""A stated value is shown in words and whole; what somebody stated in words is shown as it is."""

from __future__ import annotations

import pytest

from ledger.facts import KINDS
from ledger.facts.value_forms import BooleanForm, IntegerForm, ListForm, TextForm
from projections.render.translation import translation
from projections.sentences.field_words import field_words, named_words
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import Names
from projections.sentences.values import Language, Worded

LONG = "a word " * 40


@pytest.mark.parametrize(
    ("kind", "field", "value", "english", "german"),
    [
        ("order-issued", "data_categories", "subscriber", "subscriber data", "Bestandsdaten"),
        ("order-issued", "return_timeframe", "P20D", "20 days", "20 Tage"),
        ("order-issued", "date_issued", "2027-03-01", "1 March 2027", "1. März 2027"),
        ("order-issued", "domestic_legal_grounds", LONG, LONG, LONG),
        ("order-issued", "offences", "subscriber", "subscriber", "subscriber"),
        ("order-issued", "providers", "skylark", "skylark", "skylark"),
        ("customer-notification-delayed", "grounds", "LED:13(3)(a)", "(LED:13(3)(a))", "(LED:13(3)(a))"),
    ],
)
def test_codes_dates_and_periods_are_words_and_stated_words_stay(
    kind: str, field: str, value: str, english: str, german: str
) -> None:
    form = KINDS[kind].fields()[field].form
    item = form.item if isinstance(form, ListForm) else form
    for lang, words in (("en", english), ("de", german)):
        shown = field_words(value, item, Names(()), LocalTimes(""), translation(lang).values)
        assert shown.endswith(words) if words.startswith("(") else shown == words
        assert shown != value or words == value


def test_a_value_without_words_for_its_form_is_shown_as_it_is() -> None:
    for form in (IntegerForm("count", ""), BooleanForm(), TextForm("str", "")):
        assert field_words("a:7\u202e", form, Names(()), LocalTimes(""), translation("de").values) == "a:7<U+202E>"


def test_a_language_and_a_regime_of_data_protection_have_words_although_their_forms_list_no_codes() -> None:
    german = Language("de", {"Directive (EU) 2016/680": "Richtlinie (EU) 2016/680"})
    regime, spoken = named_words("dp_regime", "LED"), named_words("languages", ["de", "sv"])
    assert (regime, spoken) == ("Directive (EU) 2016/680 (LED)", "German, Swedish")
    assert isinstance(regime, Worded)
    assert isinstance(spoken, Worded)
    assert (regime.in_(german), spoken.in_(german)) == ("Richtlinie (EU) 2016/680 (LED)", "Deutsch, Schwedisch")
    assert (
        named_words("dp_regime", "2AP:14(2)-(15)")
        == named_words("reference", "LED")
        == named_words("languages", 7)
        == ""
    )


def test_a_state_that_the_register_does_not_name_has_its_name_of_the_cldr_and_its_code() -> None:
    party = TextForm("party", "a Party")
    for lang, says in (("en", "Germany (DE)"), ("de", "Deutschland (DE)")):
        assert field_words("DE", party, Names(()), LocalTimes(""), Language(lang)) == says
    assert field_words("XO", party, Names(()), LocalTimes(""), Language()) == "XO"

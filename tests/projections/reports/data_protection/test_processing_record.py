"""The processing record in words: data by name, purposes by name, fields by name, in the language of the paper."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.case import Unread
from ledger.facts import KINDS
from ledger.facts.value_forms import ListForm
from ledger.messages import Message
from projections.render.translation import translation
from projections.reports.data_protection.processing_record import PURPOSES, ProcessingRecord, processing_record
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.history import text
from projections.sentences.field_words import field_label
from tests.support.judging import judged
from tests.support.scenarios import given, issued, moment

NOW = moment("2027-03-01T12:00Z")
MAKING = Provenance(NOW, "comity 0", "0" * 64, None, IntegrityResult("INDETERMINATE", "", (), ()))
GERMAN = translation("de")


def record(lang: str = "en", *elements: str, **fields: Any) -> ProcessingRecord:
    """Return the record of one order in a language."""
    story = given(issued("2027-03-01T09:00Z", "2AP-7", *elements, **fields))
    found: ProcessingRecord = translation(lang).of(processing_record(story.case, judged(story), MAKING, (), (), ()))
    return found


def test_the_row_names_data_in_words_each_of_them() -> None:
    elements = ("message-content#a", "message-content#b", "name", "postal-address", "telephone", "registration-ip")
    row = dict(record("en", *elements, data_categories=["subscriber"]).row)
    assert row["Categories of data"].startswith(
        "subscriber data; the content of messages “a”; the content of messages “b”; "
    )
    assert row["Categories of data"].count("; ") == len(elements)
    german = dict(record("de", "message-content#a", data_categories=["subscriber"]).row)
    assert german["Datenkategorien"] == "Bestandsdaten; der Inhalt von Nachrichten „a“"


def test_a_sealed_value_in_the_row_has_the_name_of_its_field() -> None:
    for lang, label, says in (
        ("en", "Purpose", "KA-1; offences: [sealed]"),
        ("de", "Zweck", "KA-1; Straftaten: [sealed]"),
    ):
        assert dict(record(lang, case_ref="KA-1", offences=["fraud"]).row)[label] == says


def test_what_an_entry_adds_to_its_sentence_has_names_of_fields_and_a_date_in_the_language() -> None:
    english, german = (record(lang, dp_regime="LED").answers[0].lines[0] for lang in ("en", "de"))
    assert english.startswith("2027-03-01 09:00 UTC: ")
    assert english.endswith(" (data protection regime: Directive (EU) 2016/680 (LED))")
    assert german.startswith("01.03.2027 09:00 UTC: ")
    assert german.endswith(" (Datenschutzregime: Richtlinie (EU) 2016/680 (LED))")


def test_each_purpose_and_each_field_has_words_in_german() -> None:
    assert [code for code, words in PURPOSES.items() if GERMAN.say(words) == words] == []
    names = {field_label(name) for fact in KINDS.values() for name in fact.fields()}
    assert sorted(name for name in names if name not in GERMAN.messages) == []


EVENT = KINDS["event-disputed"].fields()["about"].form


@pytest.mark.parametrize(
    ("value", "german"), [(True, "ja"), (False, "nein"), ("ab" * 32, "Eintrag 9"), (["ab" * 32, "x"], "Eintrag 9; x")]
)
def test_words_of_ours_among_values_are_german_and_stated_words_stay(value: object, german: str) -> None:
    said = text(value, ListForm(EVENT) if isinstance(value, list) else EVENT, {"ab" * 32: "9"}, {})
    assert isinstance(said, Message)
    assert GERMAN.words(said) == german
    assert not isinstance(text("yes", EVENT, {}, {}), Message)
    assert text(Unread.WITHHELD, None, {}, {}) == "[sealed]"


def test_what_the_order_does_not_state_is_empty_in_the_row() -> None:
    row = dict(record("en", data_categories=[], domestic_legal_grounds=[]).row)
    assert (row["Purpose"], row["Legal basis"]) == ("", "")
    assert row["Categories of data"] == "the name of the user; the postal address"
    assert dict(record("en", dp_regime="LED").row)["Legal basis"] == "Directive (EU) 2016/680 (LED)"

"""Different spellings of an identifier have a form in common."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.subject_keys.search_forms import asked_forms, forms_in, forms_of
from ledger.adapters.subject_keys.value_index import SearchForm


def matches(asked: str, stored: set[SearchForm]) -> str | None:
    """Return how a value is found among stored forms; None if it is not."""
    return next((next(iter(forms)).how for forms in asked_forms(asked) if forms <= stored), None)


@pytest.mark.parametrize(
    ("stored", "asked", "how"),
    [
        ("Lena.Voss@Skylark.Example", "lena.voss@skylark.example", "value"),
        ("mailto:lena.voss@skylark.example", "LENA.VOSS@skylark.example", "value"),
        ("user-3", "USER-3", "value"),
        ("ｕｓｅｒ-3", "user-3", "value"),
        ("lena@xn--mller-kva.example", "lena@müller.example", "value"),
        ("Straße 7", "STRASSE  7", "value"),
        ("user\u200b-3", "user-3", "value"),
        ("e\u0301va@x.example", "éva@x.example", "value"),
        ("+46 70-123 45 67", "0046 (0)70 1234567", "phone"),
        ("tel:+46701234567", "+46 70 123 45 67", "phone"),
        ("+46 70-123 45 67", "070-123 45 67", "ending"),
        ("070-123 45 67", "+46 70 123 45 67", "ending"),
        ("+372 5123 4567", "5123 4567", "ending"),  # no prefix within the State
        ("+1 212-555-0100", "(212) 555-0100", "ending"),
        ("+1 212-555-0100", "212-555-0100", "ending"),
        ("+372 5123 4567", "(+372) 5123 4567", "phone"),
        ("+372 5123 4567", "+372 5123\u20114567", "phone"),
        ("+372\u20135123\u20134567", "+37251234567", "phone"),
        ("Nora O\u2019Brien", "nora o'brien", "value"),
        ("Lena Voss", "voss, lena", "name"),
        ("Anna Lena Voss", "Anna Lena Voss", "value"),
        ("Anna Lena Voss", "Lena Voss", "name"),
        ("anna lena voss", "Lena Voss", "name"),
        ("acct:user-3", "user-3", "value"),
        ("sip:user-3", "user-3", "value"),
        ("user-3", "xmpp:user-3", "value"),
    ],
)
def test_an_identifier_is_found_in_another_spelling(stored: str, asked: str, how: str) -> None:
    assert matches(asked, forms_of(stored)) == how


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("user-3", "user-33"),
        ("lena@x.example", "lena@y.example"),
        ("+46701234567", "+46701234568"),
        ("Lena Voss", "Lena Moss"),
        ("Lena Voss", "Lena"),
        ("0701234567", "0711234567"),
        ("", ""),
        ("user 3", "3 user"),
    ],
)
def test_another_identifier_is_not_found(stored: str, asked: str) -> None:
    assert matches(asked, forms_of(stored)) is None


LONGEST = "x" * 246 + "@y.examp"  # 254 characters, RFC 5321


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        ("Lena Voss", [("name", "lena voss")]),
        ("Voss, Lena", [("name", "lena voss")]),
        ("Anna Lena Voss", [("name", "anna lena"), ("name", "lena voss")]),
        ("Anna (Lena) Voss", []),
        ("lena voss 7", []),  # with a digit it is no name
        ("lena@x.example voss", [("value", "lena@x.example")]),  # nor with an address
        ("123456", []),
        ("+46 12345", [("phone", "4612345")]),  # seven digits
        ("1234567", []),
        ("12345678", [("ending", "12345678")]),
        ("123456789012345", [("ending", "89012345")]),  # fifteen
        ("1234567890123456", []),
        ("(+372) 5123 4567", [("ending", "51234567"), ("phone", "37251234567")]),
        ("+12 34 56", []),  # six digits
        ("user-12345678", []),  # no number as a whole
        ("see x@y now", []),
        ("see @y.example now", []),
        ("see x@y@z.example now", []),
        ("x@xn--ü.example", []),  # no label of a domain in ASCII
        ("x@xn--0.example", []),
        ("x@y", []),
        ("@y.example", []),
        ("x@y@z.example", []),
        ("<x@y.example>!", [("value", "x@y.example")]),
        (f"<{LONGEST}>", [("value", LONGEST)]),
        (f"<x{LONGEST}>", []),
    ],
)
def test_a_value_has_these_forms_and_no_others(value: str, forms: list[tuple[str, str]]) -> None:
    assert sorted((each.how, each.text) for each in forms_of(value)) == sorted([*forms, ("value", value.casefold())])


def test_a_text_gives_addresses_numbers_and_names_and_no_other_words() -> None:
    text = "Secret reason about Jaan Tamm (jaan.tamm@mail.example, +372 5123 4567); he was seen."
    stored = forms_in(text)
    assert matches("tamm jaan", stored) == "name"
    assert matches("JAAN.TAMM@mail.example", stored) == "value"
    assert matches("+372 51234567", stored) == "phone"
    assert matches("Secret reason", stored) is None
    assert matches("he was", stored) is None


@pytest.mark.parametrize("text", ["we saw Tamm", "Tamm was here", "Tamm and Voss", "", "\u200b"])
def test_a_text_without_two_neighbouring_capital_words_gives_no_name(text: str) -> None:
    assert forms_in(text) == set()


@pytest.mark.parametrize("value", ["", " ", "\u200b"])
def test_nothing_that_can_be_seen_has_no_form(value: str) -> None:
    assert forms_of(value) == set()
    assert asked_forms(value) == []


def test_a_name_is_not_joined_over_the_end_of_a_sentence() -> None:
    assert matches("Tamm Lena", forms_in("It was Tamm. Lena agreed.")) is None


@given(st.text(max_size=60))
def test_every_text_is_read_and_is_found_by_itself(text: str) -> None:
    forms_in(text)
    if asked_forms(text):
        assert matches(text, forms_of(text)) == "value"


def test_a_long_text_is_read_in_linear_time() -> None:
    for text in ("a" * 400_000, "a@" * 200_000, "0" * 400_000, "+ " * 200_000, "Aa " * 100_000, "(" * 400_000):
        begun = time.process_time()
        forms_in(text)
        assert time.process_time() - begun < 2

"""Every code of the vocabulary has its words."""

from __future__ import annotations

import re

import pytest

from ledger.facts import KINDS
from ledger.facts.vocabulary import ELEMENTS
from ledger.facts.words import CODE_LISTS, words_of
from ledger.facts.words.lookup import code_of, did_you_mean, hint_of, list_of, near_codes
from projections.render.translation import translation

FIELDS = {f"{kind}.{f.name}": f for kind, cls in KINDS.items() for f in cls.fields().values() if f.one_of}


@pytest.mark.parametrize("name", FIELDS)
def test_every_code_that_a_field_takes_has_words(name: str) -> None:
    field = FIELDS[name]
    assert {*words_of(field.one_of)} == {*field.one_of}


def test_every_list_is_one_that_a_field_takes_or_a_table_of_the_vocabulary() -> None:
    taken = {frozenset(f.one_of) for f in FIELDS.values()}
    lists = [name for name, each in CODE_LISTS.items() if frozenset(each.words) not in taken]
    assert lists == ["roles", "instruments", "elements", "grounds", "groups"]
    assert {*CODE_LISTS["elements"].words} == {*ELEMENTS}


def test_two_codes_of_one_list_have_the_same_words_only_where_two_acts_have_the_same_ground() -> None:
    doubled = [n for n, each in CODE_LISTS.items() if len({*each.words.values()}) < len(each.words)]
    assert doubled == ["denial-grounds", "objection-grounds"]


def test_words_fit_after_a_colon() -> None:
    tables = {"roles", "instruments", "grounds", "groups"}  # in the words of the vocabulary
    words = {w for n, each in CODE_LISTS.items() if n not in tables for w in each.words.values()}
    assert [w for w in sorted(words) if w.endswith(".") or not re.match("[a-z]|IP ", w)] == []
    assert [n for n, each in CODE_LISTS.items() if not each.says.endswith(".") or not each.words] == []


def test_every_word_is_translated() -> None:
    german = translation("de").messages
    words = {w for n, each in CODE_LISTS.items() if n != "groups" for w in each.words.values()}
    assert sorted(w for w in words if not german.get(w)) == []


@pytest.mark.parametrize("name", [n for n, each in CODE_LISTS.items() if each.everyday])
def test_an_everyday_word_names_one_code_or_is_answered_with_the_codes_that_it_may_mean(name: str) -> None:
    words = CODE_LISTS[name].words
    for text, codes in CODE_LISTS[name].everyday.items():
        assert (text.casefold(), {*codes} <= {*words}) == (text, True)
        if len(codes) == 1:
            assert code_of(text.title(), words) == codes[0]
        else:
            assert code_of(text, words) is None
            assert hint_of(text, words).startswith("did you mean ")
            assert near_codes(text, words) == [*codes]


COLOURS = {"dark-red": "a colour of wine", "red": "a colour of blood", "sea-blue": "a colour of the sea", "grey": "ash"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("gray", ["grey"]),
        (" GREY ", ["grey"]),
        ("dark", ["dark-red"]),
        ("da", []),
        ("blood", ["red"]),
        ("wine red", ["dark-red"]),
        ("colour", ["dark-red", "red", "sea-blue"]),
        ("of the", []),
        ("red colour", ["dark-red", "red"]),
        ("reds", ["red"]),
        ("x", []),
        ("", []),
    ],
)
def test_a_code_is_near_by_its_letters_then_by_its_beginning_then_by_most_words(text: str, codes: list[str]) -> None:
    assert near_codes(text, COLOURS) == codes
    assert near_codes(text, COLOURS, 1) == codes[:1]
    assert near_codes(text, {}) == []


@pytest.mark.parametrize("text", ["law enforcement", "Polizei", "central authority", "Zentrale Beho\u0308rde"])
def test_a_role_in_words_with_several_codes_is_asked_about(text: str) -> None:
    assert hint_of(text, CODE_LISTS["roles"].words).startswith("did you mean ")


def test_a_code_that_begins_with_three_typed_letters_is_near() -> None:
    words = {"forensic-lab": "a place", "other": "another", "Forwarder": "who sends"}
    assert near_codes("foren", words) == ["forensic-lab"]
    assert near_codes(" FOR ", words) == ["forensic-lab", "Forwarder"]
    assert near_codes("for", words, most=1) == ["forensic-lab"]
    assert near_codes("fo", words) == []
    assert near_codes("forensic-lap", words) == ["forensic-lab"]
    assert near_codes("", words) == []
    assert did_you_mean("foren", words) == "did you mean forensic-lab (a place)?"
    assert did_you_mean("for", words) == "did you mean forensic-lab (a place) or Forwarder (who sends)?"
    assert did_you_mean("xyz", words) == ""


def test_a_word_of_one_list_is_not_looked_for_in_another() -> None:
    assert near_codes("law enforcement", CODE_LISTS["roles"].words)
    assert near_codes("law enforcement", COLOURS) == []
    assert code_of("law enforcement", COLOURS) is None


def test_all_codes_are_listed_unless_the_message_has_them_already() -> None:
    roles = CODE_LISTS["roles"].words
    explains = "`comity vocabulary roles` explains them"
    assert hint_of("zzz", roles) == f"there are {', '.join(roles)}; {explains}"
    assert hint_of(7, roles) == f"there are {', '.join(roles)}; {explains}"
    assert hint_of("zzz", roles, listed=True) == explains
    assert hint_of("validatin authority", roles, listed=True).endswith(f"? {explains}")
    assert hint_of("zzz", COLOURS) == ""


PAIRS = {"a": "b", "b": "c; d or e", "f": "same", "g": "Same", "h": "Sch\u00f6n  gr\u00fcn"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("a", "a"), (" A ", "a"), ("b", "b"), ("B", "b"), ("c", "b"), ("D", "b"), (" e", "b"), ("c; d or e", "b")),
        *(("same", None), ("f", "f"), ("x", None), ("", None), ("scho\u0308n GR\u00dcN", "h")),
    ],
)
def test_a_text_names_a_code_by_the_code_then_by_its_words_or_a_part_of_them(text: str, code: str | None) -> None:
    assert code_of(text, PAIRS) == code


def test_a_list_is_found_by_exactly_its_codes() -> None:
    roles = CODE_LISTS["roles"]
    assert list_of(roles.words) is list_of([*roles.words][::-1]) is roles
    assert list_of([*roles.words][1:]) is list_of(()) is None
    assert words_of(tuple(CODE_LISTS["bundle-parts"].words)) == CODE_LISTS["bundle-parts"].words
    assert words_of(("no", "list")) == words_of(()) == {}


def test_of_two_codes_that_are_near_a_mistyped_one_the_nearer_is_meant() -> None:
    words = {"abcdfg": "the second", "abcde": "the first"}
    assert near_codes("abcdeg", words) == ["abcde"]
    assert near_codes(" ABCDE ", words) == ["abcde"]
    assert near_codes("abcd", words) == ["abcde", "abcdfg"]

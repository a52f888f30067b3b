"""Which words of an entry are those of people: any words, however deep, and no code of a list."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.case import Unread
from ledger.facts.value_forms import BooleanForm, Form, ListForm, MapForm, ObjectForm, TextForm
from projections.render.verbatim import _own, stated
from tests.support.scenarios import Fact, case, disclosed, fact, issued

ANY = TextForm("text", "a text")
CODE = TextForm("code", "a code", values=("open", "shut"))
DIGITS = TextForm("number", "digits", pattern="[0-9]+")


@pytest.mark.parametrize(
    ("value", "form", "words"),
    [
        ("said", ANY, ["said"]),
        ("open", CODE, []),
        ("12", DIGITS, []),
        (True, BooleanForm(), []),
        (None, ANY, []),
        (["a", "b"], ListForm(ANY), ["a", "b"]),
        (("a",), ListForm(ANY), ["a"]),
        (["open"], ListForm(CODE), []),
        (
            {"one": "a", "two": "open", "more": "b"},
            ObjectForm("o", "", {"one": ANY, "two": CODE, "none": ANY}, ()),
            ["a"],
        ),
        ({"x": "a", "y": "b", "z": ["c"]}, MapForm("m", "", DIGITS, ANY), ["a", "b"]),
        ({"x": "a"}, MapForm("m", "", ANY, CODE), []),
        ([["a"], ["b", 3]], ListForm(ListForm(ANY)), ["a", "b"]),
        ("said", ListForm(ANY), []),
    ],
    ids=str,
)
def test_words_are_taken_from_any_depth_and_codes_are_not(value: Any, form: Form, words: list[str]) -> None:
    assert list(_own(value, form)) == words


def words_of(*facts: Fact) -> frozenset[str]:
    return stated(case((issued("2027-03-01T09:00Z", case_ref="KA-1"), *facts), "2AP-7").entries)


def test_the_words_of_public_and_of_opened_sealed_fields_are_found_and_those_of_closed_ones_are_not() -> None:
    files = {"elements": ["name"], "files": [{"name": "a.zip", "size": 1, "sha256": "a" * 64}]}
    found = words_of(disclosed("2027-03-05T09:00Z", manifest=files))
    assert {"KA-1", "a.zip"} <= found
    assert "a" * 64 not in found
    assert "a.zip" not in words_of(disclosed("2027-03-05T09:00Z", manifest=Unread.WITHHELD))
    assert words_of() == words_of(fact("not-of-this-program", "2027-03-05T09:00Z", "ilves", "ISS", says="x"))


def test_why_an_entry_was_replaced_is_in_the_words_of_its_signer_and_only_there() -> None:
    again = issued("2027-03-02T09:00Z", label="again", replaces="issued", why="a typo")
    assert "a typo" in words_of(again)
    assert "" in words_of(issued("2027-03-02T09:00Z", label="again"), again.changed(why=None))
    assert "" not in words_of()

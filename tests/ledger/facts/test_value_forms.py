"""Each form takes its values and no others, and names the place of a wrong value inside its field."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.facts.value_forms import (
    ABSENT,
    LARGEST,
    BooleanForm,
    Form,
    FormError,
    IntegerForm,
    ListForm,
    MapForm,
    ObjectForm,
    TextForm,
    check,
    check_before_signing,
    check_typed,
    is_typed,
    quick_check,
    texts,
)

LINE = TextForm("str", "a line")
CODE = TextForm("code", "one of a, b", values=("a", "b"))
WORD = TextForm("word", "small letters", "[a-z]+", suggestions=lambda: ("abc",))
TRUTH = BooleanForm()


def refuse_ten(text: str) -> None:
    if text == "ten":
        raise ValueError(text)


NUMBER = TextForm("number", "a number that is not ten", "[a-z]+", parse=refuse_ten)
WHOLE, SIZE = IntegerForm("int", "a whole number"), IntegerForm("int", "0 or more", least=0)
LETTERS = ListForm(WORD)
PAIR = ObjectForm("pair", "an object with x, y, z", {"x": WORD, "y": SIZE, "z": LINE}, ("x",), either=("y", "z"))
NAMES = MapForm("names", "names by language", WORD, LINE)

TAKEN: list[tuple[Form, list[Any]]] = [
    (LINE, ["", "a", "Zürich", "한국", "a b"]),
    (CODE, ["a", "b"]),
    (WORD, ["a", "abc"]),
    (NUMBER, ["nine"]),
    (WHOLE, [0, -LARGEST, LARGEST]),
    (SIZE, [0, 1, LARGEST]),
    (TRUTH, [True, False]),
    (LETTERS, [[], ["a"], ["a", "b"]]),
    (PAIR, [{"x": "a", "y": 0}, {"x": "a", "z": ""}, {"x": "a", "y": 1, "z": "b"}]),
    (NAMES, [{"en": "Court"}, {"en": "Court", "de": "Gericht"}]),
]
REFUSED: list[tuple[Form, Any, str, str]] = [  # the form, a value, what was expected, its place
    (LINE, 7, "a line", ""),
    (LINE, None, "a line", ""),
    (LINE, "a\nb", "a line", ""),
    (LINE, "a\tb", "a line, without control or bidi-control characters", ""),
    (LINE, "a\x7fb", "a line, without control or bidi-control characters", ""),
    (LINE, "ä\ud800", "a line, without control or bidi-control characters", ""),
    (LINE, "ä\udfff", "a line, without control or bidi-control characters", ""),
    (LINE, "e\u0301", "a line, in Unicode normalisation form C", ""),
    (CODE, "c", "one of a, b", ""),
    (CODE, "", "one of a, b", ""),
    (WORD, "A", "small letters", ""),
    (WORD, "", "small letters", ""),
    (NUMBER, "ten", "a number that is not ten", ""),
    (WHOLE, LARGEST + 1, "a whole number", ""),
    (WHOLE, -LARGEST - 1, "a whole number", ""),
    (WHOLE, True, "a whole number", ""),
    (WHOLE, 1.0, "a whole number", ""),
    (SIZE, -1, "0 or more", ""),
    (TRUTH, 1, "true or false", ""),
    (TRUTH, 0, "true or false", ""),
    (TRUTH, "true", "true or false", ""),
    (LETTERS, "a", "a list, each item small letters", ""),
    (LETTERS, ("a",), "a list, each item small letters", ""),
    (LETTERS, ["a", "B"], "small letters", "[1]"),
    (PAIR, [], "an object with x, y, z", ""),
    (PAIR, {"x": "a", "w": 1}, "no member but x, y, z", ""),
    (PAIR, {"y": 1}, "small letters", ".x"),
    (PAIR, {"x": "A", "y": 1}, "small letters", ".x"),
    (PAIR, {"x": "a", "y": -1}, "0 or more", ".y"),
    (PAIR, {"x": "a"}, "y or z", ""),
    (NAMES, {}, "names by language", ""),
    (NAMES, [], "names by language", ""),
    (NAMES, ["en"], "names by language", ""),
    (NAMES, {"EN": "Court"}, "small letters", ""),
    (NAMES, {"en": "Court", "de": 7}, "a line", ".de"),
]


@pytest.mark.parametrize(("form", "values"), TAKEN, ids=lambda each: getattr(each, "type", ""))
def test_a_form_takes_its_values_and_no_quick_look_takes_others(form: Form, values: list[Any]) -> None:
    for value in values:
        check(form, value)
        check_before_signing(form, value)


@pytest.mark.parametrize(("form", "value", "expected", "path"), REFUSED)
def test_a_value_without_the_form_is_refused_with_what_was_expected_and_its_place(
    form: Form, value: Any, expected: str, path: str
) -> None:
    with pytest.raises(FormError) as refused:
        check(form, value, "field")
    assert (refused.value.expected, refused.value.path) == (expected, f"field{path}")
    assert str(refused.value) == expected
    try:
        quick = bool(quick_check(form)(value))
    except TypeError:
        quick = False
    assert not quick


def test_the_wrong_value_is_carried_with_the_values_that_were_meant() -> None:
    for form, value, suggestions in ((CODE, "c", ("a", "b")), (WORD, "A", ("abc",)), (LINE, "a\nb", ())):
        with pytest.raises(FormError) as refused:
            check(form, value)
        assert (refused.value.got, tuple(refused.value.suggestions)) == (value, suggestions)
    for lacking in ({"y": 1}, {"x": "a"}):
        with pytest.raises(FormError) as refused:
            check(PAIR, lacking)
        assert refused.value.got is ABSENT


@pytest.mark.parametrize(
    ("form", "value"),
    [
        *((LINE, ""), (LINE, "a b~"), (WORD, "abc"), (CODE, "a"), (WHOLE, -LARGEST), (WHOLE, LARGEST)),
        *((SIZE, 0), (TRUTH, True), (TRUTH, False), (LETTERS, []), (LETTERS, ["a", "b"])),
        (TextForm("date", "a date", "[0-9]{4}-[0-9]{2}-[0-9]{2}"), "2027-02-28"),
        (TextForm("instant", "an instant", "[0-9]{4}-[0-9]{2}-[0-9]{2}T"), "2027-12-01T"),
    ],
)
def test_the_quick_look_is_enough_for_common_values(form: Form, value: Any) -> None:
    assert quick_check(form)(value)


@pytest.mark.parametrize("day", ["0000-01-01", "2027-02-29", "2027-04-31", "2027-13-01", "2027-00-10", "2027-01-00"])
def test_the_quick_look_takes_only_days_that_every_month_has(day: str) -> None:
    for kind in ("date", "instant"):
        assert not quick_check(TextForm(kind, "a time", "[0-9]{4}-[0-9]{2}-[0-9]{2}"))(day)


def test_objects_and_parsed_texts_are_left_to_the_full_check() -> None:
    for form, value in ((PAIR, {"x": "a", "y": 0}), (NAMES, {"en": "Court"}), (NUMBER, "nine")):
        assert quick_check(form)(value) is False
    assert quick_check(LETTERS)(("a",)) is False


def test_free_texts_are_found_with_their_places_and_codes_are_not() -> None:
    form = ObjectForm("o", "o", {"code": CODE, "items": ListForm(LINE), "names": NAMES, "no": LINE, "n": SIZE}, ())
    value = {"code": "a", "items": ["x", "y"], "names": {"en": "z"}, "n": 1}
    assert [(path, text) for path, text, _ in texts(form, value, "f")] == [
        ("f.items[0]", "x"),
        ("f.items[1]", "y"),
        ("f.names.en", "z"),
    ]
    assert list(texts(SIZE, 7)) == list(texts(CODE, "a")) == []


def test_a_new_text_has_no_character_that_is_unassigned_or_not_seen() -> None:
    for text, says in (
        ("a\u0378", "a line, without U+0378, which Unicode 14.0 does not have"),
        ("a\u200b", "a line, without U+200B, which has no shape of its own"),
    ):
        check(LINE, text)
        with pytest.raises(FormError) as refused:
            check_before_signing(ListForm(LINE), ["a", text])
        assert (refused.value.expected, refused.value.got, refused.value.path) == (says, text, "[1]")


def test_a_new_text_passes_the_strict_pattern_and_the_strict_check_of_its_type() -> None:
    strict = TextForm("s", "strict", strict_pattern="[a-z]+", strict_check=refuse_ten, suggestions=lambda: ("nine",))
    check_typed(strict, "nine")
    check_typed(LINE, "TEN")
    for text in ("NINE", "ten", ""):
        check(strict, text)
        with pytest.raises(FormError) as refused:
            check_typed(strict, text)
        assert (refused.value.expected, refused.value.got) == ("strict", text)
        assert tuple(refused.value.suggestions) == ("nine",)
    assert [is_typed(*each) for each in (("", None, "A"), ("[a-z]+", None, "A"), ("[a-z]+", None, "a"))] == [
        True,
        False,
        True,
    ]
    assert [is_typed("", refuse_ten, text) for text in ("nine", "ten")] == [True, False]

"""Each limit of signed JSON holds to the last value: of integers, depth, number of values, bytes and names."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.formats import canonical_json
from ledger.formats.canonical_json import _walk, canonical, check_json, parse_json, plain, simple


def nested(depth: int, kind: str) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


WITHIN = {
    "the largest integer": [2**53 - 1],
    "the smallest integer": {"a": -(2**53) + 1},
    "16 lists": nested(16, "list"),
    "16 objects": nested(16, "dict"),
    "2000 values": [0] * 1_999,
    "32768 bytes": ["x" * (32_768 - 4)],
    "a name of 64 letters": {"a" * 64: None},
    "a line feed": ["a\nb"],
}
BEYOND = {
    "a larger integer": ([2**53], "JSON-NUMBER"),
    "a smaller integer": ({"a": -(2**53)}, "JSON-NUMBER"),
    "an integer alone": (2**53, "JSON-NUMBER"),
    "a float": ([0.5], "JSON-NUMBER"),
    "17 lists": (nested(17, "list"), "JSON-DEPTH"),
    "17 objects": (nested(17, "dict"), "JSON-DEPTH"),
    "2001 values": ([0] * 2_000, "JSON-SIZE"),
    "a name of 65 letters": ({"a" * 65: None}, "JSON-KEY"),
    "an empty name": ({"": None}, "JSON-KEY"),
    "a name with a capital": ({"A": None}, "JSON-KEY"),
    "a tab": (["a\tb"], "JSON-CHAR"),
    "a text in another normalisation form": (["e\u0301"], "JSON-NFC"),
}


@pytest.mark.parametrize("name", WITHIN)
def test_a_value_at_a_limit_has_a_canonical_form_that_is_read_again(name: str) -> None:
    assert parse_json(canonical(WITHIN[name])) == WITHIN[name]


@pytest.mark.parametrize("name", BEYOND)
def test_a_value_beyond_a_limit_is_neither_written_nor_read(name: str) -> None:
    value, code = BEYOND[name]
    for ask in (lambda: canonical(value), lambda: parse_json(orjson.dumps(value))):
        with pytest.raises(RecordError) as refused:
            ask()
        assert refused.value.code == code


def test_a_text_of_one_byte_more_is_not_read() -> None:
    with pytest.raises(RecordError, match="at most 32768 are allowed") as refused:
        parse_json(b'["' + b"x" * (32_769 - 4) + b'"]')
    assert refused.value.code == "JSON-SIZE"


@pytest.mark.parametrize("point", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_half_of_a_surrogate_pair_is_no_character(point: int) -> None:
    text = f"a{chr(point)}"
    with pytest.raises(RecordError, match="a lone surrogate") as refused:
        canonical({"a": text})
    assert refused.value.code == "JSON-CHAR"
    assert parse_json(canonical(["\ud7ff", "\ue000"])) == ["\ud7ff", "\ue000"]


def test_names_of_another_form_are_written_and_read_where_the_caller_allows_it_and_nowhere_else() -> None:
    also = re.compile("[0-9]{4}")
    raw = canonical({"2027": {"a": 1}}, also=also)
    check_json(raw, {"2027": {"a": 1}}, also=also)
    for value, form in (({"2027": 1}, None), ({"20271": 1}, also), ({"A": 1}, also), ({2027: 1}, also)):
        with pytest.raises(RecordError) as refused:
            canonical(value, also=form)
        assert refused.value.code == "JSON-KEY"
    with pytest.raises(RecordError, match="JSON-KEY"):
        check_json(raw, {"2027": {"a": 1}})


def test_the_names_of_hostile_entries_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical_json, "_known_keys", set())
    canonical({f"a{n}": 0 for n in range(4_096)}, max_nodes=5_000)
    assert len(canonical_json._known_keys) == 4_096
    assert parse_json(canonical({"b": 0})) == {"b": 0}
    assert len(canonical_json._known_keys) == 4_096


@pytest.mark.parametrize("most", [1, 5, 9])
def test_bytes_are_visibly_few_values_exactly_up_to_their_largest_number(most: int) -> None:
    for count in range(most + 4):
        for raw in (b"[" + b",".join([b"0"] * count) + b"]", orjson.dumps({f"a{n}": "x" * 40 for n in range(count)})):
            assert plain(raw, most) is (1 + count <= max(most, 1) if count else most > 1), (count, raw)


def test_bytes_are_visibly_of_a_depth_up_to_the_largest_and_of_plain_texts() -> None:
    for depth, seen in ((16, True), (17, False)):
        for kind in ("list", "dict"):
            assert plain(orjson.dumps(nested(depth, kind))) is seen
    for raw in (b'["\\u0041"]', '["ö"]'.encode(), b'["\n"]', b'["\x1f"]', b'["\x7f"]', b'["\\\\"]'):
        assert not plain(raw)
    assert plain(orjson.dumps(["".join(map(chr, range(0x20, 0x7F))).translate({ord(c): None for c in '"\\{['})]))
    assert plain(b'"' + b" " * 20 + b"~" * 20 + b'"'), "blanks and tildes are as plain as letters"


@pytest.mark.parametrize("kind", ["list", "dict"])
def test_a_value_with_other_letters_is_as_deep_as_a_plain_one(kind: str) -> None:
    for depth in (1, 2, 15, 16):
        value = [nested(depth - 1, kind), "ö"]
        assert parse_json(canonical(value)) == value
    with pytest.raises(RecordError, match=r"^JSON-DEPTH"):
        canonical([nested(16, kind), "ö"])


def test_a_name_that_the_caller_allows_and_no_json_can_have_is_an_error_of_the_caller() -> None:
    with pytest.raises(orjson.JSONEncodeError):
        canonical({"\ud800": 0}, also=re.compile("."))


MOST = 2**53 - 1
SIMPLE: list[tuple[Any, bool]] = [
    ([], True),
    ({}, True),
    (["a", True, False, None, 0, 1, -1, MOST, -MOST], True),
    ({"a": "a", "b": True, "c": None, "d": MOST, "e": -MOST}, True),
    ([[], {}, ["a"], {"a": "a"}, [[{"a": [1]}]]], True),
    ({"a": {"b": []}, "c": [{"d": "a"}]}, True),
    ([MOST + 1], False),
    ([-MOST - 1], False),
    ([0.0], False),
    ([0, 0.0], False),
    ([[0.0], 0], False),
    ([{"a": 0.0}, {"a": 0}], False),
    ({"a": [0.0]}, False),
    ({"unknown_name": 0}, False),
    ([{"unknown_name": 0}, "a"], False),
    ({"a": {"unknown_name": 0}}, False),
]


@pytest.mark.parametrize(("value", "seen"), SIMPLE)
def test_names_numbers_and_types_are_seen_to_be_in_the_domain(
    value: Any, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canonical_json, "_known_keys", set("abcde"))
    assert simple(value) is seen


def test_a_plain_value_with_known_names_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    def walked(*_: Any) -> None:
        raise AssertionError("walked")

    monkeypatch.setattr(canonical_json, "_known_keys", {"a"})
    monkeypatch.setattr(canonical_json, "_walk", walked)
    plainly: list[Any] = [[], {}, ["x", 1, None], {"a": [True, {"a": "x"}]}]
    for value in plainly:
        assert parse_json(canonical(value)) == value
    others: list[Any] = ["x", 1, {"b": 1}, ["ö"], [0] * 2_000]
    for value in others:
        with pytest.raises(AssertionError, match="walked"):
            canonical(value)
        with pytest.raises(AssertionError, match="walked"):
            check_json(orjson.dumps(value), value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.integers(1, 14))
def test_what_is_visibly_in_the_domain_is_in_it_by_the_slow_way_too(value: Any, most: int) -> None:
    raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if plain(raw, most) and isinstance(value, dict | list):
        check_json(raw, value, max_nodes=most)
        _walk(value, 16, [most])

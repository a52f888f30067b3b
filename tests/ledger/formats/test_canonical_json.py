"""Each limit of signed JSON holds to the last value: of integers, depth, number of values, bytes and names."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical, parse_json


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

"""A pattern is filled with the words of an entry, and states which fields it uses and which it needs."""

from __future__ import annotations

import pytest

from ledger.entries.case import Unread
from projections.sentences.pattern import choices, fields, filled, parsed

PATTERN = "{who} sent {what:digest|a sealed value|an erased value}[ to {whom}]<how=mail: by {how}|*: somehow>."


def test_a_pattern_uses_every_field_in_it_and_needs_those_without_other_words() -> None:
    assert [*fields(parsed(PATTERN))] == ["who", "what", "whom", "how", "how"]
    assert [*fields(parsed(PATTERN), needed=True)] == ["who", "how"]
    assert [*fields(parsed("<kind=a:first|*:other>[ by {whom}]"), needed=True)] == []


def test_the_choices_of_a_pattern_include_those_inside_other_parts() -> None:
    found = choices(parsed("<a=x:<b=y:1|*:2>|*:3>[ in <c=z:4|*:5>]"))
    assert [(choice.field, [*choice.words]) for choice in found] == [
        ("a", ["x", "*"]),
        ("b", ["y", "*"]),
        ("c", ["z", "*"]),
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"who": "A", "what": "B", "whom": "C", "how": "post"}, "A sent B to C by post."),
        ({"who": "A", "what": "B", "how": "post"}, "A sent B by post."),
        ({"who": "A", "what": Unread.WITHHELD, "how": "post"}, "A sent a sealed value by post."),
        ({"who": "A", "what": Unread.ERASED, "how": "post"}, "A sent an erased value by post."),
        ({"who": Unread.WITHHELD, "what": "B", "how": "post"}, None),
        ({"who": "A", "what": "B"}, None),
    ],
)
def test_a_part_without_words_is_left_out_replaced_or_makes_the_sentence_fail(
    values: dict[str, str | Unread], sentence: str | None
) -> None:
    assert filled(parsed(PATTERN), lambda field, _: values.get(field), lambda _: "mail") == sentence


def test_words_are_chosen_by_the_code_of_a_field_and_else_those_for_every_other_code() -> None:
    parts = parsed("<open=yes:open|no:met|*:not known>")
    for code, words in {"yes": "open", "no": "met", "": "not known", "other": "not known"}.items():
        assert filled(parts, lambda *_: None, {"open": code}.__getitem__) == words

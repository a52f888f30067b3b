"""A paragraph on a screen is eighty columns wide, and its later lines stand two columns in."""

from __future__ import annotations

import pytest

from cli.terminal.table import wrapped


@pytest.mark.parametrize(("indent", "start", "later"), [(0, "- ", "  "), (2, "  - ", "    "), (4, "    - ", "      ")])
def test_a_paragraph_is_wrapped_at_eighty_columns(indent: int, start: str, later: str) -> None:
    room = 80 - len(start)
    assert wrapped(f"{'x' * (room - 2)} y", "-", indent=indent) == [f"{start}{'x' * (room - 2)} y"]
    assert wrapped(f"{'x' * (room - 1)} y", "-", indent=indent) == [f"{start}{'x' * (room - 1)}", f"{later}y"]


def test_without_a_word_on_it_a_paragraph_stands_two_columns_in_and_has_its_own_width() -> None:
    assert wrapped("a b", "-") == ["  - a b"]
    assert wrapped("a-b c", "-", 7) == ["  - a-b", "    c"], "a hyphen breaks no line"


def test_the_mark_of_a_paragraph_takes_its_columns_and_none_for_its_colour() -> None:
    marked = wrapped(f"{'x' * 74} y", "\x1b[1mab\x1b[0m", indent=0)
    assert marked == ["\x1b[1mab\x1b[0m " + "x" * 74 + " y"]

"""The position in the address of a page of a list is three or two numbers of the store, or none."""

from __future__ import annotations

import pytest

from cli.desk.routes import _FAR, _place, _position, _small


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1.2.3", (1, 2, 3)),
        ("-1.2.3", (-1, 2, 3)),
        (f"0.{_FAR}.0", (0, _FAR, 0)),
        (f"0.{_FAR + 1}.0", None),
        ("1.-2.3", None),
        ("1.2", None),
        ("1.2.3.4", None),
        ("1.2.3x", None),
        ("", None),
        ("1.2.1234567", None),
        ("1234567890123456.2.3", None),
        ("\u0661.2.3\n", None),
    ],
)
def test_a_place_among_deadlines_is_three_numbers(text: str, place: tuple[int, int, int] | None) -> None:
    assert _place(text) == place


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1.2", (1, 2)),
        ("-1.2", (-1, 2)),
        (f"{_FAR}.{_FAR}", (_FAR, _FAR)),
        (f"{_FAR + 1}.2", None),
        (f"1.{_FAR + 1}", None),
        ("1", None),
        ("1.-2", None),
        ("1.2.3", None),
        ("", None),
    ],
)
def test_a_position_in_the_list_of_orders_is_two_numbers(text: str, position: tuple[int, int] | None) -> None:
    assert _position(text) == position


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("0", True),
        ("9" * 17, True),
        ("9" * 18, False),
        ("", False),
        ("-1", False),
        ("\u0661", False),
        ("\u00b2", False),
    ],
)
def test_a_small_number_has_at_most_seventeen_digits(text: str, small: bool) -> None:
    assert _small(text) is small

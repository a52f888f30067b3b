"""Bars: each number above zero has one, in its proportion, and a number that is withheld has none and a sentence."""

from __future__ import annotations

import pytest

from projections.drawings.bar_chart import bar_caption, bar_picture
from projections.drawings.charts import bar_chart
from projections.drawings.picture import WIDE, Picture
from projections.render.translation import translation
from tests.projections.drawings.pictures import check_picture

ENGLISH = translation("en")


def picture(*rows: tuple[str, int | None]) -> tuple[Picture, list[str]]:
    drawn = bar_chart("orders", list(rows))
    assert drawn is not None
    made = bar_picture(drawn, ENGLISH, WIDE)
    check_picture(made)
    return made, bar_caption(drawn)


@pytest.mark.parametrize(
    ("rows", "bars", "captions"),
    [
        ([("one", 40), ("two", 20)], 2, 0),
        ([("one", 40), ("two", 0)], 1, 0),
        ([("one", 40), ("two", None)], 1, 1),
        ([("one", 40), ("two", None), ("three", 0), ("four", 1)], 2, 1),
    ],
)
def test_a_number_above_zero_has_a_bar_and_one_that_is_withheld_a_sentence(
    rows: list[tuple[str, int | None]], bars: int, captions: int
) -> None:
    made, caption = picture(*rows)
    assert (len(made.paths), len(caption)) == (bars, captions)
    names = [w.says for w in made.words if w.theirs]
    assert names == [name for name, _ in rows]
    assert made.says.startswith(f"{rows[0][0]} ")


def test_bars_are_as_long_as_their_numbers_and_leave_room_for_these() -> None:
    made, _ = picture(("one", 40), ("two", 10), ("three", None))
    one, two = (path.box[2] - path.box[0] for path in made.paths)
    assert one == pytest.approx(4 * two)
    assert WIDE * 0.5 < one < WIDE

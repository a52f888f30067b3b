"""Each shape and each word of a drawing is where it was when somebody last looked at the picture."""

from __future__ import annotations

import pytest

from tests.projections.drawings.layouts import FOLDER, LAYOUTS


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_shape_and_word_of_a_drawing_is_where_it_was_last_looked_at(name: str) -> None:
    assert LAYOUTS[name]() == (FOLDER / f"{name}.txt").read_text("utf-8"), (
        "python -m tests.projections.drawings.layouts"
    )


def test_every_text_of_a_drawing_is_compared() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {*LAYOUTS}

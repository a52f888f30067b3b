from __future__ import annotations

import pytest

from projections.drawings.picture import Canvas, Path

FORMS = {
    "circle": "M5 20a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z",
    "square": "M5 15h10v10h-10Z",
    "diamond": "M10 15l5 5l-5 5l-5 -5Z",
    "triangle": "M10 15l5 10h-10Z",
    "arrow": "M5 15h10l-5 10Z",
    "cross": "M5 15l10 10M15 15l-10 10",
}


@pytest.mark.parametrize("shape", FORMS)
def test_a_mark_has_its_form_around_its_place_and_a_cross_is_of_wider_lines(shape: str) -> None:
    canvas = Canvas()
    canvas.mark(shape, 10, 20, ink="pale", dash="2 2")
    ink, width = ("line", 2.5) if shape == "cross" else ("pale", 1.5)
    assert canvas.paths == [Path(FORMS[shape], (5, 15, 15, 25), ink, width, "2 2")]

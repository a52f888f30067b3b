"""A drawing on paper: its parts as files, their text for readers who do not see them, and the names that typst sets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from projections.drawings.picture import Picture, Words
from projections.render.pdf import _placed
from projections.render.pictures import PART, Figure

WORDS = (
    Words(1, 50, "ours"),
    Words(2, 60, "theirs, above", theirs=True),
    Words(3, PART + 40, "theirs, below", theirs=True),
)
PICTURE = Picture(680, 3 * PART, "Custody", "Two steps.", (), WORDS, seams=(PART, 2 * PART))
LINES = ("1 Police: seen.", "2 Court: received.")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("chain", "Custody: Two steps. 1 Police: seen. 2 Court: received."),
        ("timeline", "Custody: Two steps. 1 Police: seen. 2 Court: received."),
        ("deadlines", "Custody: Two steps."),
    ],
)
def test_the_text_of_a_drawing_has_its_lines_once_unless_a_list_of_the_paper_has_them(name: str, says: str) -> None:
    files = _placed(name, Figure(PICTURE, "Black: held.", LINES))["files"]
    assert isinstance(files, list)
    assert [(f["file"], f["alt"], f["width"]) for f in files] == [
        (f"{name}-0.svg", says, 680),
        (f"{name}-1.svg", "Custody (2)", 680),
        (f"{name}-2.svg", "Custody (3)", 680),
    ]


def test_names_of_others_are_placed_in_the_part_that_they_are_in() -> None:
    files = _placed("chain", Figure(PICTURE, "", LINES))["files"]
    assert isinstance(files, list)
    assert [[(w.x, w.y, w.says) for w in f["names"]] for f in files] == [
        [(2, 60, "theirs, above")],
        [(3, 40, "theirs, below")],
        [],
    ]


def test_the_first_part_is_repeated_on_each_sheet_only_if_it_is_a_head() -> None:
    placed = _placed("deadlines", Figure(replace(PICTURE, head=30.0), "Black: held."))
    assert (placed["caption"], placed["head"]) == ("Black: held.", True)
    files = placed["files"]
    assert isinstance(files, list)
    assert len(files) == 3, "the head, what is above a seam that is far enough below it, and the rest"
    assert _placed("deadlines", Figure(PICTURE, ""))["head"] is False


def test_a_drawing_that_is_too_long_for_a_picture_leaves_its_caption_alone() -> None:
    assert _placed("chain", Figure(None, "It is left out.", LINES)) == {
        "files": [],
        "caption": "It is left out.",
        "head": False,
    }

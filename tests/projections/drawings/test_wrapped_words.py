"""Words in a picture: their room, their lines, and the part of a cut picture in which they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from projections.drawings.picture import (
    FULL,
    SIZE,
    Canvas,
    Path,
    Picture,
    Words,
    breadth,
    counted,
    fits,
    joined,
    said,
    span,
    wrapped,
)
from projections.render.translation import translation


@pytest.mark.parametrize(
    ("long", "words"),
    [
        (timedelta(days=2), "2 days"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(seconds=1.9), "1 second"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_a_length_of_time_is_in_the_largest_unit_that_it_reaches(long: timedelta, words: str) -> None:
    assert span(long) == words


def test_a_number_has_its_word_and_parts_of_a_label_are_joined_where_they_are_not_empty() -> None:
    assert [counted(n, "entry", "entries") for n in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]
    assert joined(("a", "", "b")) == "a · b"
    assert said(translation("en"), ["One.", "Two."]) == "One. Two."


@pytest.mark.parametrize(
    ("letter", "size"),
    [("i", 0.42), ("a", 0.64), ("A", 0.76), ("m", 1.0), ("W", 1.0), ("中", FULL), ("\u0301", 0.0), ("\u200d", 0.0)],
)
def test_a_letter_takes_room_by_its_form(letter: str, size: float) -> None:
    assert breadth(letter) == pytest.approx(size * SIZE)
    assert breadth(letter, bold=True) == pytest.approx(size * SIZE * 1.09)
    assert breadth(letter * 3, size=10) == pytest.approx(30 * size)


ROOM = breadth("aaaa")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ("",)),
        ("   ", ("",)),
        ("aaaa", ("aaaa",)),
        ("aaaaa", ("aaaa", "a")),
        ("aa aa", ("aa", "aa")),
        ("aa i", ("aa i",)),
        ("aaaaaaaa", ("aaaa", "aaaa")),
        ("aaaaaaaaa b", ("aaaa", "aaaa", "a b")),
        ("b aaaaaaaaa", ("b", "aaaa", "aaaa", "a")),
        ("aaaa\u0301a", ("aaaa\u0301", "a")),
        ("aaaa\u0903a", ("aaaa\u0903", "a")),
        ("aaaa\u200da", ("aaaa\u200d", "a")),
        ("\u0301aaaa", ("\u0301aaaa",)),
    ],
)
def test_a_line_ends_before_the_word_that_does_not_fit_and_a_long_word_between_its_letters(
    text: str, lines: tuple[str, ...]
) -> None:
    assert wrapped(text, ROOM) == lines
    assert fits(text, ROOM) is (len(lines) == 1)


def test_a_line_in_bold_needs_more_room() -> None:
    assert wrapped("aa aa", breadth("aa aa")) == ("aa aa",)
    assert wrapped("aa aa", breadth("aa aa"), bold=True) == ("aa", "aa")


def test_the_room_of_words_is_around_their_place_by_their_anchor() -> None:
    wide = breadth("abc")
    top, bottom = 50 - 0.78 * SIZE, 50 + 0.24 * SIZE
    assert Words(100, 50, "abc").box == (100, top, 100 + wide, bottom)
    middle = pytest.approx((100 - wide / 2, top, 100 + wide / 2, bottom))
    assert Words(100, 50, "abc", anchor="middle").box == middle
    assert Words(100, 50, "abc", anchor="end").box == (100 - wide, top, 100, bottom)
    assert Words(0, 0, "abc", bold=True).box[2] == breadth("abc", bold=True)


def test_lines_and_frames_have_their_points_and_the_box_around_them() -> None:
    canvas = Canvas()
    canvas.line((5, 20), (1, 2.04), (3, 30), ink="soft", dash="1 1")
    canvas.frame((1, 2, 10.25, 20), "paper", 2)
    assert canvas.paths == [
        Path("M5 20L1 2L3 30", (1, 2.04, 5, 30), "soft", 1.0, "1 1"),
        Path("M1 2H10.2V20H1Z", (1, 2, 10.25, 20), "paper", 2),
    ]
    assert canvas.write(3, 10, "aaaa aa", ROOM, soft=True, theirs=True) == 42
    assert canvas.words == [
        Words(3, 10, "aaaa", soft=True, theirs=True),
        Words(3, 26, "aa", soft=True, theirs=True),
    ]
    made = canvas.picture(100, 60.04, "T", "Says.", 7.06)
    assert (made.width, made.height, made.title, made.says, made.head) == (100, 60.0, "T", "Says.", 7.1)


def picture(*seams: float, head: float = 0.0) -> Picture:
    words = tuple(Words(0, y, str(y)) for y in (5, 20, 39, 40, 60, 95))
    paths = tuple(Path("", (0, top, 1, bottom)) for top, bottom in ((0, 100), (5, 19), (20, 40), (41, 60)))
    return Picture(100, 100, "T", "Says.", paths, words, seams, head)


def cut(p: Picture, least: float) -> list[tuple[float, float, list[str], list[float]]]:
    return [(q.top, q.height, [w.says for w in q.words], [s.box[1] for s in q.paths]) for q in p.parts(least)]


def test_a_picture_is_cut_at_the_first_seam_that_leaves_a_part_long_enough() -> None:
    assert cut(picture(20, 40, 60), 40) == [
        (0, 40, ["5", "20", "39"], [0, 5, 20]),
        (40, 60, ["40", "60", "95"], [0, 20, 41]),
    ]
    assert cut(picture(20, 40, 60), 41) == [
        (0, 60, ["5", "20", "39", "40"], [0, 5, 20, 41]),
        (60, 40, ["60", "95"], [0, 41]),
    ]
    assert cut(picture(), 10) == [(0, 100, ["5", "20", "39", "40", "60", "95"], [0, 5, 20, 41])]


def test_the_head_of_a_cut_picture_is_a_part_and_a_part_has_none() -> None:
    parts = picture(20, 40, head=20).parts(20)
    assert [(q.top, q.height) for q in parts] == [(0, 20), (20, 20), (40, 60)]
    assert {(q.seams, q.head) for q in parts} == {((), 0.0)}
    assert parts[0] == replace(parts[0], title="T", says="Says.", width=100)

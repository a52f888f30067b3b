"""Deadlines as bars: from beginning to end on one scale, with what became of each in a word and a shape."""

from __future__ import annotations

import pathlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from cli.session.ledger_reader import reading
from ledger.law import judge
from projections.drawings.deadline_bars import (
    MOST,
    SHAPES,
    SIGN,
    DeadlineBar,
    DeadlineDrawing,
    deadline_caption,
    deadline_lines,
    deadline_picture,
    with_other_readings,
)
from projections.drawings.picture import NARROW, WIDE, Path, Picture
from projections.drawings.scale import time_scale
from projections.render.translation import translation
from projections.reports.front_page import words
from projections.reports.order_drawings import deadline_drawing
from tests.projections.drawings.pictures import check_picture
from tests.support.cli import ledger_of
from tests.support.samples import examples

BEGIN = datetime(2027, 3, 1, 9, 0, 37, tzinfo=UTC)
DUE = BEGIN + timedelta(days=10)
ENGLISH = translation("en")
BAR = DeadlineBar("E-10-2", "EPOC:10(2)", "10 days", "met", BEGIN, DUE, "", (("12", BEGIN),), (), extended=False)


def picture(*bars: DeadlineBar, width: float = WIDE, as_of: datetime = BEGIN + timedelta(days=5)) -> Picture:
    p = deadline_picture(DeadlineDrawing(bars, as_of, 0), ENGLISH, width)
    check_picture(p)
    return p


@pytest.mark.parametrize("verdict", SHAPES)
def test_each_result_has_its_word_its_shape_and_its_line_in_the_caption(verdict: str) -> None:
    bar = replace(BAR, verdict=verdict, answers=())
    others = [picture(replace(bar, verdict=other)).paths for other in SHAPES if other != verdict]
    p = picture(bar)
    assert f"data from the provider (E-10-2): {verdict}" in " ".join(w.says for w in p.words)
    assert verdict == "met" or p.paths not in others
    assert SHAPES[verdict] in deadline_caption(DeadlineDrawing((bar,), BEGIN, 0))


def test_the_line_of_today_is_between_what_is_over_and_what_is_open() -> None:
    later = replace(BAR, id="E-12-1", verdict="open", begins=BEGIN, due=BEGIN + timedelta(days=20), answers=())
    p = picture(replace(BAR, answers=()), later, as_of=BEGIN + timedelta(days=15))
    (now,) = [s for s in p.paths if s.dash == "5 3"]
    frames = [s.box for s in p.paths if s.d.endswith("Z") and s.ink == "paper" and s.box[3] - s.box[1] == 12]
    assert frames[0][2] < now.box[0] < frames[1][2]


def frames(p: Picture, *inks: str) -> list[Path]:
    """Return the rectangles of one bar: on `paper` its whole length, in grey or pale the time that has run."""
    return [s for s in p.paths if s.d.endswith("Z") and s.ink in inks and s.box[3] - s.box[1] == 12]


def day(days: float) -> datetime:
    return BEGIN + timedelta(days=days)


@pytest.mark.parametrize(
    ("verdict", "as_of", "answer", "ink", "until"),
    [
        pytest.param("open", 5, None, "pale", 5, id="open: until now"),
        pytest.param("open", 0, None, None, None, id="open: not yet begun"),
        pytest.param("met", 15, 4, "grey", 4, id="met: until the answer"),
        pytest.param("missed", 15, None, "grey", 10, id="missed: the whole bar"),
        pytest.param("missed", 15, 12, "grey", 10, id="missed and answered late: the whole bar"),
        pytest.param("undetermined", 5, None, None, None, id="undetermined"),
        pytest.param("not-running", 5, None, None, None, id="not running"),
    ],
)
def test_a_bar_is_filled_for_the_time_that_has_run(
    verdict: str, as_of: float, answer: float | None, ink: str | None, until: float | None
) -> None:
    answers = () if answer is None else (("12", day(answer)),)
    bar = replace(BAR, verdict=verdict, answers=answers)
    p = picture(bar, as_of=day(as_of))
    (whole,) = frames(p, "paper")
    moments = sorted({BEGIN, DUE, day(as_of), *(on for _, on in answers)})
    scale = time_scale(moments, WIDE / 2, WIDE - 10, 9, SIGN, most=2)
    assert (whole.box[0], whole.box[2]) == (scale.place(BEGIN), scale.place(DUE))
    assert [(s.ink, s.box[0], s.box[2]) for s in frames(p, "grey", "pale")] == (
        [] if ink is None or until is None else [(ink, scale.place(BEGIN), scale.place(day(until)))]
    )


@pytest.mark.parametrize(("ended", "as_of", "until"), [(4, 6, 4), (None, 6, 6), (None, 15, 10), (12, 15, 10)], ids=str)
def test_a_pause_is_drawn_to_its_end_or_until_now_and_at_most_to_the_end_of_the_bar(
    ended: float | None, as_of: float, until: float
) -> None:
    pause = (day(2), None if ended is None else day(ended))
    p = picture(replace(BAR, verdict="open", answers=(), pauses=(pause,)), as_of=day(as_of))
    moments = {BEGIN, DUE, day(as_of), *(moment for moment in pause if moment is not None)}
    scale = time_scale(sorted(moments), WIDE / 2, WIDE - 10, 9, SIGN, most=2)
    strokes = [s.box[0] for s in p.paths if s.box[0] == s.box[2] and s.box[3] - s.box[1] == 12]
    begins, ends = scale.place(day(2)), scale.place(day(until))
    assert strokes == pytest.approx([begins + 4 * n for n in range(ceil((ends - begins) / 4))])


def test_two_readings_of_one_deadline_are_next_to_each_other_and_named() -> None:
    twin = replace(BAR, due=BEGIN + timedelta(days=12))
    other = replace(BAR, id="E-12-1")
    bars = with_other_readings((BAR, other, twin), ("EU-1182-71", "HOUSE-CAL", "2AP-CAL"))
    assert [(b.id, b.policy) for b in bars] == [("E-10-2", "EU-1182-71"), ("E-10-2", "2AP-CAL"), ("E-12-1", "")]
    assert "several readings" in " ".join(deadline_caption(DeadlineDrawing(bars, BEGIN, 0)))


def test_a_pause_an_extension_and_a_late_answer_are_said() -> None:
    pause = (BEGIN + timedelta(days=2), BEGIN + timedelta(days=4))
    late = (("30", BEGIN + timedelta(days=12)),)
    bar = replace(BAR, verdict="missed", pauses=(pause,), extended=True, answers=late)
    (line,) = deadline_lines(DeadlineDrawing((bar,), BEGIN, 0), ENGLISH)
    assert "paused 2027-03-03 09:00:37 – 2027-03-05 09:00:37" in line
    assert "an entry has set the end" in line
    assert "answered by entry 30, 2027-03-13 09:00:37" in line
    assert len(picture(bar).paths) > len(picture(replace(bar, pauses=())).paths)


def test_a_deadline_without_a_computed_end_has_words_and_no_bar() -> None:
    p = picture(replace(BAR, verdict="undetermined", due=None, begins=None, answers=()))
    assert "no end could be computed" in [w.says for w in p.words]
    assert not [s for s in p.paths if s.d.endswith("Z")]


@st.composite
def bars(draw: st.DrawFn) -> DeadlineBar:
    begins = BEGIN + timedelta(seconds=draw(st.integers(0, 10**8)))
    due = begins + timedelta(seconds=draw(st.integers(0, 10**7)))
    answers = draw(st.lists(st.integers(0, 10**8), max_size=3))
    return DeadlineBar(
        draw(st.sampled_from(("E-4-5-WITHDRAWAL", "E-2025-3.3.3(b)", "D-7-7"))),
        draw(st.sampled_from(("EPOC:13(2), LED:13(3), 2AP:14(11)(b)", "2AP:7(7)"))),
        draw(st.sampled_from(("10 days", ""))),
        draw(st.sampled_from(tuple(SHAPES))),
        draw(st.sampled_from((begins, None))),
        draw(st.sampled_from((due, None))),
        draw(st.sampled_from(("", "EU-1182-71"))),
        tuple((str(n), BEGIN + timedelta(seconds=s)) for n, s in enumerate(sorted(answers))),
        draw(st.sampled_from(((), ((begins, None),), ((begins, due),)))),
        draw(st.booleans()),
    )


@examples(40)
@given(
    st.lists(bars(), min_size=1, max_size=20),
    st.integers(0, 2 * 10**8),
    st.sampled_from((WIDE, NARROW)),
    st.sampled_from(("en", "de")),
)
def test_no_two_labels_overlap_nothing_leaves_the_picture_and_every_deadline_is_there(
    many: list[DeadlineBar], now: int, width: float, lang: str
) -> None:
    drawn = DeadlineDrawing(tuple(many), BEGIN + timedelta(seconds=now), 0)
    p = deadline_picture(drawn, translation(lang), width)
    check_picture(p)
    bold = " ".join(w.says for w in p.words if w.bold and w.x == 0)
    assert re.findall(r"\(([A-Z]\S+?)\)(?=:)", bold) == [b.id for b in many]


def test_the_bars_of_an_order_are_the_deadlines_of_its_judgement(tmp_path: pathlib.Path) -> None:
    for story in ("S1", "S2", "S6"):
        with reading(ledger_of(story, tmp_path / story)) as reader:
            case = reader.case("main")
            judgement = judge(case, reader.now())
        drawn = deadline_drawing(case, judgement)
        assert drawn is not None
        assert sorted((b.id, b.due, b.verdict) for b in drawn.bars) == sorted(
            (c.id, c.due, words(str(c.verdict))) for c in judgement.deadlines
        )


def test_of_hundreds_of_deadlines_those_that_are_not_met_are_drawn_and_the_others_counted(
    tmp_path: pathlib.Path,
) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        case = reader.case("main")
        judgement = judge(case, reader.now())
    many = judgement.deadlines * 30
    drawn = deadline_drawing(case, with_fields(judgement, deadlines=many))
    assert drawn is not None
    assert len(drawn.bars) == MOST
    assert drawn.left_out == len(many) - MOST
    assert f"{drawn.left_out} more deadlines are left out." in deadline_caption(drawn)

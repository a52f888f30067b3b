"""Deadlines as bars: from beginning to end on one scale, with what became of each in a word and a shape."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from cli.session.ledger_reader import reading
from ledger.law import judge
from projections.drawings.deadline_bars import (
    MOST,
    SHAPES,
    DeadlineBar,
    DeadlineDrawing,
    deadline_caption,
    deadline_lines,
    deadline_picture,
    with_other_readings,
)
from projections.drawings.picture import NARROW, WIDE, Picture
from projections.render.translation import translation
from projections.reports.front_page import words
from projections.reports.order_drawings import deadline_drawing
from tests.projections.drawings.pictures import check_picture
from tests.support.cli import ledger_of

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


@settings(max_examples=40)
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


def test_the_bars_of_an_order_are_the_deadlines_of_its_judgement(tmp_path: Path) -> None:
    for story in ("S1", "S2", "S6"):
        with reading(ledger_of(story, tmp_path / story)) as reader:
            case = reader.case("main")
            judgement = judge(case, reader.now())
        drawn = deadline_drawing(case, judgement)
        assert drawn is not None
        assert sorted((b.id, b.due, b.verdict) for b in drawn.bars) == sorted(
            (c.id, c.due, words(str(c.verdict))) for c in judgement.deadlines
        )


def test_of_hundreds_of_deadlines_those_that_are_not_met_are_drawn_and_the_others_counted(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        case = reader.case("main")
        judgement = judge(case, reader.now())
    many = judgement.deadlines * 30
    drawn = deadline_drawing(case, with_fields(judgement, deadlines=many))
    assert drawn is not None
    assert len(drawn.bars) == MOST
    assert drawn.left_out == len(many) - MOST
    assert f"{drawn.left_out} more deadlines are left out." in deadline_caption(drawn)

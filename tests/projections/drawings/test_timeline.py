"""The timeline as a picture: every entry with its number, in order, on the line of its office, readable alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.session.ledger_reader import reading
from ledger.entries.case import Case
from ledger.law import judge
from projections.drawings.picture import NARROW, WIDE, said
from projections.drawings.timeline import (
    MOST,
    DeadlineMark,
    EntryMark,
    TimelineDrawing,
    timeline_caption,
    timeline_picture,
)
from projections.render.translation import translation
from projections.reports.history import drawing, history
from projections.views.timeline import timeline
from tests.projections.drawings.pictures import check_picture
from tests.support.cli import ledger_of
from tests.support.samples import examples

BEGIN = datetime(2027, 3, 1, tzinfo=UTC)
ENGLISH = translation("en")
NAMES = (
    "Prosecutor's Office Karsk",
    "Прокуратура Карского района по делам о преступлениях в сети А",
    "مركز مكافحة الجرائم الإلكترونية والأدلة الرقمية في مدينة كارسك",
    "中央电子证据司法鉴定实验室数字取证与恢复部门第三检验科室及附属机构办公室第十二号楼",
    "Zentralstelleelektronischebeweismittellandeskriminalamtkarsk",
)


@st.composite
def drawings(draw: st.DrawFn) -> TimelineDrawing:
    lanes = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=14))
    moments = sorted(
        BEGIN + timedelta(seconds=s) for s in draw(st.lists(st.integers(0, 10**8), min_size=1, max_size=40))
    )
    marks = tuple(
        EntryMark(
            f"{'C' if draw(st.booleans()) else ''}{n + 1}",
            on,
            draw(st.sampled_from(("order issued", "customer notified contrary to confidentiality"))),
            draw(st.integers(0, len(lanes) - 1)),
            draw(st.sampled_from(("act", "observation", "import"))),
            draw(st.booleans()),
            draw(st.sampled_from((None, "19"))),
        )
        for n, on in enumerate(moments)
    )
    ends = draw(st.lists(st.integers(0, 2 * 10**8), max_size=6))
    deadlines = tuple(DeadlineMark("E-4-5-WITHDRAWAL", BEGIN + timedelta(seconds=s), "missed") for s in sorted(ends))
    return TimelineDrawing(tuple(lanes), marks, deadlines, moments[-1])


@examples(40)
@given(drawings(), st.sampled_from((WIDE, NARROW)), st.sampled_from(("en", "de")))
def test_no_two_labels_overlap_nothing_leaves_the_picture_and_the_order_is_kept(
    drawn: TimelineDrawing, width: float, lang: str
) -> None:
    p = timeline_picture(drawn, translation(lang), width)
    check_picture(p)
    rows = [w for w in p.words if w.bold and w.says in {m.number for m in drawn.marks}]
    assert all(a.y < b.y for a, b in pairwise(rows))
    assert [w.says for w in rows] == [m.number for m in drawn.marks]


def test_every_entry_stands_on_the_line_of_its_office_with_its_date_and_words(tmp_path: Path) -> None:
    with reading(ledger_of("S2", tmp_path)) as reader:
        case = reader.case("main")
        judgement = judge(case, reader.now())
    drawn = history(case, judgement, reveal=False).drawing
    assert drawn is not None
    assert [m.number for m in drawn.marks] == [str(x.entry.seq) for x in timeline(case)]
    assert len(drawn.lanes) == len({e.actor for e in case.entries})
    p = timeline_picture(drawn, ENGLISH, WIDE)
    said = [w.says for w in p.words]
    for m in drawn.marks:
        assert m.number in said
        assert m.what in said
        assert f"{m.on:%Y-%m-%d %H:%M:%S}".removesuffix(":00") in said
    assert "as of this moment" in said


def test_deadlines_are_marks_with_what_became_of_them(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        case = reader.case("main")
        judgement = judge(case, reader.now())
    drawn = drawing(timeline(case), case, judgement)
    assert drawn is not None
    assert {d.id for d in drawn.deadlines} == {"D-7-7", "NOTICE-REVIEW", "NOTICE-DUE"}
    p = timeline_picture(drawn, ENGLISH, WIDE)
    assert "answer of the provider (D-7-7): deadline, met" in [w.says for w in p.words]


def test_a_long_silence_is_a_break_with_its_length_in_words() -> None:
    on = (BEGIN, BEGIN + timedelta(minutes=10), BEGIN + timedelta(days=2), BEGIN + timedelta(days=1133))
    marks = tuple(EntryMark(str(n), m, "order issued", 0, "act", False, None) for n, m in enumerate(on))
    p = timeline_picture(TimelineDrawing(("A",), marks, (), on[-1]), ENGLISH, WIDE)
    assert "1131 days with nothing on record" in [w.says for w in p.words]


def test_a_thousand_entries_are_rows_of_days_or_longer_and_the_caption_says_so() -> None:
    marks = tuple(
        EntryMark(str(n), BEGIN + timedelta(hours=7 * n), "order issued", n % 5, "act", n == 3, None)
        for n in range(1000)
    )
    drawn = TimelineDrawing(NAMES, marks, (), BEGIN + timedelta(days=400))
    assert len(marks) > MOST
    for width in (WIDE, NARROW):
        p = timeline_picture(drawn, ENGLISH, width)
        assert len(p.words) < 200
        check_picture(p)
    assert "1000 entries are too many for one mark each" in " ".join(timeline_caption(drawn))


def test_an_entry_that_was_replaced_is_struck_through_and_names_the_entry_that_replaced_it() -> None:
    mark = EntryMark("18", BEGIN, "custody transferred", 0, "act", True, "19")
    p = timeline_picture(TimelineDrawing(("A",), (mark,), (), BEGIN), ENGLISH, WIDE)
    assert [w.says for w in p.words if w.struck] == ["custody transferred"]
    assert "REPLACED by entry 19" in [w.says for w in p.words]


def test_an_order_without_entries_is_not_drawn(tmp_path: Path) -> None:
    with reading(ledger_of("S2", tmp_path)) as reader:
        judgement = judge(reader.case("main"), reader.now())
    assert drawing([], Case("0", "2AP-7", (), ()), judgement) is None


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_caption_explains_only_the_marks_that_are_drawn(lang: str) -> None:
    mark = EntryMark("1", BEGIN, "order issued", 0, "import", False, None)
    sentences = timeline_caption(TimelineDrawing(("A",), (mark,), (), BEGIN))
    says = " ".join(sentences)
    assert "square" in says
    assert "circle" not in says
    assert "triangle" not in says
    assert said(translation(lang), sentences).startswith({"en": "Time runs", "de": "Die Zeit läuft nach unten"}[lang])

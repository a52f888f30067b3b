"""Custody as a chain of hands: what the steps say, in words and shapes, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.session.ledger_reader import reading
from projections.drawings.custody_chain import (
    SHAPES,
    ChainDrawing,
    ChainStep,
    CustodyChain,
    chain_caption,
    chain_lines,
    chain_picture,
    describe_chains,
)
from projections.drawings.picture import NARROW, WIDE, Picture
from projections.render.pictures import figure
from projections.render.translation import translation
from projections.reports.order_drawings import custody_drawing
from projections.views.custody import custody
from tests.projections.drawings.pictures import check_picture
from tests.projections.drawings.test_timeline import NAMES
from tests.support.cli import ledger_of
from tests.support.samples import examples

BEGIN = datetime(2027, 3, 15, 13, 0, 37, tzinfo=UTC)
ENGLISH = translation("en")
PROVIDER, POLICE, LAB, COURT = "Skylark Mail AS", "Cyber Unit Karsk", "Laboratory", "Court"
DIGEST = "SHA-256 6a9641f5c82ee9ce"


def step(n: int, what: str, gave: str | None, took: str | None, held: str | None = None, **more: Any) -> ChainStep:
    result = more.pop("compared", "equal")
    number, on = str(n), BEGIN + timedelta(days=n)
    return ChainStep(number, on, what, gave, took, held, result, None, DIGEST, 0, **more)


def drawn(*steps: ChainStep, exhibit: str | None = "EX-1") -> ChainDrawing:
    return ChainDrawing((CustodyChain(exhibit, None, steps),))


def picture(drawing: ChainDrawing, width: float = WIDE) -> Picture:
    p = chain_picture(drawing, ENGLISH, width)
    assert p is not None
    check_picture(p)
    return p


def said(p: Picture) -> list[str]:
    return [w.says for w in p.words]


GIVEN = step(10, "data disclosed", PROVIDER, POLICE, compared="first stated")
ARRIVED = step(11, "evidence received", PROVIDER, POLICE)


def test_a_disclosure_and_its_receipt_are_one_hand_over_and_each_hand_is_drawn_once() -> None:
    p = picture(drawn(GIVEN, ARRIVED, step(12, "custody transferred", POLICE, LAB)))
    assert [w.says for w in p.words if w.theirs] == ["EX-1", PROVIDER, POLICE, LAB]
    assert "10 · 2027-03-25 13:00:37 · data disclosed" in said(p)
    assert f"{DIGEST} · equal" in said(p)
    assert "no hand-over in between is shown here" not in said(p)


def test_a_digest_that_differs_breaks_the_chain_and_says_so() -> None:
    whole = picture(drawn(GIVEN, ARRIVED, step(12, "custody transferred", POLICE, LAB)))
    broken = picture(drawn(GIVEN, ARRIVED, step(12, "custody transferred", POLICE, LAB, compared="differs")))
    assert f"{DIGEST} · DIFFERS" in said(broken)
    assert len(broken.paths) > len(whole.paths)
    assert "A digest DIFFERS at entry 12." in describe_chains(drawn(replace(ARRIVED, number="12", compared="differs")))
    assert "DIFFERS" not in " ".join(said(whole))


def test_a_replaced_step_is_struck_through_says_by_whom_and_moves_nothing() -> None:
    moved = step(12, "custody transferred", POLICE, COURT, compared="differs")
    gone = replace(moved, replaced_by="19", replaced_who="lab (LAB)")
    p = picture(drawn(GIVEN, ARRIVED, gone, step(13, "analysis performed", None, None, POLICE)))
    assert next(w.says for w in p.words if w.struck).startswith("12 · ")
    assert "REPLACED by entry 19" in said(p)
    assert "lab (LAB)" in said(p)
    assert COURT not in said(p)
    assert "no hand-over in between is shown here" not in said(p)
    assert "A digest DIFFERS at entry 12." not in describe_chains(drawn(gone))
    assert "Replaced and not counted: entry 12." in describe_chains(drawn(gone))


@pytest.mark.parametrize(
    ("step_", "line"),
    [
        (step(12, "custody transferred", POLICE, COURT), f"released by {POLICE}, received by {COURT}; {{}}."),
        (step(12, "custody transferred", None, None), "released by not stated, received by not stated; {}."),
        (step(12, "evidence sealed", None, None, POLICE), f"held by {POLICE}; {{}}."),
        (
            replace(step(12, "evidence sealed", None, None, POLICE), replaced_by="19", replaced_who="lab (LAB)"),
            f"held by {POLICE}; {{}}; REPLACED by entry 19, lab (LAB).",
        ),
    ],
)
def test_a_step_is_one_sentence_with_its_hands_its_result_and_what_replaced_it(step_: ChainStep, line: str) -> None:
    (says,) = chain_lines(drawn(step_), ENGLISH)
    assert says == f"Entry 12, 2027-03-27 13:00:37: {step_.what}; {line.format(f'{DIGEST} · equal')}"
    (says,) = chain_lines(drawn(replace(step_, digest="", more=2, check="differ")), ENGLISH)
    assert line.format("digest [sealed] and 2 more · equal · the entry says: differ") in says


def test_a_hand_to_which_no_step_leads_follows_a_dashed_line_with_a_sentence() -> None:
    p = picture(drawn(GIVEN, ARRIVED, step(12, "evidence sealed", None, None, COURT)))
    assert "no hand-over in between is shown here" in said(p)
    assert [w.says for w in p.words if w.theirs] == ["EX-1", PROVIDER, POLICE, COURT]


def test_who_is_not_stated_is_not_guessed() -> None:
    p = picture(drawn(GIVEN, ARRIVED, step(12, "custody transferred", None, None)))
    assert f"{DIGEST} · equal · released by: not stated" in said(p)
    assert said(p).count("not stated") == 1


@pytest.mark.parametrize("compared", SHAPES)
def test_each_result_has_its_words_and_its_line_in_the_caption(compared: str) -> None:
    drawing = drawn(replace(ARRIVED, compared=compared))
    words = " ".join(said(picture(drawing)))
    expected = {
        "differs": "DIFFERS",
        "no digest": "nothing was compared",
        "not comparable": "not comparable",
        "[sealed]": "sealed and not readable here",
        "[erased]": "erased and not readable",
    }
    assert expected.get(compared, compared) in words
    if compared != "equal":
        assert "equal" not in words
    assert len(chain_caption(drawing)) == 2
    assert expected.get(compared, compared) in chain_lines(drawing, ENGLISH)[0]


def test_a_digest_that_is_not_opened_is_sealed_in_the_picture() -> None:
    assert "digest [sealed] · equal" in said(picture(drawn(replace(ARRIVED, digest=""))))


def test_several_exhibits_are_chains_of_their_own_and_a_copy_names_its_original() -> None:
    chains = (CustodyChain("EX-1", None, (ARRIVED,)), CustodyChain("C-1", "EX-1", (step(13, "x y", None, None, LAB),)))
    p = picture(ChainDrawing(chains))
    heads = [w.says for w in p.words if w.bold and "·" not in w.says]
    assert heads == ["Exhibit", "EX-1", "Copy", "C-1", "of", "EX-1"]


def test_of_many_steps_those_at_one_hand_are_drawn_as_one_and_none_that_differs_is_hidden() -> None:
    held = [step(n, "evidence accessed", None, None, POLICE) for n in range(12, 900)]
    held[500] = replace(held[500], compared="differs")
    p = picture(drawn(GIVEN, ARRIVED, *held))
    assert "Entries 13 to 511: 499 steps at this hand" in said(p)
    assert any(text.startswith("512 · ") for text in said(p))
    assert len(p.words) < 60


def test_a_chain_of_hundreds_of_hand_overs_is_left_out() -> None:
    moved = [step(n, "custody transferred", (POLICE, LAB)[n % 2], (LAB, POLICE)[n % 2]) for n in range(400)]
    moved[7] = replace(moved[7], compared="differs")
    assert chain_picture(drawn(*moved), ENGLISH, WIDE) is None
    says = figure(drawn(*moved), ENGLISH).caption
    assert says.startswith("The picture is left out")
    assert says.endswith("A digest DIFFERS at entry 7.")


@st.composite
def chains(draw: st.DrawFn) -> ChainDrawing:
    hand = st.sampled_from((*NAMES, None))
    steps = []
    for n in range(draw(st.integers(1, 25))):
        held = draw(st.booleans())
        steps.append(
            ChainStep(
                str(n + 1),
                BEGIN + timedelta(hours=n),
                draw(st.sampled_from(("custody transferred", "working copy made"))),
                None if held else draw(hand),
                None if held else draw(hand),
                draw(st.sampled_from(NAMES)) if held else None,
                draw(st.sampled_from(tuple(SHAPES))),
                draw(st.sampled_from((None, "equal", "differ"))),
                draw(st.sampled_from((DIGEST, ""))),
                draw(st.integers(0, 12)),
                draw(st.sampled_from((None, None, "19"))),
                NAMES[1],
            )
        )
    return ChainDrawing((CustodyChain(draw(hand), draw(hand), tuple(steps)), CustodyChain(None, None, tuple(steps))))


@examples(20)
@given(chains(), st.sampled_from((WIDE, NARROW)), st.sampled_from(("en", "de")))
def test_no_two_labels_overlap_nothing_leaves_the_picture_and_the_order_is_kept(
    drawing: ChainDrawing, width: float, lang: str
) -> None:
    p = chain_picture(drawing, translation(lang), width)
    assert p is not None
    check_picture(p)
    heads = [w.says for w in p.words if w.bold and w.says.split(" · ")[0].isdigit()]
    assert [text.split(" ")[0] for text in heads] == [s.number for c in drawing.chains for s in c.steps]


@pytest.mark.parametrize("order", ["changed", "other-file", "gap"])
def test_the_picture_has_every_step_of_the_custody_view_with_its_result(order: str, tmp_path: Path) -> None:
    with reading(ledger_of("hand-to-hand", tmp_path)) as reader:
        case = reader.case(order)
    drawing = custody_drawing(custody(case), case, reveal=False)
    assert drawing is not None
    steps = [s for c in drawing.chains for s in c.steps]
    assert sorted({(s.number, s.compared) for s in steps}) == sorted(
        {(str(h.entry.seq), h.compared) for h in custody(case)}
    )
    assert not [s for s in steps if s.digest], "sealed digests stay closed"


def test_sixty_steps_are_drawn_one_by_one_and_of_one_more_those_at_one_hand_are_one() -> None:
    held = [step(n, "evidence accessed", None, None, POLICE) for n in range(1, 62)]
    assert not [text for text in said(picture(drawn(*held[:60]))) if "steps at this hand" in text]
    assert "Entries 2 to 61: 60 steps at this hand" in said(picture(drawn(*held)))


def test_a_chain_of_240_parts_is_drawn_and_one_of_more_is_not() -> None:
    moved = [step(n, "custody transferred", (POLICE, LAB)[n % 2], (LAB, POLICE)[n % 2]) for n in range(119)]
    assert chain_picture(drawn(*moved), ENGLISH, WIDE) is not None
    again = replace(moved[-1], replaced_by="200")
    assert chain_picture(drawn(*moved, again), ENGLISH, WIDE) is None

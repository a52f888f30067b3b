"""A drawing as SVG: each shape with its ink and line, each word with its look, names of others apart."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from markupsafe import Markup

from projections.drawings.charts import bar_chart
from projections.drawings.picture import NARROW, WIDE, Path, Picture, Words
from projections.render.pictures import INKS, MOST_LINES, drawings, figure, figures, shapes
from projections.render.translation import translation
from tests.projections.drawings.layouts import chains, deadlines, step, timeline

ENGLISH = translation("en")
BOX = (0.0, 0.0, 1.0, 1.0)


def svg(*parts: Path | Words, paper: bool = False) -> str:
    paths, words = tuple(p for p in parts if isinstance(p, Path)), tuple(w for w in parts if isinstance(w, Words))
    made = shapes(Picture(10, 10, "T", "Says.", paths, words), str.upper, paper=paper)
    assert isinstance(made, Markup)
    return str(made)


@pytest.mark.parametrize("ink", INKS)
def test_a_shape_has_the_colours_of_its_ink(ink: str) -> None:
    fill, stroke = INKS[ink]
    assert svg(Path("M1 2", BOX, ink)) == f'<path d="M1 2" fill="{fill}" stroke="{stroke}"/>\n'


def test_a_line_says_its_width_unless_it_is_one_and_its_dashes() -> None:
    assert 'stroke-width="2"/>' in svg(Path("M1 2", BOX, width=2))
    assert 'stroke-width="1.5" stroke-dasharray="5 3"/>' in svg(Path("M1 2", BOX, width=1.5, dash="5 3"))
    assert "stroke-width" not in svg(Path("M1 2", BOX, dash="1 1"))


def test_words_have_their_place_and_look_and_are_escaped() -> None:
    assert svg(Words(1.26, 2, "a<b")) == '<text x="1.3" y="2" fill="#1a1a1a">A&lt;B</text>\n'
    look = Words(1, 2, "a", anchor="end", bold=True, soft=True, struck=True)
    assert svg(look) == (
        '<text x="1" y="2" fill="#4a4a4a" text-anchor="end" font-weight="bold"'
        ' text-decoration="line-through">A</text>\n'
    )


def test_names_of_others_keep_their_direction_on_a_page_and_are_left_to_the_paper() -> None:
    ours, theirs = Words(1, 2, "a"), Words(1, 3, "b", theirs=True)
    assert ">&#8296;B&#8297;</text>" in svg(ours, theirs)
    assert svg(ours, theirs, paper=True) == svg(ours)


def test_shapes_are_below_words() -> None:
    assert svg(Words(1, 2, "a"), Path("M1 2", BOX)).index("<path") == 0


def test_each_drawing_has_its_picture_its_caption_and_the_same_in_words() -> None:
    for drawn in (chains(), deadlines()):
        one = figure(drawn, ENGLISH)
        assert one.picture is not None
        assert one.picture.width == WIDE
        assert len(one.lines) > 5
    bars = bar_chart("T", [("a", 1), ("b", None)])
    assert bars is not None
    for other in (timeline(), bars):
        assert figure(other, ENGLISH).lines == ()
    assert figure(bars, ENGLISH).caption == "No bar: the number is withheld (x)."
    both = figures(chains(), ENGLISH)
    assert {name: one.picture and one.picture.width for name, one in both.items()} == {"wide": WIDE, "narrow": NARROW}


def test_a_list_of_more_lines_than_are_read_is_left_to_the_tables() -> None:
    one = chains().chains[0]
    held = [step(n, "seen", "Police") for n in range(1, MOST_LINES + 2)]
    for count, lines in ((MOST_LINES, MOST_LINES), (MOST_LINES + 1, 0)):
        drawn = replace(chains(), chains=(replace(one, steps=tuple(held[:count])),))
        assert len(figure(drawn, ENGLISH).lines) == lines


def test_the_drawings_of_a_report_are_those_that_it_has() -> None:
    line, clocks, chain = timeline(), deadlines(), chains()
    bars = [bar_chart(name, [("a", 1), ("b", 2)]) for name in "xyz"]
    parts = (SimpleNamespace(bars=tuple(bars[:2])), SimpleNamespace(bars=tuple(bars[2:])))
    report = SimpleNamespace(story=SimpleNamespace(drawing=line, clocks=clocks), chain=chain, parts=parts)
    assert drawings(report) == {
        "timeline": line, "deadlines": clocks, "chain": chain,
        "bars-1-1": bars[0], "bars-1-2": bars[1], "bars-2-1": bars[2],
    }  # fmt: skip
    assert drawings(SimpleNamespace(story=SimpleNamespace(drawing=None, clocks=clocks))) == {"deadlines": clocks}
    assert drawings(SimpleNamespace()) == {}

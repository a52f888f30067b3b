"""Bars and lines as numbers: how long each is, on a terminal and in a chart, and what is not drawn."""

from __future__ import annotations

import pytest

from projections.drawings.charts import BEGIN, EIGHTHS, WIDTH, Bar, bar, bar_chart, bars, plot


@pytest.mark.parametrize(
    ("value", "most", "width", "blocks", "plain"),
    [
        (0.0, 10, 10, "", ""),
        (10, 10, 10, "█" * 10, "#" * 10),
        (5, 10, 10, "█" * 5, "#" * 5),
        (1, 10, 10, "█", "#"),
        (1, 16, 2, "▏", ""),
        (1, 8, 2, "▎", ""),
        (7, 8, 1, "▉", "#"),
        (9, 8, 2, "██▎", "##"),
        (1, 0, 10, "", ""),
        (3, 4, 10, "███████▌", "########"),
    ],
)
def test_a_bar_is_its_share_of_the_width_in_eighths_or_in_whole_signs(
    value: float, most: float, width: int, blocks: str, plain: str
) -> None:
    assert bar(value, most, width, plain=False) == blocks
    assert bar(value, most, width, plain=True) == plain
    assert set(blocks) <= set(EIGHTHS)


def test_bars_begin_below_each_other_and_the_words_have_room() -> None:
    rows = [("a", 4.0, "4"), ("bbb", 2.0, "two"), ("c", None, "withheld")]
    assert bars(rows, 30, plain=True) == ["a    ################ 4", "bbb  ######## two", "c    withheld"]
    assert bars(rows, 30, plain=True, most=8.0) == ["a    ######## 4", "bbb  #### two", "c    withheld"]
    assert bars(rows[:1], 0, plain=True) == ["a  ########## 4"], "ten signs at least"
    assert bars(rows[:1], 15, plain=True) == ["a  ########## 4"]
    assert bars(rows[:1], 16, plain=True) == ["a  ########### 4"]
    assert bars([("a", None, "x")], 20, plain=True) == ["a  x"]
    assert bars([], 20, plain=False) == []


def test_numbers_are_bars_in_their_proportion_and_one_alone_or_none_at_all_is_no_chart() -> None:
    drawn = bar_chart("T", [("a", 30), ("b", None), ("c", 0), ("d", 10)])
    assert drawn is not None
    room = WIDTH - BEGIN - 60
    assert drawn.bars == (
        Bar("a", 30, room, "30"),
        Bar("b", None, 0.0, "withheld (x)"),
        Bar("c", 0, 0.0, "0"),
        Bar("d", 10, round(room / 3, 1), "10"),
    )
    assert (drawn.title, drawn.width, drawn.height, drawn.left) == ("T", 960, 108, 200)
    assert bar_chart("T", [("a", 30)]) is None
    assert bar_chart("T", [("a", 0), ("b", None)]) is None
    assert bar_chart("T", []) is None
    assert bar_chart("T", [("a", 1), ("b", None)]) is not None


def test_shares_are_places_from_the_left_and_from_below_and_half_years_are_in_order() -> None:
    drawn = plot({"one": {"2027-H1": 1.0, "2026-H2": 0.0}, "two": {"2026-H2": 0.5}})
    assert drawn is not None
    (one, two) = drawn.lines
    assert [(p.x, p.y) for p in one.points] == [(278.0, 266.0), (722.0, 16.0)]
    assert [(p.x, p.y) for p in two.points] == [(278.0, 141.0)]
    assert drawn.periods == ((278.0, "2026 H2"), (722.0, "2027 H1"))
    assert drawn.ticks == ((266.0, "0 %"), (203.5, "25 %"), (141.0, "50 %"), (78.5, "75 %"), (16.0, "100 %"))
    assert drawn.missing == ()
    assert plot({"one": {}}) is None
    assert plot({}) is None

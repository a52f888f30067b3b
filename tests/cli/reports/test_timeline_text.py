from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports.timeline_text import _by_day, _stood_in, _tabbed, left, linked_paragraphs, story, timeline_paragraphs

MOMENT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def test_steps_of_one_moment_come_in_the_order_of_the_log_and_after_the_end_of_a_clock() -> None:
    later, next_day = MOMENT + timedelta(hours=1), MOMENT + timedelta(days=1)
    steps = [
        (next_day, 2, ["early in the log"]),
        (later, 1, ["first later"]),
        (MOMENT, 7, ["seventh"]),
        (MOMENT, 3, ["third", "and more"]),
        (MOMENT, -1, ["a clock ends"]),
    ]
    assert _by_day(steps).splitlines() == [
        "Monday, 1 March 2027",
        "a clock ends",
        "third",
        "and more",
        "seventh",
        "first later",
        "",
        "Tuesday, 2 March 2027",
        "early in the log",
    ]
    assert _by_day([]) == ""


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (None, "unknown"),
        (timedelta(days=17, hours=4, minutes=59), "17 d 4 h"),
        (timedelta(days=1), "1 d 0 h"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(seconds=59), "0 h 0 min"),
        (timedelta(0), "over by 0 h 0 min"),
        (timedelta(hours=-2), "over by 2 h 0 min"),
        (timedelta(days=-2, hours=-1), "over by 2 d 1 h"),
    ],
)
def test_what_is_left_is_said_in_two_units(span: timedelta | None, text: str) -> None:
    assert left(span) == text


# -- tables and linked orders ------------------------------------------------------------------------------------------


def test_a_row_of_tabs_has_sealed_values_and_names_only_where_they_are_wanted() -> None:
    rows = [[*range(8), "fields", "main", MOMENT, None], [*"abcdefg", "h\ti", "f", "m", None, MOMENT]]
    first, second = "0\t1\t2\t3\t4\t5\t6\t7", "a\tb\tc\td\te\tf\tg\t"
    for reveal, named, more in (
        (False, False, ""),
        (True, False, "\tfields"),
        (False, True, "\tmain"),
        (True, True, "\tfields\tmain"),
    ):
        shown = _tabbed(rows, reveal=reveal, named=named).split("\n")
        assert shown[0] == f"{first}{more}\t2027-03-01T09:00:00Z\t"
        assert shown[1].startswith(second)
        assert shown[1].endswith("\t2027-03-01T09:00:00Z")
        assert len(shown) == 2


def entry(index: int, at: datetime, order: str) -> Any:
    said = SimpleNamespace(
        on=at,
        seq=index,
        number=str(index),
        index=index,
        kind="order-issued",
        order=order,
        origin=None,
        unless=None,
        sealed=("reason",),
    )
    return SimpleNamespace(
        entry=said, says=f"Entry {index}.", who="ilves", names_signer=True, moved=None, replaced=None, local="",
        late=None, early=None, fields={"reason": "fraud"},
    )  # fmt: skip


def share(name: str, *entries: Any, turns: tuple[Any, ...] = ()) -> Any:
    case = SimpleNamespace(entries=[each.entry for each in entries], instrument="EPOC", lines=list(entries))
    return SimpleNamespace(name=name, case=case, judgement=SimpleNamespace(trail=turns))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "projections.views.timeline.timeline",
        lambda case, trail, reveal: [e for e in case.lines if reveal or e.entry.index != 9],
    )


@pytest.mark.usefixtures("lines")
def test_steps_of_linked_orders_are_one_story_in_which_each_names_its_order() -> None:
    turn = SimpleNamespace(on=MOMENT, clock="D-7-7", to="LATE", leaf=None)
    entered = SimpleNamespace(on=MOMENT, clock="", to="ISSUED", leaf="ab")
    one = share("main", entry(3, MOMENT, "a"), entry(9, MOMENT, "a"), turns=(turn, entered))
    two = share("second", entry(1, MOMENT, "b"))
    assert linked_paragraphs([one, two]).split("\n") == [
        "Monday, 1 March 2027",
        "  09:00 UTC  D-7-7 ends  [main, EPOC]  -> LATE",
        "  09:00 UTC  #1 order-issued  [second, EPOC]",
        "             Entry 1.",
        "  09:00 UTC  #3 order-issued  [main, EPOC]",
        "             Entry 3.",
    ]
    alone = linked_paragraphs([one], reveal=True, proven={3: (MOMENT, None)}).split("\n")
    assert alone[1:] == [
        "  09:00 UTC  D-7-7 ends  -> LATE",
        "  09:00 UTC  #3 order-issued",
        "             Entry 3.",
        "             reason: fraud",
        "             proven: after 2027-03-01 09:00:00",
        "  09:00 UTC  #9 order-issued",
        "             Entry 9.",
        "             reason: fraud",
    ]
    assert _stood_in([one, two]) == {"a", "b"}
    assert linked_paragraphs([]) == ""


def test_a_timeline_is_as_wide_as_it_is_asked_to_be() -> None:
    long = entry(1, MOMENT, "a")
    long.says = "word " * 40
    for width in (40, 80):
        rows = timeline_paragraphs([long], width=width).split("\n")[2:]
        assert max(map(len, rows)) <= width
        assert max(map(len, rows)) > width - 5
    assert timeline_paragraphs([long]).split("\n") == timeline_paragraphs([long], width=80).split("\n")


def test_a_story_is_of_its_moment_with_nothing_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.views.timeline.timeline", lambda *said, **more: (said, more))
    case: Any = SimpleNamespace(known=lambda moment: f"known at {moment:%H}")
    judged: Any = SimpleNamespace(trail="trail")
    told: Any = story(case, judged, MOMENT)
    assert told == (("known at 09", "trail"), {})

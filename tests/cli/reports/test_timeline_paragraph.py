"""A paragraph of the timeline says all that is unusual of an entry, and nothing of a usual one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports.timeline_text import _by_day, _paragraph, _proven

ON = datetime(2027, 3, 1, 9, 5, tzinfo=UTC)
PAD = " " * 13


def line(**changed: Any) -> Any:
    entry = SimpleNamespace(
        on=ON, seq=3, number="3", index=8, kind="order-issued", order="order-1", origin=None, unless=None, sealed=()
    )
    said: dict[str, Any] = {
        "entry": entry, "says": "An order was issued.", "who": "ilves", "names_signer": True, "moved": None,
        "replaced": None, "local": "", "late": None, "early": None, "fields": {},
    }  # fmt: skip
    for name in [name for name in changed if name in vars(entry)]:
        setattr(entry, name, changed.pop(name))
    return SimpleNamespace(**{**said, **changed})


def text(*, reveal: bool = False, tag: str = "", **changed: Any) -> list[str]:
    return _paragraph(line(**changed), 100, tag, reveal)


def test_a_usual_entry_has_its_time_its_number_and_its_sentence() -> None:
    assert text() == ["  09:05 UTC  #3 order-issued", f"{PAD}An order was issued."]
    assert text(tag="  [main]", local="10:05 in Oslo") == [
        "  09:05 UTC (10:05 in Oslo)  #3 order-issued  [main]",
        f"{PAD}An order was issued.",
    ]
    assert text(moved=("ISSUED", "TRANSMITTED"))[0] == "  09:05 UTC  #3 order-issued  -> TRANSMITTED"
    assert text(names_signer=False)[1] == f"{PAD}An order was issued. ilves."


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"late": timedelta(days=2, hours=3)}, "written down 2 d 3 h after the event"),
        ({"early": timedelta(hours=5, minutes=1)}, "signed 5 h 1 min before the event"),
    ],
)
def test_what_was_written_down_late_or_signed_early_is_said(changed: dict[str, Any], says: str) -> None:
    assert text(**changed)[2:] == [f"{PAD}{says}"]


@pytest.mark.parametrize(("origin", "log"), [(None, "the log"), ("log.example", "the log log.example")])
def test_the_condition_of_an_entry_is_said(origin: str | None, log: str) -> None:
    asked = SimpleNamespace(kinds=("order-closed", "order-withdrawn"), orders=("order-1", "order-2"), after=7)
    words = " ".join(row.strip() for row in text(unless=asked, origin=origin)[2:])
    assert words == f"only if no order-closed or order-withdrawn in this order, order-2 from entry 7 of {log} on"


def test_what_took_its_place_is_said() -> None:
    replaced = SimpleNamespace(entry=SimpleNamespace(seq=9, number="9"), line=lambda which: f"replaced by {which}")
    assert text(replaced=replaced)[2:] == [f"{PAD}replaced by #9; not counted"]


def test_opened_values_are_shown_where_they_are_revealed() -> None:
    fields = {"reason": "a fraud", "languages": ["en"]}
    assert text(sealed=("reason", "gone"), fields=fields, reveal=True)[2:] == [f"{PAD}reason: a fraud"]
    assert text(sealed=("reason",), fields=fields)[2:] == []
    long = text(sealed=("reason",), fields={"reason": "word " * 30}, reveal=True)[2:]
    assert [row[:15].count(" ") for row in long] == [13, 15]
    assert max(map(len, long)) <= 100


def test_when_an_entry_was_signed_is_said_if_that_was_asked() -> None:
    assert _proven(line(), {}) == []
    assert _proven(line(), {8: (None, None)}) == [f"{PAD}nothing outside proves when it was signed"]
    assert _proven(line(), {8: (ON, None)}) == [f"{PAD}proven: after 2027-03-01 09:05:00"]


def test_each_day_is_a_heading_with_a_line_between_two_days() -> None:
    steps: list[Any] = [
        (ON + timedelta(days=1), 2, ["c"]), (ON, 5, ["b"]), (ON, -1, ["a"]), (ON + timedelta(days=1), 3, ["d", "e"]),
    ]  # fmt: skip
    assert _by_day(steps).split("\n") == ["Monday, 1 March 2027", "a", "b", "", "Tuesday, 2 March 2027", "c", "d", "e"]
    assert _by_day([]) == ""

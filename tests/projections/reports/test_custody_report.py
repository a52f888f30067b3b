"""The result of all comparisons names what differs first, and counts no step that its signer replaced."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from projections.reports.custody_report import NONE_SEEN, custody_rows, recorded, result, stated_files
from projections.views.custody import custody
from tests.support.scenarios import disclosed, fact, given, issued


def row(number: str, compared: str, replaced_by: str | None = None) -> Any:
    return SimpleNamespace(number=number, compared=compared, replaced_by=replaced_by, gave=None, took=None)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "Nothing that was disclosed is on record, so there is no custody to show."),
        ([row("3", "first stated")], "The digests were first stated at entry 3; no other step repeats them."),
        (
            [row("3", "first stated"), row("4", "equal"), row("5", "equal")],
            "The digests were first stated at entry 3; those stated at entries 4, 5 are equal to them, "
            "and none differs.",
        ),
        (
            [row("3", "first stated"), row("4", "equal"), row("5", "differs")],
            "A digest DIFFERS from the first one at entry 5. "
            "The digests were first stated at entry 3; those stated at entry 4 are equal to them.",
        ),
        ([row("4", "equal")], "The digests stated at entry 4 are equal to those first stated."),
        (
            [row("3", "first stated"), row("4", "differs", "5"), row("5", "equal"), row("6", NONE_SEEN)],
            "The digests were first stated at entry 3; those stated at entry 5 are equal to them, and none differs. "
            "Nothing to compare is stated at entry 6. Replaced by its own signer, shown and not counted: entry 4.",
        ),
        (
            [row("4", "not comparable")],
            "What is stated cannot be compared with what was handed over: entry 4.",
        ),
    ],
)
def test_the_result_of_custody_says_what_differs_and_leaves_out_what_was_replaced(rows: list[Any], says: str) -> None:
    assert result(rows) == says


def test_a_step_out_of_place_names_the_step_recorded_before_it_or_that_there_is_none() -> None:
    case = given(issued("2027-03-01T09:00Z"), disclosed("2027-03-10T09:00Z")).case
    (step,) = custody(case)
    assert recorded(None, case) == "recorded first"
    assert recorded(step, case) == f"recorded after entry {step.entry.seq}"


@pytest.mark.parametrize(("count", "says"), [(0, None), (1, "1 file are"), (2, "2 files are")])
def test_files_that_are_not_opened_are_counted_and_those_that_are_opened_are_listed(
    count: int, says: str | None
) -> None:
    files = [{"name": f"{n}.zip", "size": 1, "sha256": f"{n:064x}"} for n in range(count)]
    manifest = {"elements": ["name"], "files": files}
    case = given(issued("2027-03-01T09:00Z"), disclosed("2027-03-10T09:00Z", manifest=manifest)).case
    hands = custody(case, reveal=True)
    opened, lacking = stated_files(hands, case, reveal=True)
    assert ([f.name for f in opened], lacking) == ([f"{n}.zip" for n in range(count)], ())
    closed, lacking = stated_files(hands, case, reveal=False)
    assert closed == ()
    assert [line.partition(" of ")[2].partition(" sealed")[0] for line in lacking] == ([] if says is None else [says])


@pytest.mark.parametrize(
    ("stated", "closed", "opened"),
    [
        (None, "", ""),
        ("for the trial", "[sealed]", "for the trial"),
        (Unread.WITHHELD, "[sealed]", "[sealed]"),
        (Unread.ERASED, "[erased]", "[erased]"),
        ("[sealed]", "[sealed]", "“[sealed]”"),
        ("kein Grund angegeben", "[sealed]", "“kein Grund angegeben”"),
    ],
)
def test_the_purpose_of_a_step_is_shown_as_far_as_it_can_be_read_and_its_place_always(
    stated: object, closed: str, opened: str
) -> None:
    looked = fact("evidence-accessed", "2027-03-11T09:00Z", "orn", "RET", exhibit="X/1", place="room 2")
    case = given(issued("2027-03-01T09:00Z"), disclosed("2027-03-10T09:00Z"), looked).case
    *before, last = case.entries
    case = replace(case, entries=(*before, replace(last, sealed={"purpose": stated})))
    for reveal, purpose in ((False, closed), (True, opened)):
        first, row = custody_rows(custody(case, reveal=reveal), case, reveal=reveal)
        assert (row.purpose, row.place, row.exhibit) == (purpose, "room 2", "X/1")
        assert (first.purpose, first.place, first.recorded, row.recorded) == ("", "", "", "")
        assert (first.files is None) is not reveal
        assert first.count == 1

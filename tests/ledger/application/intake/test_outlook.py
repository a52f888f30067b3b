"""What a table would change is judged as the law will judge it when its rows are on record."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.intake import outlook
from ledger.application.intake.outlook import ClockCount, OutlookCount
from ledger.entries.case import Case, Entry
from ledger.law import Judgement, judge
from tests.support.scenarios import disclosed, given, issued, received, sent

NOW = datetime(2027, 6, 1, tzinfo=UTC)
ORDER = given(issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z"), received("2027-03-02T09:00Z")).case
ANSWER = given(issued("2027-03-01T09:00Z"), disclosed("2027-03-08T09:00Z")).case.entries[-1]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Collect the cases that the law was asked about."""
    seen: list[Case] = []

    def kept(case: Case, now: datetime) -> Judgement:
        seen.append(case)
        return judge(case, now)

    monkeypatch.setattr(outlook, "judge", kept)
    return seen


def moved(entry: Entry, order: str) -> Entry:
    return replace(entry, order=order)


@pytest.mark.parametrize("read", [1, 5], ids=["once", "each time"])
def test_new_entries_follow_those_on_record_each_with_a_name_and_a_place_that_no_other_has(
    read: int, judged: list[Case]
) -> None:
    """The order on record is given with its first row, and need not be given with the others."""
    count = OutlookCount(ORDER.registry)
    for number in range(5):
        count.add(ANSWER, number + 2, ORDER if number < read else None)
    count.result(NOW)
    before, after = judged
    assert before == ORDER
    assert after.entries[:-5] == ORDER.entries
    one = after.entries[-5]
    assert [entry.seq for entry in after.entries[-5:]] == [len(ORDER.entries) + number for number in range(5)]
    last = max(entry.index for entry in ORDER.entries)
    assert [entry.index for entry in after.entries[-5:]] == [last + 1 + number for number in range(5)]
    assert len({entry.leaf for entry in after.entries}) == len(after.entries)
    assert (one.kind, one.public, one.on) == (ANSWER.kind, ANSWER.public, ANSWER.on)


def test_the_rows_of_two_new_orders_are_judged_apart_and_in_the_order_of_their_rows(judged: list[Case]) -> None:
    count = OutlookCount(ORDER.registry)
    for row, entry in enumerate(ORDER.entries, 2):
        for order in ("first", "second"):
            count.add(moved(entry, order), row)
    result = count.result(NOW)
    assert [case.order for case in judged] == ["first", "second"]
    for case in judged:
        assert case.registry == tuple(ORDER.registry)
        assert case.instrument == "2AP-7"
        assert [entry.kind for entry in case.entries] == [entry.kind for entry in ORDER.entries]
        assert [entry.seq for entry in case.entries] == [0, 1, 2]
        assert [entry.index for entry in case.entries] == [1_000_000, 1_000_001, 1_000_002]
        assert len({entry.leaf for entry in case.entries}) == 3
    assert (result.judged, result.orders) == (2, 2)
    assert ClockCount("D-7-7", "MISSED", 2) in result.clocks


def test_a_finding_that_an_order_has_already_is_not_foreseen_and_a_new_one_names_its_first_row() -> None:
    kept = OutlookCount(ORDER.registry)
    kept.add(ANSWER, 9, ORDER)
    had = {found.code for found in judge(ORDER, NOW).findings}
    assert had
    assert had.isdisjoint(found.code for found in kept.result(NOW).findings)
    fresh = OutlookCount(ORDER.registry)
    for row, order in ((4, "first"), (7, "second")):
        fresh.add(moved(ANSWER, order), row)
    findings = fresh.result(NOW).findings
    assert findings
    assert {(found.orders, found.first_row) for found in findings} == {(2, 4)}
    assert all(found.says and found.level for found in findings)
    alone = {found.code for found in judge(Case("first", "2AP-7", (ANSWER,), tuple(ORDER.registry)), NOW).findings}
    assert {found.code for found in findings} == alone


def test_of_a_longer_table_the_first_orders_are_judged_with_all_their_rows_and_the_others_are_counted(
    monkeypatch: pytest.MonkeyPatch, judged: list[Case]
) -> None:
    monkeypatch.setattr(outlook, "MOST_ORDERS", 2)
    count = OutlookCount(ORDER.registry)
    full = []
    for row, order in enumerate(["first", "second", "third", "first", "third", "fourth"], 2):
        count.add(moved(ANSWER, order), row)
        full.append(count.full)
    assert full == [False, True, True, True, True, True]
    assert [count.has(order) for order in ("first", "second", "third", "fourth")] == [True, True, False, False]
    result = count.result(NOW)
    assert (result.judged, result.orders) == (2, 4)
    assert [(case.order, len(case.entries)) for case in judged] == [("first", 2), ("second", 1)]


def test_the_most_frequent_finding_is_first_and_a_table_without_rows_changes_nothing() -> None:
    assert OutlookCount(()).result(NOW).orders == 0
    count = OutlookCount(ORDER.registry)
    count.add(moved(ORDER.entries[0], "first"), 2)
    for order in ("second", "third"):
        count.add(moved(ANSWER, order), 3)
    orders = [found.orders for found in count.result(NOW).findings]
    assert orders == sorted(orders, reverse=True)
    assert {1, 2} <= {*orders}


def test_of_an_order_without_an_entry_that_may_be_seen_the_new_ones_are_the_first(judged: list[Case]) -> None:
    count = OutlookCount(ORDER.registry)
    for row in (2, 3):
        count.add(ANSWER, row, replace(ORDER, entries=()))
    count.result(NOW)
    assert [(entry.seq, entry.index) for entry in judged[-1].entries] == [(0, 1), (1, 2)]


def test_two_thousand_orders_are_judged_and_no_more() -> None:
    count = OutlookCount(())
    for number in range(2001):
        assert count.full == (number >= 2000)
        count.add(moved(ANSWER, f"order {number}"), number)
    assert (count.has("order 1999"), count.has("order 2000")) == (True, False)


def test_deadlines_are_sorted_by_id_and_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "first": ("D-9", "RUNNING"),
        "second": ("D-1", "MISSED"),
        "third": ("D-1", "MET"),
        "fourth": ("D-1", "MET"),
    }

    def judged(case: Case, now: datetime) -> Any:
        id, verdict = found[case.order]
        return SimpleNamespace(deadlines=[SimpleNamespace(id=id, verdict=SimpleNamespace(value=verdict))], findings=[])

    monkeypatch.setattr(outlook, "judge", judged)
    count = OutlookCount(())
    for order in found:
        count.add(moved(ANSWER, order), 2)
    assert count.result(NOW).clocks == [
        ClockCount("D-1", "MET", 2),
        ClockCount("D-1", "MISSED", 1),
        ClockCount("D-9", "RUNNING", 1),
    ]

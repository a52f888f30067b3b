"""What a table would change is judged as the law will judge it when its rows are on record."""

from __future__ import annotations

from datetime import UTC, datetime

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


def test_new_entries_follow_those_on_record_each_with_a_name_and_a_place_that_no_other_has(judged: list[Case]) -> None:
    count = OutlookCount(ORDER.registry)
    for row in (2, 3):
        count.add(ANSWER, row, ORDER)
    count.result(NOW)
    before, after = judged
    assert before == ORDER
    assert after.entries[:-2] == ORDER.entries
    one, two = after.entries[-2:]
    assert [one.seq, two.seq] == [len(ORDER.entries), len(ORDER.entries) + 1]
    last = max(entry.index for entry in ORDER.entries)
    assert [one.index, two.index] == [last + 1, last + 2]
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
        assert [entry.index - case.entries[0].index for entry in case.entries] == [0, 1, 2]
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

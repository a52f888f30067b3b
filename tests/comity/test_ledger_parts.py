"""Each method of the interface reads an order as of its moment, with the values that its answer may use and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import comity
from comity import ledger as module
from comity.ledger import Order
from comity.tables import arrow_table
from projections.exchange.tables import TABLES
from projections.views.custody import custody
from tests.support.cli import ledger_of

AT = datetime(2027, 3, 20, tzinfo=UTC)
OSLO = timezone(timedelta(hours=1))


class Record:
    """A ledger that says how each order was read; `known` is the moment of the record, None without one."""

    def __init__(self) -> None:
        self.read: list[tuple[str, bool]] = []

    def _case(self, order: str, *, reveal: bool = False) -> Any:
        self.read.append((order, reveal))

        def case(moment: datetime | None) -> Any:
            return SimpleNamespace(at=moment, reveal=reveal, known=case)

        return case(None)

    def _moment(self, at: datetime | None) -> datetime:
        return at or AT


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Any:
    judged = SimpleNamespace(criteria="criteria", deadlines=("clock",), trail="trail")
    asked: list[Any] = []

    def judge(case: Any, moment: datetime) -> Any:
        asked.append((case.reveal, case.at, moment))
        return judged

    monkeypatch.setattr(module, "judge", judge)
    monkeypatch.setattr(module, "view", lambda case, judgement: (case.reveal, case.at, judgement.trail))
    monkeypatch.setattr(module, "timeline", lambda case, trail: (case.reveal, case.at, trail))
    monkeypatch.setattr("comity.ledger.forums.sheet", lambda criteria, forum: (criteria, forum))
    record = Record()
    made: Any = Order(record, "order-1")
    made.read, made.judged, made.asked = record.read, judged, asked
    return made


@pytest.mark.parametrize(("at", "known"), [(None, None), (AT + timedelta(days=1), AT + timedelta(days=1))])
def test_a_line_and_a_timeline_are_of_the_record_without_sealed_values(
    at: datetime | None, known: datetime | None, order: Any
) -> None:
    assert order.view(at) == (False, known, "trail")
    assert order.timeline(at) == (False, known, "trail")
    assert order.asked == [(True, None, at or AT)] * 2, "the law reads the values whose keys are here"
    assert order.judge(at) is order.judged
    assert order.deadlines(at) == ("clock",)
    assert repr(order) == "<comity.Order order-1>"
    assert {name for name, _ in order.read} == {"order-1"}


@pytest.mark.parametrize("forum", ["US", "us", "echr"])
def test_a_forum_is_named_in_any_letters(forum: str, order: Any) -> None:
    assert order.sheet(forum) == ("criteria", forum)
    with pytest.raises(ValueError, match="no sheet for 'XX': there are US, GB, DE, EU, ECHR"):
        order.sheet("XX")


def test_a_step_of_custody_has_no_sealed_value_and_is_compared_with_them(tmp_path: Path) -> None:
    with comity.open(ledger_of("S1", tmp_path)) as opened:
        made = opened.order("main")
        steps = made.custody()
        whole = custody(opened._case(made.id, reveal=True), opened._moment(None))
        shown = {e.leaf: e for e in opened._case(made.id).entries}
    assert [step.compared for step in steps] == [step.compared for step in whole]
    assert [step.entry.leaf for step in steps] == [step.entry.leaf for step in whole]
    assert all(isinstance(value, comity.Unread) for step in steps for value in step.entry.sealed.values())
    assert all(step.firsts == () for step in steps)
    assert any(step.firsts for step in whole)
    assert all(len(step.files) <= len(known.files) for step, known in zip(steps, whole, strict=True))
    assert any(step.unread and not known.unread for step, known in zip(steps, whole, strict=True))
    changed = SimpleNamespace(entry=whole[1].entry)
    replaced: Any = replace(whole[0], replaced=None)
    assert module._closed(replaced, shown).replaced is None
    assert changed.entry.leaf in shown


# -- moments -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", [None, timedelta(days=-1), timedelta(days=1)])
def test_the_present_moment_is_that_of_the_story_if_it_is_ahead(
    story: timedelta | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with comity.open(ledger_of("S1", tmp_path)) as opened:
        now = datetime.now(UTC).replace(microsecond=0)
        clock = None if story is None else now + story
        monkeypatch.setattr(module, "clock_of", lambda folder: clock)
        found = opened._moment(None)
        if story is not None and story > timedelta(0):
            assert found == clock
        else:
            assert timedelta(0) <= found - now < timedelta(minutes=1)
            assert found.microsecond == 0
        there = opened._moment(datetime(2027, 3, 20, 1, tzinfo=OSLO))
        assert (there, there.tzinfo) == (AT, UTC)
        with pytest.raises(ValueError, match="2027-03-20 00:00:00 has no time zone"):
            opened._moment(AT.replace(tzinfo=None))


def test_an_order_that_began_later_is_not_listed(tmp_path: Path) -> None:
    with comity.open(ledger_of("S1", tmp_path)) as opened:
        first = min(entry.at for entry in opened.entries() if entry.order == opened.order("main").id)
        assert [one.order for one in opened.orders(first)] == [opened.order("main").id]
        assert list(opened.orders(first - timedelta(seconds=1))) == []
        assert opened.due(first - timedelta(seconds=1)) == []
        assert opened.order("main").id == opened.order(opened.order("main").id).id


def test_entries_come_from_an_index_on_and_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with comity.open(ledger_of("S1", tmp_path)) as opened:

        def listed(after: int = 0) -> list[tuple[int, str]]:
            return [(e.index, e.leaf) for e in opened.entries(after=after)]

        whole = listed()
        assert [index for index, _ in whole] == list(range(opened.size()))
        monkeypatch.setattr(opened, "_page", lambda start: opened._store.page(start, 3))
        assert listed() == whole
        assert listed(4) == whole[4:]
        assert listed(len(whole)) == []
        with pytest.raises(ValueError, match="after=-1: indexes count from 0"):
            opened.entries(after=-1)


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", range(6))
def test_rows_of_a_table_keep_their_order_across_batches(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr("comity.tables.ROWS", 2)
    empty = dict.fromkeys(TABLES["entries"])
    made = arrow_table("entries", [{**empty, "log_index": n, "public": {"ä": n}, "sealed": ["x"]} for n in range(rows)])
    assert made.column_names == list(TABLES["entries"])
    assert made["log_index"].to_pylist() == list(range(rows))
    assert made["public"].to_pylist() == [f'{{"ä":{n}}}' for n in range(rows)]
    assert made["sealed"].to_pylist() == [["x"]] * rows
    batches = [batch.num_rows for batch in made.to_batches() if batch.num_rows]
    assert batches == [2] * (rows // 2) + [1] * (rows % 2)

"""Orders that are judged by several processes get the rows that one process gives them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.lists import docket, judge_pool
from cli.session.ledger_reader import LedgerReader, reading
from tests.support.cli import ledger_of

MOMENT = datetime(2028, 1, 1, tzinfo=UTC)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[LedgerReader]:
    with reading(ledger_of("european-stations", tmp_path)) as opened:
        yield opened


def test_several_processes_give_the_rows_that_one_gives(reader: LedgerReader, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = list(reader.cases.orders())
    alone = judge_pool.judged(reader, orders, MOMENT)
    monkeypatch.setattr(judge_pool, "TOGETHER", 2)
    with judge_pool.judge_pool(reader) as judge:
        assert judge([*orders, orders[0]], MOMENT) == alone
        assert judge((), MOMENT) == {}
    assert len(alone) > 5


def test_many_new_entries_are_judged_by_the_pool(reader: LedgerReader, monkeypatch: pytest.MonkeyPatch) -> None:
    with docket.listed(reader, MOMENT, now=False) as index:
        expected = dict(index.rows())
    used: list[LedgerReader] = []

    def pool(of: LedgerReader) -> AbstractContextManager[judge_pool.Judge]:
        used.append(of)
        return judge_pool.judge_pool(of)

    monkeypatch.setattr(docket, "CORES", 2)
    monkeypatch.setattr(docket, "MANY", 3)
    monkeypatch.setattr(docket, "judge_pool", pool)
    with closing(docket.board(reader)) as view:
        docket.bring_up(reader, view, MOMENT)
        assert dict(view.rows()) == expected
    assert used == [reader]


def test_a_killed_process_of_the_pool_loses_nothing(reader: LedgerReader, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ProcessPoolExecutor] = []

    class Noted(ProcessPoolExecutor):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            started.append(self)

    monkeypatch.setattr(judge_pool, "ProcessPoolExecutor", Noted)
    orders = list(reader.cases.orders())
    alone = judge_pool.judged(reader, orders, MOMENT)
    with judge_pool.judge_pool(reader) as judge:
        assert judge(orders[:1], MOMENT) == {orders[0]: alone[orders[0]]}
        for process in started[0]._processes.values():
            process.kill()
        assert judge(orders, MOMENT) == alone

"""Statistics read from the view are the statistics of every order judged at that moment."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

from cli.lists import judge_pool, judged_row
from cli.lists.counted_rows import counted_row, groups_of, row_of
from cli.lists.docket import board, bring_up
from cli.reports.statistics_report import counted_orders
from cli.session.ledger_reader import LedgerReader, reading
from ledger.adapters.storage.orders.order_counts import Cost, CountedRow
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_row import OrderRow, read_row
from ledger.adapters.storage.views import ViewRow, seconds
from ledger.entries.case import Case
from ledger.errors import LedgerError
from ledger.law import judge
from projections.statistics.counted_group import CountedGroup, grouped
from projections.statistics.counted_order import CountedOrder
from tests.projections.statistics.test_counted_group import counted_orders as invented
from tests.projections.statistics.test_counted_group import moments
from tests.support.cli import House, ledger_of, reply, run
from tests.support.samples import SEED, examples
from tests.support.story_files import STORY_NAMES, cases

SECOND = timedelta(seconds=1)
TRIED = 10  # moments of an order


def sorted_groups(groups: list[CountedGroup]) -> list[CountedGroup]:
    return sorted(groups, key=repr)


def shown(number: int, order: CountedOrder | None) -> dict[str, ViewRow]:
    counted = None if order is None else row_of(order)
    row = OrderRow(f"{number:08x}", None, None, "EPOC", "ISSUED", [], number, counted=counted)
    return {row.order: ViewRow(msgspec.json.encode(row))}


changes = st.lists(st.tuples(st.integers(0, 5), st.none() | invented), max_size=14)


@hypothesis.given(changes, st.none() | moments, st.none() | moments)
@examples(60)
def test_the_view_has_the_groups_of_the_newest_row_of_each_order(
    changes: list[tuple[int, CountedOrder | None]], since: datetime | None, until: datetime | None
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(OrderIndex(Path(folder) / "views.db", "rows")) as index,
    ):
        newest: dict[int, CountedOrder | None] = {}
        for number, order in changes:
            index.apply(shown(number, order))
            newest[number] = order
        counted = [order for order in newest.values() if order is not None]
        assert sorted_groups(groups_of(index)) == sorted_groups(grouped(counted))
        some = [
            x for x in counted if (since is None or x.issued_on >= since) and (until is None or x.issued_on < until)
        ]
        assert sorted_groups(groups_of(index, since, until)) == sorted_groups(grouped(some))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+99999999", "much"])
def test_an_amount_that_no_program_has_stored_is_refused(tmp_path: Path, amount: str) -> None:
    row = OrderRow(
        "1", None, None, "EPOC", "ISSUED", [], 1, counted=CountedRow("{}", 0, None, [Cost(True, "EUR", "1")])
    )
    with closing(OrderIndex(tmp_path / "views.db", "rows")) as index:
        index.apply({row.order: ViewRow(msgspec.json.encode(row))})
        with closing(sqlite3.connect(index.path)) as c:
            c.execute("UPDATE board_cost SET amount = ?", (amount,))
            c.commit()
        with pytest.raises(LedgerError, match="a row that is none"):
            groups_of(index)


# -- moments -----------------------------------------------------------------------------------------------------------


def turns(case: Case) -> Iterator[datetime]:
    """Yield the moments around which an order may count otherwise: of its entries, and the ends of its deadlines."""
    last = max(e.at for e in case.entries)
    yield from (moment for e in (*case.entries, *case.registry) for moment in (e.at, e.on))
    yield from (clock.due for clock in judge(case, last).deadlines if clock.due is not None)


def tried(case: Case) -> list[datetime]:
    near = {turn + step * SECOND for turn in turns(case) for step in (-1, 0, 1)}
    return sorted(random.Random(SEED).sample(sorted(near), min(TRIED, len(near))))


ORDERS = [
    pytest.param(case, id=f"{name}-{label}", marks=() if name.startswith("S") else pytest.mark.slow)
    for name in STORY_NAMES
    for label, case in cases(name).items()
]


@pytest.mark.parametrize("case", ORDERS)
def test_a_row_counts_as_its_order_does_until_the_moment_at_which_it_is_stale(case: Case) -> None:
    row: ViewRow | None = None
    for moment in tried(case):
        if row is None or (row.stale_at is not None and (seconds(row.stale_at) or 0) <= (seconds(moment) or 0)):
            row = judged_row.shown(case, moment)
        known = case.known(moment)
        assert read_row(row.body).counted == counted_row(known, judge(known, moment)), moment


# -- ledgers -----------------------------------------------------------------------------------------------------------


def of_view(reader: LedgerReader, moment: datetime) -> list[CountedGroup]:
    with closing(board(reader)) as view:
        bring_up(reader, view, moment)
        return sorted_groups(groups_of(view))


def of_fold(reader: LedgerReader, moment: datetime) -> list[CountedGroup]:
    return sorted_groups(grouped(counted_orders(reader, moment)))


@pytest.mark.parametrize("story", ["S1", "S3", "S4"])
def test_the_view_of_a_ledger_counts_as_its_entries_do_at_every_moment_in_turn(tmp_path: Path, story: str) -> None:
    with reading(ledger_of(story, tmp_path)) as reader:
        for moment in sorted({moment for case in reader.all() for moment in tried(case)}):
            assert of_view(reader, moment) == of_fold(reader, moment), moment


def test_what_a_ledger_counts_as_comes_from_public_values_alone(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        now, orders = reader.now(), list(reader.cases.orders())
        opened, closed = ([reader.cases.case(order, reveal=reveal) for order in orders] for reveal in (True, False))
        assert any(isinstance(value, str) for case in opened for e in case.entries for value in e.sealed.values())
        rows = [[counted_row(case.known(now), judge(case, now)) for case in some] for some in (opened, closed)]
    assert rows[0] == rows[1]
    assert any(rows[0])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def tables(house: House, *more: str) -> Any:
    return json.loads(run("stats", "--transparency", *more, "--json", ledger=house.ledger).stdout)["tables"]


def test_the_command_judges_only_the_order_of_a_new_entry(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def counting(case: Case, moment: datetime) -> ViewRow:
        judged.append(case.order)
        return judged_row.shown(case, moment)

    before = tables(house)
    monkeypatch.setattr(judge_pool, "shown", counting)
    assert tables(house) == before
    assert judged == []
    (order,) = (row["order"] for row in house.reply("orders")["orders"])
    said = ("record", "order-closed", order, "-f", "outcome=answered", "--as", "ilves", "--role", "ISS")
    done = house.run(*said)
    assert done.exit_code == 0, done.output
    after = tables(house)
    assert judged == [order]
    (house.ledger / "views.db").unlink()
    assert tables(house) == after


def test_a_period_and_a_provider_select_the_same_orders_in_the_view_and_in_the_entries(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    as_of = ("--as-of", json.loads(run("stats", "--art28", "--json", ledger=ledger).stdout)["as_of"])
    provider = next(each for row in reply("orders", ledger=ledger)["orders"] for each in row["providers"])
    for form in ("--art28", "--transparency"):
        for more in ((), ("--from", "2020-01-01"), ("--to", "2020-01-01"), ("--party", "XO"), ("--provider", provider)):
            view, fold = (run("stats", form, *more, *at, "--json", ledger=ledger).stdout for at in ((), as_of))
            assert json.loads(view)["tables"] == json.loads(fold)["tables"], more
            assert json.loads(view)["selection"] == json.loads(fold)["selection"]


def test_a_view_that_a_folder_cannot_keep_is_not_needed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tables(house)
    (house.ledger / "views.db").unlink()
    monkeypatch.setattr("cli.lists.docket.keeps_view", lambda reader: False)
    assert tables(house) == kept
    assert not (house.ledger / "views.db").exists()

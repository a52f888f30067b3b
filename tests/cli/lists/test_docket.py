"""The list of orders judges again the orders that a new entry of the register can change, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.lists import docket as docket_module
from cli.lists import judge_pool, judged_row
from ledger.adapters.storage.orders.order_index import SeenRegisters
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import Case
from tests.support.cli import House

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path).furnished()
    house.reply("orders")
    return house


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which each order is added that is judged for the list of orders."""
    orders: list[str] = []
    shown: Callable[..., ViewRow] = judged_row.shown

    def counted(case: Case, *args: object) -> ViewRow:
        orders.append(case.order)
        return shown(case, *args)

    monkeypatch.setattr(judge_pool, "shown", counted)
    return orders


def register(house: House, actor: str, party: str) -> None:
    fields = (f"actor={actor}", f"party={party}", "roles=ISS", "valid_from=2020-01-01")
    named = [word for field in fields for word in ("-f", field)]
    done = house.run("record", "authority-registered", *named, "--as", "registrar")
    assert done.exit_code == 0, done.output


def test_a_new_office_that_no_order_names_judges_nothing_again(house: House, judged: list[str]) -> None:
    register(house, "somewhere-else", "XO")
    house.reply("orders")
    assert judged == []


def test_a_change_of_an_office_judges_the_orders_again_that_name_it(house: House, judged: list[str]) -> None:
    (order,) = (row["order"] for row in house.reply("orders")["orders"])
    fields = ("actor=ilves", "valid_from=2020-01-01", "roles=ISS,VAL")
    named = [word for field in fields for word in ("-f", field)]
    done = house.run("record", "authority-changed", *named, "--as", "registrar")
    assert done.exit_code == 0, done.output
    house.reply("orders")
    assert judged == [order]


def test_an_entry_that_can_change_any_order_judges_every_order_again(house: House, judged: list[str]) -> None:
    (order,) = (row["order"] for row in house.reply("orders")["orders"])
    file = house.folder / "policy.txt"
    file.write_text("any")
    fields = ("policy=access", "valid_from=2027-01-01", f"document={file}")
    named = [word for field in fields for word in ("-f", field)]
    done = house.run("record", "policy-adopted", *named, "--as", "registrar")
    assert done.exit_code == 0, done.output
    house.reply("orders")
    assert judged == [order]


# -- how a view is brought up to date ----------------------------------------------------------------------------------


class View:
    """A view of `size` entries, in which some orders are stale; it hands them out two at a time."""

    def __init__(self, size: int, stale: int) -> None:
        self.size = size
        self.left = [f"order {n}" for n in range(stale)]
        self.applied: list[Any] = []

    def stale_count(self, moment: datetime) -> int:
        return len(self.left)

    def stale(self, moment: datetime, most: int) -> list[str]:
        return self.left[:2]

    def apply(self, rows: Any) -> None:
        self.applied.append(rows)
        self.left = self.left[2:]

    def received(self) -> SeenRegisters:
        return SeenRegisters("None", {})

    def catch_up(self, store: Any, fold: Any) -> None:
        self.folded = fold


@pytest.mark.parametrize(
    ("cores", "size", "had", "stale", "most", "pooled"),
    [
        pytest.param(2, 20, 0, 0, None, False, id="few-new"),
        pytest.param(2, 21, 0, 0, None, True, id="many-new"),
        pytest.param(2, 21, 1, 0, None, False, id="as-many-as-few"),
        pytest.param(2, 30, 9, 0, None, True, id="many-behind-the-view"),
        pytest.param(1, 21, 0, 9, None, False, id="one-core"),
        pytest.param(2, 9, 9, 2, None, False, id="few-stale"),
        pytest.param(2, 9, 9, 3, None, True, id="many-stale"),
        pytest.param(2, 9, 9, 3, 3, True, id="as-many-stale-as-are-judged"),
        pytest.param(2, 9, 9, 4, 3, False, id="more-stale-than-are-judged"),
    ],
)
def test_many_orders_are_judged_on_every_core_and_too_many_stay_stale(
    cores: int, size: int, had: int, stale: int, most: int | None, pooled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[Any] = []

    @contextmanager
    def judge_pool(reader: Any) -> Iterator[Any]:
        used.append("pool")
        yield lambda orders, moment: ("pool", *orders)

    monkeypatch.setattr(docket_module, "CORES", cores)
    monkeypatch.setattr(docket_module, "MANY", 20)
    monkeypatch.setattr(docket_module, "judge_pool", judge_pool)
    monkeypatch.setattr(docket_module, "judged", lambda reader, orders, moment: ("here", *orders))
    view: Any = View(had, stale)
    received = SimpleNamespace(mark=lambda folder: None)
    reader: Any = SimpleNamespace(store=SimpleNamespace(size=lambda: size), cases=SimpleNamespace(received=received))
    reported: list[tuple[int, int]] = []
    docket_module.bring_up(reader, view, AT, lambda done, of: reported.append((done, of)), most=most)
    assert used == (["pool"] if pooled else [])
    if most is not None and stale > most:
        assert (view.applied, reported, len(view.left)) == ([], [], stale)
        return
    assert view.left == []
    assert {rows[0] for rows in view.applied} <= {"pool" if pooled else "here"}
    assert [row for rows in view.applied for row in rows[1:]] == [f"order {n}" for n in range(stale)]
    assert reported == [(min(done, stale), stale) for done in range(2, stale + 2, 2)]

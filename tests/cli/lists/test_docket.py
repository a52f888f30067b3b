"""The list of orders judges again the orders that a new entry of the register can change, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.lists import judge_pool, judged_row
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import Case
from tests.support.cli import House


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

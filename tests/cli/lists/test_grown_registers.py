"""The list of orders judges again the orders that a grown register of another log can change, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.lists import judge_pool, judged_row
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import Case
from tests.support.divided.two_houses import Office, two_houses


@pytest.fixture
def offices(tmp_path: Path) -> tuple[Office, Office]:
    """Return an authority and a provider that has received E-7 and listed it."""
    karsk, skylark = two_houses(tmp_path)
    skylark.receive(karsk.issue("E-7"))
    skylark.reply("orders")
    karsk.enrol("second", "ISS")
    return karsk, skylark


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which the reference of each order is added that is judged for the list of orders."""
    orders: list[str] = []
    shown = judged_row.shown

    def counted(case: Case, *args: Any) -> ViewRow:
        orders.append(next(str(e.get("reference")) for e in case.entries if e.kind == "order-issued"))
        return shown(case, *args)

    monkeypatch.setattr(judge_pool, "shown", counted)  # nothing outside says which orders were judged
    return orders


def same_as_judged(office: Office) -> None:
    for row in office.reply("orders")["orders"]:
        judgement = json.loads(office.run("judge", row["order"], "--json").stdout)  # exit 3: there are findings
        assert row["state"] == judgement["state"]
        found = [f["level"] for f in judgement["findings"]]
        assert row["findings"] == {level: found.count(level) for level in sorted({*found})}


def test_a_stolen_key_that_arrives_with_another_order_shows_in_the_list(offices: tuple[Office, Office]) -> None:
    karsk, skylark = offices
    (before,) = skylark.reply("orders")["orders"]
    karsk.do("key", "compromised", "ilves", "--since", "2020-01-01T00:00:00Z", "--yes")
    bundle = karsk.issue("E-8", "second")
    skylark.do("receive", bundle, "--anyway", "--as", "skylark")  # the key accepted itself when it may have been stolen
    after = next(row for row in skylark.reply("orders")["orders"] if row["order"] == before["order"])
    assert (before["state"], after["state"]) == ("SERVED", "-"), "no act of the order is proven any more"
    same_as_judged(skylark)


def test_a_register_that_grew_judges_the_orders_of_its_log_again_once(
    offices: tuple[Office, Office], judged: list[str]
) -> None:
    karsk, skylark = offices
    skylark.receive(karsk.issue("E-8", "second"))
    skylark.reply("orders")
    assert sorted(judged) == ["E-7", "E-8"]
    skylark.receive(karsk.issue("E-9", "second"))
    skylark.reply("orders")
    assert sorted(judged) == ["E-7", "E-8", "E-9"], "its register was the same"

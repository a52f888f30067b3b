"""A provider's table of incoming orders starts their deadlines; an order that arrives later is joined by an entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest

from tests.cli.imports.intake.incoming import due, imported, issued, orders, register, table
from tests.server.exchange.offices import Offices, begin, copy


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    return begin(tmp_path_factory.mktemp("offices"))


@pytest.fixture
def offices(started: Offices, tmp_path: Path) -> Offices:
    return copy(started, tmp_path / "both")


def test_every_unanswered_order_of_a_table_has_its_deadline_and_one_that_arrives_is_joined(offices: Offices) -> None:
    open_, dry = imported(offices, 5)
    assert {(c["id"], c["verdict"]): c["orders"] for c in dry["clocks"]} == {
        ("E-10-3", "OPEN"): len(open_),
        ("E-10-3", "MET"): 5 - len(open_),
    }
    assert dry["without"] == []
    assert "V" not in {found["level"] for found in dry["findings"]}
    assert due(offices) == open_
    said = issued(offices, 3)
    assert "it arrived, and it was imported" in said
    assert len(orders(offices)) == 6
    offices.type("skylark", "comity order join --all --as skylark")
    rows = {item["ref"]: item for item in orders(offices)}
    assert len(rows) == 5
    assert rows["3 Js 3/26"]["state"] == "SERVED"
    assert due(offices) == open_
    judged = offices.answer("skylark", "comity judge '3 Js 3/26'")
    assert [d["id"] for d in judged["deadlines"]] == ["E-10-3"]
    assert "W-OUT-OF-SEQUENCE" not in {found["code"] for found in judged["findings"]}
    again = offices.answer("skylark", "comity import in.csv --profile in.toml --as skylark")
    assert (again["recorded"], len(orders(offices))) == (0, 5)


def test_a_false_join_is_ended_by_a_dispute_and_both_orders_are_listed_again(offices: Offices) -> None:
    open_, _ = imported(offices, 2)
    issued(offices, 0)
    whole, part = (
        item["order"] for item in sorted(orders(offices), key=lambda o: o["entries"]) if item["ref"] == "0 Js 0/26"
    )
    offices.type("skylark", f"comity order join {whole} {part} --as skylark")
    assert len(orders(offices)) == 2
    bundle = "comity export '0 Js 0/26' --audience CT -o court.zip --as skylark"
    offices.type("skylark", bundle)
    verified = offices.type("skylark", "comity verify court.zip --trust ledger/trust")
    assert "TOTAL-PASSED" in verified
    assert "No order signed by a registered office" not in verified
    offices.type("skylark", f"comity record event-disputed {whole} -f about=#2 --as skylark")
    assert sorted(item["ref"] for item in orders(offices)) == ["0 Js 0/26", "0 Js 0/26", *open_]


def test_an_order_that_arrived_before_it_was_imported_is_opened_beside_it_and_offered(offices: Offices) -> None:
    issued(offices, 0)
    table(offices, 2)
    register(offices)
    said = offices.type("skylark", "comity import in.csv --profile in.toml --as skylark")
    assert "0 Js 0/26 of district-court is on record twice" in said
    assert len(orders(offices)) == 3
    offices.type("skylark", "comity order join --all --as skylark")
    assert len(orders(offices)) == 2
    assert "no two orders" in offices.type("skylark", "comity order join --all --as skylark")


def test_orders_of_another_office_or_of_another_time_are_not_offered_as_one(offices: Offices) -> None:
    table(offices, 2)
    text = (offices.root / "skylark" / "in.csv").read_text("utf-8")
    rows = text.replace("0 Js 0/26", "7 Js 7/26").replace("1 Js 1/26", "8 Js 8/26").splitlines()
    long_ago = f"{datetime.now(UTC) - timedelta(days=90):%d.%m.%Y}"
    rows[1] = ",".join([rows[1].split(",")[0], long_ago, *rows[1].split(",")[2:-1], ""])  # by the same office
    (offices.root / "skylark" / "in.csv").write_text("\n".join(rows) + "\nT-9,,Procura di Milano,9,IT,u,subscriber,\n")
    register(offices)
    offices.type("skylark", "comity import in.csv --profile in.toml --as skylark")
    assert "on record twice" not in issued(offices, 7) + issued(offices, 8)
    assert offices.answer("skylark", "comity order join")["offered"] == []


@pytest.mark.slow
def test_three_hundred_orders_of_a_provider_start_their_deadlines_and_thirty_that_arrive_leave_three_hundred(
    offices: Offices,
) -> None:
    for number in range(0, 30, 3):
        issued(offices, number)  # ten of them arrive before they are imported
    begun = perf_counter()
    open_, dry = imported(offices, 300)
    assert perf_counter() - begun < 30  # draft, registration, dry run and import; the target of 10 s is for one machine
    assert {(c["id"], c["verdict"]): c["orders"] for c in dry["clocks"]} == {
        ("E-10-3", "OPEN"): len(open_),
        ("E-10-3", "MET"): 300 - len(open_),
    }
    assert (dry["without"], len(open_)) == ([], 150)
    for number in range(30, 90, 3):
        issued(offices, number)
    assert len(orders(offices)) == 330
    offices.type("skylark", "comity order join --all --as skylark")
    assert len(orders(offices)) == 300
    assert due(offices) == sorted(open_)
    listed = offices.answer("skylark", "comity due")["due"]
    assert all(item["last_day"] and item["who"] for item in listed)
    (row,) = (
        row
        for row in offices.answer("skylark", "comity stats --art28")["tables"][0]["rows"]
        if row["says"] == "production orders issued"
    )
    assert row["cells"][-1] == 300
    custody = offices.answer("skylark", "comity custody '30 Js 30/26'")["custody"]
    assert [(step["entry"], step["kind"]) for step in custody] == [("#I3", "data-disclosed")]

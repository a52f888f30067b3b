"""An imported order and the bundle of it, once joined, are one order in every view, and in other ledgers."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.keys.open_key import open_key
from server.jobs.calendar import calendar_at, make_calendars, new_address
from server.jobs.settings import Settings
from server.jobs.state import JobStore
from server.jobs.table import Place
from tests.cli.imports.intake.incoming import due, imported, issued, orders
from tests.server.desk.desk import person, words
from tests.server.exchange.offices import Offices, begin, copy

FIRST, OPEN = "0 Js 0/26", "3 Js 3/26"  # an answered order and an open one, both of the District Court


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    """Return two offices: four imported orders at the provider, of which two have arrived as bundles too."""
    offices = begin(tmp_path_factory.mktemp("made"))
    imported(offices, 4)
    issued(offices, 0)
    issued(offices, 3)
    return offices


@pytest.fixture
def apart(made: Offices, tmp_path: Path) -> Offices:
    return copy(made, tmp_path / "apart")


@pytest.fixture(scope="module")
def united(made: Offices, tmp_path_factory: pytest.TempPathFactory) -> Offices:
    offices = copy(made, tmp_path_factory.mktemp("united"))
    offices.type("skylark", "comity order join --all --as skylark")
    return offices


@pytest.fixture
def one(united: Offices, tmp_path: Path) -> Offices:
    return copy(united, tmp_path / "one")


def twice(offices: Offices, reference: str = OPEN) -> tuple[str, str]:
    """Return the ids of the order that arrived and of the imported one."""
    found = {item["imported"]: item["order"] for item in offices.answer("skylark", "comity order join")["offered"]}
    (part,) = (i["order"] for i in orders(offices) if i["ref"] == reference and i["order"] in found)
    return found[part], part


def judged(offices: Offices, who: str, reference: str) -> dict[str, Any]:
    said = offices.answer(who, f"comity judge '{reference}'")
    return {"state": said["state"], "deadlines": [(d["id"], d["verdict"], d["due"]) for d in said["deadlines"]]}


# -- every view shows one ---------------------------------------------------------------------------------------------


def test_joined_orders_are_one_in_custody_and_the_calendar(one: Offices) -> None:
    custody = one.answer("skylark", f"comity custody '{FIRST}'")
    assert [step["entry"] for step in custody["custody"]] == ["#I3"]
    ledger = one.ledger("skylark")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in one.env("skylark").items():
            patch.setenv(name, value)
        secret = new_address(ledger, "skylark", "Ivo").rpartition("/")[2]
        with closing(JobStore(ledger)) as store:
            make_calendars(Settings({}), store, Place(ledger, ledger, datetime.now(UTC).timestamp()))
        calendar = calendar_at(ledger, secret) or b""
    assert calendar.count(b"BEGIN:VEVENT") == len(due(one)) == 2


def test_an_office_server_and_its_clients_show_joined_orders_as_one(one: Offices, tmp_path: Path) -> None:
    here = {item["ref"]: item["state"] for item in orders(one)}
    with one.serving("skylark") as office:
        key = open_key(str(one.root / "skylark" / ".config" / "comity" / "keys" / "skylark"))

        with office.connect(key, tmp_path / "state") as there:
            assert {order.ref: order.state for order in there.orders()} == here
            assert sorted(duty.order for duty in there.due()) == sorted(
                item["order"] for item in one.answer("skylark", "comity due")["due"]
            )
            entries = there.order(OPEN).timeline()
            assert {"order-received", "duplicate-service-recorded"} < {line.entry.kind for line in entries}
            part = next(line.entry.order for line in entries if line.entry.kind == "order-received")
            assert there.order(part).view().order == there.order(OPEN).id
        ivo = person(office, "Ivo Lind", "skylark", key=False)
        page = words(ivo.get("/orders"))
        assert [page.count(f">{reference}<") for reference in here] == [1] * 4


# -- a joined order elsewhere -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", [FIRST, OPEN])
def test_who_receives_a_joined_order_judges_it_as_the_ledger_that_joined_it(one: Offices, reference: str) -> None:
    one.type("skylark", f"comity export '{reference}' --audience ISS -o ../one.zip --as skylark")
    assert "TOTAL-PASSED" in one.type("karsk", "comity verify ../one.zip --trust ../skylark/ledger/trust")
    before = len(one.answer("karsk", "comity orders")["orders"])
    one.type("karsk", "comity receive ../one.zip --as ilves")
    assert judged(one, "karsk", reference) == judged(one, "skylark", reference)
    assert len(one.answer("karsk", "comity orders")["orders"]) == before
    again = one.type("karsk", f"comity receive ../one.zip --order '{reference}' --as ilves")
    assert "nothing is new, and nothing changed" in again
    for who in ("karsk", "skylark"):
        one.type(who, f"comity report custody '{reference}' -o custody.html", 3)  # no trust from elsewhere
    one.type("karsk", f"comity export '{reference}' --audience CT -o ../court.zip --as ilves")
    assert "TOTAL-PASSED" in one.type("karsk", "comity verify ../court.zip --trust ledger/trust")


# -- attacks ----------------------------------------------------------------------------------------------------------


def test_an_order_is_joined_once_and_never_with_itself(apart: Offices) -> None:
    whole, part = twice(apart)
    assert "ORDERS-NOT-ONE" in apart.type("skylark", f"comity order join {whole} {whole} --as skylark", 5)
    assert "ORDERS-NOT-ONE" in apart.type("skylark", f"comity order join {part} {whole} --as skylark", 5)
    apart.type("skylark", f"comity order join {whole} {part} --as skylark")
    assert "one order on this record already" in apart.type(
        "skylark", f"comity order join {whole} {part} --as skylark", 5
    )
    assert "one order on this record already" in apart.type(
        "skylark", f"comity order join {part} {whole} --as skylark", 5
    )
    assert apart.answer("skylark", f"comity show {part}")["order"] == whole
    apart.type("skylark", f"comity export {part} --audience CT -o court.zip --as skylark")
    assert "TOTAL-PASSED" in apart.type("skylark", "comity verify court.zip --trust ledger/trust")
    assert len(orders(apart)) == 5


def joins_by_hand(offices: Offices, order: str, other: str, by: str = "skylark", more: str = "") -> None:
    """Record by hand that an order is the same one as another."""
    line = f"comity record duplicate-service-recorded {order} -f first=#1 -f second_on=2026-12-01T10:00:00Z"
    offices.type("skylark", f"{line} -f first_order={other} --as {by}{more}")


def test_an_order_of_another_office_is_hidden_by_no_join_of_a_stranger(apart: Offices) -> None:
    whole, part = twice(apart)
    before, listed = due(apart), orders(apart)
    apart.type("skylark", "comity key new nosy")
    apart.type(
        "skylark",
        "comity key enrol nosy --public .config/comity/keys/nosy.pub --role SP --party XV --office Nosy",
    )
    apart.type("skylark", "comity key accept nosy")
    joins_by_hand(apart, whole, part, "nosy")
    assert (due(apart), [o["order"] for o in orders(apart)]) == (before, [o["order"] for o in listed])
    assert len(apart.answer("skylark", "comity order join")["offered"]) == 2
    refused = apart.type("skylark", f"comity order join {whole} {part} --as nosy", 5)
    assert "not imported by nosy but recorded by skylark" in refused


def test_joins_in_a_chain_or_a_circle_lose_no_order(apart: Offices) -> None:
    (whole, part), others = twice(apart), [o["order"] for o in orders(apart) if o["ref"].startswith(("1", "2"))]
    joins_by_hand(apart, part, others[0])
    joins_by_hand(apart, whole, part)  # an order that has taken in another one is not taken in itself
    assert {o["order"] for o in orders(apart)} >= {part, whole, others[1]}
    assert len(orders(apart)) == 5
    joins_by_hand(apart, others[0], part)
    assert len(orders(apart)) == 5

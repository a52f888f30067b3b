"""A condition of an entry asks the log nothing that its signer may not see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from ledger.entries.envelope import EntryPlace
from ledger.entries.payload import Condition
from ledger.entries.placement import access_of, map_of, registry_of
from tests.server.api.test_recording import ISSUED, Desk, refused
from tests.server.office import serving
from tests.support.cli import House

ORIGIN = "ledger.example/xo/karsk"
SENT = {"addressee": "ilves", "channel": "mail"}  # which does not name skylark
SECRET = "ex-post-validation-sought"  # a kind that a provider may not know of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    house = House(tmp_path_factory.mktemp("house")).furnished().with_office("skylark", "SP")
    house.run("timeline", "PPO-1", "--reveal", "--because", "a test", "--as", "ilves")  # the access order has an entry
    order = house.reply("orders")["orders"][0]["order"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as office:
            yield Desk(house, office, order)


def new(desk: Desk, condition: Condition, order: str = "") -> dict[str, Any]:
    """Return an entry of skylark that begins an order, with a condition."""
    place = EntryPlace(ORIGIN, order or str(uuid4()), 1, None, "VOL")
    return desk.sealed("order-issued", ISSUED, place=place, actor="skylark", role="SP", unless=condition)


def test_a_condition_over_a_hidden_order_is_answered_as_one_over_an_order_that_does_not_exist(desk: Desk) -> None:
    answers = set()
    for order in (desk.order, str(uuid4()), access_of(ORIGIN)):
        for kind in ("order-issued", "order-transmitted", "record-accessed"):
            for after in (0, desk.size(), 2**50):
                reply = desk.post(new(desk, Condition(after, [order], [kind])), by="skylark")
                answers.add((reply.status, reply.code, reply.body.replace(order.encode(), b"")))
    assert [(status, code) for status, code, _ in answers] == [(404, "API-MISSING")]


def test_one_hidden_order_among_others_is_enough(desk: Desk) -> None:
    orders = sorted((registry_of(ORIGIN), desk.order))
    refused(desk, "API-MISSING", new(desk, Condition(0, orders, ["order-issued"])), by="skylark")


def test_a_kind_that_the_caller_may_not_know_of_is_in_no_condition_of_it(desk: Desk) -> None:
    registry = registry_of(ORIGIN)
    refused(desk, "API-KIND", new(desk, Condition(0, [registry], [SECRET])), by="skylark", status=422)


def test_a_condition_over_what_the_caller_sees_is_kept(desk: Desk) -> None:
    own, reserved = str(uuid4()), sorted((registry_of(ORIGIN), map_of(ORIGIN)))
    assert desk.post(new(desk, Condition(0, [own], ["order-issued"]), own), by="skylark").status == 200
    assert desk.post(new(desk, Condition(0, reserved, ["key-revoked"])), by="skylark").status == 200
    entry = desk.sealed("order-transmitted", SENT, unless=Condition(desk.size(), [desk.order], ["order-transmitted"]))
    assert desk.post(entry).status == 200
    again = desk.sealed("order-transmitted", SENT, unless=Condition(0, [desk.order], ["order-transmitted"]))
    refused(desk, "CTX-CONDITION", again, status=409)


def test_a_condition_may_name_an_order_that_its_request_begins(desk: Desk) -> None:
    order = str(uuid4())
    condition = Condition(0, [order], ["order-refused"])
    first, second = new(desk, condition, order), new(desk, condition)
    assert desk.post(first, second, by="skylark").status == 200

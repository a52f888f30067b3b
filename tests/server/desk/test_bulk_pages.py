"""One step in several orders is one form and a separate draft for each order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from server.desk.bulk_pages import MOST
from server.desk.steps import bulk_kinds
from tests.server.desk.desk import Person, person, words
from tests.server.desk.reading import Form, Pairs
from tests.server.office import Office, Reply, serving_story


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Person, list[str]]]:
    with serving_story("one-person-two-orders", tmp_path_factory.mktemp("bulk")) as office:
        orders = office.running.view.orders_since(0)[1]
        issuer = next(e.actor for e in office.journal.case(orders[0]).entries if e.kind == "order-issued")
        yield office, person(office, "Dina Ilves", issuer), orders


def begun(who: Person, kind: str, orders: list[str]) -> Reply:
    return who.get(f"/bulk?kind={kind}&" + "&".join(f"o={order}" for order in orders))


def checked(who: Person, page: Reply, **values: str) -> Reply:
    changed = {name.replace("__", "."): value for name, value in values.items()}
    pairs: Pairs = [(n, v) for n, v in Form(page.body.decode(), "bulk-form").pairs if n not in changed]
    return who.post("/bulk", [*pairs, *changed.items(), ("do", "check")])


def drafts(reply: Reply) -> dict[str, dict[str, object]]:
    found = re.findall('data-order="([^"]*)" data-recording="(.*?)"', reply.body.decode())
    return {order: json.loads(unescape(recording))["draft"] for order, recording in found}


def test_each_order_gets_a_draft_with_the_common_values(two: tuple[Office, Person, list[str]]) -> None:
    _, dina, orders = two
    reply = checked(dina, begun(dina, "order-closed", orders), f__outcome="answered", c__role="ISS")
    assert reply.status == 200
    found = drafts(reply)
    assert sorted(found) == sorted(orders)
    for order, draft in found.items():
        assert (draft["order"], draft["kind"], draft["fields"]) == (order, "order-closed", {"outcome": "answered"})
    assert "2 of 2 entries can be signed" in words(reply)


def test_an_error_of_the_form_is_said_at_each_order_and_nothing_can_be_signed(
    two: tuple[Office, Person, list[str]],
) -> None:
    _, dina, orders = two
    reply = checked(dina, begun(dina, "order-closed", orders), f__outcome="", c__role="ISS")
    assert reply.status == 422
    assert drafts(reply) == {}
    assert words(reply).count(">This cannot be signed in this order") == 2
    assert 'id="sign-all"' not in reply.body.decode()


def test_the_common_form_asks_for_no_entry_of_an_order_and_each_draft_has_its_own(
    two: tuple[Office, Person, list[str]],
) -> None:
    office, dina, orders = two
    caller = office.running.view.keyring.person("a", dina_office(office, dina), (), frozenset())
    asked = [k for k in bulk_kinds(caller.roles) if k == "additional-information-provided"]
    assert asked
    page = begun(dina, asked[0], orders)
    names = Form(page.body.decode(), "bulk-form").names
    assert not [name for name in names if name in ("c.replaces", "c.why", "f.about", "f.responds_to")]


def dina_office(office: Office, who: Person) -> str:
    account = office.running.accounts.get(who.account)
    assert account is not None
    return account.office


def test_an_order_that_a_person_may_not_see_has_no_form(two: tuple[Office, Person, list[str]]) -> None:
    office, _, orders = two
    ada = person(office, "Ada Sky", "skylark")
    view = office.running.view
    hidden = [o for o in orders if not view.may_see(view.keyring.person("", "skylark", (), frozenset()), o)]
    assert begun(ada, "order-received", hidden).status == 404
    assert begun(ada, "order-received", orders).status == 404


@pytest.mark.parametrize("kind", ["key-registered", "party-registered", "order-issued", "record-accessed", "x"])
def test_a_kind_that_is_no_common_step_is_refused(two: tuple[Office, Person, list[str]], kind: str) -> None:
    _, dina, orders = two
    assert begun(dina, kind, orders).status in (400, 403, 404, 422)


def test_too_many_orders_and_none_are_no_form(two: tuple[Office, Person, list[str]]) -> None:
    _, dina, _ = two
    many = [f"{n:08x}-1111-4111-8111-111111111111" for n in range(MOST + 1)]
    assert begun(dina, "order-closed", many).status == 400
    assert begun(dina, "order-closed", []).status == 303


def test_the_list_offers_the_common_steps_of_the_person_alone(two: tuple[Office, Person, list[str]]) -> None:
    office, dina, _ = two
    page = words(dina.get("/orders?sort=order"))
    assert '<option value="order-closed">' in page
    assert '<option value="order-received">' not in page
    ada = person(office, "Ada Two", "skylark", key=False)
    assert '<option value="order-received">' in words(ada.get("/orders?sort=order"))


def test_the_page_that_finds_a_person_sends_nothing_to_the_server(two: tuple[Office, Person, list[str]]) -> None:
    _, dina, _ = two
    page = dina.get("/persons").body.decode()
    form = page[page.index('<form id="persons"') : page.index("</form>", page.index('<form id="persons"'))]
    assert " name=" not in form, "a form without names sends no value"
    assert "comity subject find --purpose CODE --because REASON" in page

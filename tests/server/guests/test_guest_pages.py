"""The pages of guests show the orders of their office alone, and lead to the forms that they may sign."""

from __future__ import annotations

import re

import pytest

from server.api.guests import PAGE
from tests.server.desk.desk import Person, words
from tests.server.guests.guests import FIRST, SECOND, admitted, enrolled, invite, session
from tests.server.office import Office


def at_desk(house: Office, account: str) -> Person:
    return Person(house, account, house.running.sessions.begin(account, "passkey"))


@pytest.fixture(scope="module")
def guest(house: Office) -> Person:
    return at_desk(house, admitted(house).account)


@pytest.fixture(scope="module")
def prosecutor(house: Office) -> Person:
    account = house.running.accounts.add("Dina Ilves <b>", "ilves").id
    return at_desk(house, account)


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_the_page_of_a_link_is_the_same_for_everybody_and_has_no_secret(house: Office, lang: str) -> None:
    reply = house.send("GET", f"{PAGE}?lang={lang}")
    assert (reply.status, f'<html lang="{lang}">' in words(reply)) == (200, True)
    assert "script-src 'self';" in reply.headers["content-security-policy"]
    assert reply.headers["referrer-policy"] == "same-origin"
    assert 'href="/orders"' not in words(reply), "no place of the desk"


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/", "/guest/orders"),
        ("/orders", "/guest/orders"),
        (f"/orders/{FIRST}", f"/guest/orders/{FIRST}"),
        (f"/orders/{FIRST}/record", f"/guest/orders/{FIRST}"),
    ],
)
def test_a_guest_is_led_from_pages_of_the_office_to_pages_of_guests(guest: Person, asked: str, leads_to: str) -> None:
    reply = guest.get(asked)
    assert (reply.status, reply.headers["location"]) == (303, leads_to)


ADMITTED = {"/", "/orders", "/orders/{order}", "/orders/{order}/record"}  # lead to pages of guests
SHOWN = {"/guest/orders", "/guest/orders/{order}", "/orders/{order}/record/{kind}", "/orders/{order}/files", "/keys"}
SHOWN |= {"/orders/{order}/requester"}
FOR_EVERYBODY = {"/guest", "/desk/{name}", "/desk/hashing.js", "/sign-in", "/sign-in.js", "/sign-in.css"}


def test_every_page_that_is_not_made_for_guests_denies_them(house: Office, guest: Person) -> None:
    pages = page_addresses(house)
    assert pages >= ADMITTED | SHOWN
    for path in pages - ADMITTED - SHOWN - FOR_EVERYBODY:
        asked = path.format(order=FIRST, kind="order-received", name="x", digest="0" * 64, id="1")
        reply = guest.get(asked)
        assert (reply.status, "guests do not get this page" in words(reply)) == (403, True), path


def page_addresses(house: Office) -> set[str]:
    """Return the addresses of the server that are no addresses of its API."""
    from starlette.routing import Route

    app = house.running.app
    while not hasattr(app, "routes"):
        app = next(each for each in (getattr(app, name, None) for name in ("app", "_app", "_inner")) if each)
    routes = [each for each in app.routes if isinstance(each, Route)]
    other = ("/v1", "/health", "/ready", "/openapi", "/sign-in/")
    return {each.path for each in routes if not each.path.startswith(other)}


def test_a_guest_sees_the_own_orders_and_what_they_may_sign(guest: Person) -> None:
    listed, shown = words(guest.get("/guest/orders")), words(guest.get(f"/guest/orders/{FIRST}"))
    assert (FIRST in listed, SECOND in listed) == (True, False)
    assert f"/orders/{FIRST}/record/additional-information-requested" in shown
    assert f"/orders/{FIRST}/record/order-closed" not in shown
    assert 'id="findings"' not in shown
    assert 'class="find"' not in listed
    assert guest.get(f"/guest/orders/{SECOND}").status == 404


def test_the_orders_of_a_guest_come_in_pages(guest: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    one = words(guest.get("/guest/orders"))
    assert 'rel="next"' not in one
    monkeypatch.setattr("server.desk.guests.pages.LISTED", 0)
    assert 'href="?from=0"' not in words(guest.get("/guest/orders"))
    beyond = words(guest.get("/guest/orders?from=7"))
    assert FIRST not in beyond.partition('id="all"')[2]
    assert guest.get("/guest/orders?from=-1").status == guest.get("/guest/orders?from=99999999999").status == 200


def test_a_guest_gets_the_forms_of_the_own_role_and_no_other(guest: Person) -> None:
    form = f"/orders/{FIRST}/record/"
    assert guest.get(f"{form}additional-information-requested").status == 200
    for kind in ("order-closed", "retention-rule-set", "order-issued", "data-disclosed"):
        assert guest.get(form + kind).status == 403, kind
        assert guest.post(form + kind, [("do", "check")]).status == 403, kind
    assert guest.get(f"/orders/{SECOND}/record/additional-information-requested").status == 404
    for path in ("/record", "/record/order-issued?f.instrument=VOL", "/record/key-registered"):
        assert guest.get(path).status == 403, path


def test_a_form_of_a_guest_for_another_order_by_a_forged_field_stays_in_its_order(guest: Person) -> None:
    sent = [("order", SECOND), ("do", "check"), ("f.asked_of", "ilves"), ("c.role", "CAQ")]
    said = words(guest.post(f"/orders/{FIRST}/record/additional-information-requested", sent))
    assert SECOND not in said


def test_a_guest_without_a_key_is_led_to_the_keys(house: Office) -> None:
    person = at_desk(house, enrolled(house).account)
    said = words(person.get("/guest/orders"))
    assert ("No key of yours may sign yet" in said, FIRST in said) == (True, False)
    assert person.get(f"/guest/orders/{FIRST}").status == 404
    assert person.get("/keys").status == 200


def test_a_person_of_the_office_is_led_from_pages_of_guests_to_those_of_the_office(prosecutor: Person) -> None:
    assert prosecutor.get("/guest/orders").headers["location"] == "/orders"
    assert prosecutor.get(f"/guest/orders/{FIRST}").headers["location"] == f"/orders/{FIRST}"


def test_the_page_of_an_order_leads_those_who_may_invite_to_its_guests(house: Office, prosecutor: Person) -> None:
    orn = at_desk(house, house.running.accounts.add("Priit Orn", "orn").id)
    place = f'href="/orders/{FIRST}/guests"'
    assert place in words(prosecutor.get(f"/orders/{FIRST}"))
    assert place not in words(orn.get(f"/orders/{FIRST}"))
    assert (prosecutor.get(f"/orders/{FIRST}/guests").status, orn.get(f"/orders/{FIRST}/guests").status) == (200, 403)


def test_the_page_of_guests_shows_invitations_and_guests_and_never_a_link(house: Office, prosecutor: Person) -> None:
    made = invite(session(house, "ilves"), name="Ída <i>Nørd</i>").json
    reply = prosecutor.get(f"/orders/{FIRST}/guests")
    assert "Ída <i>Nørd</i>".replace("<", "&lt;").replace(">", "&gt;") in reply.body.decode(), "a name is escaped"
    assert made["link"].partition("#")[2] not in reply.body.decode()
    assert re.search(r"<option>norcentral</option>", words(reply))
    assert "<option>ilves</option>" not in words(reply)


def test_the_registrar_reads_who_has_invited_a_person_in_the_queue(house: Office) -> None:
    from tests.server.guests.guests import asked

    asked(enrolled(house))
    rita = at_desk(house, house.running.accounts.add("Rita of the register", "registrar").id)
    said = words(rita.get("/keys/requests"))
    assert ("Guest, invited by ilves to this order" in said, f"/orders/{FIRST}/guests" in said) == (True, True)


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_the_pages_exist_in_each_language(guest: Person, prosecutor: Person, lang: str) -> None:
    asked = [
        guest.get(f"/guest/orders?lang={lang}"),
        guest.get(f"/guest/orders/{FIRST}?lang={lang}"),
        prosecutor.get(f"/orders/{FIRST}/guests?lang={lang}"),
    ]
    assert [each.status for each in asked] == [200, 200, 200]
    assert all(f'<html lang="{lang}">' in words(each) for each in asked)

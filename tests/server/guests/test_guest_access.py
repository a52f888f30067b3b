"""A guest has no role before the register has accepted a key of theirs, and then sees the orders of their office."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from ledger.entries.placement import access_of, registry_of
from server.api.sign_in import EVERY_ROUTE
from tests.server.guests.guests import (
    FIRST,
    SECOND,
    Visit,
    admitted,
    asked,
    enrolled,
    invite,
    register,
    session,
    signed,
)
from tests.server.identity.test_key_requests import ask, new_key, registrar
from tests.server.office import Office

ASKS, QUESTION = "additional-information-requested", {"asked_of": "ilves"}  # of the role CAQ


@pytest.fixture(scope="module")
def guest(house: Office) -> Visit:
    """Return a guest of norcentral, for tests that only read."""
    return admitted(house)


@pytest.fixture(scope="module")
def provider(house: Office) -> Visit:
    """Return a guest of fjordlink, which both orders name."""
    return admitted(house, "fjordlink", SECOND)


def seen(guest: Visit) -> set[str]:
    return {each["order"]["order"] for each in guest.browser.get("/v1/orders").json["orders"]}


def test_a_link_alone_shows_no_order_and_records_nothing(house: Office) -> None:
    guest = enrolled(house)
    assert seen(guest) == set()
    for path in (f"/v1/orders/{FIRST}", f"/v1/orders/{FIRST}/entries", f"/v1/orders/{FIRST}/place"):
        assert guest.browser.get(path).code == "API-MISSING"
    refused = guest.record(FIRST, ASKS, QUESTION)
    assert refused.code == "API-DENIED", "no key of the register is linked"
    assert guest.browser.get("/v1/account").json["roles"] == []


def test_a_key_that_the_registrar_has_entered_gives_no_role_before_it_is_accepted(house: Office) -> None:
    guest = asked(enrolled(house))
    register(house, "key-registered", actor="norcentral", key=guest.key.public.hex(), roles=["CAQ"])
    assert [each["state"] for each in guest.browser.get("/v1/account/keys").json["keys"]] == ["pending"]
    assert (seen(guest), guest.browser.get("/v1/account").json["roles"]) == (set(), [])
    assert guest.browser.get(f"/v1/orders/{FIRST}/place").code == "API-MISSING"


def test_the_registrar_sees_who_has_invited_a_person_that_asks_for_a_key(house: Office) -> None:
    guest = asked(enrolled(house))
    (waits,) = [
        each for each in registrar(house).get("/v1/key-requests").json["requests"] if each["account"] == guest.account
    ]
    assert (waits["invited"]["order"], waits["invited"]["by_office"], waits["roles"]) == (FIRST, "ilves", ["CAQ"])


def test_a_guest_sees_the_orders_that_name_their_office_and_no_other(guest: Visit, provider: Visit) -> None:
    assert (seen(guest), seen(provider)) == ({FIRST}, {FIRST, SECOND})
    assert guest.browser.get(f"/v1/orders/{FIRST}").status == 200
    unknown = guest.browser.get(f"/v1/orders/{uuid4()}")
    for path in (f"/v1/orders/{SECOND}", f"/v1/orders/{access_of(guest.office.journal.origin)}"):
        hidden = guest.browser.get(path)
        assert (hidden.status, hidden.json["detail"]) == (unknown.status, unknown.json["detail"])
        for more in ("/entries", "/place"):
            assert guest.browser.get(path + more).code == "API-MISSING"


def test_an_entry_of_another_order_is_answered_to_a_guest_as_one_that_does_not_exist(guest: Visit) -> None:
    others = [e.index for e in guest.office.journal.case(SECOND).entries]
    unknown = guest.browser.get("/v1/entries/999999").json["detail"]
    assert {guest.browser.get(f"/v1/entries/{index}").json["detail"] for index in others} == {unknown}


# What a guest may ask. Every other address that needs a caller denies guests, whatever it answers.
ASKED = {
    "GET /v1/register",
    "GET /v1/consistency",
    "GET /v1/entries/{index}",
    "GET /v1/orders",
    "GET /v1/orders/{order}",
    "GET /v1/orders/{order}/entries",
    "GET /v1/orders/{order}/place",
    "GET /v1/orders/{order}/bundle",
    "POST /v1/orders/{order}/bundle",
    "GET /v1/orders/{order}/files",
    "POST /v1/orders/{order}/files",
    "GET /v1/orders/{order}/files/{object}",
    "POST /v1/entries",
    "POST /v1/drafts",
    "POST /v1/account/sessions/end",
    "GET /v1/account",
    "POST /v1/account/passkeys/remove",
    "GET /v1/orders/{order}/requester",
    "GET /v1/requester-policy",
    "POST /v1/requester-policy",
    "GET /v1/account/keys",
    "POST /v1/account/keys",
    "POST /v1/account/keys/end",
    "POST /v1/account/keys/withdraw",
}


def test_what_a_guest_may_ask_is_the_list_and_every_other_address_denies_it(guest: Visit) -> None:
    needing = {f"{route.method} {route.path}": route for route in EVERY_ROUTE if route.needs != "anyone"}
    assert {name for name, route in needing.items() if route.guests} == ASKED
    for name, route in needing.items():
        if name not in ASKED:
            path = route.path.format(order=FIRST, index=1, object="0" * 64)
            reply = guest.browser.get(path) if route.method == "GET" else guest.browser.post(path, {})
            assert (reply.status, "does not answer guests" in reply.json["detail"]) == (403, True), name


def test_a_guest_signs_for_the_own_office_with_the_own_key_in_the_own_role(house: Office) -> None:
    guest, other = admitted(house), admitted(house)
    recorded = guest.record(FIRST, ASKS, QUESTION)
    assert recorded.status == 200, recorded.body
    assert house.journal.case(FIRST).entries[-1].by == "norcentral"
    forged = {"entries": [signed(house, other.key, "norcentral", "CAQ", FIRST, ASKS, QUESTION)]}
    assert guest.browser.post("/v1/entries", forged).code == "API-DENIED", "the key of a colleague"
    assert guest.record(FIRST, "order-closed", {"outcome": "withdrawn"}, role="ISS").code == "KEY-ROLE"


def test_a_guest_begins_no_order_and_records_in_no_other(guest: Visit) -> None:
    for order in (str(uuid4()), SECOND, access_of(guest.office.journal.origin)):
        assert guest.record(order, ASKS, QUESTION).code == "API-MISSING"
    draft = {
        "kind": ASKS, "order": str(uuid4()), "instrument": "2AP-7", "fields": QUESTION, "role": "CAQ",
        "actor": "norcentral", "party": "XN", "on": "2027-01-01T00:00:00Z", "on_source": "own-act", "speaks": "act",
    }  # fmt: skip
    assert guest.browser.post("/v1/drafts", {"draft": draft, "public": guest.key.public.hex()}).code == "API-MISSING"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("key-registered", {"actor": "norcentral", "key": "11" * 32, "roles": ["CAQ"]}),
        ("authority-changed", {"actor": "norcentral", "roles": ["CAQ", "ADM"], "valid_from": "2026-01-01"}),
        ("event-disputed", {"about": "0" * 64}),
    ],
)
def test_a_guest_records_nothing_in_the_register_but_the_acceptance_of_a_key(
    guest: Visit, kind: str, fields: dict[str, object]
) -> None:
    refused = guest.record(registry_of(guest.office.journal.origin), kind, fields)
    assert refused.code == "API-MISSING"


def test_a_guest_cannot_take_the_key_of_another_person(house: Office) -> None:
    one, other = asked(enrolled(house)), enrolled(house)
    assert ask(other.browser, other.account, one.key).code == "ACCOUNT-LINK"
    assert other.browser.post("/v1/account/keys/withdraw", {"id": "0" * 22}).code == "API-MISSING"


def test_roles_that_the_office_gets_later_do_not_let_a_guest_see_more(house: Office) -> None:
    """An office of the ledger's Party that people are guests of may get a role whose holders see every order."""
    from ledger.entries.keyring import RegisteredKey, SigningOffice
    from server.access import Access, caller_of_guest
    from tests.server.test_access import keyring

    made = keyring()
    made.offices["host"] = SigningOffice("host", "XO", ("SP", "ISS"), [(2, ("SP",)), (5, ("SP", "ISS", "ADM"))])
    made.keys["cc"] = RegisteredKey("cc", "host", ("SP", "ISS", "ADM"), accepted=3)
    late = caller_of_guest(made, "id", "host", frozenset({"cc", "bb"}), 9)
    access = Access(house.journal.origin, "XO")
    assert (set(late.roles), access.keeps(late), access.keeps_register(late)) == ({"SP"}, False, False)


def test_a_guest_whose_access_has_ended_is_refused_at_once_in_each_way(house: Office) -> None:
    guest, by = admitted(house), session(house, "ilves")
    prepared = guest.submission(FIRST, ASKS, QUESTION)
    assert by.post("/v1/guests/end", {"account": guest.account}).status == 200
    assert guest.browser.get("/v1/account").code == "API-SESSION"
    assert guest.browser.post("/v1/entries", prepared).code == "API-SESSION"
    assert guest.browser.sign_in(guest.authenticator).code == "API-SIGN-IN"
    by_key = house.ask(guest.key, f"/v1/orders/{FIRST}")
    assert (by_key.code, by_key.json["detail"]) == ("API-DENIED", "the access of this guest has ended")
    (asks,) = [
        each["request"]
        for each in registrar(house).get("/v1/key-requests").json["requests"]
        if each["account"] == guest.account
    ]
    assert (asks["act"], asks["key"]) == ("end", guest.key.public.hex()), "the registrar is asked to end the key"
    shown = by.get(f"/v1/orders/{FIRST}/guests").json["guests"]
    assert [each["ended"] for each in shown if each["account"] == guest.account] == [True]


def test_a_guest_who_never_got_a_key_leaves_no_request_behind(house: Office) -> None:
    guest, by = asked(enrolled(house)), session(house, "registrar")
    assert by.post("/v1/guests/end", {"account": guest.account}).status == 200
    waiting = registrar(house).get("/v1/key-requests").json["requests"]
    assert all(each["account"] != guest.account for each in waiting)


def test_a_key_of_a_guest_that_is_revoked_takes_the_role_away(house: Office) -> None:
    guest = admitted(house)
    assert seen(guest) == {FIRST}
    register(house, "key-revoked", actor="norcentral", key=guest.key.public.hex(), cause="lost")
    assert (seen(guest), guest.browser.get("/v1/account").json["roles"]) == (set(), [])


def test_a_key_of_a_guest_sees_by_signed_requests_what_the_guest_sees(guest: Visit) -> None:
    house = guest.office
    assert house.ask(guest.key, f"/v1/orders/{FIRST}").status == 200
    assert house.ask(guest.key, f"/v1/orders/{SECOND}").code == "API-MISSING"
    for path in ("/v1/entries", "/v1/events", f"/v1/orders/{FIRST}/guests"):
        assert house.ask(guest.key, path).code == "API-DENIED"


def test_a_guest_invites_no_further_guest(guest: Visit, provider: Visit) -> None:
    for each in (guest, provider):
        assert invite(each.browser, "fjordlink").code == "API-DENIED"


def test_a_second_device_of_a_guest_is_one_more_request(house: Office) -> None:
    guest, second = admitted(house), new_key()
    assert ask(guest.browser, guest.account, second).status == 200
    assert [each["state"] for each in guest.browser.get("/v1/account/keys").json["requests"]] == ["granted", "waiting"]


def test_a_guest_with_a_key_file_takes_the_own_view_away_as_a_bundle_that_verifies(
    guest: Visit, tmp_path: Path
) -> None:
    """Every sealed value is closed, and the maker of the manifest is the guest."""
    from tests.support.cli import run

    with guest.office.connect(guest.key, tmp_path / "state") as ledger:
        made = ledger.export(FIRST, "CAQ", purpose="other", person="Ida", unwitnessed=True)
    file = tmp_path / "view.evidence.zip"
    file.write_bytes(made)
    verified = run("verify", str(file), "--trust", str(guest.office.ledger / "trust"))
    assert "norcentral" in verified.stdout + run("show", "--bundle", str(file)).stdout
    assert verified.exit_code in (0, 3), verified.output

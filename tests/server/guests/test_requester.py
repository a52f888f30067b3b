"""A provider sees what the record proves of the office that asks; what is not proven is said so."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.entries.keyring import RegisteredKey
from server.guests.requester import CHECKS, CheckId, issue_of, requester
from tests.server.desk.desk import Person, words
from tests.server.guests.guests import FIRST, SECOND, admitted, session
from tests.server.office import Office

ORIGIN = "ledger.test/xo/karsk"
BASE = "https://ledger.test"


@pytest.fixture(scope="module")
def case(house: Office) -> Case:
    return house.running.view.case(house.running.view.keyring.caller(house.key("ilves").public.hex()), FIRST)


@pytest.fixture(scope="module")
def keys(house: Office) -> list[RegisteredKey]:
    return house.running.view.keyring.keys_of("ilves")


def answers(
    case: Case,
    keys: Iterable[RegisteredKey],
    *,
    signed: bool = True,
    base: str = BASE,
    asked: Iterable[CheckId] = CHECKS,
    issued: Entry | None = None,
) -> dict[str, str]:
    found = issued or issue_of(case)
    assert found is not None
    made = requester(case, found, keys, signed=signed, origin=ORIGIN, base=base, asked=tuple(asked))
    return {check.id: check.answer for check in made.checks}


def test_what_the_register_proves_of_an_issuing_office(case: Case, keys: list[RegisteredKey]) -> None:
    assert answers(case, keys) == {
        "signature": "proven",
        "key": "proven",
        "registrar": "proven",
        "key-current": "proven",
        "office": "proven",
        "source": "not-proven",
        "validated": "not-proven",
        "notified": "not-proven",
        "domain": "proven",
    }


def test_a_signature_that_does_not_hold_proves_nothing(case: Case, keys: list[RegisteredKey]) -> None:
    assert answers(case, keys, signed=False)["signature"] == "not-proven"


def test_an_order_that_another_office_has_recorded_is_not_signed_by_its_issuer(
    case: Case, keys: list[RegisteredKey]
) -> None:
    issued = issue_of(case)
    assert issued is not None
    observed = replace(issued, speaks="observation")
    other = replace(issued, public={**issued.public, "issuing_authority": "central"})
    role = replace(issued, held=False)
    assert {answers(case, keys, issued=each)["signature"] for each in (observed, other, role)} == {"not-proven"}


def test_a_key_that_the_register_does_not_have_is_not_proven(case: Case) -> None:
    assert {id for id, answer in answers(case, []).items() if answer == "proven"} == {
        "signature",
        "registrar",
        "office",
        "domain",
    }


def test_a_key_that_was_accepted_after_the_order_is_not_proven(case: Case, keys: list[RegisteredKey]) -> None:
    issued = issue_of(case)
    assert issued is not None
    (key,) = [each for each in keys if each.public == issued.key]
    late = RegisteredKey(key.public, key.actor, key.roles, accepted=issued.index + 1)
    found = answers(case, [late])
    assert (found["key"], found["key-current"]) == ("not-proven", "not-proven")


def test_a_key_that_has_ended_is_not_current_and_still_proves_the_earlier_order(
    case: Case, keys: list[RegisteredKey]
) -> None:
    issued = issue_of(case)
    assert issued is not None
    (key,) = [each for each in keys if each.public == issued.key]
    ended = RegisteredKey(key.public, key.actor, key.roles, accepted=key.accepted, ended=issued.index + 5)
    found = answers(case, [ended])
    assert (found["key"], found["key-current"]) == ("proven", "not-proven")


@pytest.mark.parametrize(
    ("base", "answer"),
    [
        ("https://ledger.test", "proven"),
        ("https://desk.ledger.test:8443", "proven"),
        ("http://ledger.test", "not-proven"),
        ("https://ledger.test.evil.example", "not-proven"),
        ("https://evilledger.test", "not-proven"),
        ("https://office.example", "not-proven"),
        ("", "not-proven"),
    ],
)
def test_a_domain_is_proven_by_the_address_under_https_alone(
    case: Case, keys: list[RegisteredKey], base: str, answer: str
) -> None:
    assert answers(case, keys, base=base)["domain"] == answer


def test_an_item_that_the_policy_does_not_ask_is_not_asked_whatever_is_proven(
    case: Case, keys: list[RegisteredKey]
) -> None:
    found = answers(case, keys, asked=("key", "source"))
    assert {id: each for id, each in found.items() if each != "not-asked"} == {"key": "proven", "source": "not-proven"}


# -- at the server -----------------------------------------------------------------------------------------------------


def at_desk(house: Office, actor: str, order: str) -> Person:
    account = admitted(house, actor, order).account
    return Person(house, account, house.running.sessions.begin(account, "passkey"))


def test_a_guest_sees_who_asks_and_states_what_the_own_office_asks(house: Office) -> None:
    guest, colleague = admitted(house, "fjordlink", SECOND), admitted(house, "fjordlink", SECOND)
    path = f"/v1/orders/{SECOND}/requester"
    found = guest.browser.get(path).json["requester"]
    assert (found["office"], found["party"]) == ("ilves", "XO")
    assert found["key"] == house.key("ilves").public.hex()
    entries = next(each["entries"] for each in found["checks"] if each["id"] == "key")
    assert all(guest.browser.get(f"/v1/entries/{index}").status == 200 for index in entries), "a guest can verify them"
    stated = guest.browser.post("/v1/requester-policy", {"asked": ["key", "signature"]})
    assert stated.json["asked"] == ["signature", "key"]
    for each in (guest, colleague):
        checks = {c["id"]: c["answer"] for c in each.browser.get(path).json["requester"]["checks"]}
        assert {id for id, answer in checks.items() if answer != "not-asked"} == {"key", "signature"}
    other = admitted(house)
    assert other.browser.get(path).code == "API-MISSING", "another order"
    checks = other.browser.get(f"/v1/orders/{FIRST}/requester").json["requester"]["checks"]
    assert "not-asked" not in {c["answer"] for c in checks}, "the policy of another office"


@pytest.mark.parametrize("actor", ["ilves", "orn", "registrar"])
def test_an_office_that_keeps_the_ledger_states_no_policy(house: Office, actor: str) -> None:
    by = session(house, actor)
    assert by.get(f"/v1/orders/{FIRST}/requester").status == 200
    assert by.post("/v1/requester-policy", {"asked": []}).code == "API-DENIED"


def test_an_item_that_there_is_not_is_refused(house: Office) -> None:
    assert admitted(house).browser.post("/v1/requester-policy", {"asked": ["everything"]}).code == "API-REQUEST"


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_the_page_says_what_is_not_proven_and_keeps_the_policy(house: Office, lang: str) -> None:
    guest = at_desk(house, "norcentral", FIRST)
    shown = guest.get(f"/orders/{FIRST}/requester?lang={lang}")
    assert (shown.status, f'<html lang="{lang}">' in words(shown)) == (200, True)
    said = words(guest.get(f"/orders/{FIRST}/requester?lang=en"))
    assert 'data-check="source" data-answer="not-proven"' in said
    assert "not proven" in said
    sent = guest.post(f"/orders/{FIRST}/requester", [("asked", id) for id in CHECKS if id != "source"])
    assert (sent.status, sent.headers["location"]) == (303, f"/orders/{FIRST}/requester")
    assert 'data-check="source" data-answer="not-asked"' in words(guest.get(f"/orders/{FIRST}/requester"))
    guest.post(f"/orders/{FIRST}/requester", [("asked", id) for id in CHECKS])


def test_a_form_of_another_page_states_no_policy(house: Office) -> None:
    guest = at_desk(house, "norcentral", FIRST)
    sent = guest.post(f"/orders/{FIRST}/requester", [], origin="https://evil.example")
    assert (sent.status, house.running.view is not None) == (403, True)
    assert 'data-answer="not-asked"' not in words(guest.get(f"/orders/{FIRST}/requester"))

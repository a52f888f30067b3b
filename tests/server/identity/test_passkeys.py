"""A person registers a passkey with a code and signs in with it; without a valid one there is no session."""

from __future__ import annotations

from typing import Any

import pytest

from server.identity.lockout import Lockout
from server.identity.sign_in import SignIn
from server.identity.unpadded import decode, encode
from tests.server.identity.browser import Authenticator, Browser, signed_in
from tests.server.office import Office


@pytest.fixture(autouse=True)
def _no_wait(house: Office) -> None:
    """Forget the failures of other tests."""
    sign_in: SignIn = house.running.sign_in
    sign_in.of_accounts, sign_in.of_addresses = Lockout(), Lockout()


@pytest.fixture
def dina(house: Office, request: pytest.FixtureRequest) -> tuple[Browser, Authenticator]:
    return signed_in(house, f"Dina {request.node.name}", "ilves")


def code_of(house: Office, name: str) -> str:
    accounts = house.running.accounts
    return accounts.make_code(accounts.add(name, "ilves").id)


def test_a_person_with_a_code_registers_a_passkey_and_signs_in_with_it_later(house: Office) -> None:
    authenticator = Authenticator(house.url)
    reply = Browser(house).enrol(authenticator, code_of(house, "one"))
    assert (reply.status, reply.json["name"], reply.json["office"]) == (200, "one", "ilves")
    later = Browser(house)
    assert later.sign_in(authenticator).status == 200
    account = later.get("/v1/account").json
    assert (account["name"], account["party"], len(account["passkeys"])) == ("one", "XO", 1)
    assert later.get("/v1/orders").json["orders"]


def test_a_code_counts_once_and_as_it_is_typed(house: Office) -> None:
    code = code_of(house, "two")
    typed = f" {code.lower().replace('-', ' ')} "
    assert Browser(house).enrol(Authenticator(house.url), typed).status == 200
    assert Browser(house).enrol(Authenticator(house.url), code).code == "API-SIGN-IN"


def test_a_second_code_ends_the_first(house: Office) -> None:
    accounts = house.running.accounts
    account = accounts.add("three", "ilves").id
    first, second = accounts.make_code(account), accounts.make_code(account)
    assert Browser(house).enrol(Authenticator(house.url), first).code == "API-SIGN-IN"
    assert Browser(house).enrol(Authenticator(house.url), second).status == 200


def test_a_challenge_of_one_person_registers_no_passkey_of_another(house: Office) -> None:
    one, other = code_of(house, "four"), code_of(house, "five")
    browser = Browser(house)
    options = browser.post("/v1/sign-in/enrolment/options", {"code": one}).json["options"]
    made = Authenticator(house.url).create(options)
    assert browser.post("/v1/sign-in/enrolment", {"code": other, "credential": made}).code == "API-SIGN-IN"


def test_a_passkey_of_another_algorithm_or_under_another_id_is_not_registered(house: Office) -> None:
    browser, code = Browser(house), code_of(house, "six")
    assert browser.enrol(Authenticator(house.url, algorithm=-36), code).code == "API-SIGN-IN"
    options = browser.post("/v1/sign-in/enrolment/options", {"code": code}).json["options"]
    made = Authenticator(house.url).create(options)
    made["id"] = made["rawId"] = encode(b"the id of somebody else")
    assert browser.post("/v1/sign-in/enrolment", {"code": code, "credential": made}).code == "API-SIGN-IN"
    assert browser.enrol(Authenticator(house.url), code).status == 200, "what fails does not use the code up"


def test_a_challenge_that_the_server_has_not_made_for_signing_in_signs_nobody_in(
    house: Office, dina: tuple[Browser, Authenticator]
) -> None:
    browser, authenticator = dina
    right = browser.post("/v1/sign-in/passkey/options", {}).json["options"]
    of_enrolment = browser.post("/v1/sign-in/enrolment/options", {"code": code_of(house, "seven")}).json["options"]
    for challenge in (encode(b"\xff" * 64), encode(b""), of_enrolment["challenge"]):
        made = authenticator.get({**right, "challenge": challenge})
        assert browser.post("/v1/sign-in/passkey", {"credential": made}).code == "API-SIGN-IN"


def test_several_passkeys_of_a_person_are_removed_one_by_one(
    house: Office, dina: tuple[Browser, Authenticator]
) -> None:
    browser, first = dina
    accounts = house.running.accounts
    account = browser.get("/v1/account").json["account"]
    second = Authenticator(house.url)
    assert Browser(house).enrol(second, accounts.make_code(account)).status == 200
    assert browser.post("/v1/account/passkeys/remove", {"id": next(iter(first.keys))}).status == 200
    assert browser.get("/v1/account").code == "API-SESSION", "who removes a passkey ends what it has signed in"
    assert Browser(house).sign_in(first).code == "API-SIGN-IN"
    assert Browser(house).sign_in(second).status == 200


def test_a_passkey_of_another_person_is_not_removed(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    _, other = signed_in(house, "somebody else", "ilves")
    reply = dina[0].post("/v1/account/passkeys/remove", {"id": next(iter(other.keys))})
    assert (reply.status, reply.code) == (404, "API-MISSING")
    assert Browser(house).sign_in(other).status == 200


def test_a_challenge_counts_once(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    browser, authenticator = dina
    options = browser.post("/v1/sign-in/passkey/options", {}).json["options"]
    first, again = authenticator.get(options), authenticator.get(options)
    assert browser.post("/v1/sign-in/passkey", {"credential": first}).status == 200
    assert browser.post("/v1/sign-in/passkey", {"credential": again}).code == "API-SIGN-IN"


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1:1"),
        ("flags", 0x01),  # the person was not verified
        ("flags", 0x04),  # the person was not there
        ("cross_origin", True),
        ("counter", 0),  # the next use says 1 again: a copy
    ],
)
def test_an_assertion_that_does_not_hold_signs_nobody_in(
    house: Office, dina: tuple[Browser, Authenticator], changed: str, value: Any
) -> None:
    _, authenticator = dina
    assert Browser(house).sign_in(authenticator).status == 200
    setattr(authenticator, changed, value)
    fresh = Browser(house)
    assert fresh.sign_in(authenticator).code == "API-SIGN-IN"
    assert not fresh.session


def test_a_changed_assertion_signs_nobody_in(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    browser, authenticator = dina
    other = signed_in(house, "another", "ilves")[1]
    for part in ("signature", "authenticatorData", "clientDataJSON", "userHandle", "id"):
        options = browser.post("/v1/sign-in/passkey/options", {}).json["options"]
        made = authenticator.get(options)
        if part == "id":
            made["id"] = made["rawId"] = next(iter(other.keys))
        elif part == "userHandle":
            made["response"][part] = other.keys[next(iter(other.keys))][1]
        else:
            raw = bytearray(decode(made["response"][part]))
            raw[-1] ^= 1
            made["response"][part] = encode(bytes(raw))
        assert browser.post("/v1/sign-in/passkey", {"credential": made}).code == "API-SIGN-IN", part


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 5, "response": []},
        {"id": "x", "response": {"clientDataJSON": "e30"}},
        {"id": "x", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "W10"}},
        {"response": {"clientDataJSON": encode(b'{"challenge": 5}')}},
        {"response": {"clientDataJSON": encode(b"[" * 10_000)}},
        {"response": {"clientDataJSON": "\u00e9"}},
    ],
)
def test_what_is_no_credential_is_refused(house: Office, credential: dict[str, Any]) -> None:
    browser, code = Browser(house), code_of(house, f"of {str(credential)[:60]!r}")
    assert browser.post("/v1/sign-in/passkey", {"credential": credential}).code == "API-SIGN-IN"
    body = {"code": code, "credential": credential}
    assert browser.post("/v1/sign-in/enrolment", body).code == "API-SIGN-IN"


def test_a_locked_person_does_not_sign_in(house: Office, dina: tuple[Browser, Authenticator]) -> None:
    browser, authenticator = dina
    accounts = house.running.accounts
    account = browser.get("/v1/account").json["account"]
    accounts.lock(account)
    assert browser.get("/v1/orders").code == "API-SESSION", "at once"
    refused = Browser(house).sign_in(authenticator)
    unknown = Authenticator(house.url)
    unknown.create({"challenge": "x", "user": {"id": "eA"}, "rp": {"id": "127.0.0.1"}})
    assert refused.json == Browser(house).sign_in(unknown).json, "as a passkey that nobody has registered"
    accounts.unlock(account)
    assert Browser(house).sign_in(authenticator).status == 200


def test_who_fails_too_often_waits_longer_each_time(house: Office) -> None:
    code = code_of(house, "patient")
    browser = Browser(house)
    for _ in range(6):
        assert browser.enrol(Authenticator(house.url), "AAAAA-AAAAA-AAAAA-AAAAA").code == "API-SIGN-IN"
    reply = browser.enrol(Authenticator(house.url), code)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (429, "API-WAIT", "2")


def test_the_failures_of_an_account_are_counted_wherever_they_come_from(
    house: Office, dina: tuple[Browser, Authenticator]
) -> None:
    _, authenticator = dina
    right, authenticator.origin = authenticator.origin, "https://evil.example"
    for _ in range(6):
        assert Browser(house).sign_in(authenticator).code == "API-SIGN-IN"
        house.running.sign_in.of_addresses = Lockout()  # as if from another address
    authenticator.origin = right
    assert Browser(house).sign_in(authenticator).code == "API-WAIT"

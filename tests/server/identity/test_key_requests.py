"""A person asks for a key; the registrar's entry grants it; then entries of that key are the person's."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ledger.adapters.keys.key_files import Key, SeedKey
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.entries.placement import registry_of
from ledger.facts import build
from ledger.formats.ed25519 import sign
from server.identity.accounts import Accounts
from server.identity.callers import SESSION
from server.identity.database import SQLiteDatabase
from server.identity.key_requests import MOST_WAITING, PROOF, KeyRequests
from server.identity.unpadded import encode
from tests.server.identity.browser import Browser
from tests.server.office import Office, Reply, serving_story

KEYS = "/v1/account/keys"
QUEUE = "/v1/key-requests"


def new_key() -> Key:
    return SeedKey(secrets.token_bytes(32))


def proof(key: Key, account: str, log: str) -> str:
    return encode(key.sign(PROOF.format(log=log, account=account, key=key.public.hex()).encode()))


def person(office: Office, actor: str, roles: tuple[str, ...] = ()) -> tuple[Browser, str]:
    """Return the browser of a new person who has signed in, and the id of the account."""
    account = office.running.accounts.add(f"A person of {actor} {secrets.token_hex(4)}", actor, roles).id
    return _signed_in(office, account), account


def registrar(office: Office) -> Browser:
    """Return the browser of the registrar, whose key is linked to the account; made once for each office."""
    accounts, key = office.running.accounts, office.key("registrar").public.hex()
    if all(key not in accounts.keys(each.id) for each in accounts.all()):
        accounts.link_key(accounts.add("Rita", "registrar").id, key)
    return _signed_in(office, accounts.find("Rita").id)


def _signed_in(office: Office, account: str) -> Browser:
    browser = Browser(office)
    browser.cookies[SESSION] = office.running.sessions.begin(account, "passkey")
    return browser


def ask(browser: Browser, account: str, made: Key, **more: Any) -> Reply:
    signed = proof(made, account, browser.office.journal.origin)
    return browser.post(KEYS, {"key": made.public.hex(), "device": "Laptop", "proof": signed, **more})


def entry(office: Office, key: Key, actor: str, role: str, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return a sealed entry of the register at its next place, as the signing page makes it."""
    log = office.journal.origin
    place = office.ask("registrar", f"/v1/orders/{registry_of(log)}/place").json
    now = datetime.fromisoformat("2027-04-15T00:00:00Z")
    where = EntryPlace(log, registry_of(log), place["seq"], place["prev"], None)
    party = office.running.view.keyring.caller(key.public.hex()).party
    signer = Signer(actor, role, party, key.public, key.sign)
    sealed = seal(build(kind, fields, {}), where, signer, Circumstances(now, now), uuid4().hex, secrets.token_bytes)
    return {"entry": sealed.raw.decode(), "disclosures": [each.text for each in sealed.disclosures]}


def record(browser: Browser, *made: Any) -> Reply:
    return browser.post("/v1/entries", {"entries": [entry(browser.office, *made)], "unregistered": True})


def register(office: Office, kind: str, **fields: Any) -> Reply:
    """Record an entry of the register as the registrar."""
    return record(registrar(office), office.key("registrar"), "registrar", "ADM", kind, fields)


def enrol(office: Office, key: Key, actor: str = "ilves") -> Reply:
    return register(office, "key-registered", actor=actor, key=key.public.hex(), roles=["ISS"])


def accept(browser: Browser, key: Key) -> Reply:
    return record(browser, key, "ilves", "ISS", "key-accepted", {"key": key.public.hex()})


def states(browser: Browser) -> dict[str, str]:
    return {each["key"]: each["state"] for each in browser.get(KEYS).json["keys"]}


def test_a_key_is_asked_for_enrolled_by_the_registrar_and_accepted_by_itself(house: Office) -> None:
    (mine, account), desk, key = person(house, "ilves"), registrar(house), new_key()
    made = ask(mine, account, key)
    assert (made.status, made.json["request"]["act"], made.json["request"]["state"]) == (200, "enrol", "waiting")
    assert ask(mine, account, key).json == made.json, "the same request again"
    (waits,) = [each for each in desk.get(QUEUE).json["requests"] if each["account"] == account]
    assert (waits["office"], waits["roles"], waits["request"]["device"]) == ("ilves", ["ISS", "VAL"], "Laptop")
    assert (states(mine), enrol(house, key).status) == ({}, 200)
    assert states(mine) == {key.public.hex(): "pending"}
    assert not [each for each in desk.get(QUEUE).json["requests"] if each["account"] == account]
    assert (accept(mine, key).status, states(mine)) == (200, {key.public.hex(): "current"})
    (asked,) = mine.get(KEYS).json["requests"]
    assert asked["state"] == "granted"


def test_a_key_is_replaced_and_another_ended_by_the_registrar(house: Office) -> None:
    (mine, account), desk, old, new = person(house, "ilves"), registrar(house), new_key(), new_key()
    ask(mine, account, old)
    enrol(house, old)
    states(mine)
    accept(mine, old)
    made = ask(mine, account, new, old_key=old.public.hex()).json["request"]
    assert (made["act"], made["old_key"]) == ("replace", old.public.hex())
    rotated = register(house, "key-rotated", actor="ilves", old_key=old.public.hex(), new_key=new.public.hex())
    assert rotated.status == 200
    assert states(mine) == {old.public.hex(): "ended", new.public.hex(): "pending"}
    accept(mine, new)
    end = mine.post(f"{KEYS}/end", {"key": new.public.hex(), "cause": "lost"}).json["request"]
    assert (end["act"], end["cause"], states(mine)[new.public.hex()]) == ("end", "lost", "current")
    register(house, "key-revoked", actor="ilves", key=new.public.hex(), cause="lost")
    assert states(mine)[new.public.hex()] == "ended"
    assert [each["state"] for each in mine.get(KEYS).json["requests"]] == ["granted"] * 3
    assert account not in [each["account"] for each in desk.get(QUEUE).json["requests"]]


def test_a_key_that_is_in_the_register_is_not_asked_for_again_and_one_that_has_ended_never(house: Office) -> None:
    (mine, account), key = person(house, "ilves"), new_key()
    ask(mine, account, key)
    enrol(house, key)
    assert states(mine) == {key.public.hex(): "pending"}
    assert ask(mine, account, key).code == "ACCOUNT-LINK"
    assert ask(mine, account, key, old_key=key.public.hex()).code == "ACCOUNT-LINK", "no key replaces itself"
    register(house, "key-revoked", actor="ilves", key=key.public.hex(), cause="lost")
    assert ask(mine, account, key).code == "KEY-ROTATION"


def test_a_key_that_the_registrar_had_entered_before_is_linked_at_once(house: Office) -> None:
    (mine, account), key = person(house, "ilves"), new_key()
    enrol(house, key)
    ask(mine, account, key)
    assert states(mine) == {key.public.hex(): "pending"}


def test_an_entry_of_a_key_that_was_not_asked_for_is_not_the_persons(house: Office) -> None:
    (mine, _), key = person(house, "ilves"), new_key()
    enrol(house, key)
    assert accept(mine, key).code == "API-DENIED"


def test_a_key_of_another_office_grants_no_request(house: Office) -> None:
    (mine, account), key = person(house, "ilves"), new_key()
    ask(mine, account, key)
    enrol(house, key, "orn")
    assert (states(mine), [each["state"] for each in mine.get(KEYS).json["requests"]]) == ({}, ["waiting"])


@pytest.mark.parametrize("other", ["log", "account", "key", "none"])
def test_a_proof_is_of_this_log_this_account_and_this_key(house: Office, other: str) -> None:
    (mine, account), key, log = person(house, "ilves"), new_key(), house.journal.origin
    wrong = {
        "log": proof(key, account, "another.example/log"),
        "account": proof(key, "0" * 16, log),
        "key": proof(new_key(), account, log),
        "none": "A" * 86,
    }
    assert ask(mine, account, key, proof=wrong[other]).code == "KEY-PROOF"
    assert mine.get(KEYS).json["requests"] == []


def test_a_key_that_is_no_point_of_prime_order_is_refused(house: Office) -> None:
    mine, account = person(house, "ilves")
    assert ask(mine, account, new_key(), key="00" * 32).code == "KEY-POINT"


def test_a_key_of_one_person_is_never_another_persons(house: Office) -> None:
    (one, first), (other, second), key = person(house, "ilves"), person(house, "ilves"), new_key()
    assert ask(one, first, key).status == 200
    assert ask(other, second, key).code == "ACCOUNT-LINK", "while the request waits"
    enrol(house, key)
    states(one)
    assert ask(other, second, key).code == "ACCOUNT-LINK", "when it is linked"
    assert other.post(f"{KEYS}/end", {"key": key.public.hex(), "cause": "lost"}).code == "ACCOUNT-LINK"
    assert ask(other, second, new_key(), old_key=key.public.hex()).code == "ACCOUNT-LINK"


def test_a_key_that_an_administrator_links_to_another_person_meanwhile_stays_theirs(house: Office) -> None:
    (mine, account), (_, other), key = person(house, "ilves"), person(house, "ilves"), new_key()
    ask(mine, account, key)
    house.running.accounts.link_key(other, key.public.hex())
    enrol(house, key)
    assert (states(mine), [each["state"] for each in mine.get(KEYS).json["requests"]]) == ({}, ["waiting"])
    assert house.running.accounts.keys(other) == {key.public.hex()}


def test_a_request_is_withdrawn_by_its_person_and_refused_with_a_reason_by_a_registrar(house: Office) -> None:
    (mine, account), (other, _), desk = person(house, "ilves"), person(house, "ilves"), registrar(house)
    first = ask(mine, account, new_key()).json["request"]["id"]
    assert other.post(f"{KEYS}/withdraw", {"id": first}).code == "API-MISSING"
    assert mine.post(f"{KEYS}/withdraw", {"id": first}).status == 200
    assert mine.get(KEYS).json["requests"] == []
    second = ask(mine, account, new_key()).json["request"]["id"]
    assert desk.post(f"{QUEUE}/refuse", {"id": second, "reason": " "}).code == "API-REQUEST"
    assert desk.post(f"{QUEUE}/refuse", {"id": second, "reason": "Call me first"}).status == 200
    (refused,) = mine.get(KEYS).json["requests"]
    assert (refused["state"], refused["reason"]) == ("refused", "Call me first")
    assert desk.post(f"{QUEUE}/refuse", {"id": second, "reason": "again"}).code == "API-MISSING"
    assert mine.post(f"{KEYS}/withdraw", {"id": second}).code == "API-MISSING", "what is decided stays"


def test_only_a_registrar_of_the_ledgers_party_sees_and_refuses_requests(house: Office) -> None:
    (mine, account), (foreign, _) = person(house, "ilves"), person(house, "harbor")
    id = ask(mine, account, new_key()).json["request"]["id"]
    for browser in (mine, foreign):
        assert browser.get(QUEUE).code == "API-DENIED"
        assert browser.post(f"{QUEUE}/refuse", {"id": id, "reason": "no"}).code == "API-DENIED"
    narrowed, _ = person(house, "registrar", ("AUD",))
    assert narrowed.get(QUEUE).code == "API-DENIED", "an account may have fewer roles than its office"


def test_the_answer_names_the_log_by_words_that_a_person_can_compare(house: Office) -> None:
    mine, _ = person(house, "ilves")
    log = mine.get(KEYS).json["log"]
    origin = house.journal.origin
    assert (log["origin"], log["key"].startswith(f"{origin}+")) == (origin, True)
    assert len(log["words"].split("-")) == 16


def asked(count: int, requests: KeyRequests, accounts: Accounts, account: str) -> None:
    for n in range(count):
        seed = secrets.token_bytes(32)
        key = SeedKey(seed).public.hex()
        signed = encode(sign(seed, PROOF.format(log="log", account=account, key=key).encode()))
        requests.ask_key(accounts.find(account), key, f"Device {n}", signed)


def test_the_requests_of_a_person_that_wait_are_bounded_and_go_with_the_account(tmp_path: Path) -> None:
    with closing(SQLiteDatabase(tmp_path / "identity.db")) as database:
        accounts = Accounts(database)
        requests = KeyRequests(database, accounts, "log")
        account = accounts.add("Dina", "ilves").id
        asked(MOST_WAITING, requests, accounts, account)
        with pytest.raises(Exception, match="API-REQUEST"):
            asked(1, requests, accounts, account)
        devices = [each.device for each in requests.waiting()]
        assert devices == [f"Device {n}" for n in range(MOST_WAITING)], "in the order in which they came"
        accounts.remove(account)
        assert requests.waiting() == []


def test_a_database_of_the_version_before_is_raised_with_its_accounts(tmp_path: Path) -> None:
    path = tmp_path / "identity.db"
    with closing(SQLiteDatabase(path)) as database:
        Accounts(database).add("Dina", "ilves")
    with closing(sqlite3.connect(path)) as c:
        tables = c.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'work%'").fetchall()
        for (name,) in [("key_request",), ("invitation",), ("guest",), ("requester_policy",), *tables]:
            c.execute(f"DROP TABLE {name}")
        c.execute("PRAGMA user_version = 1")
        c.commit()
    for _ in range(2):
        with closing(SQLiteDatabase(path)) as database:
            accounts = Accounts(database)
            assert KeyRequests(database, accounts, "log").of_account(accounts.find("Dina").id) == []


def test_the_table_of_requests_survives_the_end_of_the_server(tmp_path: Path) -> None:
    with serving_story("S2", tmp_path) as office:
        mine, account = person(office, "ilves")
        ask(mine, account, new_key())
    with closing(SQLiteDatabase(office.ledger / "identity.db")) as database:
        assert len(KeyRequests(database, Accounts(database), "log").of_account(account)) == 1


def test_the_body_of_a_request_has_no_other_member(house: Office) -> None:
    mine, account = person(house, "ilves")
    assert ask(mine, account, new_key(), roles=["ADM"]).code == "API-REQUEST"
    assert json.loads(mine.get("/v1/account").body)["keys"] == []

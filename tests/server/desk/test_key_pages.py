"""The pages about keys: what a person sees of their own, and a registrar of all that wait."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.adapters.keys.key_files import SeedKey
from server.desk.key_pages import GRANTED_BY
from server.identity.key_requests import PROOF
from server.identity.unpadded import encode
from tests.server.desk.desk import Person, person, words
from tests.server.office import Office, serving_story

SIGNING = "https://sign.office.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving_story("S2", tmp_path_factory.mktemp("house"), signing=SIGNING) as served:
        yield served


@pytest.fixture(scope="module")
def dina(house: Office) -> Person:
    return person(house, "Dina Ilves", "ilves")


@pytest.fixture(scope="module")
def rita(house: Office) -> Person:
    return person(house, "Rita", "registrar")


def ask(by: Person, device: str, old_key: str = "") -> str:
    """Ask for a new key; return it in hex."""
    key, accounts = SeedKey(secrets.token_bytes(32)), by.office.running.accounts
    requests = by.office.running.key_requests
    signed = PROOF.format(log=by.office.journal.origin, account=by.account, key=key.public.hex()).encode()
    requests.ask_key(accounts.find(by.account), key.public.hex(), device, encode(key.sign(signed)), old_key)
    return key.public.hex()


def grouped(key: str) -> str:
    return " ".join(key[at : at + 8] for at in range(0, 64, 8))


def test_a_person_sees_the_own_keys_with_their_state_and_no_key_of_others(house: Office, dina: Person) -> None:
    shown = words(dina.get("/keys"))
    assert grouped(house.key("ilves").public.hex()) in shown
    assert grouped(house.key("registrar").public.hex()) not in shown
    assert "may sign" in shown


def test_a_person_with_one_key_is_advised_to_make_a_second(dina: Person) -> None:
    assert "Make a second key on another device" in words(dina.get("/keys"))


def test_a_request_waits_on_the_page_of_its_person_and_in_the_queue(dina: Person, rita: Person) -> None:
    key = ask(dina, "Telephone <b>")
    own, queue = words(dina.get("/keys")), words(rita.get("/keys/requests"))
    assert ("waits for the registrar" in own, grouped(key) in own, grouped(key) in queue) == (True, True, True)
    assert "Dina Ilves" in queue
    assert b"Telephone &lt;b&gt;" in rita.get("/keys/requests").body, "what a person types is escaped"


def test_the_queue_leads_to_the_form_whose_entry_grants_a_request(house: Office, dina: Person, rita: Person) -> None:
    old = house.key("ilves").public.hex()
    key = ask(dina, "Tablet", old)
    places = [urlsplit(part.partition('"')[0]) for part in words(rita.get("/keys/requests")).split('href="')[1:]]
    (rotated,) = [parse_qs(each.query) for each in places if each.path == "/record/key-rotated"]
    assert rotated == {"f.actor": ["ilves"], "f.old_key": [old], "f.new_key": [key]}
    form = rita.get(next(f"{each.path}?{each.query}" for each in places if each.path == "/record/key-rotated"))
    assert (form.status, key in words(form), old in words(form)) == (200, True, True)


def test_the_queue_leads_to_the_forms_that_end_the_keys_a_person_has_lost(house: Office, rita: Person) -> None:
    lost = person(house, "Loses all", "orn")
    ask(lost, "New laptop")
    old = house.key("orn").public.hex()
    shown = words(rita.get("/keys/requests"))
    assert all(f"/record/{kind}?f.actor=orn&f.key={old}" in shown for kind in ("key-revoked", "key-compromised"))


def test_each_act_is_granted_by_a_kind_that_registrars_sign() -> None:
    from ledger.facts import KINDS

    for kind, fields in GRANTED_BY.values():
        assert KINDS[kind].signers in (("ADM",), KINDS["key-rotated"].signers)
        assert set(fields) <= set(KINDS[kind].fields())


def test_a_registrar_reads_that_another_one_enters_keys_of_the_own_office(rita: Person) -> None:
    ask(rita, "Own laptop")
    assert "Another registrar does it" in words(rita.get("/keys/requests"))


def test_only_a_registrar_sees_the_queue(dina: Person, rita: Person) -> None:
    assert (dina.get("/keys/requests").status, rita.get("/keys/requests").status) == (403, 200)
    assert ("/keys/requests" in words(dina.get("/keys")), "/keys/requests" in words(rita.get("/keys"))) == (False, True)


def test_the_words_for_the_log_are_shown_to_registrars_alone(house: Office, dina: Person, rita: Person) -> None:

    said = house.running.view.log_key.words
    assert (said in words(rita.get("/keys/requests")), said in words(dina.get("/keys"))) == (True, False)


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_the_pages_exist_in_each_language(dina: Person, rita: Person, lang: str) -> None:
    pages = [dina.get(f"/keys?lang={lang}"), rita.get(f"/keys/requests?lang={lang}")]
    assert [each.status for each in pages] == [200, 200]
    assert all(f'<html lang="{lang}">' in words(each) for each in pages)


def test_a_caller_without_an_account_has_no_page_of_keys(house: Office) -> None:
    assert house.ask("ilves", "/keys").status == 403

"""The work of an office is seen by its people alone, in orders that they may see, and is in no log."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from msgspec.structs import replace

from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.facts import build
from server.access import Access, Caller
from server.identity.accounts import Account
from server.work.office import LONGEST_NOTE, OfficeWork, mentioned
from tests.server.desk.desk import Person, person, words
from tests.server.office import Office, Reply, serving_story


@dataclass(frozen=True)
class House:
    """Two people of the prosecutor's office, one of the provider, in a ledger with two orders of two providers."""

    office: Office
    dina: Person
    ivo: Person
    ada: Person
    order: str  # names the provider
    other: str  # does not

    @property
    def work(self) -> OfficeWork:
        return self.office.running.work

    def do(self, who: Person, do: str, order: str = "", **values: str) -> Reply:
        return who.post(f"/orders/{order or self.order}/work", [("do", do), *values.items()])

    def notices(self, who: Person) -> list[tuple[str, str]]:
        return [(n.why, n.order) for n in self.work.store.notices(who.account)]


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving_story("one-person-two-orders", tmp_path_factory.mktemp("work")) as office:
        view = office.running.view
        issuer = next(e.actor for e in office.journal.case(view.orders_since(0)[1][0]).entries if e.role == "ISS")
        dina, ivo = person(office, "Dina Ilves", issuer), person(office, "Ivo Ütt", issuer, key=False)
        ada = person(office, "Ada Sky", "skylark")
        orders = view.orders_since(0)[1]
        seen = {order for order in orders if view.may_see(view.keyring.person("", "skylark", (), frozenset()), order)}
        yield House(office, dina, ivo, ada, next(iter(seen)), next(o for o in orders if o not in seen))


def page(who: Person, order: str) -> str:
    return words(who.get(f"/orders/{order}"))


def test_a_note_is_seen_by_the_own_office_and_by_no_other(house: House) -> None:
    text = "Öffnung <b>um</b> 9"
    assert house.do(house.dina, "note", text=text).status == 303
    assert text in page(house.dina, house.order)
    assert "<b>um" not in house.dina.get(f"/orders/{house.order}").body.decode()
    assert text in page(house.ivo, house.order)
    assert text not in page(house.ada, house.order)
    assert house.work.of(caller(house, house.ada), house.order).notes == []


def caller(house: House, who: Person) -> Caller:
    account = house.office.running.accounts.get(who.account)
    assert account is not None
    return house.office.running.view.keyring.person(account.id, account.office, account.roles, frozenset())


WAYS = {
    "assign": {"account": "x"}, "take": {}, "unassign": {"account": "x"}, "watch": {}, "unwatch": {},
    "note": {"text": "x"}, "delete-note": {"note": "x"},
}  # fmt: skip


@pytest.mark.parametrize("do", WAYS)
def test_nothing_is_done_in_an_order_that_a_person_may_not_see(house: House, do: str) -> None:
    hidden = house.do(house.ada, do, house.other, **WAYS[do])
    none = house.do(house.ada, do, "11111111-1111-4111-8111-111111111111", **WAYS[do])
    assert (hidden.status, none.status) == (404, 404)
    assert words(hidden).split("<main")[1].split("</main")[0] == words(none).split("<main")[1].split("</main")[0]
    assert house.work.store.followers() == {}


def test_who_may_see_the_work_of_an_office_is_the_table() -> None:
    access = Access("ledger.test/xo", "XO")
    table = {
        ("a", "ilves", "ilves"): True,  # a person of the office
        ("a", "harbor", "ilves"): False,  # a person of another one
        ("", "ilves", "ilves"): False,  # a key of the office: no person
    }
    for (account, actor, office), sees in table.items():
        for role in ("ISS", "ADM", "DPO", "AUD", "SP"):
            by = Caller("" if account else "00" * 32, actor, "XO", frozenset((role,)), account=account)
            assert access.shares_work(by, office) is sees
            assert not access.shares_work(replace(by, guest=True), office), "a guest"


def test_a_key_without_a_person_has_no_notices_and_no_work(house: House) -> None:
    key = house.office.key("skylark")
    assert house.office.ask(key, "/notices").status == 403
    assert "Work of your office" not in house.office.ask(key, f"/orders/{house.order}").body.decode()


def test_a_person_of_another_office_is_not_assigned(house: House) -> None:
    assert house.do(house.dina, "assign", account=house.ada.account).status == 400
    assert house.work.store.assigned_to(house.ada.account) == frozenset()


def test_a_guest_of_the_office_is_no_colleague(house: House) -> None:
    guest = house.office.running.accounts.add("Gast", "skylark").id
    assert [each.name for each in house.work.people("skylark")] == ["Ada Sky", "Gast"]
    house.work.store._db.change("INSERT INTO guest VALUES (?, ?, ?, ?)", (guest, house.order, "ilves", 0))
    assert [each.name for each in house.work.people("skylark")] == ["Ada Sky"]
    assert house.do(house.ada, "assign", account=guest).status == 400


def test_a_colleague_who_may_not_see_the_order_is_not_assigned(house: House) -> None:
    blind = house.office.running.accounts.add("Blind", "skylark", ("DPO",)).id  # a role that the office does not hold
    assert house.do(house.ada, "assign", account=blind).status == 400
    assert "Blind" not in page(house.ada, house.order)


def test_an_assigned_person_gets_a_notice_and_the_list_names_them(house: House) -> None:
    house.do(house.dina, "assign", account=house.ivo.account)
    house.do(house.dina, "assign", account=house.ivo.account)  # twice: one notice
    assert house.notices(house.ivo) == [("assigned", house.order)]
    assert house.notices(house.dina) == []
    assert "Assigned to Ivo Ütt" in re.sub(r"</?bdi>", "", words(house.dina.get("/orders")))
    assert house.order in words(house.ivo.get("/orders?scope=assigned&sort=order"))
    assert house.order not in words(house.ada.get("/orders.csv?scope=assigned"))
    assert "Ivo" not in house.dina.get("/orders.csv").body.decode()
    house.do(house.dina, "unassign", account=house.ivo.account)
    assert house.work.store.assigned_to(house.ivo.account) == frozenset()


def test_a_note_that_names_a_colleague_is_a_mention_and_others_who_follow_get_a_note(house: House) -> None:
    house.do(house.ivo, "watch")
    house.do(house.dina, "note", text="please look, @ivo ütt")
    house.do(house.dina, "note", text="again")
    house.do(house.ivo, "note", text="@Ada Sky is of another office")
    assert sorted(why for why, _ in house.notices(house.ivo)) == ["mention", "note"]
    assert house.notices(house.ada) == []
    assert house.notices(house.dina) == []


def test_an_entry_in_an_order_that_a_person_follows_is_one_notice_and_not_for_its_signer(house: House) -> None:
    for who in (house.dina, house.ivo):
        house.do(who, "watch")
    house.dina.get("/")  # what is on record before is no news
    assert record(house, house.order) == 200
    for _ in range(2):
        house.ivo.get("/")
    assert house.notices(house.ivo) == [("entry", house.order)]
    assert house.notices(house.dina) == [], "the entry was signed with this person's key"
    assert 'class="unseen"' in house.ivo.get("/").body.decode()
    house.ivo.get(f"/orders/{house.order}")
    assert 'class="unseen"' not in house.ivo.get("/").body.decode(), "who has seen the order has seen the notice"


def record(house: House, order: str) -> int:
    """Record an entry in an order with the key of its issuing office; return the status."""
    case = house.office.journal.case(order)
    issued = next(e for e in case.entries if e.kind == "order-issued")
    key, own = house.office.key(issued.actor), [e for e in case.entries if e.order == order]
    now = house.office.running.view.now()
    place = EntryPlace(house.office.journal.origin, order, own[-1].seq + 1, own[-1].leaf, case.instrument)
    signer = Signer(issued.actor, "ISS", issued.party, key.public, key.sign)
    fact = build("order-closed", {"outcome": "answered"}, {})
    sealed = seal(fact, place, signer, Circumstances(now, now), uuid4().hex, secrets.token_bytes)
    entry = {"entry": sealed.raw.decode(), "disclosures": [each.text for each in sealed.disclosures]}
    body = json.dumps({"entries": [entry], "unregistered": True}).encode()
    reply = house.office.ask(key, "/v1/entries", body)
    assert reply.status == 200, reply.body
    return reply.status


def test_a_person_who_may_no_longer_see_an_order_sees_no_notice_of_it(house: House) -> None:
    house.work.store.notify([house.ada.account], house.other, "note")
    assert house.other not in words(house.ada.get("/notices"))
    house.work.store.watch(house.other, house.ada.account)
    house.ada.get("/")
    record(house, house.other)
    house.ada.get("/")
    assert [why for why, _ in house.notices(house.ada)] == ["note"]


def test_a_person_deletes_own_notes_alone(house: House) -> None:
    house.do(house.dina, "note", text="mine")
    ((note, _),) = house.work.of(caller(house, house.dina), house.order).notes
    assert house.do(house.ivo, "delete-note", note=note.id).status == 404
    assert house.do(house.dina, "delete-note", order=house.other, note=note.id).status == 404
    assert house.do(house.dina, "delete-note", note=note.id).status == 303
    assert house.work.of(caller(house, house.dina), house.order).notes == []


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST_NOTE + 1), "a\u202eb", "a\x00b"])
def test_an_empty_a_long_or_a_deceiving_note_is_refused(house: House, text: str) -> None:
    assert house.do(house.dina, "note", text=text).status == 400


def test_a_form_of_another_site_changes_nothing(house: House) -> None:
    reply = house.dina.post(f"/orders/{house.order}/work", [("do", "watch")], origin="https://evil.example")
    assert reply.status == 403
    assert house.work.store.watched_by(house.dina.account) == frozenset()


def test_a_saved_list_is_the_persons_or_the_offices(house: House) -> None:
    for name, shared in (("mine", ""), ("ours", "1")):
        sent = [("do", "keep"), ("as", name), ("query", "state=issued&evil=1"), *([("shared", "1")] if shared else [])]
        assert house.dina.post("/lists", sent).headers["location"] == "/orders?state=issued"
    seen = {who: words(who.get("/orders?sort=order")) for who in (house.dina, house.ivo, house.ada)}
    assert [">mine<" in seen[house.dina], ">ours<" in seen[house.dina]] == [True, True]
    assert [">mine<" in seen[house.ivo], ">ours<" in seen[house.ivo]] == [False, True]
    assert [">mine<" in seen[house.ada], ">ours<" in seen[house.ada]] == [False, False]
    (ours,) = house.work.lists(caller(house, house.ivo))
    house.ivo.post("/lists", [("do", "delete"), ("list", ours.id)])
    assert house.work.lists(caller(house, house.ivo)) == [ours], "another person's list stays"


def test_a_person_who_is_removed_leaves_nothing(house: House) -> None:
    house.do(house.ivo, "watch")
    house.do(house.ivo, "note", text="@Dina Ilves look")
    house.do(house.ivo, "assign", account=house.dina.account)
    house.ivo.post("/lists", [("do", "keep"), ("as", "x"), ("query", "")])
    house.ivo.post("/notices", [("do", "mail"), ("address", "ivo@court.example"), ("language", "fr")])
    house.office.running.accounts.remove(house.ivo.account)
    assert house.work.store.followers() == {}
    assert house.notices(house.dina) == []
    assert house.work.of(caller(house, house.dina), house.order).notes == []
    assert house.work.store.mail_choices() == []


def test_a_wrong_address_of_mail_is_an_error_at_its_field(house: House) -> None:
    reply = house.dina.post("/notices", [("do", "mail"), ("address", "a@b@c"), ("language", "en")])
    assert reply.status == 422
    assert 'aria-invalid="true"' in reply.body.decode()
    assert house.work.store.mail_choice(house.dina.account) is None


def test_the_work_is_in_no_entry_and_in_no_answer_of_the_api(house: House) -> None:
    house.do(house.dina, "note", text="Geheimwort-7")
    size = house.office.running.view.size()
    answer = house.office.ask("skylark", f"/v1/orders/{house.order}")
    assert b"Geheimwort-7" not in answer.body
    assert size == house.office.running.view.size()


def test_the_longest_name_is_the_one_that_is_named() -> None:
    people = [Account(str(n), name, "ilves", (), "", False) for n, name in enumerate(("Ann", "Ann Lee", "Jo (2)"))]
    assert [each.name for each in mentioned("@ann lee, @JO (2)", people)] == ["Ann Lee", "Jo (2)"]
    assert mentioned("@Annabel, ann lee, a@Jon", people) == []
    assert [each.name for each in mentioned("@Ann: see @Ann Lee", people)] == ["Ann Lee", "Ann"]

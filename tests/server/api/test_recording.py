"""Entries are recorded by their signers: all of a request or none, once, at their place, each with its receipt."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from ledger.adapters.keys.key_files import Key, SeedKey
from ledger.adapters.keys.open_key import open_key
from ledger.adapters.storage.entry_store import EntryStore
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.entries.placement import access_of, map_of, registry_of
from ledger.errors import TooManyRequests
from ledger.facts import build
from ledger.tlog.note import parse_checkpoint
from ledger.tlog.tree import check_inclusion, parse_proof
from server.api.application import problem
from tests.server.office import Office, Reply, serving
from tests.support.cli import ORIGIN, House, run


class Desk:
    """One served ledger with the office ilves (ISS) and skylark (SP), and an order of ilves."""

    def __init__(self, house: House, office: Office, order: str) -> None:
        self.house, self.office, self.order = house, office, order

    def key(self, actor: str) -> Key:
        return open_key(str(self.house.keys / actor))

    def place(self, order: str) -> EntryPlace:
        at = self.office.ask(self.key("ilves"), f"/v1/orders/{order}/place").json
        return EntryPlace("ledger.example/xo/karsk", order, at["seq"], at["prev"], at["instrument"])

    def sealed(
        self,
        kind: str,
        public: Mapping[str, Any],
        private: Mapping[str, Any] = {},
        *,
        place: EntryPlace | None = None,
        actor: str = "ilves",
        role: str = "ISS",
        key: Key | None = None,
        **said: Any,
    ) -> dict[str, Any]:
        """Return an entry as a request has it."""
        signs = key or self.key(actor)
        now = datetime.now(UTC).replace(microsecond=0)
        signer = Signer(actor, role, "XO", signs.public, signs.sign)
        circumstances = Circumstances(said.pop("on", now), now, **said)
        fact = build(kind, public, private)
        entry = secrets.token_hex(16)
        made = seal(fact, place or self.place(self.order), signer, circumstances, entry, secrets.token_bytes)
        return {"entry": made.raw.decode(), "disclosures": [each.text for each in made.disclosures]}

    def post(self, *entries: dict[str, Any], by: str = "ilves", headers: Mapping[str, str] = {}, **more: Any) -> Reply:
        body = json.dumps({"entries": entries, **more}).encode()
        return self.office.ask(self.key(by), "/v1/entries", body, headers)

    def size(self) -> int:
        return int(self.office.ask(self.key("ilves"), "/v1/head").json["head"]["size"])


SENT = {"addressee": "skylark", "channel": "mail"}
ISSUED = {"instrument": "VOL", "from_party": "XO", "to_party": "XO"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    house = House(tmp_path_factory.mktemp("house")).begun().with_office("ilves", "ISS").with_office("skylark", "SP")
    order = house.order()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as office:
            yield Desk(house, office, order)


def test_a_recorded_entry_has_a_receipt_that_leads_to_a_head(desk: Desk) -> None:
    reply = desk.post(desk.sealed("order-transmitted", SENT))
    (receipt,) = reply.json["receipts"]
    proof = parse_proof(receipt["proof"].encode())
    head = parse_checkpoint(proof.note.decode().partition("\n\n")[0] + "\n")
    check_inclusion(receipt["index"], head.size, bytes.fromhex(receipt["leaf"]), proof.path, head.root)
    assert (
        desk.office.ask(desk.key("ilves"), f"/v1/entries/{receipt['index']}").json["entry"]["leaf"] == receipt["leaf"]
    )


def test_a_sealed_value_is_kept_and_opened_where_the_ledger_is(desk: Desk) -> None:
    entry = desk.sealed(
        "order-transmitted", SENT, {"record": {"code": "mail", "media": "text/plain", "size": 3, "sha256": "0" * 64}}
    )
    index = desk.post(entry).json["receipts"][0]["index"]
    assert b"text/plain" not in desk.office.ask(desk.key("ilves"), f"/v1/entries/{index}").body
    shown = desk.house.run("timeline", desk.order, "--reveal", "--because", "a test", "--as", "ilves", "--json")
    assert "text/plain" in shown.stdout
    while desk.size() < index + 2:  # the next test counts entries: the server has seen the access entry by then
        time.sleep(0.05)


def test_an_order_begins_over_http(desk: Desk) -> None:
    order = str(uuid4())
    place = EntryPlace("ledger.example/xo/karsk", order, 1, None, "VOL")
    assert desk.post(desk.sealed("order-issued", {**ISSUED, "reference": "PPO-HTTP"}, place=place)).status == 200
    assert desk.house.reply("show", "PPO-HTTP")["order"] == order


def chained(desk: Desk, count: int) -> list[dict[str, Any]]:
    """Return entries that follow each other in the order."""
    from ledger.tlog.tree import leaf_hash

    place, entries = desk.place(desk.order), []
    for n in range(count):
        entries.append(desk.sealed("order-transmitted", SENT, place=place))
        leaf = leaf_hash(entries[n]["entry"].encode()).hex()
        place = EntryPlace(place.log, place.order, place.seq + 1, leaf, place.instrument)
    return entries


def test_entries_of_one_request_are_recorded_together(desk: Desk) -> None:
    receipts = desk.post(*chained(desk, 3)).json["receipts"]
    assert [r["seq"] for r in receipts] == list(range(receipts[0]["seq"], receipts[0]["seq"] + 3))


def test_one_wrong_entry_leaves_out_all_of_its_request(desk: Desk) -> None:
    first, second, third = chained(desk, 3)
    before = desk.size()
    reply = desk.post(first, third, second)
    assert (reply.status, reply.code) == (409, "CTX-CHAIN")
    assert "1" in reply.json["where"]
    assert desk.size() == before
    assert desk.post(first, second, third).status == 200


def listed(desk: Desk, query: str) -> tuple[list[str], int | None]:
    answer = desk.office.ask(desk.key("ilves"), f"/v1/orders?limit=2&{query}").json
    return [item["order"]["order"] for item in answer["orders"]], answer["next"]


def test_a_cursor_of_orders_stays_valid_while_the_log_grows(desk: Desk) -> None:
    def begin() -> str:
        order = str(uuid4())
        place = EntryPlace("ledger.example/xo/karsk", order, 1, None, "VOL")
        assert desk.post(desk.sealed("order-issued", ISSUED, place=place)).status == 200
        return order

    made = [begin() for _ in range(3)]
    first, cursor = listed(desk, "after=0")
    late = begin()
    pages = list(first)
    while cursor is not None:
        page, cursor = listed(desk, f"after={cursor}")
        pages += page
    assert len(set(pages)) == len(pages)
    assert pages[-4:] == [*made, late]


# -- once --------------------------------------------------------------------------------------------------------------


def test_the_same_request_again_gets_the_same_bytes_and_records_nothing(desk: Desk) -> None:
    entry, key = desk.sealed("order-transmitted", SENT), {"idempotency-key": secrets.token_hex(8)}
    first = desk.post(entry, headers=key)
    size = desk.size()
    assert desk.post(entry, headers=key).body == first.body
    assert desk.post(desk.sealed("order-transmitted", SENT), headers=key).code == "API-KEY-REUSED"
    assert desk.size() == size


def test_the_same_entry_again_keeps_its_place(desk: Desk) -> None:
    entry = desk.sealed("order-transmitted", SENT)
    first, second = (desk.post(entry).json["receipts"][0] for _ in range(2))
    assert (first["index"], first["already"], second["index"], second["already"]) == (
        first["index"], False, first["index"], True,
    )  # fmt: skip


def test_the_same_request_gets_the_same_bytes_from_the_next_process(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        order = house.reply("orders")["orders"][0]["order"]
        key, answers, entry = {"idempotency-key": "once"}, [], None
        for _ in range(2):
            with serving(house.ledger) as office:
                desk = Desk(house, office, order)
                entry = entry or desk.sealed("order-transmitted", SENT)
                answers.append(desk.post(entry, headers=key, unregistered=True).body)
    assert answers[0] == answers[1]
    assert json.loads(answers[0])["receipts"][0]["already"] is False


def test_writers_at_once_each_get_their_place(desk: Desk, tmp_path: Path) -> None:
    before, failures = desk.size(), list[BaseException]()

    def write(number: int) -> None:
        try:
            trust, key = desk.house.ledger / "trust", desk.key("ilves")
            import comity

            with comity.connect(desk.office.url, key=key, trust=trust, state=tmp_path / str(number)) as ledger:
                for _ in range(3):
                    ledger.record("order-transmitted", SENT, desk.order)
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert desk.size() == before + 12


# -- refused -----------------------------------------------------------------------------------------------------------


def refused(desk: Desk, code: str, *entries: dict[str, Any], status: int | None = None, **more: Any) -> None:
    before = desk.size()
    reply = desk.post(*entries, **more)
    assert reply.code == code
    assert status is None or reply.status == status
    assert desk.size() == before


def test_nobody_records_in_the_name_of_another(desk: Desk) -> None:
    refused(desk, "API-DENIED", desk.sealed("order-transmitted", SENT), by="skylark", status=403)
    forged = desk.sealed("order-transmitted", SENT, key=desk.key("skylark"))
    refused(desk, "API-DENIED", forged, by="skylark")
    refused(desk, "API-DENIED", desk.sealed("order-transmitted", SENT, key=SeedKey(b"\x07" * 32)))


def test_an_order_that_the_caller_may_not_see_takes_no_entry_of_it(desk: Desk) -> None:
    assert desk.post(desk.sealed("order-transmitted", SENT)).status == 200
    desk.post(desk.sealed("order-transmitted", SENT))  # which names skylark
    entry = desk.sealed("order-received", {}, actor="skylark", role="SP")
    order = str(uuid4())
    issued = desk.sealed("order-issued", ISSUED, place=EntryPlace("ledger.example/xo/karsk", order, 1, None, "VOL"))
    assert desk.post(issued).status == 200
    other = desk.sealed("order-received", {}, actor="skylark", role="SP", place=desk.place(order))
    refused(desk, "API-MISSING", other, by="skylark", status=404)
    assert desk.post(entry, by="skylark").status == 200, "the order that names it does"


def test_a_role_that_the_key_does_not_hold_is_refused(desk: Desk) -> None:
    refused(desk, "KEY-ROLE", desk.sealed("order-transmitted", SENT, role="CAR"), status=403)


def test_a_place_that_is_taken_or_not_reached_is_refused(desk: Desk) -> None:
    place = desk.place(desk.order)
    for seq in (place.seq - 1, place.seq + 1):
        at = EntryPlace(place.log, place.order, seq, place.prev, place.instrument)
        refused(desk, "CTX-CHAIN", desk.sealed("order-transmitted", SENT, place=at), status=409)


def test_a_form_that_the_command_refuses_is_refused_here(desk: Desk) -> None:
    refused(desk, "OFFICE-UNKNOWN", desk.sealed("order-transmitted", {**SENT, "addressee": "nobody"}), status=422)


def test_an_office_under_the_name_of_a_verdict_is_refused_unless_its_registrar_says_why(desk: Desk) -> None:
    keeper = "registrar.ledger.example.xo.karsk"
    at = desk.office.ask(desk.key(keeper), f"/v1/orders/{registry_of(ORIGIN)}/place").json
    place = EntryPlace(ORIGIN, registry_of(ORIGIN), at["seq"], at["prev"], at["instrument"])

    def office(**more: Any) -> dict[str, Any]:
        fields = {"actor": "court", "party": "XO", "roles": ["CT"], "valid_from": "2026-01-01", **more}
        return desk.sealed(
            "authority-registered", fields, place=place, actor="registrar", role="ADM", key=desk.key(keeper)
        )

    refused(desk, "NAME-MISLEADING", office(names={"de": "TOTAL-PASSED"}), by=keeper, status=422)
    assert desk.post(office(names={"de": "TOTAL-PASSED"}, names_reason="by-law"), by=keeper).status == 200


def test_a_reference_is_taken_once(desk: Desk) -> None:
    def issued(reference: str) -> dict[str, Any]:
        place = EntryPlace("ledger.example/xo/karsk", str(uuid4()), 1, None, "VOL")
        return desk.sealed("order-issued", {**ISSUED, "reference": reference}, place=place)

    assert desk.post(issued("PPO-TAKEN")).status == 200
    refused(desk, "REFERENCE-TAKEN", issued("PPO-TAKEN"), status=409)
    refused(desk, "REFERENCE-TAKEN", issued("ppo-taken"))
    refused(desk, "REFERENCE-ALIKE", issued("PPO-T\u0410KEN"))
    assert desk.post(issued("PPO-T\u0410KEN"), lookalike=True).status == 200


def test_who_does_not_see_an_order_learns_nothing_of_its_reference_and_takes_none_of_another_office(desk: Desk) -> None:
    def issued(reference: str, **said: Any) -> dict[str, Any]:
        place = EntryPlace("ledger.example/xo/karsk", str(uuid4()), 1, None, "VOL")
        fields = {**ISSUED, "reference": reference, "issuing_authority": "ilves"}
        return desk.sealed("order-issued", fields, place=place, actor="skylark", role="SP", **said)

    replies = set()
    for reference in ("PPO-1", "PPO-NOT-TAKEN"):
        for said in ({"speaks": "observation"}, {"speaks": "import", "whose": "ilves"}):
            reply = desk.post(issued(reference, **said), by="skylark")
            replies.add((reply.status, reply.body))
    assert [(status, json.loads(body)["code"]) for status, body in replies] == [(403, "API-DENIED")]
    assert desk.post(issued("PPO-1"), by="skylark").status == 200, "the reference of an order of its own is its own"


@pytest.mark.parametrize("reserved", [map_of, access_of])
def test_committed_heads_and_accesses_are_written_by_the_program_alone(
    desk: Desk, reserved: Callable[[str], str]
) -> None:
    place = EntryPlace("ledger.example/xo/karsk", reserved("ledger.example/xo/karsk"), 1, None, None)
    entry = desk.sealed("order-transmitted", SENT, place=place, actor="skylark", role="SP")
    size = desk.size()
    assert desk.post(entry, by="skylark").code in ("CTX-ORDER", "API-MISSING"), "as one that is there, or is not"
    assert desk.size() == size


def test_a_sealed_value_comes_with_its_disclosure(desk: Desk) -> None:
    entry = desk.sealed(
        "order-transmitted", SENT, {"record": {"code": "mail", "media": "text/plain", "size": 3, "sha256": "0" * 64}}
    )
    refused(desk, "API-REQUEST", {**entry, "disclosures": []})
    refused(desk, "SD-UNKNOWN", {**entry, "disclosures": ["WyJhIiwiYiIsMV0"]})


def test_what_the_program_itself_records_is_not_taken(desk: Desk) -> None:
    refused(
        desk,
        "COMMAND-ONLY",
        desk.sealed(
            "record-accessed",
            {"view": "timeline", "purpose_code": "supervision", "orders": []},
            {"justification": "x", "person": "y"},
        ),
    )


def test_an_entry_that_only_some_may_know_of_is_not_taken(desk: Desk) -> None:
    refused(desk, "API-KIND", desk.sealed("ex-post-validation-sought", {"asked_of": "ilves"}))


def test_a_bit_that_was_changed_on_the_way_is_found(desk: Desk) -> None:
    entry = desk.sealed("order-transmitted", SENT)
    line = entry["entry"]
    for at in (40, 200, len(line) - 30):
        changed = line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :]
        assert desk.post({**entry, "entry": changed}).status in (400, 422)


def test_the_ledger_is_whole_after_all_this(desk: Desk) -> None:
    assert run("fsck", ledger=desk.house.ledger, **desk.house.env).exit_code == 0


def test_requests_that_arrive_at_once_are_stored_together_and_each_has_its_own_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    for number in range(8):
        order = str(uuid4())
        place = EntryPlace("ledger.example/xo/karsk", order, 1, None, "VOL")
        desk.post(desk.sealed("order-issued", {**ISSUED, "reference": f"PPO-AT-ONCE-{number}"}, place=place))
        begun.append(desk.sealed("order-transmitted", SENT, place=desk.place(order)))
    place = EntryPlace("ledger.example/xo/karsk", order, 9, "0" * 64, "VOL")
    wrong = desk.sealed("order-transmitted", SENT, place=place)
    stored: list[None] = []
    append = EntryStore.append

    def slow(self: EntryStore, *given: Any, **more: Any) -> Any:
        stored.append(None)
        time.sleep(0.3)
        return append(self, *given, **more)

    monkeypatch.setattr(EntryStore, "append", slow)
    with ThreadPoolExecutor(9) as threads:
        answers = list(threads.map(desk.post, [*begun[:4], wrong, *begun[4:]]))
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 409, 200, 200, 200, 200]
    receipts = [answer.json["receipts"][0] for answer in answers if answer.status == 200]
    assert len({receipt["index"] for receipt in receipts}) == 8
    assert len(stored) < 8
    for receipt in receipts:
        proof = parse_proof(receipt["proof"].encode())
        head = parse_checkpoint(proof.note.decode().partition("\n\n")[0] + "\n")
        check_inclusion(receipt["index"], head.size, bytes.fromhex(receipt["leaf"]), proof.path, head.root)


def test_a_request_too_many_is_told_when_to_try_again() -> None:
    answer = problem(TooManyRequests("4096 requests wait already", 7))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_a_person_who_has_signed_in_hands_in_entries_of_their_own_keys_alone(desk: Desk) -> None:
    from tests.server.identity.browser import signed_in

    browser, authenticator = signed_in(desk.office, "Dina Ilves", "ilves")
    accounts, key = desk.office.running.accounts, desk.key("ilves").public.hex()
    account = accounts.find("Dina Ilves").id
    body = {"entries": [desk.sealed("order-transmitted", SENT)]}
    assert browser.post("/v1/entries", body).code == "API-DENIED"
    accounts.link_key(account, key)
    assert browser.post("/v1/entries", body).json["receipts"][0]["already"] is False
    other = {"entries": [desk.sealed("order-received", {"proof_kind": "own-stamp"}, actor="skylark", role="SP")]}
    assert browser.post("/v1/entries", other).code == "API-DENIED"
    accounts.unlink(account, key)
    browser.sign_in(authenticator)
    assert browser.post("/v1/entries", body).code == "API-DENIED"


def test_an_idempotency_key_of_a_person_is_not_that_of_their_colleague(desk: Desk) -> None:
    from tests.server.identity.browser import signed_in

    one, _ = signed_in(desk.office, "one", "ilves")
    other, _ = signed_in(desk.office, "other", "ilves")
    accounts = desk.office.running.accounts
    account, key = accounts.find("one").id, desk.key("ilves").public.hex()
    accounts.link_key(account, key)
    body, named = {"entries": [desk.sealed("order-transmitted", SENT)]}, {"idempotency-key": "first"}
    first = one.post("/v1/entries", body, named)
    assert (first.status, one.post("/v1/entries", body, named).body) == (200, first.body)
    assert other.post("/v1/entries", body, named).code == "API-DENIED"
    accounts.unlink(account, key)  # for the other tests of this office

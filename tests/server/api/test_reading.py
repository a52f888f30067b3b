"""Answers have the head and the proofs of what they show, and show no more than the caller may see."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.entries.placement import access_of, registry_of
from ledger.errors import RecordError
from ledger.tlog.note import parse_checkpoint, unb64
from ledger.tlog.tree import check_consistency, check_inclusion, leaf_hash, parse_proof
from server.api.reading import LedgerView
from server.documents import Head
from tests.server.office import Office, serving_story
from tests.support.cli import reply

ALL = ("/v1/head", "/v1/register", "/v1/entries", "/v1/entries/3", "/v1/orders")


def checkpoint(note: str) -> tuple[int, bytes]:
    read = parse_checkpoint(note.partition("\n\n")[0] + "\n")
    return read.size, read.root


@pytest.mark.parametrize("path", ALL)
def test_every_answer_on_the_record_has_the_head(office: Office, path: str) -> None:
    head = office.ask("ilves", path).json["head"]
    assert head["note"] == reply("checkpoint", ledger=office.ledger)["note"]
    assert checkpoint(head["note"])[0] == head["size"]


@pytest.mark.parametrize("path", ["/v1/entries", "/v1/register", "/v1/orders/{}", "/v1/orders/{}/entries"])
def test_every_entry_leads_to_the_head(office: Office, order: str, path: str) -> None:
    answer = office.ask("ilves", path.format(order)).json
    size, root = checkpoint(answer["head"]["note"])
    assert len(answer["entries"]) > 5
    for entry in answer["entries"]:
        leaf = bytes.fromhex(entry["leaf"])
        check_inclusion(entry["index"], size, leaf, [unb64(each) for each in entry["path"]], root)
        assert entry["entry"] is None or leaf_hash(entry["entry"].encode()) == leaf


def test_one_entry_has_its_proof_as_a_file(office: Office) -> None:
    answer = office.ask("ilves", "/v1/entries/3").json
    proof = parse_proof(answer["proof"].encode())
    assert (proof.index, proof.note.decode()) == (3, answer["head"]["note"])


def test_the_log_at_one_size_begins_with_the_log_at_another(office: Office) -> None:
    answer = office.ask("ilves", "/v1/consistency?start=8&end=21").json
    roots = [checkpoint(office.ask("ilves", "/v1/head").json["head"]["note"])]
    whole = office.ask("ilves", f"/v1/consistency?start=21&end={roots[0][0]}").json
    assert answer["path"]
    assert whole["path"]
    with pytest.raises(Exception, match="CP-CONSISTENCY"):
        check_consistency(8, 21, b"\x00" * 32, roots[0][1], [unb64(each) for each in answer["path"]])


@pytest.mark.parametrize("query", ["start=0&end=5", "start=5&end=4", "start=1&end=1000", "start=1", "start=x&end=2"])
def test_a_proof_between_sizes_that_are_none_is_refused(office: Office, query: str) -> None:
    assert office.ask("ilves", f"/v1/consistency?{query}").code == "API-REQUEST"


def test_an_order_says_what_the_command_says(office: Office, order: str) -> None:
    says = office.ask("ilves", f"/v1/orders/{order}").json["says"]
    judged = reply_of(office, order)
    assert says["order"]["state"] == judged["state"]
    assert [c["id"] for c in says["deadlines"]] == [c["id"] for c in judged["deadlines"]]
    assert {f["code"] for f in says["findings"]} == {f["code"] for f in judged["findings"]}


def reply_of(office: Office, order: str) -> dict[str, list[dict[str, str]]]:
    import json

    from tests.support.cli import run

    read: dict[str, list[dict[str, str]]] = json.loads(run("judge", order, "--json", ledger=office.ledger).stdout)
    return read


def test_no_sealed_value_leaves_the_ledger(office: Office, order: str) -> None:
    body = office.ask("ilves", f"/v1/orders/{order}").body
    assert b"harb-9020" not in body
    assert b"[sealed]" in body


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=DISCLOSED", 1),
        ("state=REFUSED", 0),
        ("provider=harbor", 1),
        ("provider=skylark", 0),
        ("party=XV", 1),
        ("party=XZ", 0),
        ("kind=order-issued", 1),
        ("kind=data-erased", 0),
        ("since=2027-03-09T00:00:00Z", 1),
        ("since=2029-03-09T00:00:00Z", 0),
        ("limit=1", 1),
        ("after=1000", 0),
    ],
)
def test_a_list_is_filtered_as_the_command_filters_it(office: Office, query: str, found: int) -> None:
    assert len(office.ask("ilves", f"/v1/orders?{query}").json["orders"]) == found


def test_an_order_is_found_by_the_beginning_of_its_id(office: Office, order: str) -> None:
    for name, found in ((order, [order]), (order[:8], [order]), ("PPO-1", [])):
        assert [o["order"]["order"] for o in office.ask("ilves", f"/v1/orders?name={name}").json["orders"]] == found


def test_the_orders_that_name_an_order_are_found_by_its_id(tmp_path: Path) -> None:
    with serving_story("S3", tmp_path) as office:
        listed = office.ask("central", "/v1/orders").json["orders"]
        (first, second) = [each["order"]["order"] for each in listed]

        def naming(query: str) -> list[str]:
            return [o["order"]["order"] for o in office.ask("central", f"/v1/orders?{query}").json["orders"]]

        assert naming(f"linked={first}") == [second]
        assert naming(f"linked={second}") == [first]
        assert naming(f"linked={first}&name={second[:8]}") == [second]
        assert naming(f"linked={first}&name={first[:8]}") == []
        assert naming("linked=11111111-2222-4333-8444-555555555555") == []


def test_pages_together_are_the_whole_log(office: Office) -> None:
    after, leaves = 0, []
    size = office.ask("ilves", "/v1/head").json["head"]["size"]
    while after < size:
        page = office.ask("ilves", f"/v1/entries?after={after}&limit=7").json
        leaves += [entry["leaf"] for entry in page["entries"]]
        after = page["next"]
    assert leaves == [entry["leaf"] for entry in office.ask("ilves", "/v1/entries?limit=500").json["entries"]]
    assert len(leaves) == size


@pytest.mark.parametrize("path", ["/v1/head", "/v1/entries", "/v1/register", "/v1/orders/{}/entries"])
def test_an_answer_that_has_not_changed_is_not_sent_again(office: Office, order: str, path: str) -> None:
    path = path.format(order)
    first = office.ask("ilves", path)
    again = office.ask("ilves", path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert office.ask("ilves", path, headers={"if-none-match": 'W/"other"'}).status == 200


def test_the_tag_of_an_answer_is_its_callers(office: Office) -> None:
    tags = {office.ask(actor, "/v1/entries").headers["etag"] for actor in ("ilves", "harbor", "ncco")}
    assert len(tags) == 3


def test_no_shared_cache_keeps_what_a_caller_may_see(office: Office, order: str) -> None:
    for path in ("/v1/entries", "/v1/orders", f"/v1/orders/{order}"):
        assert office.ask("ilves", path).headers["cache-control"] == "private, no-cache"
    assert "public" in office.send("GET", "/v1/kinds").headers["cache-control"]


# -- who may see what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/register", "/v1/entries", "/v1/entries/3", "/v1/orders", "/v1/events"])
def test_without_a_signature_there_is_no_record(office: Office, path: str) -> None:
    reply = office.send("GET", path)
    assert (reply.status, reply.code) == (401, "API-SIGNATURE")


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/v1/head", "/v1/kinds", "/v1/vocabulary"])
def test_what_is_public_needs_no_signature(office: Office, path: str) -> None:
    assert office.send("GET", path).status == 200


def test_a_key_of_nobody_sees_nothing(office: Office) -> None:
    assert office.ask(SeedKey(b"\x05" * 32), "/v1/orders").status == 401


def test_an_order_that_does_not_name_the_caller_is_as_one_that_does_not_exist(office: Office, order: str) -> None:
    outsider = office.ask("harbor", f"/v1/orders/{access_of('story.example/s2')}")
    nothing = office.ask("harbor", "/v1/orders/11111111-2222-4333-8444-555555555555")
    assert (outsider.status, outsider.body) == (nothing.status, nothing.body)
    assert office.ask("harbor", f"/v1/orders/{order}").status == 200


def test_an_order_that_only_some_may_know_of_is_to_others_as_one_that_does_not_exist(tmp_path: Path) -> None:
    with serving_story("emergency-validation-refused", tmp_path) as office:
        with closing(SubjectKeyStore(read_folder(office.ledger).subject_keys, writable=False)) as keys:
            main = office.ask("emberdrive", "/v1/orders").json["orders"][0]["order"]["order"]
            companion = keys.companion_of(main) or ""
        for path in ("", "/entries", "/place"):
            asked = [office.ask("emberdrive", f"/v1/orders/{id}{path}") for id in (companion, str(uuid4()))]
            assert [reply.code for reply in asked] == ["API-MISSING", "API-MISSING"]
            assert office.ask("kripo", f"/v1/orders/{companion}{path}").status == 200
        caller = office.running.view.keyring.caller(office.key("emberdrive").public.hex())
        assert not office.running.view.may_see(caller, companion), "and takes no entry of them"


def test_who_opened_sealed_values_is_shown_to_who_oversees(office: Office) -> None:
    path = f"/v1/orders/{access_of('story.example/s2')}/entries"
    assert office.ask("ilves", path).status == 404
    assert office.ask("ilves", f"/v1/orders/{registry_of('story.example/s2')}/entries").status == 200


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/entries?after=-1", "API-REQUEST"),
        ("/v1/entries?limit=0", "API-REQUEST"),
        ("/v1/entries?limit=501", "API-REQUEST"),
        ("/v1/entries?limit=ten", "API-REQUEST"),
        ("/v1/entries?after=1&after=2", "API-REQUEST"),
        ("/v1/entries?colour=red", "API-REQUEST"),
        ("/v1/orders?since=yesterday", "API-REQUEST"),
        ("/v1/orders?since=2027-03-09", "API-REQUEST"),
        ("/v1/entries/x", "API-REQUEST"),
        ("/v1/entries/-1", "API-REQUEST"),
        ("/v1/entries/99999999999999999999", "API-REQUEST"),
        ("/v1/entries/1000", "API-MISSING"),
        ("/v1/orders/PPO-1", "API-MISSING"),
        ("/v1/orders/%00", "API-MISSING"),
        ("/v1/kinds/order-sold", "FACT-KIND"),
        ("/v2/entries", "API-MISSING"),
        ("/v1/head?x=1", "API-REQUEST"),
    ],
)
def test_a_wrong_address_or_parameter_has_its_code(office: Office, path: str, code: str) -> None:
    assert office.ask("ilves", path).code == code


def test_what_the_head_does_not_cover_yet_is_not_shown(office: Office, order: str) -> None:
    with closing(
        LedgerView(read_folder(office.ledger), lambda: Head(8, "an earlier note"), lambda: datetime.now(UTC))
    ) as view:
        caller = office.running.view.keyring.caller(office.key("ilves").public.hex())
        assert view.entries(caller, 0, 500).next == 8
        assert view.orders(caller, 0, 50).orders == []
        for ask in (view.order, view.order_entries, view.place):
            with pytest.raises(RecordError, match="API-MISSING"):
                ask(caller, order)

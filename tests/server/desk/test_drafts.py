"""What a draft would be, said before it is signed; nothing is signed or recorded by it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.entries.case import instant
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, open_, seal
from ledger.entries.placement import access_of
from server.api.drafts import fact_of
from tests.server.desk.desk import Person
from tests.server.office import Office, Reply

NOW = "2027-04-15T00:00:00Z"
SIGNED_ELSEWHERE = ("entry", "signed_at", "seen")


def draft(order: str, kind: str, fields: Mapping[str, Any], actor: str = "ilves", **more: Any) -> dict[str, Any]:
    said = {"role": "ISS", "party": "XO", "on": NOW}
    return {"kind": kind, "order": order, "fields": dict(fields), "actor": actor, **said, **more}


def ask(office: Office, content: dict[str, Any], actor: str = "ilves", **more: Any) -> Reply:
    return office.ask(actor, "/v1/drafts", json.dumps({"draft": content, **more}).encode())


DELAYED = {"grounds": ["LED:13(3)(a)"], "review_on": "2027-09-01", "reasons": "The suspect would flee."}


def test_the_proposal_is_what_the_signer_seals_but_for_what_is_the_signers_own(office: Office, order: str) -> None:
    content = draft(order, "customer-notification-delayed", DELAYED)
    proposal = ask(office, content).json["proposal"]
    key = office.key("ilves")
    place = EntryPlace(proposal["log"], order, proposal["seq"], proposal["prev"], "2AP-7")
    signer, said = Signer("ilves", "ISS", "XO", key.public, key.sign), Circumstances(instant(NOW), instant(NOW))
    sealed = seal(fact_of(content["kind"], DELAYED), place, signer, said, "0" * 32, secrets.token_bytes)
    payload = msgspec.to_builtins(open_(sealed.raw).payload)
    payload["public"].pop("_sd")
    assert {n: v for n, v in proposal.items() if n not in SIGNED_ELSEWHERE} == {
        n: v for n, v in payload.items() if n not in SIGNED_ELSEWHERE
    }


def test_a_field_that_is_committed_to_when_it_is_not_stated_is_named_among_the_sealed_ones(office: Office) -> None:
    fields = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}
    content = draft("11111111-1111-4111-8111-111111111111", "order-issued", fields)
    answer = ask(office, content).json
    assert {"circumstances", "validation_pending"} <= set(answer["proposal"]["sealed"])
    assert (answer["proposal"]["seq"], answer["proposal"]["prev"]) == (1, None)
    assert answer["missing"] != []


def test_the_violation_that_an_entry_would_be_is_shown_and_nothing_is_recorded(office: Office) -> None:
    before = office.send("GET", "/v1/head").json["head"]["size"]
    fields = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "elements_sought": ["message-content"]}
    answer = ask(office, draft("22222222-2222-4222-8222-222222222222", "order-issued", fields)).json
    violations = [finding for finding in answer["findings"] if finding["level"] == "V"]
    assert violations != []
    assert all(finding["next"] for finding in violations)
    assert answer["says"].startswith("Prosecutor's Office Karsk issued an order")
    assert office.send("GET", "/v1/head").json["head"]["size"] == before


def test_a_draft_says_which_deadline_it_ends_and_which_it_starts(office: Office, order: str) -> None:
    timeline = office.ask("ilves", f"/v1/orders/{order}").json["says"]["timeline"]
    about = next(e["leaf"] for e in timeline if e["kind"] == "customer-notification-delayed")
    answer = ask(office, draft(order, "customer-notification-delay-lifted", {"about": about})).json
    changes = {each["clock"]["id"]: each["change"] for each in answer["clocks"]}
    assert changes == {"NOTICE-REVIEW": "ends", "NOTICE-DUE": "starts"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role": "SP"}, "KEY-ROLE"),
        ({"actor": "harbor"}, "API-DENIED"),
        ({"kind": "record-accessed"}, "COMMAND-ONLY"),
        ({"kind": "ex-post-validation-sought", "fields": {}}, "API-KIND"),
        ({"kind": "no-such-kind"}, "FACT-KIND"),
        ({"fields": {"outcome": "eaten"}}, "FACT"),
        ({"on": "2031-01-01T00:00:00Z"}, "FORM-DATE"),
        ({"instrument": "EPOC"}, "API-REQUEST"),
        ({"why": "a typing error"}, "API-REQUEST"),
        ({"replaces": "0" * 64, "why": "a typing error"}, "FORM-REPLACES"),
        ({"order": "no id"}, "API-REQUEST"),
        ({"more": 1}, "API-REQUEST"),
    ],
)
def test_a_draft_that_could_not_be_recorded_is_refused(
    office: Office, order: str, change: dict[str, Any], code: str
) -> None:
    content = {**draft(order, "order-closed", {"outcome": "answered"}), **change}
    assert ask(office, content).code == code


def test_only_its_signer_corrects_an_entry(office: Office, order: str) -> None:
    entries = office.ask("ilves", f"/v1/orders/{order}").json["says"]["timeline"]
    other = next(e["leaf"] for e in entries if e["by"] == "harbor")
    content = draft(order, "order-closed", {"outcome": "answered"}, replaces=other, why="a typing error")
    assert ask(office, content).code == "FORM-REPLACES"


def test_a_draft_in_an_order_that_a_caller_may_not_see_is_refused_as_one_that_does_not_exist(
    office: Office,
) -> None:
    hidden = access_of(office.journal.origin)
    assert ask(office, draft(hidden, "order-closed", {"outcome": "answered"})).code == "API-MISSING"


def test_a_person_names_the_key_that_will_sign_and_no_other_persons_key(prosecutor: Person, order: str) -> None:
    office = prosecutor.office
    content = draft(order, "order-closed", {"outcome": "answered"})

    def checked(public: str) -> Reply:
        headers = {"content-type": "application/json"}
        body = json.dumps({"draft": content, "public": public}).encode()
        cookie = {"cookie": f"__Host-comity={prosecutor.token}", "origin": office.url, "sec-fetch-site": "same-origin"}
        return office.send("POST", "/v1/drafts", body, headers | cookie)

    own, other = office.key("ilves").public.hex(), office.key("harbor").public.hex()
    assert checked(own).json["proposal"]["signer"]["key"] == own
    assert checked(other).code == "API-DENIED"

"""What an honest desk asks of the signing page: drafts, places, proposals, proofs, receipts of one office server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from ledger.entries.case import wire
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, open_, seal
from ledger.facts import KINDS, build
from tests.browser.sign.desk import Desk, log_of
from tests.server.office import Office


def drafted(office: Office, order: str, **fields: Any) -> dict[str, Any]:
    """Return a draft by ilves that disputes the newest entry of an order."""
    newest = place_of(office, order)["prev"]
    return {
        "kind": "event-disputed",
        "order": order,
        "instrument": place_of(office, order)["instrument"],
        "fields": {"about": newest, "statement": "Der Empfang war am 16. März.", **fields},
        "role": "ISS",
        "actor": "ilves",
        "party": "XO",
        "on": wire(datetime.now(UTC).replace(microsecond=0)),
        "on_source": "own-act",
        "speaks": "act",
    }


def place_of(office: Office, order: str) -> dict[str, Any]:
    found: dict[str, Any] = office.ask("ilves", f"/v1/orders/{order}/place").json
    return found


def consistency(office: Office, start: int, end: int) -> dict[str, Any] | None:
    found: dict[str, Any] = office.ask("ilves", f"/v1/consistency?start={start}&end={end}").json
    return found if 0 < start < end else None


def proposed(office: Office, draft: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """Return the payload that an honest server proposes for a draft."""
    fields = KINDS[draft["kind"]].fields()
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, value in draft["fields"].items():
        sides[fields[name].sealed][name] = value
    on = datetime.fromisoformat(draft["on"])
    where = EntryPlace(log_of(office)[0], draft["order"], place["seq"], place["prev"], place["instrument"])
    key = office.key("ilves")
    signer = Signer(draft["actor"], draft["role"], draft["party"], key.public, key.sign)
    raw = seal(build(draft["kind"], *sides), where, signer, Circumstances(on, on), "00" * 16, bytes).raw
    payload: dict[str, Any] = msgspec.to_builtins(open_(raw).payload)
    payload["public"].pop("_sd", None)
    return payload


def request(desk: Desk, office: Office, order: str, **fields: Any) -> dict[str, Any]:
    """Return the message with which an honest desk asks for a signature."""
    log = log_of(office)[0]
    draft, place = drafted(office, order, **fields), place_of(office, order)
    seen = desk.ask("keys", log=log)["size"]
    proofs = {"head": place["head"], "consistency": consistency(office, seen, place["head"]["size"])}
    item = {"draft": draft, "place": place, "proposal": proposed(office, draft, place)}
    return {"type": "sign", "log": log, "proofs": proofs, "drafts": [item], "public": office.key("ilves").public.hex()}


def signed(desk: Desk, message: dict[str, Any]) -> dict[str, Any]:
    """Return what the page answers to a person who signs."""
    id_ = desk.post(message)
    desk.agree()
    return desk.wait_for(id_=id_)


def recorded(office: Office, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Hand in what was signed; return the receipts."""
    said = office.ask("ilves", "/v1/entries", json.dumps(answer["submission"]).encode())
    assert said.status == 200, said.body
    found: list[dict[str, Any]] = said.json["receipts"]
    return found


def size_of(receipts: list[dict[str, Any]]) -> int:
    return int(receipts[0]["proof"].split("\n\n")[1].split("\n")[1])


def receipts_of(office: Office, answer: dict[str, Any], receipts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "receipts",
        "receipts": receipts,
        "consistency": consistency(office, answer["size"], size_of(receipts)),
    }


def as_asked(message: dict[str, Any]) -> dict[str, Any]:
    return {"type_": message["type"], **{name: value for name, value in message.items() if name != "type"}}

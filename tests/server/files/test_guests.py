"""A guest sends the files that an entry of their office states, and opens none."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.facts import build
from server.files.settings import FileSettings
from server.identity.callers import SESSION
from tests.server.guests.guests import SECOND, Visit, admitted
from tests.server.office import Office, Reply, serving_story

DATA = b"what the guest discloses"


def disclosed(guest: Visit, order: str) -> Reply:
    """Record, signed by a guest, that the file was disclosed."""
    office = guest.office
    place = office.ask("ilves", f"/v1/orders/{order}/place").json
    file = {"name": "return.zip", "size": len(DATA), "sha256": sha256(DATA).hexdigest()}
    manifest = {"elements": ["name"], "files": [file]}
    fact = build("data-disclosed", {"partial": False, "channel": "mail"}, {"manifest": manifest})
    where = EntryPlace(office.journal.origin, order, place["seq"], place["prev"], place["instrument"])
    party, now = office.running.view.keyring.offices()[guest.actor][0], office.running.view.now()
    signer = Signer(guest.actor, "SP", party, guest.key.public, guest.key.sign)
    made = seal(fact, where, signer, Circumstances(now, now), uuid4().hex, secrets.token_bytes)
    entry = {"entry": made.raw.decode(), "disclosures": [each.text for each in made.disclosures]}
    return guest.browser.post("/v1/entries", {"entries": [entry]})


def put(office: Office, guest: Visit, path: str) -> Reply:
    headers = {"cookie": f"{SESSION}={guest.browser.cookies[SESSION]}", "content-type": "application/octet-stream"}
    return office.send("PUT", path, DATA, {**headers, "origin": office.url, "sec-fetch-site": "same-origin"})


def test_a_guest_sends_the_file_of_an_own_entry_and_opens_none(tmp_path: Path) -> None:
    kept = FileSettings(str(tmp_path / "files"))
    with serving_story("S3", tmp_path, signing="https://sign.office.example", files=kept) as office:
        guest, other = admitted(office, "fjordlink", SECOND), admitted(office)
        assert disclosed(guest, SECOND).status == 200
        offered = {"sha256": sha256(DATA).hexdigest(), "size": len(DATA)}
        begun = guest.browser.post(f"/v1/orders/{SECOND}/files", offered).json
        path = f"/v1/orders/{SECOND}/files/{begun['object']}"
        assert other.browser.post(f"/v1/orders/{SECOND}/files", offered).code == "API-MISSING"
        assert put(office, other, f"{path}/pieces/0").code == "API-MISSING"
        assert put(office, guest, f"{path}/pieces/0").json["kept"] is True
        assert guest.browser.get(f"{path}/content").code == "API-MISSING"
        assert guest.browser.post(f"/v1/orders/{SECOND}/opened-files", {}).code == "API-DENIED"
        listed = guest.browser.get(f"/v1/orders/{SECOND}/files").json
        assert ([each["kept"] for each in listed["entries"]], listed["place"]) == ([1], None)

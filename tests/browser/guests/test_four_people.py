"""Four people take an order from its issue to the court, each in a browser profile with a key of their own.

A prosecutor and a police officer have accounts of the office that keeps the ledger. A provider and a notified
authority have no ledger: they come by links, and see their orders alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

from tests.browser.guests.conftest import Start
from tests.browser.guests.people import GuestPerson, Person
from tests.browser.guests.story import ISSUED, STORY, check_court, check_signers, leaf_of
from tests.server.office import Office
from tests.support.cli import House

pytestmark = pytest.mark.browser

# Bytes of the file that is disclosed and compared; FULL=1 takes 2 GiB.
SIZE = (2 * 2**30 if os.environ.get("FULL") else 64 * 2**20) + 7


def invited(by: Person, order: str, actor: str, name: str) -> str:
    """Make the link of an invitation on the page of the guests of an order."""
    by.open(f"/orders/{order}/guests?lang=en")
    by.browser.run("document.getElementById('office').value = arguments[0]", actor)
    by.browser.type("#name", name)
    by.press("#invite button")
    by.until(lambda: by.browser.run("return !document.getElementById('made').hidden"))
    assert by.browser.run("return document.getElementById('words').textContent") == by.office.running.view.log_key.words
    return str(by.browser.run("return document.getElementById('link').value"))


def test_four_people_take_an_order_from_its_issue_to_the_court(
    office: Office, made: House, start: Start, tmp_path: Path
) -> None:
    prosecutor = Person(start("prosecutor"), office, "Dina Ilves", "ilves")
    prosecutor.entered(made, "ISS")
    place = prosecutor.record("/record/order-issued?f.instrument=2AP-7&lang=en", ISSUED)
    order = place.split("/")[2].partition("#")[0]
    to = f"/orders/{order}/record"
    prosecutor.record(f"{to}/notification-sent", {"f.notified_authority": "ncco"})
    prosecutor.record(f"{to}/order-transmitted", {"f.addressee": "skylark", "f.channel": "mail"})

    authority = GuestPerson(start("authority"), office, invited(prosecutor, order, "ncco", "Maja Thörne"))
    authority.entered(made, "NOT")
    provider = GuestPerson(start("provider"), office, invited(prosecutor, order, "skylark", "Ída Sky"))
    provider.entered(made, "SP")
    police = Person(start("police"), office, "Pavel Orn", "orn")
    police.entered(made, "RET")

    authority.record(f"{to}/notification-received", {})
    authority.record(f"{to}/additional-information-requested", {"f.asked_of": "orn"})
    police.record(f"{to}/additional-information-provided", {"f.answers": leaf_of(office, order, -1)})
    authority.record(f"{to}/non-disclosure-instructed", {"f.ground": "G-7-ii-a", "f.scope": "all"})
    instruction = leaf_of(office, order, -1)
    reasons = {"f.about": instruction, "f.reasons": "A proceeding here would be harmed until Monday."}
    authority.record(f"{to}/instruction-reasons-given", reasons)
    authority.record(f"{to}/instruction-lifted", {"f.about": instruction})

    provider.record(f"{to}/order-received", {"f.proof_kind": "own-stamp"})
    provider.open(f"/orders/{order}/requester?lang=en")
    assert provider.browser.run("return document.querySelector('[data-check=key]').dataset.answer") == "proven"
    file = tmp_path / "return &ß.bin"
    with file.open("w+b") as sparse:
        sparse.write(bytes(range(251)))
        sparse.truncate(SIZE)
        sparse.seek(0)
        digest = file_digest(sparse, "sha256").hexdigest()
    disclosed = {"f.partial-false": "", "f.channel": "mail", "f.manifest.elements.0": "name"}
    provider.record(f"{to}/data-disclosed", disclosed, str(file))

    compared = {"f.check": "equal", "f.exhibit": "E-1", "f.manifest.elements.0": "name"}
    police.record(f"{to}/evidence-received", compared, str(file))
    handed = {"f.exhibit": "E-1", "f.released_by": "orn", "f.received_by": "ilves", "f.check": "equal"}
    handed |= {"f.digest_before": digest, "f.digest_after": digest}
    police.record(f"{to}/custody-transferred", handed)
    prosecutor.open(f"/orders/{order}/record/notification-sent?again={leaf_of(office, order, 1)}&lang=en")
    prosecutor.fill(
        {"f.notified_authority": "ncco", "c.role": "ISS", "c.why": "the papers were left out", "f.includes-1": ""}
    )
    prosecutor.signed()
    prosecutor.record(f"{to}/customer-notified", {"f.channel": "letter"})

    signers = check_signers(office, order, {"ilves": prosecutor, "ncco": authority, "skylark": provider, "orn": police})
    assert signers == STORY
    stated = next(e for e in office.journal.case(order).entries if e.kind == "data-disclosed").get("manifest")
    assert [(each["size"], each["sha256"]) for each in stated["files"]] == [(SIZE, digest)]
    check_guests_see_their_order_alone(office, order, (authority, provider))
    check_court(made, order, tmp_path)


def check_guests_see_their_order_alone(office: Office, order: str, guests: Iterable[Person]) -> None:
    for guest in guests:
        guest.open("/guest/orders?lang=en")
        assert "KA-2027-0311" in guest.shown()
        for path in ("/record", "/keys/requests", f"/orders/{order}/guests"):
            guest.open(path)
            assert "API-DENIED" in guest.shown(), path

"""Guests of the offices of S3: an office invites them, they make a passkey and a key, and the registrar enters it.

norcentral is named in the first order alone, fjordlink in both; the Party XO keeps the ledger.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from ledger.adapters.keys.key_files import Key
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.facts import build
from server.identity.callers import SESSION
from server.identity.lockout import Lockout
from tests.server.identity.browser import Authenticator, Browser
from tests.server.identity.test_key_requests import ask, entry, new_key, record, register
from tests.server.office import Office, Reply

FIRST = "6281dfde-0639-5ee3-9616-49c404ac7b6f"
SECOND = "ea6e6dad-d66a-5d7f-9880-8ad33194397a"
ROLES = {"norcentral": "CAQ", "fjordlink": "SP"}


@dataclass
class Visit:
    """A guest: the browser, the authenticator, the account, and the key on the device."""

    office: Office
    actor: str
    browser: Browser
    authenticator: Authenticator
    account: str
    key: Key

    def submission(self, order: str, kind: str, fields: Mapping[str, Any] = {}, role: str = "") -> dict[str, Any]:
        """Return the body of a request that records an entry of this guest's key at the end of an order."""
        return {"entries": [signed(self.office, self.key, self.actor, role or ROLES[self.actor], order, kind, fields)]}

    def record(self, order: str, kind: str, fields: Mapping[str, Any] = {}, role: str = "") -> Reply:
        return self.browser.post("/v1/entries", self.submission(order, kind, fields, role))


def signed(
    office: Office, key: Key, actor: str, role: str, order: str, kind: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an entry at the next place of an order as an office that sees all of them finds it."""
    found = office.ask("ilves", f"/v1/orders/{order}/place")
    place: Any = found.json if found.status == 200 else {"seq": 1, "prev": None, "instrument": "2AP-7"}
    now = office.running.view.now()
    party = office.running.view.keyring.offices()[actor][0]
    where = EntryPlace(office.journal.origin, order, place["seq"], place["prev"], place["instrument"])
    made = seal(
        build(kind, fields, {}),
        where,
        Signer(actor, role, party, key.public, key.sign),
        Circumstances(now, now),
        uuid4().hex,
        secrets.token_bytes,
    )
    return {"entry": made.raw.decode(), "disclosures": [each.text for each in made.disclosures]}


def session(office: Office, actor: str, roles: Sequence[str] = ()) -> Browser:
    """Return the browser of a new person of an office who is no guest."""
    accounts = office.running.accounts
    account = accounts.add(f"Somebody of {actor} {secrets.token_hex(4)}", actor, tuple(roles)).id
    browser = Browser(office)
    browser.cookies[SESSION] = office.running.sessions.begin(account, "passkey")
    return browser


def invite(by: Browser, office: str = "norcentral", order: str = FIRST, **more: Any) -> Reply:
    name = more.pop("name", f"Ida of {office} {secrets.token_hex(4)}")
    return by.post(f"/v1/orders/{order}/guests", {"office": office, "name": name, **more})


def secret_of(reply: Reply) -> str:
    link = reply.json["link"]
    assert link.startswith(f"{reply_base(link)}/guest#")
    return str(link.partition("#")[2])


def reply_base(link: str) -> str:
    return str(link.partition("/guest#")[0])


def use(office: Office, secret: str) -> tuple[Reply, Browser, Authenticator]:
    """Use a link up in a new browser."""
    office.running.sign_in.of_addresses = Lockout()  # other tests have failed from this address
    browser, authenticator = Browser(office), Authenticator(office.url)
    options = browser.post("/v1/guest/passkey/options", {"secret": secret})
    if options.status != 200:
        return options, browser, authenticator
    made = authenticator.create(options.json["options"])
    return browser.post("/v1/guest/passkey", {"secret": secret, "credential": made}), browser, authenticator


def enrolled(office: Office, actor: str = "norcentral", order: str = FIRST, **more: Any) -> Visit:
    """Return a guest who has used a link, and whom the register does not know yet; `more` is of the invitation."""
    reply, browser, authenticator = use(office, secret_of(invite(session(office, "ilves"), actor, order, **more)))
    assert reply.status == 200, reply.body
    account = office.running.accounts.find(reply.json["name"]).id
    return Visit(office, actor, browser, authenticator, account, new_key())


def asked(guest: Visit) -> Visit:
    """Let a guest ask the registrar for the key of the device."""
    assert ask(guest.browser, guest.account, guest.key).status == 200
    return guest


def admitted(office: Office, actor: str = "norcentral", order: str = FIRST, **more: Any) -> Visit:
    """Return a guest whose key the registrar has entered, and who has accepted it; `more` is of the invitation."""
    guest = asked(enrolled(office, actor, order, **more))
    granted = register(office, "key-registered", actor=actor, key=guest.key.public.hex(), roles=[ROLES[actor]])
    assert granted.status == 200, granted.body
    assert guest.browser.get("/v1/account/keys").status == 200  # links the key
    accepted = record(guest.browser, guest.key, actor, ROLES[actor], "key-accepted", {"key": guest.key.public.hex()})
    assert accepted.status == 200, accepted.body
    return guest


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


__all__ = ["entry", "record", "register"]

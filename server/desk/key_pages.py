"""The pages on which a person sees and asks for keys, and a registrar finds what waits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from ledger.entries.case import wire
from ledger.entries.placement import registry_of
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.messages import Message
from server.access import Caller
from server.api.keys import account_keys, log_key, waiting_requests
from server.desk.gate import Gate, Visitor
from server.desk.site import Frame, Place, page
from server.identity.key_documents import AccountKey, WaitingKeyRequest

OWN, QUEUE = "/keys", "/keys/requests"
# The kind by which the register grants each act, and the part of a request that is each of its fields.
GRANTED_BY = {
    "enrol": ("key-registered", {"key": "key"}),
    "replace": ("key-rotated", {"old_key": "old_key", "new_key": "key"}),
    "end": ("key-revoked", {"key": "key", "cause": "cause"}),
}
_SCRIPT_TEXTS = ("step_", "SIGN-", "refused_says", "unsure_says", "keys_step_", "keys_here", "keys_not_here")


class KeyPages:
    """The pages of one server about keys."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._services = gate.services

    def routes(self) -> list[Route]:
        """Return the routes of the pages; the navigation of the gate gets their place."""
        self._gate.places += (Place(OWN, "keys"),)
        return [self._gate.route(OWN, self._own, guests=True), self._gate.route(QUEUE, self._queue)]

    def _own(self, visitor: Visitor) -> Response:
        frame, by = visitor.frame, visitor.caller
        _check_person(by)
        answer = account_keys(self._services, by)
        current = [each for each in answer.keys if each.state == "current"]
        return page(
            "keys/own.html.j2",
            frame,
            frame.text["keys"],
            OWN,
            answer=answer,
            drafts={each.key: self._acceptance(visitor, each) for each in answer.keys if each.state == "pending"},
            current=current,
            causes=KINDS["key-revoked"].fields()["cause"].one_of,
            account=_json({"id": by.account, "name": frame.person, "office": by.actor}),
            ledger=_json({"log": answer.log.origin, "key": answer.log.key, "fingerprint": answer.log.fingerprint}),
            registrar=self._services.view.access.keeps_register(by),
            script_texts=_script_texts(frame),
        )

    def _queue(self, visitor: Visitor) -> Response:
        frame, by = visitor.frame, visitor.caller
        answer = waiting_requests(self._services, by)
        return page(
            "keys/requests.html.j2",
            frame,
            frame.text["keys_queue"],
            OWN,
            requests=[(each, _grant(each), _others(each)) for each in answer.requests],
            log=log_key(self._services),
            script_texts=_script_texts(frame),
        )

    def _acceptance(self, visitor: Visitor, key: AccountKey) -> str:
        """Return the draft by which the holder of a key accepts it, as JSON."""
        by = visitor.caller
        draft = {
            "kind": "key-accepted",
            "order": registry_of(self._services.view.origin),
            "instrument": None,
            "fields": {"key": key.key},
            "role": next((role for role in key.roles if role in by.roles), next(iter(key.roles), "")),
            "actor": by.actor,
            "party": by.party,
            "on": wire(self._services.view.now()),
            "on_source": "own-act",
            "speaks": "act",
        }
        return _json(draft)


def _check_person(by: Caller) -> None:
    if not by.account:
        raise RecordError("API-DENIED", Message("this page is for people who have signed in"))


def _script_texts(frame: Frame) -> dict[str, str]:
    """Return the texts that the script of a page shows, by their names."""
    return {name: says for name, says in frame.text.items() if name.startswith(_SCRIPT_TEXTS)}


def _grant(waits: WaitingKeyRequest) -> str:
    """Return the address of the form whose entry grants a request, filled in with what is known."""
    kind, fields = GRANTED_BY[waits.request.act]
    values = {name: getattr(waits.request, part) for name, part in fields.items()}
    if kind == "key-registered":
        values |= {f"roles.{n}": role for n, role in enumerate(waits.roles)} | {"holder": waits.name}
    return _form(kind, waits.office, values)


def _others(waits: WaitingKeyRequest) -> list[tuple[AccountKey, str, str]]:
    """Return the other keys of a person that have not ended, each with the forms that revoke and report it."""
    return [
        (
            key,
            _form("key-revoked", waits.office, {"key": key.key}),
            _form("key-compromised", waits.office, {"key": key.key}),
        )
        for key in waits.keys
        if key.state in ("current", "pending") and key.key != waits.request.key
    ]


def _form(kind: str, office: str, values: dict[str, str]) -> str:
    named = {"f.actor": office, **{f"f.{name}": value for name, value in values.items()}}
    return f"/record/{kind}?{urlencode(named)}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

"""The routes by which a person asks for keys, and a registrar sees and refuses requests.

A registrar approves a request by an entry of the register; no route does it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.entries.keyring import RegisteredKey
from ledger.errors import RecordError
from ledger.messages import Message
from server.access import GUESTS, Caller
from server.api.routes import Call, Route, Services
from server.identity.documents import EndedAnswer
from server.identity.key_documents import (
    AccountKey,
    AccountKeysAnswer,
    InvitedBy,
    KeyEndRequest,
    KeyRefusal,
    KeyRequestAnswer,
    KeyRequestId,
    KeyRequestItem,
    KeyRequestsAnswer,
    KeyState,
    LogKey,
    NewKeyRequest,
    WaitingKeyRequest,
)
from server.identity.key_requests import KeyRequest


def account_keys(services: Services, by: Caller) -> AccountKeysAnswer:
    """Return the keys and the requests of a person, after the register has granted what it fulfils."""
    services.key_requests.settle(services.view.keyring.keys_of)
    asked = [_item(each) for each in services.key_requests.of_account(by.account)]
    return AccountKeysAnswer(log_key(services), _keys(services, by.account, by.actor), asked)


def waiting_requests(services: Services, by: Caller) -> KeyRequestsAnswer:
    """Return the requests of all persons that wait; `RecordError` API-DENIED unless the caller is a registrar."""
    _check_registrar(services, by)
    services.key_requests.settle(services.view.keyring.keys_of)
    return KeyRequestsAnswer([_waiting(services, each) for each in services.key_requests.waiting()])


def log_key(services: Services) -> LogKey:
    """Return the keys of the log, and the words by which a person knows them."""
    return services.view.log_key


def _account_keys(services: Services, call: Call) -> AccountKeysAnswer:
    return account_keys(services, call.by)


def _ask_key(services: Services, call: Call) -> KeyRequestAnswer:
    sent: NewKeyRequest = call.body
    account = services.sign_in.accounts.find(call.by.account)
    known = next((each for each in services.view.keyring.keys_of(call.by.actor) if each.public == sent.key), None)
    if known is not None and known.ended is not None:
        says = Message("this key has ended; keys are never used twice")
        raise RecordError("KEY-ROTATION", says, where="key", hint=Message("make another key in the signing page"))
    if known is not None and sent.key in call.by.own:
        raise RecordError("ACCOUNT-LINK", Message("this key is in the register and yours already"), where="key")
    made = services.key_requests.ask_key(account, sent.key, sent.device, sent.proof, sent.old_key or "")
    return KeyRequestAnswer(_item(made))


def _ask_end(services: Services, call: Call) -> KeyRequestAnswer:
    account = services.sign_in.accounts.find(call.by.account)
    return KeyRequestAnswer(_item(services.key_requests.ask_end(account, call.body.key, call.body.cause)))


def _withdraw(services: Services, call: Call) -> EndedAnswer:
    services.key_requests.withdraw(call.by.account, call.body.id)
    return EndedAnswer(1)


def _waiting_requests(services: Services, call: Call) -> KeyRequestsAnswer:
    return waiting_requests(services, call.by)


def _refuse(services: Services, call: Call) -> EndedAnswer:
    _check_registrar(services, call.by)
    services.key_requests.refuse(call.body.id, call.body.reason)
    return EndedAnswer(1)


# -- parts -------------------------------------------------------------------------------------------------------------


def _check_registrar(services: Services, by: Caller) -> None:
    if not services.view.access.keeps_register(by):
        raise RecordError("API-DENIED", Message("this address answers registrars of the ledger, who have the role ADM"))


def _keys(services: Services, account: str, office: str) -> list[AccountKey]:
    """Return the keys that are linked to an account, with what the register says of them."""
    known = {each.public: each for each in services.view.keyring.keys_of(office)}
    device_of = services.key_requests.device_of
    own = sorted(services.sign_in.accounts.keys(account))
    return [
        AccountKey(key, _state(known.get(key)), list(known[key].roles) if key in known else [], device_of(key))
        for key in own
    ]


def _state(key: RegisteredKey | None) -> KeyState:
    if key is None:
        return "unregistered"
    if key.reported is not None:
        return "compromised"
    return "ended" if key.ended is not None else "pending" if key.accepted is None else "current"


def _waiting(services: Services, request: KeyRequest) -> WaitingKeyRequest:
    account = services.sign_in.accounts.find(request.account)
    roles = services.view.keyring.person(account.id, account.office, account.roles, frozenset()).roles
    keys = _keys(services, account.id, account.office)
    guest = services.invitations.of_account(account.id)
    invited = None
    if guest is not None:
        roles &= GUESTS
        invited = InvitedBy(guest.order, guest.by_office, datetime.fromtimestamp(guest.since, UTC))
    return WaitingKeyRequest(account.id, account.name, account.office, sorted(roles), _item(request), keys, invited)


def _item(r: KeyRequest) -> KeyRequestItem:
    made = datetime.fromtimestamp(r.made, UTC)
    return KeyRequestItem(r.id, r.act, r.key, r.old_key, r.device, r.cause, made, r.state, r.reason)


_ASKED = ("KEY-POINT", "KEY-PROOF", "KEY-ROTATION", "ACCOUNT-LINK", "API-MEDIA")

KEY_ROUTES = (
    Route(
        "GET", "/v1/account/keys", "accountKeys", "The keys of the person who asks", AccountKeysAnswer, _account_keys,
        "account", fresh="never", guests=True,
    ),
    Route(
        "POST", "/v1/account/keys", "askKey", "Ask the registrar for a key of a device", KeyRequestAnswer, _ask_key,
        "account", body=NewKeyRequest, fresh="never", codes=_ASKED, once=False, guests=True,
    ),
    Route(
        "POST", "/v1/account/keys/end", "askKeyEnd", "Ask the registrar to end a key", KeyRequestAnswer, _ask_end,
        "account", body=KeyEndRequest, fresh="never", codes=("ACCOUNT-LINK", "API-MEDIA"), once=False, guests=True,
    ),
    Route(
        "POST", "/v1/account/keys/withdraw", "withdrawKeyRequest", "Withdraw a request that waits", EndedAnswer,
        _withdraw, "account", body=KeyRequestId, fresh="never", codes=("API-MISSING", "API-MEDIA"), once=False,
        guests=True,
    ),
    Route(
        "GET", "/v1/key-requests", "keyRequests", "The requests for keys that wait, for a registrar",
        KeyRequestsAnswer, _waiting_requests, "account", fresh="never",
    ),
    Route(
        "POST", "/v1/key-requests/refuse", "refuseKeyRequest", "Refuse a request, for a registrar", EndedAnswer,
        _refuse, "account", body=KeyRefusal, fresh="never", codes=("API-MISSING", "API-MEDIA"), once=False,
    ),
)  # fmt: skip

"""The routes by which an office invites guests to an order and ends their access, and a guest uses an invitation.

No route gives a role: the registrar's entry does, by which a key of the guest enters the register.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime

from ledger.errors import RecordError
from ledger.messages import Message
from server.access import Caller
from server.api.routes import Call, Route, Services, WithCookie
from server.guests.documents import (
    GuestAccount,
    GuestItem,
    GuestPasskey,
    GuestsAnswer,
    InvitationAnswer,
    InvitationId,
    InvitationItem,
    InvitationState,
    LinkAnswer,
    LinkSecret,
    NewInvitation,
)
from server.guests.invitations import DAYS, Guest, Invitation
from server.identity.callers import session_cookie
from server.identity.documents import EndedAnswer, PasskeyOptionsAnswer, SignedInAnswer
from server.identity.sessions import LONGEST
from server.identity.sign_in import FirstPasskey

PAGE = "/guest"  # the page of a link, whose secret is behind `#`: a browser sends it to no server


def guests_of_order(services: Services, by: Caller, order: str) -> GuestsAnswer:
    """Return the guests of an order and the invitations to it; `RecordError` API-MISSING, API-DENIED."""
    _check_inviter(services, by, order)
    kept = services.invitations
    guests = [_guest(services, each) for each in kept.guests_of(order)]
    return GuestsAnswer(order, [_item(each) for each in kept.of_order(order)], guests, _offices(services, order))


def invite(
    services: Services, by: Caller, base: str, order: str, office: str, name: str, days: int = DAYS
) -> InvitationAnswer:
    """Invite a person of an office to an order; `base` is the URL at which guests reach this server.

    `RecordError`: API-MISSING, API-DENIED, GUEST-OFFICE, GUEST-INVITED, ACCOUNT-NAME.
    """
    _check_inviter(services, by, order)
    if office not in _offices(services, order):
        says = Message(
            "{0} is no office of the register that this order names and that may answer it as a guest",
            repr(office[:40]),
        )
        hint = Message(
            "record the order or the notification that names it; a registrar enters an office (authority-registered)"
        )
        raise RecordError("GUEST-OFFICE", says, where="office", hint=hint)
    account = services.sign_in.accounts.get(by.account) if by.account else None
    by_name = by.actor if account is None else account.name
    made, secret = services.invitations.invite(order, office, name, by.actor, by_name, days)
    return InvitationAnswer(_item(made), f"{base}{PAGE}#{secret}", services.view.log_key.words)


def may_invite(services: Services, by: Caller, order: str) -> bool:
    """Return True if a caller who may see an order invites guests to it."""
    return services.view.access.invites(by, services.view.issuers(by, order))


# -- the office that invites ------------------------------------------------------------------------------------------


def _guests(services: Services, call: Call) -> GuestsAnswer:
    return guests_of_order(services, call.by, call.path["order"])


def _invite(services: Services, call: Call) -> InvitationAnswer:
    sent: NewInvitation = call.body
    return invite(services, call.by, call.visit.base, call.path["order"], sent.office, sent.name, sent.days)


def _revoke(services: Services, call: Call) -> EndedAnswer:
    invitation = services.invitations.get(call.body.id)
    _check_inviter(services, call.by, invitation.order)
    services.invitations.revoke(invitation.id)
    return EndedAnswer(1)


def _end(services: Services, call: Call) -> EndedAnswer:
    """End the access of a guest now, and ask the registrar to end their keys."""
    guest = services.invitations.of_account(call.body.account)
    if guest is None:
        raise RecordError("API-MISSING", Message("there is no such guest"))
    _check_inviter(services, call.by, guest.order)
    end_guest(services, guest.account)
    return EndedAnswer(1)


def end_guest(services: Services, account: str) -> None:
    """Lock the account of a guest, withdraw their requests, and ask the registrar to end each of their keys."""
    requests, accounts = services.key_requests, services.sign_in.accounts
    person = accounts.find(account)
    services.invitations.end(account)
    for each in requests.of_account(account):
        if each.state == "waiting":
            with suppress(RecordError):  # decided at this moment
                requests.withdraw(account, each.id)
    ended = {key.public for key in services.view.keyring.keys_of(person.office) if key.ended is not None}
    for key in sorted(accounts.keys(account) - ended):
        requests.ask_end(person, key, "left-office")


# -- the guest ---------------------------------------------------------------------------------------------------------


def _link(services: Services, call: Call) -> LinkAnswer:
    found: list[Invitation] = []
    services.sign_in.attempted(call.visit, lambda: found.append(services.invitations.of_secret(call.body.secret)[0]))
    (i,) = found
    return LinkAnswer(i.name, i.office, i.by_office, i.by_name, _time(i.until), services.view.origin)


def _options(services: Services, call: Call) -> PasskeyOptionsAnswer:
    return PasskeyOptionsAnswer(services.sign_in.first_options(call.visit, lambda: _first(services, call.body.secret)))


def _enrol(services: Services, call: Call) -> WithCookie:
    secret = call.body.secret
    signed = services.sign_in.by_first_passkey(
        call.visit,
        call.body.credential,
        lambda: _first(services, secret),
        lambda passkey: services.invitations.use(secret, passkey),
    )
    until = _time(int(time.time()) + LONGEST)
    answer = SignedInAnswer(signed.account.name, signed.account.office, until)
    return WithCookie(answer, session_cookie(signed.session))


def _first(services: Services, secret: str) -> FirstPasskey:
    invitation, handle = services.invitations.of_secret(secret)
    return FirstPasskey(invitation.id, invitation.name, handle)


# -- parts -------------------------------------------------------------------------------------------------------------


def _check_inviter(services: Services, by: Caller, order: str) -> None:
    if not may_invite(services, by, order):
        says = Message("guests are invited by the office that has issued the order, and by a registrar")
        raise RecordError("API-DENIED", says)


def _offices(services: Services, order: str) -> list[str]:
    """Return the offices of the register that an order names, and whose people can be guests."""
    known, access = services.view.keyring.offices(), services.view.access
    return sorted(each for each in services.view.named(order) if each in known and access.is_invited(*known[each]))


def _guest(services: Services, guest: Guest) -> GuestItem:
    keys = services.sign_in.accounts.keys(guest.account)
    roles = sorted(services.view.keyring.guest(guest.account, guest.office, keys).roles)
    return GuestItem(guest.account, guest.name, guest.office, roles, _time(guest.since), guest.locked)


def _item(i: Invitation) -> InvitationItem:
    state: InvitationState = "expired" if i.state == "open" and i.until < time.time() else i.state
    return InvitationItem(i.id, i.office, i.name, i.by_office, i.by_name, _time(i.made), _time(i.until), state)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_FAILS = ("API-ORIGIN", "API-SIGN-IN", "API-WAIT", "API-MEDIA")

GUEST_ROUTES = (
    Route(
        "GET", "/v1/orders/{order}/guests", "guests", "The guests of an order", GuestsAnswer, _guests, fresh="never",
        codes=("API-MISSING",),
    ),
    Route(
        "POST", "/v1/orders/{order}/guests", "inviteGuest", "Invite a person of another office to an order",
        InvitationAnswer, _invite, body=NewInvitation, fresh="never", once=False,
        codes=("API-MISSING", "API-MEDIA", "GUEST-OFFICE", "GUEST-INVITED", "ACCOUNT-NAME"),
    ),
    Route(
        "POST", "/v1/guests/revoke", "revokeInvitation", "Revoke an invitation that is open", EndedAnswer, _revoke,
        body=InvitationId, fresh="never", codes=("API-MISSING", "API-MEDIA"), once=False,
    ),
    Route(
        "POST", "/v1/guests/end", "endGuest", "End the access of a guest", EndedAnswer, _end, body=GuestAccount,
        fresh="never", codes=("API-MISSING", "API-MEDIA", "API-REQUEST", "ACCOUNT-LINK"), once=False,
    ),
    Route(
        "POST", "/v1/guest/link", "guestLink", "What the link of an invitation says", LinkAnswer, _link, "anyone",
        body=LinkSecret, fresh="never", codes=_FAILS, page=True,
    ),
    Route(
        "POST", "/v1/guest/passkey/options", "guestPasskeyOptions", "Begin to use an invitation",
        PasskeyOptionsAnswer, _options, "anyone", body=LinkSecret, fresh="never", codes=_FAILS, page=True,
    ),
    Route(
        "POST", "/v1/guest/passkey", "guestPasskey", "Use an invitation: register a passkey and sign in",
        SignedInAnswer, _enrol, "anyone", body=GuestPasskey, fresh="never", codes=(*_FAILS, "ACCOUNT-NAME"), page=True,
    ),
)  # fmt: skip

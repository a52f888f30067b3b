"""The routes by which people sign in and out, and see how they are known; and the table of every route."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.errors import RecordError
from ledger.messages import Message
from server.api.guests import GUEST_ROUTES
from server.api.keys import KEY_ROUTES
from server.api.route_tables.files import FILE_ROUTES
from server.api.route_tables.requester import REQUESTER_ROUTES
from server.api.routes import ROUTES, Call, Route, Services, WithCookie
from server.identity.callers import session_cookie
from server.identity.documents import (
    AccountAnswer,
    Empty,
    EndedAnswer,
    EnrolmentCode,
    NewPasskey,
    PasskeyAssertion,
    PasskeyId,
    PasskeyItem,
    PasskeyOptionsAnswer,
    SignedInAnswer,
)
from server.identity.sessions import LONGEST
from server.identity.sign_in import SignedIn


def _passkey_options(services: Services, call: Call) -> PasskeyOptionsAnswer:
    return PasskeyOptionsAnswer(services.sign_in.passkey_options(call.visit))


def _by_passkey(services: Services, call: Call) -> WithCookie:
    return _signed_in(services.sign_in.by_passkey(call.visit, call.body.credential))


def _enrolment_options(services: Services, call: Call) -> PasskeyOptionsAnswer:
    return PasskeyOptionsAnswer(services.sign_in.enrolment_options(call.visit, call.body.code))


def _by_new_passkey(services: Services, call: Call) -> WithCookie:
    return _signed_in(services.sign_in.by_new_passkey(call.visit, call.body.code, call.body.credential))


def _sign_out(services: Services, call: Call) -> WithCookie:
    services.sign_in.sessions.end(call.visit.session)
    return WithCookie(EndedAnswer(1), session_cookie(""))


def _end_sessions(services: Services, call: Call) -> WithCookie:
    return WithCookie(EndedAnswer(services.sign_in.accounts.end_sessions(call.by.account)), session_cookie(""))


def _account(services: Services, call: Call) -> AccountAnswer:
    by, accounts = call.by, services.sign_in.accounts
    passkeys = [
        PasskeyItem(each.id, _time(each.made), _time(each.used) if each.used else None)
        for each in accounts.ways(by.account).passkeys
    ]
    name = accounts.find(by.account).name
    return AccountAnswer(by.account, name, by.actor, by.party, sorted(by.roles), sorted(by.own), passkeys)


def _remove_passkey(services: Services, call: Call) -> EndedAnswer:
    accounts, id = services.sign_in.accounts, call.body.id
    if all(each.id != id for each in accounts.ways(call.by.account).passkeys):
        raise RecordError("API-MISSING", Message("there is no such passkey of this person"))
    accounts.unlink(call.by.account, id)
    return EndedAnswer(1)


def _signed_in(signed: SignedIn) -> WithCookie:
    until = _time(int(datetime.now(UTC).timestamp()) + LONGEST)
    answer = SignedInAnswer(signed.account.name, signed.account.office, until)
    return WithCookie(answer, session_cookie(signed.session))


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_FAILS = ("API-ORIGIN", "API-SIGN-IN", "API-WAIT", "API-MEDIA")

SIGN_IN = (
    Route(
        "POST", "/v1/sign-in/passkey/options", "passkeyOptions", "Begin to sign in with a passkey",
        PasskeyOptionsAnswer, _passkey_options, "anyone", body=Empty, fresh="never", codes=_FAILS, page=True,
    ),
    Route(
        "POST", "/v1/sign-in/passkey", "signInByPasskey", "Sign in with a passkey", SignedInAnswer, _by_passkey,
        "anyone", body=PasskeyAssertion, fresh="never", codes=_FAILS, page=True,
    ),
    Route(
        "POST", "/v1/sign-in/enrolment/options", "enrolmentOptions", "Begin to register a passkey",
        PasskeyOptionsAnswer, _enrolment_options, "anyone", body=EnrolmentCode, fresh="never", codes=_FAILS, page=True,
    ),
    Route(
        "POST", "/v1/sign-in/enrolment", "enrol", "Register a passkey and sign in", SignedInAnswer, _by_new_passkey,
        "anyone", body=NewPasskey, fresh="never", codes=_FAILS, page=True,
    ),
    Route(
        "POST", "/v1/sign-out", "signOut", "End this session", EndedAnswer, _sign_out, "anyone", body=Empty,
        fresh="never", codes=("API-ORIGIN", "API-MEDIA"), page=True,
    ),
    Route(
        "POST", "/v1/account/sessions/end", "endSessions", "End all sessions of this person", EndedAnswer,
        _end_sessions, "account", body=Empty, fresh="never", codes=("API-MEDIA",), once=False, guests=True,
    ),
    Route(
        "GET", "/v1/account", "account", "The person who asks", AccountAnswer, _account, "account", fresh="never",
        guests=True,
    ),
    Route(
        "POST", "/v1/account/passkeys/remove", "removePasskey", "Remove a passkey, and end all sessions of this person",
        EndedAnswer, _remove_passkey, "account", body=PasskeyId, fresh="never", codes=("API-MISSING", "API-MEDIA"),
        once=False, guests=True,
    ),
)  # fmt: skip

EVERY_ROUTE: tuple[Route, ...] = (*ROUTES, *SIGN_IN, *KEY_ROUTES, *GUEST_ROUTES, *FILE_ROUTES, *REQUESTER_ROUTES)

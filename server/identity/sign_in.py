"""Sign people in: by a passkey or a provider, after a check of who has to wait, and always with a new session."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from ledger.errors import RecordError
from server.identity import passkeys
from server.identity.accounts import Account, Accounts
from server.identity.lockout import Lockout, network_of
from server.identity.oidc import OpenId
from server.identity.passkeys import Options, Registered
from server.identity.sessions import Sessions, Way
from server.identity.tickets import Tickets, refused
from server.identity.unpadded import decode, encode

MINUTES = 5  # in which a challenge is answered
PROVIDER_MINUTES = 10  # in which a person comes back from a provider


class Visit(Struct, frozen=True):
    """A browser that asks: the base URL that it used, its address and its session id; these may be empty."""

    base: str
    address: str
    session: str = ""


class SignedIn(Struct, frozen=True):
    """A person who has just signed in, and the id of their session."""

    account: Account
    session: str


class FirstPasskey(Struct, frozen=True):
    """A person without an account who may register a passkey: by what (an id), their name, and the future handle."""

    id: str
    name: str
    handle: str


class SignIn:
    """The ways in which people sign in to one server; `openid` is None without a provider."""

    def __init__(self, accounts: Accounts, sessions: Sessions, tickets: Tickets, openid: OpenId | None = None) -> None:
        self.accounts = accounts
        self.sessions = sessions
        self.openid = openid
        self._tickets = tickets
        self.of_accounts = Lockout()
        self.of_addresses = Lockout()

    # -- passkeys ------------------------------------------------------------------------------------------------------

    def passkey_options(self, visit: Visit) -> Options:
        """Return what a browser needs to sign in with a passkey; `RecordError` API-WAIT."""
        self._check(visit)
        return passkeys.request_options(visit.base, self._tickets.make("sign-in", MINUTES * 60))

    def by_passkey(self, visit: Visit, credential: Mapping[str, Any]) -> SignedIn:
        """Sign in with the assertion of a passkey; `RecordError` API-SIGN-IN, API-WAIT."""
        with self._attempt(visit) as attempt:
            challenge = passkeys.challenge_of(credential)
            self._tickets.check("sign-in", challenge)
            known = self.accounts.passkey(str(credential.get("id")))
            account = None if known is None else self.accounts.get(known.account)
            if known is None or account is None:
                raise refused("this passkey is not registered here")
            attempt(account)
            counter = passkeys.check_assertion(visit.base, challenge, credential, known.public, account.handle)
            self._tickets.use(challenge)
            if not self.accounts.use_passkey(known.id, counter):
                self.accounts.note("passkey-copied", account.id)
                raise refused("the passkey does not count on: there may be a copy of it")
            return self._begin(visit, account, "passkey")

    def enrolment_options(self, visit: Visit, code: str) -> Options:
        """Return what a browser needs to make a passkey with a code; `RecordError` API-SIGN-IN, API-WAIT."""
        with self._attempt(visit) as attempt:
            account = self.accounts.of_code(code)
            attempt(account)
            ticket = self._tickets.make(f"enrolment {account.id}", MINUTES * 60)
            known = [each.id for each in self.accounts.ways(account.id).passkeys]
            return passkeys.creation_options(visit.base, ticket, account.handle, account.name, known)

    def by_new_passkey(self, visit: Visit, code: str, credential: Mapping[str, Any]) -> SignedIn:
        """Register a passkey with a code, which is used up, and sign in; `RecordError` API-SIGN-IN, API-WAIT."""
        with self._attempt(visit) as attempt:
            account = self.accounts.of_code(code)
            attempt(account)
            challenge = passkeys.challenge_of(credential)
            self._tickets.check(f"enrolment {account.id}", challenge)
            made = passkeys.check_registration(visit.base, challenge, credential)
            self._tickets.use(challenge)
            self.accounts.register(account.id, code, made.id, made.public, made.counter)
            return self._begin(visit, account, "passkey")

    # -- a person without an account -----------------------------------------------------------------------------------

    def attempted(self, visit: Visit, check: Callable[[], object]) -> None:
        """Count a check that fails with API-SIGN-IN for the address of a visit; raises what the check raises."""
        with self._attempt(visit):
            check()

    def first_options(self, visit: Visit, find: Callable[[], FirstPasskey]) -> Options:
        """Return what a browser needs to make the passkey of a person whom `find` returns or refuses."""
        with self._attempt(visit):
            person = find()
            ticket = self._tickets.make(f"first {person.id}", MINUTES * 60)
            return passkeys.creation_options(visit.base, ticket, person.handle, person.name, [])

    def by_first_passkey(
        self,
        visit: Visit,
        credential: Mapping[str, Any],
        find: Callable[[], FirstPasskey],
        make: Callable[[Registered], Account],
    ) -> SignedIn:
        """Sign in a person whom `find` returns, with a new passkey; `make` makes the account of it.

        `RecordError` API-SIGN-IN, API-WAIT, and what `find` and `make` raise.
        """
        with self._attempt(visit):
            person, challenge = find(), passkeys.challenge_of(credential)
            self._tickets.check(f"first {person.id}", challenge)
            made = passkeys.check_registration(visit.base, challenge, credential)
            self._tickets.use(challenge)
            return self._begin(visit, make(made), "passkey")

    # -- a provider ----------------------------------------------------------------------------------------------------

    def provider_address(self, visit: Visit) -> tuple[str, str]:
        """Return where the browser asks the provider, and the ticket that it brings back.

        `RecordError` API-MISSING without a provider, API-WAIT; `LedgerError` API-PROVIDER, BUSY.
        """
        openid = self._provider()
        self._check(visit)
        ticket = self._tickets.make("provider", PROVIDER_MINUTES * 60)
        state, nonce, verifier = self._values(ticket)
        return openid.address(visit.base, state, nonce, verifier), encode(ticket)

    def by_provider(self, visit: Visit, ticket: str, query: Mapping[str, str]) -> SignedIn:
        """Sign in with what a provider has sent back.

        `RecordError`: API-MISSING without a provider, API-SIGN-IN, API-WAIT, API-UNLINKED with the subject as `where`;
        `LedgerError` API-PROVIDER, BUSY.
        """
        openid = self._provider()
        with self._attempt(visit) as attempt:
            raw = _ticket(ticket)
            self._tickets.check("provider", raw)
            state, nonce, verifier = self._values(raw)
            if not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
                raise refused("this is not the sign-in that this browser has begun")
            if query.get("iss", openid.provider.issuer) != openid.provider.issuer:  # RFC 9207
                raise refused("the answer is of another provider")
            if "code" not in query:
                raise refused("the provider has not signed the person in")
            self._tickets.use(raw)
            subject = openid.subject(visit.base, query["code"], nonce, verifier)
            account = self.accounts.of_subject(openid.provider.issuer, subject)
            if account is None:
                says = "the provider knows this person, and no account here is linked to them"
                raise RecordError("API-UNLINKED", says, where=subject, hint="an administrator links it to an account")
            attempt(account)
            return self._begin(visit, account, "oidc")

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _provider(self) -> OpenId:
        if self.openid is None:
            raise RecordError("API-MISSING", "this server has no provider for signing in")
        return self.openid

    def _values(self, ticket: bytes) -> tuple[str, str, str]:
        """Return state, nonce and PKCE verifier of a ticket: a browser without the ticket cannot use the answer."""
        state, nonce, verifier = (encode(self._tickets.derive(name, ticket)) for name in ("state", "nonce", "verifier"))
        return state, nonce, verifier

    def _check(self, visit: Visit) -> None:
        if visit.address:
            self.of_addresses.check(network_of(visit.address))

    def _begin(self, visit: Visit, account: Account, way: Way) -> SignedIn:
        self.of_accounts.clear(account.id)
        return SignedIn(account, self.sessions.begin(account.id, way, visit.session))

    @contextmanager
    def _attempt(self, visit: Visit) -> Iterator[Callable[[Account], None]]:
        """Count a failed sign-in for its address, and for each account that is given to the yielded function."""
        address = network_of(visit.address)
        self._check(visit)
        accounts: list[str] = []

        def of(account: Account) -> None:
            self.of_accounts.check(account.id)
            accounts.append(account.id)

        try:
            yield of
        except RecordError as error:
            if error.code == "API-SIGN-IN":
                if visit.address:
                    self.of_addresses.fail(address)
                for account in accounts:
                    self.of_accounts.fail(account)
                    self.accounts.note("sign-in-failed", account)
            raise


def _ticket(text: str) -> bytes:
    try:
        return decode(text)
    except ValueError:
        raise refused("this is not the sign-in that this browser has begun") from None

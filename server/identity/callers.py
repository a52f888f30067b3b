"""Find who sends a request: by its signature, its session or its client certificate, the first that it has.

Browsers send a session and a certificate whatever page asks. So a request with one of them has to come from a page
of this server, as `Origin` and `Sec-Fetch-Site` say. A signature covers the request and needs no such check.
"""

from __future__ import annotations

import ssl
from base64 import b64decode
from collections.abc import Callable, Iterable
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cryptography.x509 import load_der_x509_certificate
from msgspec import Struct
from starlette.requests import Request

from ledger.errors import RecordError
from ledger.messages import Message
from server.access import Caller
from server.identity.accounts import Account, Accounts
from server.identity.lockout import network_of
from server.identity.requests import RateLimit, SignatureGate
from server.identity.sessions import LONGEST, Sessions
from server.identity.sign_in import PROVIDER_MINUTES, Visit

SESSION = "__Host-comity"  # the prefix: of this host alone, Secure, not of a subdomain
PROVIDER = "__Host-comity-provider"
_LONGEST_CERTIFICATE = 16_384  # characters of the header


class Known(Struct, frozen=True):
    """A caller, and a function that finds the same caller again while a long answer is sent.

    The function raises what `Callers.find` raises. It does not count as a use of a session.
    """

    caller: Caller
    again: Callable[[], Caller]


class Peers(Struct, frozen=True):
    """Who connects to the server. Headers on clients are believed from `proxies` alone.

    `hidden` says that a proxy hides the addresses of clients; then only a proxy of the list makes them known.
    """

    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    hidden: bool = False

    @staticmethod
    def of(addresses: Iterable[str], *, hidden: bool = False) -> Peers:
        """Return the peers of addresses or networks; ValueError for another text."""
        return Peers(tuple(ip_network(each) for each in addresses), hidden)

    def address(self, request: Request) -> str:
        """Return the address of a client, empty if it is unknown."""
        peer = request.client.host if request.client else ""
        if self._is_proxy(peer):
            return ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
        return "" if self.hidden else peer

    def certificate(self, request: Request) -> str:
        """Return the SHA-256 (hex) of the client's certificate, empty without one; `RecordError` API-CERTIFICATE.

        It is that of the TLS connection, or in the header Client-Cert (RFC 9440) of a proxy.
        """
        stated = request.headers.getlist("client-cert")
        if not stated:
            chain = request.scope.get("extensions", {}).get("tls", {}).get("client_cert_chain", ())
            return _fingerprint(ssl.PEM_cert_to_DER_cert(chain[0])) if chain else ""
        peer = request.client.host if request.client else ""
        if not self._is_proxy(peer):
            raise _certificate("this header is believed from a proxy alone", "Client-Cert")
        text = stated[0].strip()
        if len(stated) != 1 or len(text) > _LONGEST_CERTIFICATE or not (len(text) > 2 and text[0] == text[-1] == ":"):
            raise _certificate("one certificate is a byte sequence: a colon, base64, a colon", "Client-Cert")
        try:
            der = b64decode(text[1:-1], validate=True)
            load_der_x509_certificate(der)
        except ValueError:
            raise _certificate("this is no certificate in DER", "Client-Cert") from None
        return _fingerprint(der)

    def _is_proxy(self, peer: str) -> bool:
        try:
            return any(ip_address(peer) in network for network in self.proxies)
        except ValueError:
            return False


class Callers:
    """Finds the callers of one server.

    `by_key` and `by_account` return the caller of a key (hex) and of an account with its keys, as the register has them
    now.
    """

    def __init__(
        self,
        signatures: SignatureGate,
        rate: RateLimit,
        accounts: Accounts,
        sessions: Sessions,
        peers: Peers,
        by_key: Callable[[str], Caller],
        by_account: Callable[[Account, frozenset[str]], Caller],
    ) -> None:
        self._signatures = signatures
        self._rate = rate
        self._accounts = accounts
        self._sessions = sessions
        self._peers = peers
        self._by_key = by_key
        self._by_account = by_account

    def visit(self, request: Request, base: str) -> Visit:
        """Return what a browser says of itself; the session id is not checked."""
        return Visit(base, self._peers.address(request), cookie(request, SESSION))

    def spend_unknown(self, request: Request) -> None:
        """Count a request whose sender is not known, by its address; `RecordError` API-RATE."""
        self._rate.spend(f"address {network_of(self._peers.address(request))}")

    def find(self, request: Request, url: str, base: str, body: bytes | None) -> Known | None:
        """Return who sends a request, and count the request; None if it has no signature, session or certificate.

        Where `body` is None it has not arrived: `check_content` follows for a signed request.

        `RecordError`: API-SIGNATURE, API-REPLAY, KEY-UNKNOWN, KEY-ENDED, API-SESSION, API-CERTIFICATE, API-ORIGIN,
        API-DENIED, API-RATE.
        """
        try:
            known = self._find(request, url, base, body)
        except RecordError:
            self.spend_unknown(request)
            raise
        if known is not None:
            self._rate.spend(known.caller.name)
        return known

    def _find(self, request: Request, url: str, base: str, body: bytes | None) -> Known | None:
        headers = request.headers
        if is_signed(request):
            if any(len(headers.getlist(name)) != 1 for name in ("signature", "signature-input")):
                raise RecordError("API-SIGNATURE", "a request has one signature", where="Signature")
            key = self._signatures.check(request.method, url, dict(headers), body)
            return self._known(lambda: self._by_key(key))
        if token := cookie(request, SESSION):
            check_origin(request, base, browser=True)
            return Known(self._of_session(token), lambda: self._of_session(token, used=False))
        if certificate := self._peers.certificate(request):
            check_origin(request, base, browser=False)
            return self._known(lambda: self._of_certificate(certificate))
        return None

    def _known(self, find: Callable[[], Caller]) -> Known:
        return Known(find(), find)

    def _of_session(self, token: str, *, used: bool = True) -> Caller:
        session = self._sessions.find(token, used=used)
        if session is None:
            raise RecordError(
                "API-SESSION", Message("the session has ended, or is none"), hint=Message("sign in again at /sign-in")
            )
        return self._of_account(session.account)

    def _of_certificate(self, fingerprint: str) -> Caller:
        account = self._accounts.of_certificate(fingerprint)
        if account is None:
            raise _certificate(Message("the certificate is linked to no account"), "")
        return self._of_account(account)

    def _of_account(self, account: Account) -> Caller:
        return self._by_account(account, self._accounts.keys(account.id))


def is_signed(request: Request) -> bool:
    """Return True if a request has a signature, whether it holds or not."""
    return "signature" in request.headers or "signature-input" in request.headers


def check_origin(request: Request, base: str, *, browser: bool) -> None:
    """Return if a request comes from a page of this server; `RecordError` API-ORIGIN if it does not.

    A request that changes something needs both headers, which every browser sends. A request that reads may lack them:
    a person may have typed its address. With `browser` False, a program that sends neither header is admitted.
    """
    headers = request.headers
    origin, site = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    if request.method in ("GET", "HEAD"):
        good = origin in ([], [base]) and site in ([], ["same-origin"], ["none"])
    elif not browser and not origin and not site:
        good = True
    else:
        good = origin == [base] and site == ["same-origin"]
    if not good:
        raise RecordError("API-ORIGIN", Message("the request does not come from a page of this server"), where="Origin")


def cookie(request: Request, name: str) -> str:
    """Return the value of a cookie; empty if there is none, or more than one of that name."""
    found = []
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0] if len(found) == 1 else ""


def session_cookie(token: str) -> str:
    """Return the header Set-Cookie of a session; an empty one ends it."""
    return f"{SESSION}={token}; Path=/; Max-Age={LONGEST if token else 0}; Secure; HttpOnly; SameSite=Strict"


def provider_cookie(ticket: str) -> str:
    """Return the header Set-Cookie of a sign-in at a provider; SameSite is Lax, as the browser returns by a link."""
    age = PROVIDER_MINUTES * 60 if ticket else 0
    return f"{PROVIDER}={ticket}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Lax"


def _certificate(says: str, where: str) -> RecordError:
    return RecordError("API-CERTIFICATE", says, where=where)


def _fingerprint(der: bytes) -> str:
    return sha256(der).hexdigest()

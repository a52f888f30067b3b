"""Sign people in by an OpenID Connect provider: authorization code with PKCE, state, nonce (OpenID Connect Core 1.0).

The provider says who a person is by issuer and subject. Its other claims, such as an address of mail, are not read.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import BoundedSemaphore, Lock
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import jwt
import msgspec
from msgspec import Struct

from ledger.adapters.http_client import Reply, ask, is_address
from ledger.errors import LedgerError
from ledger.messages import Message
from server.identity.tickets import refused
from server.identity.unpadded import encode

CALLBACK = "/sign-in/oidc/callback"
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
_MOST = 1 << 18  # bytes of an answer of the provider
_SECONDS = 10.0  # for an answer of the provider
_AGAIN = 60.0  # seconds between two looks for new keys
_AT_ONCE = 4  # sign-ins that wait for the provider
_LEEWAY = 60  # seconds by which clocks may differ
_FORM = "application/x-www-form-urlencoded"

_T = TypeVar("_T", bound=Struct)


class Provider(Struct, frozen=True):
    """A provider: its issuer (a URL), and the id and secret under which it knows this server."""

    issuer: str
    client: str
    secret: str


class _Metadata(Struct, frozen=True):
    """The members of the metadata of a provider that are used here (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(Struct, frozen=True):
    id_token: str


class _KeySet(Struct, frozen=True):
    keys: list[dict[str, Any]]


class OpenId:
    """Signs in by one provider. Its metadata and keys are fetched when they are first needed."""

    def __init__(self, provider: Provider, now: Callable[[], float] = time.monotonic) -> None:
        self.provider = provider
        self._now = now
        self._lock = Lock()
        self._places = BoundedSemaphore(_AT_ONCE)
        self._metadata: _Metadata | None = None
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._looked = -_AGAIN

    def address(self, base: str, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser asks the provider. `LedgerError` API-PROVIDER, BUSY."""
        with self._place():
            place = self._discovered().authorization_endpoint
        query = {
            "response_type": "code",
            "client_id": self.provider.client,
            "redirect_uri": base + CALLBACK,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": encode(sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"

    def subject(self, base: str, code: str, nonce: str, verifier: str) -> str:
        """Exchange a code for an ID token, check it, and return its subject.

        `RecordError` API-SIGN-IN; `LedgerError` API-PROVIDER if the provider does not answer as it should, BUSY.
        """
        with self._place():
            return self._checked(self._exchange(base, code, verifier), nonce)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Let only a few requests at once wait for the provider: each holds a thread of the server."""
        if not self._places.acquire(blocking=False):
            raise LedgerError("BUSY", "too many people sign in at once", Message("try again later"))
        try:
            yield
        finally:
            self._places.release()

    def _exchange(self, base: str, code: str, verifier: str) -> str:
        metadata, own = self._discovered(), self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": base + CALLBACK,
            "code_verifier": verifier,
        }
        authorization = ""
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            pair = f"{quote(own.client, safe='')}:{quote(own.secret, safe='')}"  # RFC 6749, section 2.3.1
            authorization = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": own.client, "client_secret": own.secret}
        reply = _ask(metadata.token_endpoint, urlencode(form).encode(), authorization)
        if reply.status in (400, 401):
            raise refused("the provider does not take the code")
        return _decoded(reply, _Tokens).id_token

    def _checked(self, token: str, nonce: str) -> str:
        own = self.provider
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=own.client,
                issuer=own.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "sub", "aud", "nonce"]},
            )
        except jwt.PyJWTError as wrong:
            raise refused(f"the ID token of the provider does not hold: {type(wrong).__name__}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else own.client) != own.client:
            raise refused("the ID token of the provider is for another client")
        said, subject = claims["nonce"], claims["sub"]
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
            raise refused("the ID token of the provider is of another sign-in")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            raise refused("the ID token of the provider has no subject")
        return subject

    def _key(self, name: str | None) -> jwt.PyJWK:
        """Return the key with an id, or the only key; keys are fetched again at most once a minute. PyJWTError."""
        with self._lock:
            if (name is None or name not in self._keys) and self._now() - self._looked >= _AGAIN:
                self._looked = self._now()
                self._keys = _keys(_ask(self._found().jwks_uri))
            if name is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if name in self._keys:
                return self._keys[name]
        raise jwt.InvalidKeyError("the provider has no such key")

    def _discovered(self) -> _Metadata:
        with self._lock:
            return self._found()

    def _found(self) -> _Metadata:
        if self._metadata is None:
            issuer = self.provider.issuer
            found = _decoded(_ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration"), _Metadata)
            if found.issuer != issuer:
                raise _provider(f"it calls itself {found.issuer[:200]!r} and is configured as {issuer!r}")
            for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                if not is_safe(url):
                    raise _provider("one of its addresses is not HTTPS")
            self._metadata = found
        return self._metadata


def is_safe(url: str) -> bool:
    """Return True for a URL of HTTPS, or one of this machine."""
    return is_address(url) and (
        urlsplit(url).scheme == "https" or urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    )


def _keys(reply: Reply) -> dict[str | None, jwt.PyJWK]:
    found: dict[str | None, jwt.PyJWK] = {}
    for each in _decoded(reply, _KeySet).keys:
        if each.get("use", "sig") == "sig":
            try:
                found[_name(each)] = jwt.PyJWK.from_dict(each)
            except (jwt.PyJWTError, ValueError):
                continue  # a key of a kind that is not used here
    return found


def _name(key: dict[str, Any]) -> str | None:
    name = key.get("kid")
    return name if isinstance(name, str) else None


def _ask(url: str, form: bytes | None = None, authorization: str = "") -> Reply:
    try:
        return asyncio.run(
            ask(url, _MOST, _SECONDS, form, media=_FORM if form is not None else "", authorization=authorization)
        )
    except LedgerError as silent:
        raise _provider(silent.says) from None


def _decoded(reply: Reply, form: type[_T]) -> _T:
    if reply.status != 200 or len(reply.body) > _MOST:
        raise _provider(f"it answers with {reply.status}")
    try:
        return msgspec.json.decode(reply.body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _provider("its answer has another form") from None


def _provider(says: str) -> LedgerError:
    return LedgerError("API-PROVIDER", f"the provider for signing in: {says}", "sign in in another way, or later")

"""What people send to sign in: good inputs, and how each is read."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.requests import Request

from ledger.adapters.http_client import Reply
from server.identity import oidc, passkeys
from server.identity.callers import SESSION, Peers, cookie
from server.identity.oidc import OpenId, Provider
from tests.server.identity.browser import Authenticator

BASE = "http://localhost:7400"
CHALLENGE = b"c" * 64
HANDLE = "aGFuZGxl"
OPENID = OpenId(Provider("https://login.example", "comity", "secret"))
KEY = ec.generate_private_key(ec.SECP256R1())
OPENID._keys = {"one": jwt.PyJWK.from_dict({**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY)), "kid": "one"})}
OPENID._looked = float("inf")


@cache
def made() -> tuple[bytes, bytes, str]:
    """Return a new passkey and an assertion of it as a browser sends them, and its public key."""
    authenticator = Authenticator(BASE)
    created = authenticator.create(passkeys.creation_options(BASE, CHALLENGE, HANDLE, "Dina", []))
    asserted = authenticator.get(passkeys.request_options(BASE, CHALLENGE))
    public = passkeys.check_registration(BASE, CHALLENGE, created).public
    return json.dumps(created).encode(), json.dumps(asserted).encode(), public


def new_passkeys() -> Sequence[bytes]:
    return [made()[0]]


def assertions() -> Sequence[bytes]:
    return [made()[1]]


def _body(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}  # the application has refused it


def new_passkey(data: bytes, _: object) -> None:
    credential = _body(data)
    passkeys.challenge_of(credential)
    passkeys.check_registration(BASE, CHALLENGE, credential)


def assertion(data: bytes, _: object) -> None:
    credential = _body(data)
    passkeys.check_assertion(BASE, CHALLENGE, credential, made()[2], HANDLE)


def headers(data: bytes, _: object) -> None:
    """Read a cookie, an address and a certificate from the headers of a request of a proxy."""
    given = [(name, data[:4_096]) for name in (b"cookie", b"x-forwarded-for", b"client-cert")]
    request = Request({"type": "http", "method": "GET", "headers": given, "client": ("127.0.0.1", 1)})
    peers = Peers.of(["127.0.0.1"])
    cookie(request, SESSION)
    peers.address(request)
    peers.certificate(request)


def metadata() -> Sequence[bytes]:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    return [json.dumps({"issuer": "https://login.example", **dict.fromkeys(names, "https://login.example/x")}).encode()]


def provider(data: bytes, _: object) -> None:
    reply = Reply(200, "application/json", data)
    oidc._decoded(reply, oidc._Metadata)
    oidc._keys(reply)


def tokens() -> Sequence[bytes]:
    now = int(time.time())
    claims = {"iss": "https://login.example", "sub": "s", "aud": "comity", "iat": now, "exp": now + 9_999, "nonce": "n"}
    return [jwt.encode(claims, KEY, "ES256", {"kid": "one"}).encode()]


def token(data: bytes, _: object) -> None:
    OPENID._checked(data.decode("latin-1"), "n")

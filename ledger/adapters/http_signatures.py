"""Sign HTTP requests, and check the signatures (RFC 9421), with Ed25519 keys as the register has them.

A signature covers the method, the target URI and the digest of the content (RFC 9530), and has a moment and a nonce.
The id of a key is its raw public key in hex.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from msgspec import Struct

from ledger.errors import RecordError

LABEL = "comity"
COVERED = ("@method", "@target-uri")
WINDOW = timedelta(seconds=60)  # a signature is older, or further in the future, at most by this


class SigningKey(Protocol):
    """A key that signs, as `ledger.adapters.keys` opens it: its raw public key, and its signature over bytes."""

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class SignedRequest(Struct, frozen=True):
    """What a checked signature says: the key (hex) that made it, when (seconds since 1970), and its nonce."""

    key: str
    created: int
    nonce: str


class _Message:
    """A request as the library reads and completes it."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        self.method = method
        self.url = url
        self.headers = dict(headers)


def sign_request(
    key: SigningKey, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> dict[str, str]:
    """Return the headers with Content-Digest, Signature-Input and Signature; `body` is None without content."""
    message = _Message(method, url, headers)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
    prepared = signer.prepare(
        message,
        key_id=key.public.hex(),
        created=datetime.now(UTC),
        nonce=secrets.token_urlsafe(18),
        label=LABEL,
        covered_component_ids=COVERED,
        body=body,
    )
    signer.apply(message, prepared, key.sign(prepared.signature_base))
    return message.headers


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, known: Callable[[str], bool]) -> None:
        self._known = known

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        if not self._known(key_id):
            return None
        try:
            return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_id))
        except (ValueError, UnsupportedAlgorithm):
            return None


def check_request(
    known: Callable[[str], bool], method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> SignedRequest:
    """Check the one signature of a request; `known` says whether a key id is a key of the register.

    Where `body` is None it has not arrived: the signature then has to cover its digest, and `check_content` follows.
    Whether the nonce is new is not checked here. `RecordError` API-SIGNATURE.
    """
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(known))
    verifier.max_clock_skew = WINDOW / 2
    required = COVERED if body is not None else (*COVERED, "content-digest")
    try:
        (result,) = verifier.verify(
            _Message(method, url, headers), max_age=WINDOW / 2, require_components=required, body=body
        )
        values: Mapping[str, Any] = result.parameters
        return SignedRequest(_text(values, "keyid"), int(values["created"]), _text(values, "nonce"))
    except (HTTPMessageSignaturesException, ValueError, KeyError) as wrong:
        says = f"the signature of the request does not hold: {_said(wrong)}"
        hint = "sign @method, @target-uri and content-digest, with created, nonce and keyid (RFC 9421)"
        raise RecordError("API-SIGNATURE", says, hint=hint) from None


def check_content(headers: Mapping[str, str], body: bytes) -> None:
    """Check that a body has the digest that the signature of its request covers. `RecordError` API-SIGNATURE."""
    try:
        ContentDigest.verify(headers["content-digest"], body)
    except (InvalidSignature, KeyError) as wrong:
        raise RecordError("API-SIGNATURE", f"the body is not the one that was signed: {_said(wrong)}") from None


def _text(values: Mapping[str, Any], name: str) -> str:
    text = values.get(name)
    if not isinstance(text, str) or not 8 <= len(text) <= 200:
        raise ValueError(f"its parameter {name} is missing, or has not 8 to 200 characters")
    return text


def _said(wrong: Exception) -> str:
    text = str(wrong).encode("ascii", "replace").decode()
    return text[:200] or type(wrong).__name__

"""Register passkeys and check their assertions (WebAuthn level 3), with the package `fido2`.

What `fido2` checks: type, challenge, RP id, user presence and verification, signature. What is checked here: the origin
is that of this server, the page is not embedded in another, the algorithm, the user handle. No attestation is needed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.identity.tickets import refused
from server.identity.unpadded import decode, encode

ALGORITHMS = (-8, -7, -257)  # EdDSA, ES256, RS256
_TIMEOUT = 300_000  # milliseconds that a browser lets a person take
_REQUIRED = UserVerificationRequirement.REQUIRED

Options = dict[str, Any]
_T = TypeVar("_T")


class Registered(msgspec.Struct, frozen=True):
    """A new passkey: its credential id and COSE key in base64url, and its counter."""

    id: str
    public: str
    counter: int


def creation_options(base: str, challenge: bytes, handle: str, name: str, known: list[str]) -> Options:
    """Return PublicKeyCredentialCreationOptions as JSON for a person; `known` are the ids of their passkeys."""
    options, _ = _server(base).register_begin(
        PublicKeyCredentialUserEntity(id=decode(handle), name=name, display_name=name),
        [PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=decode(id)) for id in known],
        ResidentKeyRequirement.REQUIRED,
        _REQUIRED,
        challenge=challenge,
    )
    return _json(options)


def request_options(base: str, challenge: bytes) -> Options:
    """Return PublicKeyCredentialRequestOptions as JSON; they name no credential."""
    options, _ = _server(base).authenticate_begin(user_verification=_REQUIRED, challenge=challenge)
    return _json(options)


def challenge_of(credential: Mapping[str, Any]) -> bytes:
    """Return the challenge that a browser says it was given; `RecordError` API-SIGN-IN."""

    def read() -> bytes:
        data = msgspec.json.decode(decode(credential["response"]["clientDataJSON"]))
        return decode(data["challenge"])

    return _parsed(read)


def check_registration(base: str, challenge: bytes, credential: Mapping[str, Any]) -> Registered:
    """Check a new passkey; `RecordError` API-SIGN-IN."""

    def check() -> Registered:
        response = RegistrationResponse.from_dict(credential)
        _check_page(response.response.client_data.cross_origin)
        made: AuthenticatorData = _server(base).register_complete(_state(challenge), response)
        data = made.credential_data
        if data is None or data.public_key.get(3) not in ALGORITHMS:
            raise ValueError("the algorithm was not asked for")
        if data.credential_id != response.raw_id or len(data.credential_id) > 1023:
            raise ValueError("the id is not that of the credential")
        return Registered(encode(data.credential_id), encode(cbor.encode(dict(data.public_key))), made.counter)

    return _parsed(check)


def check_assertion(base: str, challenge: bytes, credential: Mapping[str, Any], public: str, handle: str) -> int:
    """Check that a passkey has signed a challenge, and return its counter; `RecordError` API-SIGN-IN."""

    def check() -> int:
        response = AuthenticationResponse.from_dict(credential)
        _check_page(response.response.client_data.cross_origin)
        key = CoseKey.parse(cbor.decode(decode(public)))  # type: ignore[arg-type] # a mapping, as it was stored
        known = AttestedCredentialData.create(Aaguid.NONE, response.raw_id, key)
        _server(base).authenticate_complete(_state(challenge), [known], response)
        said = response.response.user_handle
        if said is not None and not secrets.compare_digest(said, decode(handle)):
            raise ValueError("the passkey is of another person")
        return response.response.authenticator_data.counter

    return _parsed(check)


def _server(base: str) -> Fido2Server:
    made = Fido2Server(
        PublicKeyCredentialRpEntity(name="Comity", id=urlsplit(base).hostname or ""),
        verify_origin=lambda origin: origin == base,
    )
    made.timeout = _TIMEOUT  # type: ignore[assignment] # the library infers None
    made.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=alg) for alg in ALGORITHMS
    ]
    return made


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": encode(challenge), "user_verification": _REQUIRED}


def _check_page(cross_origin: bool | None) -> None:
    if cross_origin:
        raise ValueError("the page was embedded in a page of another origin")


def _json(options: Any) -> Options:
    made: Options = msgspec.json.decode(msgspec.json.encode(dict(options)["publicKey"]))
    return made


def _parsed(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except Exception as wrong:  # the library parses what anybody sent, and its errors have many types
        raise refused(f"the passkey does not hold: {str(wrong)[:200] or type(wrong).__name__}") from None

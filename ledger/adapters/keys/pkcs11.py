"""Use keys in a token or HSM behind PKCS#11: named by a URI, unlocked with a PIN, never read out.

    pkcs11:token=karsk;object=ilves?module-path=/usr/lib/softhsm/libsofthsm2.so

PKCS11_MODULE_PATH may name the module instead. The PIN comes from a file (`pin-source`) or from a prompt. A
PIN in the URI (`pin-value`) is refused, because shell histories keep URIs. Signing is CKM_EDDSA over Ed25519.
Source: RFC 7512; PKCS #11 v3.1, 6.3.15.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from msgspec import Struct

from ledger.errors import LedgerError

if TYPE_CHECKING:
    from pkcs11 import Session, Token

SCHEME = "pkcs11:"
Pin = Callable[[str], bytes | None]  # the token, in words -> the PIN; None without a person to ask


class KeyUri(Struct, frozen=True):
    """Hold a parsed URI: the token's label, the key's label or id in it, the module, and the file with the PIN."""

    token: str
    object: str | None
    id: bytes | None
    module: str
    pin_file: Path | None


class TokenKey:
    """Hold an Ed25519 key in a token with an open session: `public` is the raw key."""

    def __init__(self, public: bytes, private: Any, session: Session, place: KeyUri) -> None:
        self.public = public
        self._private = private
        self._session = session  # the key is usable as long as its session is referenced
        self._place = place

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`; `LedgerError` KEY-AWAY if the token does not return it."""
        from pkcs11 import Mechanism, PKCS11Error

        try:
            signature: bytes = self._private.sign(message, mechanism=Mechanism.EDDSA)
        except PKCS11Error as error:
            raise LedgerError(
                "KEY-AWAY", f"token {self._place.token}: {name_of(error)}", "is it still there?"
            ) from None
        return signature

    def __repr__(self) -> str:
        return f"TokenKey({self._place.token}, {self.public.hex()})"


def parse_uri(uri: str) -> KeyUri:
    """Parse a `pkcs11:` URI; `LedgerError` KEY-FORMAT unless token, key and module are named."""
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    attributes = {n: v for n, _, v in (part.partition("=") for part in (*path.split(";"), *query.split("&")))}
    if "pin-value" in attributes:
        raise LedgerError("KEY-FORMAT", "a PIN does not belong into a URI", "pin-source=file:/path, or it is asked for")
    module = unquote(attributes.get("module-path", "")) or os.environ.get("PKCS11_MODULE_PATH", "")
    if "token" not in attributes or not attributes.keys() & {"object", "id"} or not module:
        raise LedgerError(
            "KEY-FORMAT",
            f"{uri}: a token, a key in it, and the module that reaches it have to be named",
            "pkcs11:token=karsk;object=ilves?module-path=/usr/lib/softhsm/libsofthsm2.so",
        )
    try:
        source = urlsplit(unquote(attributes["pin-source"])).path if "pin-source" in attributes else None
    except ValueError as error:
        raise LedgerError("KEY-FORMAT", f"{uri}: pin-source is no address: {error}") from None
    return KeyUri(
        token=unquote(attributes["token"]),
        object=unquote(attributes["object"]) if "object" in attributes else None,
        id=unquote_to_bytes(attributes["id"]) if "id" in attributes else None,
        module=module,
        pin_file=Path(source) if source else None,
    )


def find(uri: str, pin: Pin) -> TokenKey:
    """Return the key that a URI names, its token unlocked.

    `LedgerError`: NO-PKCS11 without the extra, KEY-FORMAT (no URI of a key, or not an Ed25519 one), KEY-AWAY
    (no such module or token), KEY-LOCKED (no PIN, or a wrong one), KEY-MISSING, KEY-MODE for a PIN that
    others can read.
    """
    session, place = open_session(uri, pin)
    try:
        return _key(session, place)
    except BaseException:
        session.close()
        raise


def open_session(uri: str, pin: Pin) -> tuple[Session, KeyUri]:
    """Unlock the token that a URI names; return the session and the parsed URI. `LedgerError` as of `find`."""
    place = parse_uri(uri)
    try:
        import pkcs11
    except ImportError:
        raise LedgerError("NO-PKCS11", "keys in tokens need python-pkcs11", "pip install 'comity[pkcs11]'") from None
    try:
        return _session(pkcs11.lib(place.module).get_token(token_label=place.token), _pin(place, pin)), place
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid):
        raise LedgerError("KEY-LOCKED", f"the PIN does not open token {place.token}") from None
    except pkcs11.PKCS11Error as error:
        raise LedgerError("KEY-AWAY", f"token {place.token} by {place.module}: {name_of(error)}") from None


def _session(token: Token, pin: str) -> Session:
    from pkcs11 import UserAlreadyLoggedIn

    try:
        return token.open(user_pin=pin)
    except UserAlreadyLoggedIn:  # by another key of this process: the token has one login for all sessions
        return token.open()


def _key(session: Session, place: KeyUri) -> TokenKey:
    from pkcs11 import Attribute, KeyType, MultipleObjectsReturned, NoSuchKey, ObjectClass, PKCS11Error

    named: dict[str, Any] = {"label": place.object, "id": place.id}
    try:
        private = session.get_key(ObjectClass.PRIVATE_KEY, KeyType.EC_EDWARDS, **named)
        point = session.get_key(ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS, **named)[Attribute.EC_POINT]
    except (NoSuchKey, MultipleObjectsReturned):
        which = place.object or (place.id or b"").hex()
        raise LedgerError("KEY-MISSING", f"token {place.token} has no Ed25519 key pair {which}, or several") from None
    except PKCS11Error as error:
        raise LedgerError("KEY-AWAY", f"token {place.token}: {name_of(error)}") from None
    public = point.removeprefix(b"\x04\x20") if len(point) == 34 else point  # an OCTET STRING, or the bare key
    if len(public) != 32:
        raise LedgerError("KEY-FORMAT", f"token {place.token}: a key of {len(public)} bytes is no Ed25519 key")
    return TokenKey(public, private, session, place)


def _pin(place: KeyUri, pin: Pin) -> str:
    if place.pin_file is None:
        answer = pin(f"PIN of token {place.token}")
        if answer is None:
            raise LedgerError("KEY-LOCKED", f"token {place.token} wants a PIN", "pin-source=file:/path in the URI")
        return answer.decode()
    try:
        if place.pin_file.stat().st_mode & 0o077:
            raise LedgerError("KEY-MODE", f"others can read the PIN {place.pin_file}", f"chmod 600 {place.pin_file}")
        return place.pin_file.read_text("utf-8").rstrip("\r\n")
    except ValueError:  # not UTF-8, or not a path
        raise LedgerError("KEY-MISSING", f"{place.pin_file}: no PIN in UTF-8") from None
    except OSError as error:
        raise LedgerError("KEY-MISSING", f"{place.pin_file}: {error.strerror}") from None


def name_of(error: Exception) -> str:
    """Return the words of an error of a token, else the name of its class."""
    return str(error) or type(error).__name__

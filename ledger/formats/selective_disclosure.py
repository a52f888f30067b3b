"""Seal personal values as salted digests: the digest is signed, its disclosure is kept apart and can be destroyed.

A disclosure is base64url of the JSON array [salt, name, value]; the signed part has only that string's
SHA-256. A holder of the string can prove the value. Without the string, 128 bits of salt prevent a guess.
Source: RFC 9901 4.2 and 7.1, object properties only. Stricter: the array is canonical JSON of the same domain
as the signed payload, with larger limits, and a value contains no further digests.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct

from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical, parse_json

RESERVED = frozenset({"_sd", "_sd_alg", "..."})  # names with a special meaning in RFC 9901 4.1
SALT_SIZE = 16  # bytes
MAX_BYTES = 8 << 20  # the largest JSON of a disclosure
MAX_NODES = 100_000  # the most values inside it; the array, salt and name are three more

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")
_RESERVED_KEY = re.compile(rb'"(_sd|_sd_alg|\.\.\.)":')  # in canonical JSON only a key has this form


class Disclosure(Struct, frozen=True):
    """A value with its proof: `text` is the disclosure string, `digest` the signed digest."""

    salt: bytes
    name: str
    value: Any
    text: str
    digest: str


def veil(name: str, value: Any, salt: bytes) -> Disclosure:
    """Seal a JSON value under `name`; `salt` is 16 fresh random bytes that are used for nothing else.

    Raises SD-NAME for a reserved or malformed name, JSON-* for a value outside the domain, over 8 MiB or
    100,000 values.
    """
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes")
    plain = canonical([_encode(salt), name, value], max_nodes=MAX_NODES + 3)
    if len(plain) > MAX_BYTES:
        raise RecordError(
            "JSON-SIZE", f"{len(plain)} bytes in one disclosure, at most {MAX_BYTES} are allowed", where=name
        )
    _check_names(name, plain)
    text = _encode(plain)
    return Disclosure(salt, name, value, text, digest_of(text))


def parse_disclosure(text: str) -> Disclosure:
    """Read a disclosure string; `lift` checks whether its digest was signed.

    Raises SD-FORMAT unless it is canonical base64url of an array of 16-byte salt, name, value; SD-NAME and
    JSON-* as `veil`.
    """
    return _parsed(text, digest_of(text))


def _parsed(text: str, digest: str) -> Disclosure:
    try:
        plain = _decode(text)
    except ValueError as error:
        raise RecordError("SD-FORMAT", f"not a disclosure: {error}", where=digest) from error
    array = parse_json(plain, max_bytes=MAX_BYTES, max_nodes=MAX_NODES + 3)
    match array:
        case [str(salt_text), str(name), value]:
            salt = _salt(salt_text, digest)
        case _:
            raise RecordError("SD-FORMAT", "a disclosure is an array of salt, name and value", where=digest)
    _check_names(name, plain)
    return Disclosure(salt, name, value, text, digest)


def digest_of(text: str) -> str:
    """Return the signed digest of a disclosure string: over the string, whatever its content (RFC 9901 4.2.3)."""
    return _encode(sha256(text.encode("utf-8", "surrogatepass")).digest())


def lift(
    texts: Iterable[str], sd: Sequence[str], reserved: Collection[str] = RESERVED, public: Collection[str] = ()
) -> dict[str, Any]:
    """Return the values that the disclosure strings `texts` open, by name, in their order.

    `sd` are the signed digests, `public` the names of the public values. SD-UNKNOWN: a string whose digest
    was not signed here. SD-DUP: a digest, string or name that occurs twice. SD-NAME: a name in `reserved`
    (RFC 9901's names always are reserved). SD-FORMAT and JSON-*: a signed string that is not a disclosure.
    """
    signed = set(sd)
    if len(signed) < len(sd):
        raise RecordError("SD-DUP", "a digest was signed in two places")
    values: dict[str, Any] = {}
    used: set[str] = set()
    for text in texts:
        digest = digest_of(text)
        if digest not in signed:
            raise RecordError("SD-UNKNOWN", "the digest of this disclosure was not signed here", where=digest)
        if digest in used:
            raise RecordError("SD-DUP", "the same disclosure twice", where=digest)
        used.add(digest)
        disclosure = _parsed(text, digest)
        if disclosure.name in reserved:
            raise RecordError("SD-NAME", f"{disclosure.name!r} cannot be disclosed", where=digest)
        if disclosure.name in values or disclosure.name in public:
            raise RecordError("SD-DUP", f"{disclosure.name!r} has a value already", where=digest)
        values[disclosure.name] = disclosure.value
    return values


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """Decode what `_encode` returns; ValueError for padding, stray bits or another alphabet."""
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def _salt(text: str, digest: str) -> bytes:
    try:
        salt = _decode(text)
    except ValueError as error:
        raise RecordError("SD-FORMAT", f"the salt: {error}", where=digest) from error
    if len(salt) != SALT_SIZE:
        raise RecordError("SD-FORMAT", f"a salt of {len(salt)} bytes, not {SALT_SIZE}", where=digest)
    return salt


def _check_names(name: str, plain: bytes) -> None:
    if name in RESERVED or not _NAME.fullmatch(name):
        raise RecordError("SD-NAME", f"{name!r} is reserved, or no name of the form a-z, 0-9 and _")
    if _RESERVED_KEY.search(plain):
        raise RecordError("SD-NAME", "a reserved name inside a disclosed value", where=name)

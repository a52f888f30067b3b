"""Personal values as salted digests: what is signed is the digest, what opens it is kept apart and may be destroyed.

A disclosure is base64url of the JSON array [salt, name, value]; the signed part carries only that string's SHA-256.
Whoever holds the string can show that this value was meant; whoever does not, cannot guess it past 128 bits of salt.
Source: RFC 9901 4.2 and 7.1, object properties only. Stricter: the JSON has one canonical form, its value keeps to the
domain of the signed payload, and no further digest hides inside it.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from ledger.refusal import Refused

RESERVED = frozenset({"_sd", "_sd_alg", "..."})  # RFC 9901 4.1: these have a meaning of their own
SALT_SIZE = 16  # bytes
MAX_BYTES = 8 << 20  # of a disclosure's JSON
MAX_NODES = 100_000
MAX_DEPTH = 16

_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # controls, and what turns the line
_LARGEST_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A value with what proves it: `text` is the disclosure string, `digest` its place in `_sd`."""

    salt: bytes
    name: str
    value: Any
    text: str
    digest: str


def veil(name: str, value: Any, salt: bytes) -> Disclosure:
    """Veil a JSON value under `name`; `salt` is 16 fresh random bytes, never used for anything else.

    SD-NAME for a name that is reserved or none, SD-FORMAT for a value outside the domain or over 8 MiB.
    """
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes")
    _check_name(name)
    _check_value(value)
    plain = orjson.dumps([_encode(salt), name, value], option=_CANONICAL)
    if len(plain) > MAX_BYTES:
        raise Refused("SD-FORMAT", f"{len(plain)} bytes in one disclosed value", where=name)
    text = _encode(plain)
    return Disclosure(salt, name, value, text, digest_of(text))


def parse_disclosure(text: str) -> Disclosure:
    """Read a disclosure string back; that anybody signed its digest is for `lift` to see.

    SD-FORMAT unless it is canonical base64url of the canonical JSON of three members, a 16-byte salt first; SD-NAME.
    """
    digest = digest_of(text)
    try:
        plain = _decode(text)
        if len(plain) > MAX_BYTES:
            raise ValueError(f"{len(plain)} bytes")
        salt_text, name, value = _triple(orjson.loads(plain))
        salt = _decode(salt_text)
    except ValueError as error:
        raise Refused("SD-FORMAT", f"not a disclosure: {error}", where=digest) from error
    if len(salt) != SALT_SIZE:
        raise Refused("SD-FORMAT", f"a salt of {len(salt)} bytes, not {SALT_SIZE}", where=digest)
    _check_name(name)
    _check_value(value)
    if orjson.dumps([salt_text, name, value], option=_CANONICAL) != plain:
        raise Refused("SD-FORMAT", "the JSON is not in its one canonical form", where=digest)
    return Disclosure(salt, name, value, text, digest)


def digest_of(text: str) -> str:
    """The digest that is signed for a disclosure string: over the string itself, whatever is in it (RFC 9901 4.2.3)."""
    return _encode(sha256(text.encode("utf-8", "surrogatepass")).digest())


def lift(
    texts: Iterable[str], sd: Sequence[str], reserved: Collection[str] = RESERVED, public: Collection[str] = ()
) -> dict[str, Any]:
    """The values that the disclosure strings `texts` open, by name, in their order.

    `sd` are the signed digests, `public` the names that stand beside them in the open. SD-UNKNOWN for a string whose
    digest was not signed here, SD-DUP for a digest, string or name that comes twice, SD-NAME for a name that is one of
    `reserved` (RFC 9901's own are always), SD-FORMAT for a string that was signed and still is no disclosure.
    """
    signed = set(sd)
    if len(signed) < len(sd):
        raise Refused("SD-DUP", "a digest was signed in two places")
    values: dict[str, Any] = {}
    used: set[str] = set()
    for text in texts:
        digest = digest_of(text)
        if digest not in signed:
            raise Refused("SD-UNKNOWN", "nobody signed the digest of this disclosure here", where=digest)
        if digest in used:
            raise Refused("SD-DUP", "the same disclosure twice", where=digest)
        used.add(digest)
        disclosure = parse_disclosure(text)
        if disclosure.name in reserved:
            raise Refused("SD-NAME", f"{disclosure.name!r} cannot be disclosed", where=digest)
        if disclosure.name in values or disclosure.name in public:
            raise Refused("SD-DUP", f"{disclosure.name!r} has a value already", where=digest)
        values[disclosure.name] = disclosure.value
    return values


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """The bytes that `_encode` spells as `text`; ValueError for padding, stray bits or another alphabet."""
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def _triple(value: Any) -> tuple[str, Any, Any]:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError("a disclosure is an array of salt, name and value")
    if not isinstance(value[0], str):
        raise ValueError("the salt is not a string")
    return value[0], value[1], value[2]


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or name in RESERVED or not _NAME.fullmatch(name):
        raise Refused("SD-NAME", f"{name!r} is reserved, or no name of the form a-z, 0-9 and _")


def _check_value(value: Any) -> None:
    """SD-FORMAT or SD-NAME unless `value` keeps to the payload's domain; level by level, so depth costs nothing."""
    nodes, level = 0, [value]
    for depth in range(MAX_DEPTH + 1):
        nodes += len(level)
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict | list):
                if isinstance(item, dict):
                    for key in item:
                        _check_name(key)
                    item = list(item.values())
                if depth == MAX_DEPTH:
                    raise Refused("SD-FORMAT", f"nested deeper than {MAX_DEPTH}")
                deeper += item
            elif isinstance(item, float) or not isinstance(item, int | None):
                raise Refused("SD-FORMAT", f"{type(item).__name__} is no value here; decimals are strings")
            elif item is not None and abs(item) > _LARGEST_INTEGER:
                raise Refused("SD-FORMAT", f"{item} is beyond 2^53-1")
        if nodes > MAX_NODES:
            raise Refused("SD-FORMAT", f"more than {MAX_NODES} values in one")
        level = deeper


def _check_text(text: str) -> None:
    if text.isascii() and text.isprintable():
        return
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Refused("SD-FORMAT", "a lone surrogate is not a character")
    if _UNSEEN.search(text) or not unicodedata.is_normalized("NFC", text):
        raise Refused("SD-FORMAT", "a text that is not NFC, or has control or bidi-control characters")

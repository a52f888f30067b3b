"""Write and read the JSON that this project signs: the domain in which orjson's sorted output is RFC 8785.

No floats, integers within 2^53-1, names of a-z, 0-9 and _, text in normalisation form C without control
characters, and limits of depth and number of values. One comparison, of the bytes with the form of their
parsed value, refuses duplicate keys, white space, escapes and everything else that two readers could read
differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from ledger.errors import RecordError
from ledger.formats.characters import code, is_nfc
from ledger.messages import Message

MAX_BYTES = 32_768  # the largest signed payload
MAX_DEPTH = 16
MAX_NODES = 2_000
MAX_INTEGER = 2**53 - 1  # RFC 8785 via IEEE 754 doubles

_KEY = re.compile(r"[a-z_][a-z0-9_]{0,63}")
_RESERVED_KEYS = frozenset({"_sd", "_sd_alg", "..."})
# C0 without line feed, DEL and C1, and embeddings, overrides and isolates of a direction of writing (UAX 9)
_FORBIDDEN = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")

_ORDINARY = bytes(c for c in range(0x20, 0x7F) if c not in b"{[\\")  # no opener, no escape, no control, ASCII

_known_keys: set[str] = set()  # keys that have matched _KEY; the vocabulary is finite


def canonical(value: Any, *, max_nodes: int = MAX_NODES, also: re.Pattern[str] | None = None) -> bytes:
    """Return the one byte form of a JSON value of our domain (RFC 8785); `RecordError` JSON-* outside it.

    `also` is the form of further keys: a manifest names orders by their UUID.
    """
    try:
        raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError:
        _walk(value, MAX_DEPTH, [max_nodes], also)  # raises the reason, if the value is outside our domain
        raise
    if not (plain(raw, max_nodes) and isinstance(value, (dict, list)) and simple(value)):
        _walk(value, MAX_DEPTH, [max_nodes], also)
    return raw


def parse_json(raw: bytes, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES) -> Any:
    """Return the value of canonical JSON bytes.

    Raises `RecordError`: JSON-SIZE, JSON-DEPTH, JSON-FORM (not JSON, not its own canonical form, duplicate
    keys, white space, escapes), JSON-NUMBER (float, or beyond 2^53-1), JSON-KEY, JSON-NFC, JSON-CHAR.
    """
    if len(raw) > max_bytes:
        raise RecordError("JSON-SIZE", f"{len(raw)} bytes, at most {max_bytes} are allowed")
    value = loads(raw)
    check_json(raw, value, max_nodes=max_nodes)
    return value


def check_json(raw: bytes, value: Any, *, max_nodes: int = MAX_NODES, also: re.Pattern[str] | None = None) -> None:
    """Refuse bytes that are outside the domain or not the canonical form of `value`, which was parsed from them."""
    if not (plain(raw, max_nodes) and isinstance(value, (dict, list)) and simple(value)):
        _walk(value, MAX_DEPTH, [max_nodes], also)
    if orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER) != raw:
        raise RecordError("JSON-FORM", "the bytes are not their own canonical form")


def loads(raw: bytes) -> Any:
    """Parse JSON without any other check; raises JSON-FORM or JSON-DEPTH."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        code = "JSON-DEPTH" if "limit exceeded" in str(error) else "JSON-FORM"  # orjson: of depth, earlier of recursion
        raise RecordError(code, f"not JSON: {error}") from None


def plain(raw: bytes, max_nodes: int = MAX_NODES) -> bool:
    """Return True if JSON bytes are visibly in our domain: their depth, number of values and every text."""
    odd = raw.translate(None, _ORDINARY)
    few = len(odd) + raw.count(b",") < max_nodes  # a value is the first of its list or object, or follows a comma
    return few and len(odd) <= MAX_DEPTH and not odd.strip(b"{[")


def simple(value: dict[str, Any] | list[Any]) -> bool:
    """Return True if names, numbers and types in a value from `plain` bytes are in our domain; names must be known."""
    if isinstance(value, dict):
        if not _known_keys.issuperset(value):
            return False
        inside: Iterable[Any] = value.values()
    else:
        inside = value
    for inner in inside:
        kind = type(inner)
        if kind is str or kind is bool or inner is None:
            continue
        if kind is int:
            if -MAX_INTEGER <= inner <= MAX_INTEGER:
                continue
            return False
        if (kind is not dict and kind is not list) or not simple(inner):
            return False
    return True


def _walk(value: Any, depth: int, nodes: list[int], also: re.Pattern[str] | None = None) -> None:
    nodes[0] -= 1
    if nodes[0] < 0:
        raise RecordError("JSON-SIZE", "too many values")
    if isinstance(value, str):
        _check_text(value)
    elif value is None:
        pass
    elif isinstance(value, int):  # True and False as well
        if abs(value) > MAX_INTEGER:
            raise RecordError("JSON-NUMBER", f"{value} is beyond 2^53-1")
    elif isinstance(value, dict):
        if depth == 0:
            raise RecordError("JSON-DEPTH", f"nested deeper than {MAX_DEPTH}")
        for key, inner in value.items():
            _check_key(key, also)
            _walk(inner, depth - 1, nodes, also)
    elif isinstance(value, list):
        if depth == 0:
            raise RecordError("JSON-DEPTH", f"nested deeper than {MAX_DEPTH}")
        for inner in value:
            _walk(inner, depth - 1, nodes, also)
    else:
        raise RecordError("JSON-NUMBER", f"{value!r} is not an integer; decimals are written as strings")


def _check_key(key: Any, also: re.Pattern[str] | None) -> None:
    if also is not None and isinstance(key, str) and also.fullmatch(key):
        return
    if not isinstance(key, str) or not (_KEY.fullmatch(key) or key in _RESERVED_KEYS):
        raise RecordError("JSON-KEY", f"{key!r} is not a name of the form a-z, 0-9 and _")
    if len(_known_keys) < 4096:
        _known_keys.add(key)


def _check_text(text: str) -> None:
    if text.isascii() and text.isprintable():
        return
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise RecordError("JSON-CHAR", "a lone surrogate is not a character")
    if not is_nfc(text):
        raise RecordError("JSON-NFC", Message("{0} is not in Unicode normalisation form C", repr(text)))
    if match := _FORBIDDEN.search(text):
        raise RecordError(
            "JSON-CHAR", Message("{0} is a control character, or turns the direction of writing", code(match[0]))
        )

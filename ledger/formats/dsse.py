"""Seal and open one line of DSSE: signed bytes, signer, and their one written form.

An envelope is DSSE v1.0.2 with one Ed25519 signature over PAE(type, payload). Its members have one order, it
has no white space, and its base64 has one spelling. The payload is canonical JSON that names the signer's
key. Formats: docs/reference/formats/entry.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from ledger.errors import RecordError
from ledger.formats.canonical_json import MAX_BYTES, MAX_NODES, check_json, loads
from ledger.formats.ed25519 import verify_signature

EVENT_TYPE = "application/vnd.comity.event.v1+json"
MANIFEST_TYPE = "application/vnd.comity.manifest.v1+json"
POLICY_TYPE = "application/vnd.comity.policy.v1+json"

MAX_ENVELOPE = 49_152  # bytes; a tile entry may have 65,535 (c2sp.org/tlog-tiles)
MAX_PAYLOAD = MAX_BYTES


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the DSSE v1.0.2 pre-authentication encoding: the bytes to sign."""
    return b"%b%d %b" % (_pae_of(payload_type), len(payload), payload)


@lru_cache(16)
def _pae_of(payload_type: str) -> bytes:
    kind = payload_type.encode()
    return b"DSSEv1 %d %b " % (len(kind), kind)


def keyid(public: bytes) -> str:
    """Return the hex SHA-256 of the raw public key: a hint for readers, never the proof."""
    return hashlib.sha256(public).hexdigest()


_ENVELOPE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]+={0,2})","payloadType":"([!#-\[\]-~]+)",'
    rb'"signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}'
)


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    keyid: str
    sig: bytes


class _EnvelopeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The members of an envelope in their order; bytes are base64, which msgspec writes in one spelling."""

    payload: bytes
    payloadType: str  # noqa: N815 -- the spelling of DSSE
    signatures: tuple[_Signature]


_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(_EnvelopeLine).decode


def seal_bytes(payload: bytes, payload_type: str, public: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Return one line of DSSE around `payload`; `sign` returns the 64-byte Ed25519 signature of its argument."""
    return _write(_EnvelopeLine(payload, payload_type, (_Signature(keyid(public), sign(pae(payload_type, payload))),)))


def open_bytes(
    raw: bytes,
    payload_type: str,
    *,
    max_bytes: int = MAX_PAYLOAD,
    max_nodes: int = MAX_NODES,
    also: re.Pattern[str] | None = None,
    verify: bool = True,
) -> tuple[dict[str, Any], bytes]:
    """Return the payload of one line of DSSE as (value, its bytes), signed by the key in its member `signer.key`.

    Whether that key may sign is not checked here (`ledger.entries.keyring`). Raises `RecordError`: ENV-SIZE,
    ENV-NONCANON, ENV-SIGCOUNT, ENV-TYPE, ENV-KEYID, SIG-BAD and the JSON-* codes. With `verify=False`
    everything is checked except the signature: for bytes that this process has verified before.
    """
    if len(raw) > max(MAX_ENVELOPE, max_bytes // 3 * 4 + 512):
        raise RecordError("ENV-SIZE", f"the envelope has {len(raw)} bytes")
    match = _ENVELOPE.fullmatch(raw)
    if match is None:
        raise _diagnose(raw)
    body, kind, key_hint, sig = match.groups()
    if kind != payload_type.encode():
        raise RecordError("ENV-TYPE", f"payload type {kind.decode()}, expected {payload_type}")
    payload = _decode(body)
    if len(payload) > max_bytes:
        raise RecordError("ENV-SIZE", f"the payload has {len(payload)} bytes, at most {max_bytes} are allowed")
    value = loads(payload)
    public = _named_key(value)
    if hashlib.sha256(public).hexdigest().encode() != key_hint:
        raise RecordError("ENV-KEYID", "keyid is not the digest of the key that the payload names")
    signature = _decode(sig)
    if verify and not verify_signature(public, pae(payload_type, payload), signature):
        raise RecordError("SIG-BAD", "the signature does not fit the signed bytes and the key they name")
    check_json(payload, value, max_nodes=max_nodes, also=also)
    return value, payload


def parts(raw: bytes, payload_type: str) -> tuple[bytes, str, bytes] | None:
    """Return payload, key id and signature of a line of this type; None if `open_bytes` must find the error.

    Otherwise the line is exactly what these three parts encode to. The parts are not checked: a key id that
    is the digest of a key is a canonical one.
    """
    if len(raw) > MAX_ENVELOPE:
        return None
    try:
        line = _read(raw)
    except ValueError:  # of msgspec, or of bytes that are not UTF-8
        return None
    payload, signed = line.payload, line.signatures[0]
    if line.payloadType != payload_type or not 0 < len(payload) <= MAX_PAYLOAD or len(signed.sig) != 64:
        return None
    if _write(line) != raw:  # the decoder accepts white space, escapes and stray bits; the encoder writes none
        return None
    return payload, signed.keyid, signed.sig


def _decode(text: bytes) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise RecordError("ENV-NONCANON", f"base64: {error}") from None
    if base64.b64encode(raw) != text:  # non-zero trailing bits survive validate=True
        raise RecordError("ENV-NONCANON", "base64 does not encode to itself again")
    return raw


def _named_key(value: Any) -> bytes:
    signer = value.get("signer") if isinstance(value, dict) else None
    key = signer.get("key") if isinstance(signer, dict) else None
    if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{64}", key):
        raise RecordError("JSON-FORM", "the payload does not name its signer's key (signer.key, 64 hex digits)")
    return bytes.fromhex(key)


def _diagnose(raw: bytes) -> RecordError:
    """Return the error for a line that is known to break a rule of the envelope."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return RecordError("ENV-NONCANON", f"not a sealed entry: {error}")
    signatures = value.get("signatures") if isinstance(value, dict) else None
    if isinstance(signatures, list) and len(signatures) != 1:
        return RecordError(
            "ENV-SIGCOUNT", f"{len(signatures)} signatures; an entry has one, a second opinion is an entry"
        )
    if isinstance(value, dict) and value.get("payloadType") not in (EVENT_TYPE, MANIFEST_TYPE, POLICY_TYPE):
        return RecordError("ENV-TYPE", f"payload type {value.get('payloadType')!r}")
    return RecordError("ENV-NONCANON", "not the canonical one-line form: members, order, white space, base64 or digits")

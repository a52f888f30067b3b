"""Seal a fact with its place in the ledger; open a sealed entry and check it.

A sealed entry is one line of DSSE v1.0.2 with one Ed25519 signature over PAE(type, payload). The payload is JSON whose
bytes equal their own canonical form (RFC 8785 on our domain), so nobody has to canonicalise in order to verify:
the bytes that were signed are the bytes that are stored, hashed and exported. Formats: docs/formats.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import orjson
from msgspec import UNSET, Meta, UnsetType

from ledger.canonical import MAX_BYTES, MAX_INTEGER, MAX_NODES, canonical, check_json, loads
from ledger.canonical import parse_json as parse_json
from ledger.ed25519 import verify_signature
from ledger.facts import Fact, public_of, sealed_of
from ledger.facts.vocabulary import OnSource, Speaks
from ledger.order import Entry, Unread, instant, wire
from ledger.refusal import Refused
from ledger.veil import Disclosure, veil

EVENT_TYPE = "application/vnd.comity.event.v1+json"
MANIFEST_TYPE = "application/vnd.comity.manifest.v1+json"
POLICY_TYPE = "application/vnd.comity.policy.v1+json"

MAX_ENVELOPE = 49_152  # bytes; a tile entry may have 65,535 (c2sp.org/tlog-tiles)
MAX_PAYLOAD = MAX_BYTES

# ---------------------------------------------------------------------------------------------------------------------
# DSSE


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1.0.2 pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def keyid(public: bytes) -> str:
    """Hex SHA-256 of the raw public key: a hint for readers, never the proof."""
    return hashlib.sha256(public).hexdigest()


_ENVELOPE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]+={0,2})","payloadType":"([!#-\[\]-~]+)",'
    rb'"signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}'
)


def seal_bytes(payload: bytes, payload_type: str, public: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """One line of DSSE around `payload`; `sign` makes the 64-byte Ed25519 signature of the bytes it is given."""
    signature = sign(pae(payload_type, payload))
    return b'{"payload":"%b","payloadType":"%b","signatures":[{"keyid":"%b","sig":"%b"}]}' % (
        base64.b64encode(payload),
        payload_type.encode(),
        keyid(public).encode(),
        base64.b64encode(signature),
    )


def open_bytes(
    raw: bytes,
    payload_type: str,
    *,
    max_bytes: int = MAX_PAYLOAD,
    max_nodes: int = MAX_NODES,
    also: re.Pattern[str] | None = None,
    verify: bool = True,
) -> tuple[dict[str, Any], bytes]:
    """The payload of one line of DSSE as (value, its bytes), signed by the key its member `signer.key` names.

    Whether that key may sign is not decided here (keyring). Raises `Refused`: ENV-SIZE, ENV-NONCANON, ENV-SIGCOUNT,
    ENV-TYPE, ENV-KEYID, SIG-BAD and the JSON-* codes. With `verify=False` the signature alone is not checked: for
    bytes that this process has verified before.
    """
    if len(raw) > max(MAX_ENVELOPE, max_bytes // 3 * 4 + 512):
        raise Refused("ENV-SIZE", f"the envelope has {len(raw)} bytes")
    match = _ENVELOPE.fullmatch(raw)
    if match is None:
        raise _diagnose(raw)
    body, kind, key_hint, sig = match.groups()
    if kind != payload_type.encode():
        raise Refused("ENV-TYPE", f"payload type {kind.decode()}, expected {payload_type}")
    payload = _decode(body)
    if len(payload) > max_bytes:
        raise Refused("ENV-SIZE", f"the payload has {len(payload)} bytes, at most {max_bytes} are allowed")
    value = loads(payload)
    public = _named_key(value)
    if hashlib.sha256(public).hexdigest().encode() != key_hint:
        raise Refused("ENV-KEYID", "keyid is not the digest of the key that the payload names")
    signature = _decode(sig)
    if verify and not verify_signature(public, pae(payload_type, payload), signature):
        raise Refused("SIG-BAD", "the signature does not fit the signed bytes and the key they name")
    check_json(payload, value, max_nodes=max_nodes, also=also)
    return value, payload


def _decode(text: bytes) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("ENV-NONCANON", f"base64: {error}") from None
    if base64.b64encode(raw) != text:  # non-zero trailing bits survive validate=True
        raise Refused("ENV-NONCANON", "base64 does not encode to itself again")
    return raw


def _named_key(value: Any) -> bytes:
    signer = value.get("signer") if isinstance(value, dict) else None
    key = signer.get("key") if isinstance(signer, dict) else None
    if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{64}", key):
        raise Refused("JSON-FORM", "the payload does not name its signer's key (signer.key, 64 hex digits)")
    return bytes.fromhex(key)


def _diagnose(raw: bytes) -> Refused:
    """Say which rule of the envelope a line breaks, once it is known that it breaks one."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Refused("ENV-NONCANON", f"not a sealed entry: {error}")
    signatures = value.get("signatures") if isinstance(value, dict) else None
    if isinstance(signatures, list) and len(signatures) != 1:
        return Refused("ENV-SIGCOUNT", f"{len(signatures)} signatures; an entry has one, a second opinion is an entry")
    if isinstance(value, dict) and value.get("payloadType") not in (EVENT_TYPE, MANIFEST_TYPE, POLICY_TYPE):
        return Refused("ENV-TYPE", f"payload type {value.get('payloadType')!r}")
    return Refused("ENV-NONCANON", "not the canonical one-line form: members, order, white space, base64 or digits")


# ---------------------------------------------------------------------------------------------------------------------
# Sealed entries

Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Hex64 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]
Instant = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


class SignedBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs: the raw public key in hex, the registered actor, the role taken, the actor's Party."""

    key: Hex64
    actor: Name
    role: Name
    party: Name


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest cosigned note the signer's own software had verified: it proves not-before."""

    origin: Name
    size: Count
    note: Hex64


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published text that belongs to no field."""

    code: Name
    media: Name
    size: Count
    sha256: Hex64


class Other(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counterparty's record that this entry answers."""

    origin: Name
    index: Count
    leaf: Hex64
    checkpoint_sha256: Hex64


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The members of a sealed entry; only `prev`, `seen` and `instrument` may be null."""

    v: Literal[1]
    log: Name
    entry: Hex32
    order: Uuid
    seq: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    prev: Hex64 | None
    seen: Seen | None
    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,79}\Z")]
    schema: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    instrument: Name | None
    refs: list[Name]
    signer: SignedBy
    speaks: Speaks
    on: Instant
    on_source: OnSource
    signed_at: Instant
    public: dict[str, Any]
    sealed: list[Name]
    documents: list[Document]
    whose: Name | UnsetType = UNSET
    replaces: Hex64 | UnsetType = UNSET
    audience: dict[str, list[Name]] | UnsetType = UNSET
    other: Other | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Signer:
    """An actor about to sign: registered name, role taken, Party, raw public key, and the hand that signs bytes."""

    actor: str
    role: str
    party: str
    public: bytes
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry will stand: log origin, order, 1-based number, leaf hash (hex) of the entry before, note seen."""

    log: str
    order: str
    seq: int
    prev: str | None
    instrument: str | None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a signer says about the fact: when it happened and how that is known, who speaks, what it corrects."""

    on: datetime
    signed_at: datetime
    speaks: Speaks = "act"
    on_source: OnSource = "own-act"
    whose: str | None = None
    replaces: str | None = None
    refs: tuple[str, ...] = ()
    audience: Mapping[str, Sequence[str]] | None = None
    documents: tuple[Document, ...] = ()
    other: Other | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed entry on its way to the shelf: the line, its leaf hash in hex, and what opens its veiled values."""

    raw: bytes
    leaf: str
    disclosures: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed entry whose form, key id and signature were checked; `leaf` is its RFC 6962 leaf hash in hex."""

    raw: bytes
    leaf: str
    payload: Payload

    @property
    def sd(self) -> list[str]:
        """The digests of its veiled values, sorted."""
        digests: list[str] = self.payload.public.get("_sd", [])
        return digests


def seal(
    fact: Fact, place: Place, signer: Signer, said: Circumstances, entry: str, salt: Callable[[int], bytes]
) -> Sealed:
    """Sign a fact at its place; `entry` is its 128-bit id in hex, `salt(16)` gives fresh random bytes.

    Sealed fields become digests in `public._sd`; what opens them is returned beside the line and must be kept apart.
    """
    values = sealed_of(fact)
    for name, field in type(fact).fields().items():
        if field.always:
            values.setdefault(name, None)
    disclosures = tuple(veil(name, values[name], salt(16)) for name in sorted(values))
    public = public_of(fact)
    if disclosures:
        public["_sd"] = sorted(d.digest for d in disclosures)
    payload: dict[str, Any] = {
        "v": 1,
        "log": place.log,
        "entry": entry,
        "order": place.order,
        "seq": place.seq,
        "prev": place.prev,
        "seen": None if place.seen is None else msgspec.to_builtins(place.seen),
        "kind": fact.kind,
        "schema": fact.schema,
        "instrument": place.instrument,
        "refs": list(said.refs),
        "signer": {"key": signer.public.hex(), "actor": signer.actor, "role": signer.role, "party": signer.party},
        "speaks": said.speaks,
        "on": wire(said.on),
        "on_source": said.on_source,
        "signed_at": wire(said.signed_at),
        "public": public,
        "sealed": sorted(values),
        "documents": [msgspec.to_builtins(d) for d in said.documents],
    }
    if said.whose is not None:
        payload["whose"] = said.whose
    if said.replaces is not None:
        payload["replaces"] = said.replaces
    if said.audience:
        payload["audience"] = {name: list(roles) for name, roles in said.audience.items()}
    if said.other is not None:
        payload["other"] = msgspec.to_builtins(said.other)
    body = canonical(payload)
    if len(body) > MAX_PAYLOAD:
        raise Refused(
            "ENV-SIZE",
            f"the payload would have {len(body)} bytes, at most {MAX_PAYLOAD} are allowed",
            hint="keep the text outside as a document and record its digest",
        )
    raw = seal_bytes(body, EVENT_TYPE, signer.public, signer.sign)
    return Sealed(raw, _leaf(raw), disclosures)


def open_(raw: bytes, *, verify: bool = True) -> Opened:
    """Open a sealed entry: canonical form, key id, signature, payload profile.

    Raises `Refused`: ENV-*, SIG-BAD, JSON-*, SD-COUNT, SD-NAME. Whether the key may sign here is for `keyring`, whether
    the place is right for `chain`.
    """
    value, _ = open_bytes(raw, EVENT_TYPE, verify=verify)
    try:
        payload = msgspec.convert(value, Payload)
    except msgspec.ValidationError as error:
        raise Refused("JSON-MEMBER", str(error)) from None
    _check_moments(payload.on, payload.signed_at)
    _check_veils(payload, value)
    return Opened(raw, _leaf(raw), payload)


def _check_moments(*moments: str) -> None:
    for moment in moments:
        try:
            datetime.fromisoformat(moment)
        except ValueError as error:
            raise Refused("JSON-MEMBER", f"{moment} is no moment: {error}") from None


def _check_veils(payload: Payload, value: Mapping[str, Any]) -> None:
    for member in ("whose", "replaces", "audience", "other"):
        if member in value and value[member] in (None, {}):
            raise Refused("JSON-MEMBER", f"`{member}` is absent where there is none")
    digests = payload.public.get("_sd")
    if digests is None:
        if payload.sealed:
            raise Refused("SD-COUNT", "sealed fields are named but not committed to")
        return
    well_formed = isinstance(digests, list) and all(
        isinstance(d, str) and re.fullmatch("[A-Za-z0-9_-]{43}", d) for d in digests
    )
    if not well_formed or digests != sorted(set(digests)) or len(digests) != len(payload.sealed):
        raise Refused("SD-COUNT", "one sorted, distinct digest for each sealed field that was stated")
    if payload.sealed != sorted(set(payload.sealed)) or set(payload.sealed) & payload.public.keys():
        raise Refused("SD-NAME", "sealed names are sorted and distinct, and no public field has such a name")


def _leaf(raw: bytes) -> str:
    return hashlib.sha256(b"\x00" + raw).hexdigest()


def entry_of(
    opened: Opened,
    index: int,
    values: Mapping[str, Any] | None = None,
    *,
    erased: Iterable[str] = (),
    digests: Mapping[str, str] | None = None,
) -> Entry:
    """What the law and the projections see of an opened entry: `values` are the sealed values this reader may know."""
    p = opened.payload
    known = values or {}
    gone = frozenset(erased)
    sealed = {
        name: known[name] if name in known else Unread.ERASED if name in gone else Unread.WITHHELD for name in p.sealed
    }
    return Entry(
        leaf=opened.leaf,
        index=index,
        order=p.order,
        seq=p.seq,
        kind=p.kind,
        instrument=p.instrument,
        by=p.signer.actor,
        role=p.signer.role,
        party=p.signer.party,
        key=p.signer.key,
        speaks=p.speaks,
        on=instant(p.on),
        at=instant(p.signed_at),
        on_source=p.on_source,
        whose=None if p.whose is UNSET else p.whose,
        replaces=None if p.replaces is UNSET else p.replaces,
        public={name: value for name, value in p.public.items() if name != "_sd"},
        sealed=sealed,
        audience={} if p.audience is UNSET else {name: tuple(roles) for name, roles in p.audience.items()},
        digests=digests or {},
    )

"""Define the payload of a sealed entry: its members, and the forms of their texts.

`Payload` is the type that callers read. `Formed` also checks the form of every text and names a wrong one.
`well_formed` checks all of them at once. Formats: docs/reference/formats/entry.md.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ledger.facts.vocabulary import OnSource, Speaks
from ledger.formats.canonical_json import MAX_INTEGER

MOST_ORDERS, MOST_KINDS = 16, 32  # that one condition names

_HEX32 = "[0-9a-f]{32}"
_HEX64 = "[0-9a-f]{64}"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KIND = "[a-z][a-z0-9-]{0,79}"
_INSTANT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

Hex32 = Annotated[str, Meta(pattern=rf"^{_HEX32}\Z")]
Hex64 = Annotated[str, Meta(pattern=rf"^{_HEX64}\Z")]
Uuid = Annotated[str, Meta(pattern=rf"^{_UUID}\Z")]
Kind = Annotated[str, Meta(pattern=rf"^{_KIND}\Z")]
Instant = Annotated[str, Meta(pattern=rf"^{_INSTANT}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


class SignedBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The signer: raw public key in hex, registered actor, role taken, the actor's Party."""

    key: str  # its form is checked when the envelope is opened: no signature verifies without a key
    actor: Name
    role: Name
    party: Name


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest cosigned note that the signer's software had verified: the entry was not signed before it."""

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


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the signer demands of the log: no entry of `kinds` in `orders` from index `after` on and before this entry.

    `after` is how many entries of the log the signer had seen. Both lists are sorted and distinct.
    """

    after: Count
    orders: Annotated[list[Uuid], Meta(min_length=1, max_length=MOST_ORDERS)]
    kinds: Annotated[list[Kind], Meta(min_length=1, max_length=MOST_KINDS)]


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, gc=False):
    """The members of a sealed entry; only `prev`, `seen` and `instrument` may be null.

    It is frozen and read from JSON, so it cannot be part of a reference cycle. The garbage collector can
    ignore it, which matters with a hundred thousand of them.
    """

    v: Literal[1]
    log: Name
    entry: str
    order: str
    seq: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    prev: str | None
    seen: Seen | None
    kind: str
    schema: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    instrument: Name | None
    refs: list[Name]
    signer: SignedBy
    speaks: Speaks
    on: str
    on_source: OnSource
    signed_at: str
    public: dict[str, Any]
    sealed: list[Name]
    documents: list[Document]
    whose: Name | UnsetType = UNSET
    replaces: str | UnsetType = UNSET
    audience: dict[str, list[Name]] | UnsetType = UNSET
    other: Other | UnsetType = UNSET
    unless: Condition | UnsetType = UNSET


class Formed(Payload, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, gc=False):
    """The payload with the forms of its texts: msgspec checks them one after the other, and names a wrong one."""

    entry: Hex32
    order: Uuid
    prev: Hex64 | None
    kind: Kind
    on: Instant
    signed_at: Instant
    replaces: Hex64 | UnsetType = UNSET


_FORMS = re.compile(f"{_KIND} {_INSTANT} {_INSTANT}").fullmatch
_HEX = b"0123456789abcdef"
is_hex64 = re.compile(_HEX64).fullmatch


def well_formed(p: Payload) -> bool:
    """Return True if the texts have the forms of `Formed`; checked at once, since none of them has a space."""
    entry, order, prev = p.entry, p.order, p.prev or ""
    return (
        len(entry) == 32
        and len(order) == 36
        and order[8:24:5] == "----"
        and (p.prev is None or len(prev) == 64)
        and f"{entry}{order}{prev}".encode("ascii", "replace").translate(None, _HEX) == b"----"
        and _FORMS(f"{p.kind} {p.on} {p.signed_at}") is not None
        and (p.replaces is UNSET or is_hex64(p.replaces) is not None)
    )

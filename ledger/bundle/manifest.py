"""Seal and open the manifest: the signed list of a bundle's files, and what its maker says about it.

It is one line of DSSE with a separate payload type, signed by an actor of the ledger. It proves who made the
bundle and that the bundle is complete as made. All its claims about the record are checked against the
entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.bundle.layout import MANIFEST, SUMS
from ledger.entries.envelope import Signer
from ledger.entries.payload import Count, Hex64, Instant, Name, SignedBy, Uuid
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical
from ledger.formats.characters import code, unassigned
from ledger.formats.dsse import MANIFEST_TYPE, open_bytes, seal_bytes

MAX_BYTES = 8 << 20  # enough for ten thousand files with the longest names
MAX_NODES = 100_000

_ORDER = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the bundle."""

    path: Annotated[str, Meta(min_length=1, max_length=600)]
    size: Count
    sha256: Hex64


class HeadOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest entry of an order: its number in the order and its leaf hash."""

    seq: Count
    leaf: Hex64


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed field that is not opened in this bundle: log index of its entry, name, why."""

    index: Count
    field: Name
    why: Literal["audience", "erased", "not-held"]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The statements that the maker of a bundle signs.

    `v` is the version of the layout. `heads` has every order in the bundle, the registry included. If the
    audience may not know which fields stay closed, `withheld` is empty and only `withheld_count` is given.
    `rules` is the digest of the maker's rules of law.
    """

    v: Literal[1, 2] = 2
    log: Name
    order: Uuid
    audience: Name
    purpose: Name
    legal_basis: list[Name]
    made_at: Instant
    tool: Name
    rules: Hex64
    test: bool
    heads: dict[str, HeadOf]
    withheld: list[Closed]
    withheld_count: Count
    files: list[Listed]
    signer: SignedBy


def listing(files: Mapping[str, bytes]) -> list[Listed]:
    """Return every file except the manifest and SHA256SUMS, in the order of the archive."""
    return [
        Listed(path, len(content), sha256(content).hexdigest())
        for path, content in files.items()
        if path not in (MANIFEST, SUMS)
    ]


def seal_manifest(manifest: Manifest, signer: Signer) -> bytes:
    """Return the manifest as one signed line; its `signer` must be the one who signs.

    Raises JSON-CHAR for a text with a character outside Unicode 14.0, or a name with an invisible character.
    """
    for text in (manifest.purpose, *manifest.legal_basis, manifest.tool):
        if character := unassigned(text):
            raise RecordError("JSON-CHAR", f"{code(character)} is not in Unicode 14.0", where=MANIFEST)
    payload = canonical(msgspec.to_builtins(manifest), max_nodes=MAX_NODES, also=_ORDER)
    if len(payload) > MAX_BYTES:
        raise RecordError("BND-MANIFEST", f"{len(payload)} bytes, at most {MAX_BYTES} are read", where=MANIFEST)
    return seal_bytes(payload, MANIFEST_TYPE, signer.public, signer.sign)


def open_manifest(raw: bytes, *, verify: bool = True) -> Manifest:
    """Return the manifest of a bundle, with its signature checked under the key that it names. Raises BND-MANIFEST.

    Without `verify` the signature is not checked: an office server leaves it to the maker.
    """
    try:
        value, _ = open_bytes(raw, MANIFEST_TYPE, max_bytes=MAX_BYTES, max_nodes=MAX_NODES, also=_ORDER, verify=verify)
        manifest = msgspec.convert(value, Manifest)
        datetime.fromisoformat(manifest.made_at)
    except RecordError as wrong:
        raise RecordError("BND-MANIFEST", f"{wrong.code}: {wrong.says}", where=MANIFEST) from wrong
    except ValueError as error:  # includes those of msgspec
        raise RecordError("BND-MANIFEST", str(error), where=MANIFEST) from None
    return manifest


def check_listing(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Raise BND-MANIFEST unless the list has each file once, in order, with its size and digest, and no other file."""
    listed = {each.path: each for each in manifest.files}
    if len(listed) < len(manifest.files):
        twice = next(each.path for n, each in enumerate(manifest.files) if each is not listed[each.path])
        raise RecordError("BND-MANIFEST", "it is listed twice", where=twice)
    here = [path for path in files if path not in (MANIFEST, SUMS)]
    for path in here:
        if path not in listed:
            raise RecordError("BND-MANIFEST", "it is not listed", where=path)
    for each in manifest.files:
        content = files.get(each.path)
        if content is None or each.path in (MANIFEST, SUMS):
            raise RecordError("BND-MANIFEST", "it is listed and not there", where=each.path)
        if len(content) != each.size:
            raise RecordError("BND-MANIFEST", f"{len(content)} bytes, listed with {each.size}", where=each.path)
        if (digest := sha256(content).hexdigest()) != each.sha256:
            raise RecordError("BND-MANIFEST", f"SHA-256 {digest}, listed with {each.sha256}", where=each.path)
    if list(listed) != here:
        raise RecordError("BND-MANIFEST", "the list does not follow the order of the archive", where=MANIFEST)

"""Wrap another party's sealed entry in an entry of this log, and read it as the law does.

The entry is not merged: its bytes stay as its signer signed them for another log. They are stored with their
proof, and an entry of this log names them. If the proof verified, and no entry of this log is backed by it,
the law counts it as its signer's act, at the place where it arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from ledger.entries.case import CARRIER, Entry, instant
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.payload import Other
from ledger.facts import KINDS, Fact, build
from ledger.formats.selective_disclosure import digest_of, lift
from ledger.tlog.note import note_digest
from ledger.tlog.tree import parse_proof

KIND = CARRIER
PROOF, VALUES = ".tlog-proof", ".txt"  # suffixes of an entry's SHA-256: its proof, the disclosures of its values

Foreign = Callable[[str], bytes | None]  # SHA-256 of an entry in hex, with or without suffix -> content, None if absent


def wrapping(raw: bytes, proof: bytes, check: str, backs: str | None = None) -> tuple[Fact, Other]:
    """Return the fact that an entry of another record has arrived, and that entry's place for the envelope.

    `check` is the result of checking its proof: verifies, fails, not-checked. `Other` names the head under
    which it was proven, so that this log keeps what the other log had signed by then. `RecordError`: ENV-*,
    SIG-BAD, PRF-FORMAT.
    """
    opened, parsed = open_(raw), parse_proof(proof)
    origin = opened.payload.log
    public: dict[str, Any] = {
        "origin": origin,
        "index": parsed.index,
        "leaf": opened.leaf,
        "envelope": sha256(raw).hexdigest(),
        "proof_check": check,
    }
    if backs is not None:
        public["backs"] = backs
    return build(KIND, public, {}), Other(origin, parsed.index, opened.leaf, note_digest(parsed.note))


def wrapping_crossed(raw: bytes, size: int) -> Fact:
    """Return the fact that an entry sealed for this log came too late for the place that its signer meant.

    Others had written first. `size` is the number of entries that the log then had; it is recorded as the
    index. Raises `RecordError` ENV-*.
    """
    opened = open_(raw)
    public = {
        "origin": opened.payload.log,
        "index": size,
        "leaf": opened.leaf,
        "envelope": sha256(raw).hexdigest(),
        "proof_check": "not-checked",
    }
    return build(KIND, public, {})


def wrapper_id(origin: str, index: int, attempt: int = 0) -> str:
    """Return the entry id under which one place of another log is wrapped: always the same, so that it arrives once.

    Further attempts have further ids, in case another entry has already used the first one.
    """
    more = f"\n{attempt}" if attempt else ""
    return sha256(f"{KIND}\n{origin}\n{index}{more}".encode()).hexdigest()[:32]


def acknowledges(opened: OpenedEntry, origin: str) -> tuple[int, str] | None:
    """Return the index and leaf of the entry of the log `origin` whose arrival elsewhere this entry acknowledges.

    None for an entry without the form of its kind: its signer may be anybody.
    """
    p = opened.payload
    if p.kind != KIND or p.schema != KINDS[KIND].schema or p.public.get("origin") != origin:
        return None
    index, leaf = p.public.get("index"), p.public.get("leaf")
    return (index, leaf) if type(index) is int and isinstance(leaf, str) else None


def as_counted(
    opened: OpenedEntry,
    wrapper: OpenedEntry,
    index: int,
    texts: Sequence[str] = (),
    *,
    destroyed: Collection[str] = (),
    known_to: str = "",
) -> Entry:
    """Return a wrapped entry as the law sees it: its signer's act, at the place in our record where it arrived.

    `index` is the wrapper's. `texts` are the available disclosure strings. `destroyed` are the digests of
    values that, according to the record, can no longer be opened. `known_to` is the log whose register alone
    knows the signer, if no other does. Raises `RecordError` SD-* for strings of
    another entry.
    """
    values = lift(texts, opened.sd, public=opened.payload.public)
    digests = {name: digest_of(text) for name, text in zip(values, texts, strict=True)}
    closed = set(opened.sd).difference(digests.values())
    erased = opened.payload.sealed if closed and closed <= set(destroyed) else ()
    p, kind = wrapper.payload, opened.payload.kind
    supported = kind not in KINDS or KINDS[kind].schema == opened.payload.schema
    return replace(
        entry_of(opened, index, values, erased=erased, digests=digests),
        kind=kind if supported else f"{kind}/{opened.payload.schema}",
        order=p.order,
        seq=p.seq,
        received=instant(p.signed_at),
        origin=None if opened.payload.log == p.log else opened.payload.log,
        place=None if opened.payload.log == p.log else p.public["index"],
        known_to=known_to or None,
    )

"""Another party's sealed entry inside one of ours: how it is wrapped, and what the law sees of it.

Wrapped, not merged: the bytes stay as its signer signed them, for its own log, and are kept with their proof beside the
entry of ours that names them. Where the proof was found to verify, and no entry of ours is backed by it, the law counts
it as its signer's own act, at the place where it arrived here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from ledger.entries.case import Entry, instant
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.payload import Other
from ledger.facts import KINDS, Fact, build
from ledger.formats.selective_disclosure import digest_of, lift
from ledger.tlog.note import note_digest
from ledger.tlog.tree import parse_proof

KIND = "counterparty-record-received"
PROOF, VALUES = ".tlog-proof", ".txt"  # beside an entry, under its SHA-256: its proof, and what opens its values

Foreign = Callable[[str], bytes | None]  # SHA-256 of an entry in hex, or a name beside it -> content, None if absent


def wrapping(raw: bytes, proof: bytes, check: str, backs: str | None = None) -> tuple[Fact, Other]:
    """The fact that an entry of another record has arrived, and its place there, for the envelope of ours.

    `check` is what checking its proof showed: verifies, fails, not-checked. `other` names the head it was proven under,
    so that our log keeps what theirs had signed by then. `RecordError`: ENV-*, SIG-BAD, PRF-FORMAT.
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
    """The fact that an entry sealed for our own log came too late to stand where its signer meant it to.

    Others had written first, in `size` entries of the log by then; which is the place it is given. `RecordError` ENV-*.
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
    """The entry id under which one place of another log is wrapped, always the same, so that it arrives once.

    Further attempts have further ids, for where somebody has taken the first one for something else.
    """
    more = f"\n{attempt}" if attempt else ""
    return sha256(f"{KIND}\n{origin}\n{index}{more}".encode()).hexdigest()[:32]


def acknowledges(opened: OpenedEntry, origin: str) -> tuple[int, str] | None:
    """The index and leaf of the entry of the log `origin` that an entry from elsewhere says has arrived there."""
    p = opened.payload
    if p.kind != KIND or p.schema != KINDS[KIND].schema or p.public.get("origin") != origin:
        return None
    return p.public["index"], p.public["leaf"]


def as_counted(
    opened: OpenedEntry,
    wrapper: OpenedEntry,
    index: int,
    texts: Sequence[str] = (),
    *,
    destroyed: Collection[str] = (),
) -> Entry:
    """A wrapped entry as the law sees it: its signer's act, at the place in our record where it arrived.

    `index` is the wrapper's, `texts` the disclosure strings at hand, `destroyed` the digests of values that the record
    says nobody can open any more. `RecordError` SD-* for strings that are not the entry's.
    """
    values: Mapping[str, Any] = lift(texts, opened.sd, public=opened.payload.public) if texts else {}
    digests = {name: digest_of(text) for name, text in zip(values, texts, strict=True)}
    closed = set(opened.sd).difference(digests.values())
    erased = opened.payload.sealed if closed and closed <= set(destroyed) else ()
    p, kind = wrapper.payload, opened.payload.kind
    known = kind not in KINDS or KINDS[kind].schema == opened.payload.schema
    return replace(
        entry_of(opened, index, values, erased=erased, digests=digests),
        kind=kind if known else f"{kind}/{opened.payload.schema}",
        order=p.order,
        seq=p.seq,
        received=instant(p.signed_at),
        origin=None if opened.payload.log == p.log else opened.payload.log,
        place=None if opened.payload.log == p.log else p.public["index"],
    )

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

from ledger.chain import access_of, registry_of
from ledger.envelope import Opened, Other, entry_of, open_
from ledger.facts import KINDS, Fact, build, check_form
from ledger.keyring import Keyring
from ledger.note import note_digest
from ledger.order import Entry, instant
from ledger.refusal import Refused
from ledger.tlog import leaf_hash, parse_proof
from ledger.veil import digest_of, lift

KIND = "counterparty-record-received"
PROOF, VALUES = ".tlog-proof", ".txt"  # beside an entry, under its SHA-256: its proof, and what opens its values

Foreign = Callable[[str], bytes | None]  # SHA-256 of an entry in hex, or a name beside it -> content, None if absent


def wrapping(raw: bytes, proof: bytes, check: str, backs: str | None = None) -> tuple[Fact, Other]:
    """The fact that an entry of another record has arrived, and its place there, for the envelope of ours.

    `check` is what checking its proof showed: verifies, fails, not-checked. `other` names the head it was proven under,
    so that our log keeps what theirs had signed by then. `Refused`: ENV-*, SIG-BAD, PRF-FORMAT.
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

    Others had written first, in `size` entries of the log by then; which is the place it is given. `Refused` ENV-*.
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


def wrapper_id(origin: str, index: int) -> str:
    """The entry id under which one place of another log is wrapped, always the same, so that it arrives once."""
    return sha256(f"{KIND}\n{origin}\n{index}".encode()).hexdigest()[:32]


def acknowledges(opened: Opened, origin: str) -> tuple[int, str] | None:
    """The index and leaf of the entry of the log `origin` that an entry from elsewhere says has arrived there."""
    p = opened.payload
    if p.kind != KIND or p.schema != KINDS[KIND].schema or p.public.get("origin") != origin:
        return None
    return p.public["index"], p.public["leaf"]


def wrapped(wrapper: Opened, foreign: Foreign) -> Opened | None:
    """The entry that a wrapper of ours counts as its signer's own act; None if it counts for nothing beside itself.

    Its bytes must be at hand and those that the wrapper names. One that backs an entry of ours lends it its weight and
    is not counted twice; an acknowledgement, or an entry of a register, says nothing about the order. One that was
    sealed for this very log and crossed another in the post has no proof: whether its key could sign is to be asked of
    our own register.
    """
    p = wrapper.payload
    if p.kind != KIND or p.schema != KINDS[KIND].schema:
        return None
    said = p.public
    raw = foreign(str(said.get("envelope"))) if "backs" not in said else None
    if raw is None or sha256(raw).hexdigest() != said.get("envelope") or leaf_hash(raw).hex() != said.get("leaf"):
        return None
    try:
        opened = open_(raw)
        inner = opened.payload
        if inner.kind in KINDS and inner.schema == KINDS[inner.kind].schema:
            check_form(inner.kind, {n: v for n, v in inner.public.items() if n != "_sd"}, inner.sealed)
    except Refused:
        return None
    apart = (registry_of(inner.log), access_of(inner.log))
    check = "not-checked" if inner.log == p.log else "verifies"
    if (
        inner.kind == KIND
        or inner.order in apart
        or (inner.log, check) != (said.get("origin"), said.get("proof_check"))
    ):
        return None
    return opened


def is_impostor(opened: Opened, keyring: Keyring, index: int) -> bool:
    """True if an entry of another record is signed in the name of an office that has keys here, and by none of them.

    Names of offices are given by each record's own registrar; what counts is the key. `index` is the wrapper's.
    """
    signer = opened.payload.signer
    ours = {
        key.public
        for key in keyring.keys.values()
        if key.actor == signer.actor and key.accepted is not None and key.accepted < index
    }
    return bool(ours) and signer.key not in ours


def as_counted(
    opened: Opened,
    wrapper: Opened,
    index: int,
    texts: Sequence[str] = (),
    *,
    destroyed: Collection[str] = (),
) -> Entry:
    """A wrapped entry as the law sees it: its signer's act, at the place in our record where it arrived.

    `index` is the wrapper's, `texts` the disclosure strings at hand, `destroyed` the digests of values that the record
    says nobody can open any more. `Refused` SD-* for strings that are not the entry's.
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
    )

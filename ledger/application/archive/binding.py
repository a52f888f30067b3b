"""Check that the log of an archive states its manifest, by an entry of the register and its inclusion proof.

The entry comes after the entries of the archive. So its inclusion proof leads to a later checkpoint, and a consistency
proof shows that the tree of that checkpoint begins with the entries of the archive.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from ledger.application.archive.manifest import ENTRY, GROWN, PROOF, Manifest
from ledger.application.integrity.audit import Audit
from ledger.bundle.layout import Arranged
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.placement import Link, check_place, registry_of
from ledger.errors import RecordError
from ledger.tlog.note import MlDsa
from ledger.tlog.policy import Policy
from ledger.tlog.tree import check_consistency, check_inclusion, leaf_hash, parse_proof
from ledger.trust.trust_folder import Trust
from ledger.verify import heads
from ledger.verify.field_forms import check_public, known
from ledger.verify.heads import DRIFT
from ledger.verify.progress import VerificationLog, placed

KIND = "archive-made"


class Bound(Struct, frozen=True):
    """The manifest that the log has to state, its digest, the audit of its entries, and the register's last entry."""

    manifest: Manifest
    digest: str
    walked: Audit
    last: Link | None


def check_statement(
    bound: Bound,
    entry: bytes | None,
    proof: bytes | None,
    grown: bytes | None,
    policy: Policy,
    trust: Trust | None,
    mldsa: MlDsa | None,
    now: datetime,
    book: VerificationLog,
) -> None:
    """Check the entry that states the manifest, its inclusion proof, and the consistency proof.

    If one of the three is missing, the doubt ARC-UNBOUND is added. Raises `RecordError` ARC-MANIFEST if the entry
    states another manifest, and the codes of entries, proofs and checkpoints. A head of the proof that too few
    witnesses of the policy have seen by `now` (UTC) is a doubt, CP-QUORUM.
    """
    if entry is None or proof is None or grown is None:
        missing = next(name for name, data in ((ENTRY, entry), (PROOF, proof), (GROWN, grown)) if data is None)
        says = "no entry of the log states the manifest: whether these are the files that were made is not proven"
        book.doubt("ARC-UNBOUND", says, missing)
        return
    try:
        opened = open_(entry)
        check_public(opened.payload)
    except RecordError as wrong:
        raise placed(wrong, ENTRY) from wrong
    parsed = parse_proof(proof)
    _check_entry(bound, opened, parsed.index)
    states = heads.open_heads(
        Arranged(checkpoint=parsed.note),
        bound.manifest.origin,
        policy,
        book,
        mldsa,
        here=PROOF,
    )
    heads.check_sizes(states, trust)
    head = states.head.checkpoint
    try:
        check_inclusion(parsed.index, head.size, leaf_hash(entry), parsed.path, head.root)
    except RecordError as wrong:
        raise placed(wrong, PROOF) from wrong
    try:
        made = bound.walked.frontier.root()
        check_consistency(bound.manifest.size, head.size, made, head.root, heads.hashes(grown))
    except RecordError as wrong:
        raise placed(wrong, GROWN) from wrong
    seen = policy.names(key for key, time in states.head.cosignatures if time <= (now + DRIFT).timestamp())
    if not policy.met(seen):
        says = "too few witnesses of the policy saw the head under which the log states the manifest"
        book.doubt("CP-QUORUM", says, PROOF)
    book.says(f"entry {parsed.index} of the log states the manifest")


def _check_entry(bound: Bound, opened: OpenedEntry, index: int) -> None:
    """Check that the entry is of the log, by a key of the register, and about this manifest."""
    p, manifest = opened.payload, bound.manifest
    if (p.log, p.order, p.kind) != (manifest.origin, registry_of(manifest.origin), KIND) or index < manifest.size:
        raise RecordError("ARC-MANIFEST", f"it is not an {KIND} of this log after the archive's entries", where=ENTRY)
    if known(p) is None:  # the register takes a kind of a later version from every key: no role is asked for it
        raise RecordError("ARC-MANIFEST", f"it is a {KIND} of a schema that is not known here", where=ENTRY)
    stated = tuple(p.public.get(name) for name in ("manifest_digest", "size", "root"))
    if stated != (bound.digest, manifest.size, manifest.root):
        raise RecordError("ARC-MANIFEST", "the log states another manifest than the one here", where=ENTRY)
    if bound.last is not None and index == manifest.size:
        check_place(opened, manifest.origin, bound.last)
    if bound.walked.keyring is not None:
        bound.walked.keyring.check(opened, index)

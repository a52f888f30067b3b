"""Check committed heads: that orders have no other entries than these, as far as the ledger committed to it.

The ledger itself states one root over the heads of all its orders (`ledger.tlog.map_of_heads`). A bundle carries this
entry, and for each of its orders the proof of the head; of a folder the proofs are made anew. The head of an order is
the root over the leaf hashes of its entries, so that an entry left out, added or exchanged has another one.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.bundle.layout import COMMIT, MAP, Arranged
from ledger.bundle.manifest import Manifest
from ledger.entries.case import instant
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring
from ledger.entries.placement import check_commits, committed_by
from ledger.errors import RecordError
from ledger.tlog.map_of_heads import order_key
from ledger.tlog.patricia_tree import check_lookup
from ledger.tlog.tree import Frontier, parse_proof
from ledger.verify.entries import check_leaf, doubt_key, suspect
from ledger.verify.field_forms import check_public
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog, placed
from ledger.verify.report import CommittedHeads
from ledger.verify.time_brackets import Times


def check_committed(
    parts: Arranged,
    opened: Mapping[int, OpenedEntry],
    manifest: Manifest,
    keyring: Keyring,
    times: Times,
    book: VerificationLog,
) -> CommittedHeads | None:
    """Return the committed heads with which the orders of the bundle agree; None if it has none.

    Raises BND-MANIFEST for a part that is missing; what is wrong with the entry that commits: ENV-*, PRF-*, SIG-BAD,
    FACT, CTX-*, KEY-*, MAP-SIZE; and of the proofs MAP-FORMAT, MAP-PATH, MAP-HEAD. Doubts KEY-SUSPECT.
    """
    if parts.commit == (None, None) and not parts.map_proofs:
        return None
    raw, proof = parts.commit
    for content, ending in ((raw, "dsse.json"), (proof, "tlog-proof")):
        if content is None:
            raise RecordError(
                "BND-MANIFEST", "heads are proven under the entry that commits them", where=f"{COMMIT}.{ending}"
            )
    for order in sorted(parts.map_proofs.keys() ^ manifest.heads.keys()):
        says = "committed heads come with the proof of each order in the bundle, and of no other"
        raise RecordError("BND-MANIFEST", says, where=f"{MAP}/{order}.mptproof")
    try:
        index, commit = open_commit(raw or b"", proof or b"", times.heads, keyring)
    except RecordError as wrong:
        raise placed(wrong, COMMIT) from wrong
    committed = check_heads(index, commit, parts.map_proofs, opened, times.heads.head.checkpoint.size)
    for actor, since, doubtful in suspect({index: commit}, keyring, times):
        doubt_key(actor, since, doubtful, COMMIT, book)
    return committed


def check_heads(
    index: int,
    commit: OpenedEntry,
    proofs: Mapping[str, bytes],
    opened: Mapping[int, OpenedEntry],
    head_size: int,
    where: str = f"{MAP}/{{}}.mptproof",
) -> CommittedHeads:
    """Return what a checked entry at `index` commits to of the orders with proofs, whose entries are in `opened`.

    `head_size` is the size of the head that these are under, `where` names the proof of an order in an error. Raises
    MAP-FORMAT, MAP-PATH, and MAP-HEAD if an order had other entries then.
    """
    size, root = commit.payload.public["size"], bytes.fromhex(commit.payload.public["map_root"])
    counts = {}
    for order in sorted(proofs):
        try:
            counts[order] = check_head(order, proofs[order], opened, size, root)
        except RecordError as wrong:
            raise placed(wrong, where.format(order)) from wrong
    return CommittedHeads(index, size, instant(commit.payload.signed_at), counts, index == size == head_size - 1)


def open_commit(raw: bytes, proof: bytes, heads: Heads, keyring: Keyring) -> tuple[int, OpenedEntry]:
    """Return an entry that commits heads, with its index: it is in the log of these heads, and its key could sign it.

    The entries before it in its order are not at hand, so its number there is not checked.
    """
    opened = open_(raw)
    index = parse_proof(proof).index
    check_leaf(raw, proof, index, heads.head)
    check_commit(opened, index, heads.head.checkpoint.origin, keyring)
    return index, opened


def check_commit(opened: OpenedEntry, index: int, origin: str, keyring: Keyring) -> tuple[int, bytes]:
    """Return size and root that an entry commits its log to: its key could sign it at this place of the log.

    Raises FACT, CTX-*, KEY-*, MAP-SIZE.
    """
    p = opened.payload
    if p.log != origin:
        raise RecordError("CTX-LOG", f"sealed for the log {p.log}, not for {origin}")
    check_public(p)
    check_commits(p)
    commit = committed_by(p)
    if commit is None or p.instrument is not None:
        raise RecordError("CTX-ORDER", f"{p.kind} in order {p.order} commits no heads of the log")
    keyring.check(opened, index)
    keyring.check_role(p.signer, index)
    if not 0 <= commit[0] <= index:
        raise RecordError("MAP-SIZE", f"it is entry {index}, and speaks of {commit[0]} entries before it")
    return commit


def check_head(order: str, proof: bytes, opened: Mapping[int, OpenedEntry], size: int, root: bytes) -> int:
    """Return how many entries an order has below `size`, and check that they are the ones committed under `root`.

    Raises MAP-FORMAT, MAP-PATH, and MAP-HEAD if the order had other entries then.
    """
    own = Frontier()
    for index, entry in sorted(opened.items()):
        if entry.payload.order == order and index < size:
            own.add(bytes.fromhex(entry.leaf))
    committed = check_lookup(order_key(order), proof, root)
    if committed != (own.root() if own.size else None):
        has = "no such order" if committed is None else "another head"
        says = f"with the first {own.size} entries here order {order} has not the head that was committed: {has}"
        raise RecordError("MAP-HEAD", says)
    return own.size

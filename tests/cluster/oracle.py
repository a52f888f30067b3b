"""Compare every receipt that was ever given out with the log that survived.

The tree is computed anew from the stored bytes. An entry is lost if a receipt names it and the log does not have it at
that index; two signed heads are a fork if the log does not have both as its own past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from comity.remote.recording import RecordedEntry
from ledger.adapters.storage.connection import ReadableLocation
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.entries.envelope import open_
from ledger.tlog.note import open_checkpoint
from ledger.tlog.tree import Frontier, check_inclusion, leaf_hash, parse_proof
from ledger.trust.trust_folder import Trust


@dataclass
class Found:
    """What a comparison found; a whole log has neither `lost` nor `forks` nor `holes`."""

    size: int = 0
    lost: list[str] = field(default_factory=list)
    forks: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)


def compare(
    store: ReadableLocation,
    trust: Trust,
    receipts: Iterable[RecordedEntry],
    on_record: Iterable[str],
    notes: Iterable[bytes],
) -> Found:
    """Read the stored log, and compare it with receipts, with ids of entries that are on record, and heads.

    `trust` has the keys of the log; `notes` are signed heads, each as a signed note.
    """
    found, origin = Found(), trust.policy.logs[0].name
    frontier, leaves, roots, ids = Frontier(), [], {}, Counter[str]()
    numbers: dict[str, int] = {}
    with EntryReader(store) as reader:
        for page in reader.pages():
            for index, raw in page:
                if index != frontier.size:
                    found.holes.append(f"index {frontier.size} is missing before {index}")
                payload = open_(raw).payload
                if payload.seq != numbers.get(payload.order, 0) + 1:
                    found.holes.append(f"order {payload.order} has {payload.seq} after {numbers.get(payload.order, 0)}")
                numbers[payload.order] = payload.seq
                ids[payload.entry] += 1
                leaves.append(leaf_hash(raw))
                frontier.add(leaves[-1])
                roots[frontier.size] = frontier.root()
    found.size = frontier.size
    found.lost += [f"entry {entry}" for entry in on_record if ids[entry] != 1]
    found.forks += [f"entry {entry} is there {count} times" for entry, count in ids.items() if count > 1]
    for each in receipts:
        proof = parse_proof(each.proof)
        if each.index >= len(leaves) or leaves[each.index].hex() != each.leaf or proof.index != each.index:
            found.lost.append(f"index {each.index}, entry {each.entry}")
            continue
        size, root = _head(proof.note, origin, trust)
        check_inclusion(each.index, size, leaves[each.index], proof.path, root)
        if roots.get(size) != root:
            found.forks.append(f"a receipt has another root of {size} entries")
    for note in notes:
        size, root = _head(note, origin, trust)
        if size and roots.get(size) != root:
            found.forks.append(f"a head has another root of {size} entries")
    return found


def _head(note: bytes, origin: str, trust: Trust) -> tuple[int, bytes]:
    """Return size and root of a signed head; `RecordError` CP-* if the log did not sign it."""
    checkpoint = open_checkpoint(note, origin, trust.policy.logs, ()).checkpoint
    return checkpoint.size, checkpoint.root

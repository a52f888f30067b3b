"""Recall what this ledger has received of another log, to compare newly received entries with it.

Entries of one order are wrapped in the order of the same id here, so only the orders of the new entries are
read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256

from ledger.adapters.folders.received_files import FOREIGN, ReceivedFiles
from ledger.adapters.storage.entry_store import EntryStore
from ledger.entries.envelope import open_
from ledger.entries.split_view import Shown
from ledger.entries.wrapped_entry import KIND, PROOF
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint, Vkey, open_checkpoint
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from ledger.verify.earlier_bundles import EarlierEntries

Received = tuple[bytes, bytes]  # a sealed entry and its proof


def recalled(
    origin: str,
    orders: Iterable[str],
    store: EntryStore,
    received: ReceivedFiles,
    keys: Sequence[Vkey],
    register: Mapping[int, Received],
) -> EarlierEntries:
    """Return the entries of the log `origin` wrapped in these orders of ours, and of its `register`, with their proofs.

    `keys` are those of the log. Entries that are lost or do not
    verify are left out.
    """
    shown_before = [*register.values()]
    for order in dict.fromkeys(orders):
        shown_before += _wrapped(origin, order, store, received)
    heads: dict[bytes, tuple[Vkey, Checkpoint] | None] = {}
    entries = {}
    for raw, proof in shown_before:
        shown = _shown(raw, proof, origin, keys, heads)
        if shown is not None:
            entries[raw] = shown
    return EarlierEntries(origin, tuple(entries.values()))


def _wrapped(origin: str, order: str, store: EntryStore, received: ReceivedFiles) -> Iterator[Received]:
    for _, raw in store.order(order):
        p = open_(raw, verify=False).payload
        if p.kind != KIND or p.public.get("origin") != origin:
            continue
        name = p.public.get("envelope")
        entry, proof = (received.read(f"{FOREIGN}/{name}{ending}") for ending in ("", PROOF))
        if entry is not None and proof is not None and sha256(entry).hexdigest() == name:
            yield entry, proof


def _shown(
    raw: bytes,
    proof: bytes,
    origin: str,
    keys: Sequence[Vkey],
    heads: dict[bytes, tuple[Vkey, Checkpoint] | None],
) -> Shown | None:
    """Return an entry as its log showed it; None if its proof does not lead to a head that the log signed."""
    try:
        parsed = parse_proof(proof)
        if parsed.note not in heads:
            heads[parsed.note] = _signed(parsed.note, origin, keys)
        signed = heads[parsed.note]
        if signed is None:
            return None
        log, head = signed
        check_inclusion(parsed.index, head.size, leaf_hash(raw), parsed.path, head.root)
        open_(raw)
    except RecordError:
        return None
    return Shown(raw, proof, log)


def _signed(note: bytes, origin: str, keys: Sequence[Vkey]) -> tuple[Vkey, Checkpoint] | None:
    for key in keys:
        with suppress(RecordError):
            return key, open_checkpoint(note, origin, key, ()).checkpoint
    return None

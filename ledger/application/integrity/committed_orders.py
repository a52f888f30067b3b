"""Check orders of a folder against the heads that the ledger committed, as the verifier of a bundle does (step 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ledger.adapters.log.head_store import heads_at
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.integrity.audit import other_root
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring
from ledger.entries.placement import committed_by, map_of
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import check_inclusion, leaf_hash, prove_inclusions
from ledger.verify.completeness.committed_heads import check_commit, check_heads
from ledger.verify.progress import placed
from ledger.verify.report import CommittedHeads

_NO_COMMIT = frozenset({"CTX-ORDER", "KEY-ROLE"})  # of an entry that is no commit, and of one by a key without the role


def newest_commit(
    store: EntryReader, origin: str, head: Checkpoint, keyring: Keyring
) -> tuple[int, OpenedEntry] | None:
    """Return the newest entry under this head that commits the ledger, with its index; None if none does.

    `RecordError` with the place of an entry of the map order that no key could sign there, or that is not in the tree.
    """
    for index, raw in reversed(store.order(map_of(origin))):
        if index >= head.size:
            continue
        try:
            opened = open_(raw)
            (path,) = prove_inclusions([index], head.size, store.hashes)
            check_inclusion(index, head.size, leaf_hash(raw), path, head.root)
            check_commit(opened, index, origin, keyring)
        except RecordError as wrong:
            if wrong.code in _NO_COMMIT:
                continue
            raise placed(wrong, f"#{index}") from wrong
        return index, opened
    return None


def check_orders(
    store: EntryReader,
    kept_map: Path,
    commit: tuple[int, OpenedEntry],
    opened: Mapping[int, OpenedEntry],
    orders: Sequence[str],
    head: Checkpoint,
) -> CommittedHeads:
    """Return the committed heads with which these orders agree; `opened` has all of their entries that are here.

    The proofs come from the kept map, else from the entries. Raises MAP-HEAD if an order had other entries then, and
    LOG-CORRUPT or MAP-ROOT if the entries of the log are not those of which the heads were committed.
    """
    index, entry = commit
    stated = committed_by(entry.payload)
    if stated is None:
        raise RecordError("CTX-ORDER", "it commits no heads of the log", where=f"#{index}")
    where = f"#{index}"
    try:
        heads = heads_at(kept_map, store, stated, orders)
        if heads.root != stated[1]:
            raise RecordError("MAP-ROOT", other_root(stated[0], stated[1], heads.root))
    except RecordError as wrong:
        raise placed(wrong, where) from wrong
    return check_heads(index, entry, heads.proofs, opened, head.size, where)

"""Fill a ledger folder with the entries that a mirror stores, checked against its cosignature and the log's signature.

A mirror has the entries and the signed head. It has no sealed values and no keys: these are not in the log. It has no
heads, time stamps and files of other logs either. What a backup has of them is kept, and the mirror adds the later
entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import ENTRIES_DB, read_folder
from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.log.published_log import LARGEST_NOTE, Fetch, entries_of
from ledger.adapters.log.static_files import StaticLog
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.client import check_times
from ledger.application.write.encrypt import row_of
from ledger.entries.envelope import open_each
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, open_checkpoint
from ledger.tlog.tile import FULL, bundles_for
from ledger.tlog.tree import Frontier, leaf_hash, root
from ledger.trust.trust_folder import Trust


class Mirrored(Struct, frozen=True):
    """What a mirror gave: its names, the number of entries that it stores, and the time of its cosignature (UTC).

    `added` entries came from it. `sealed` is the number of sealed values in them, none of which is here.
    """

    names: tuple[str, ...]
    size: int
    at: datetime
    added: int
    sealed: int


def lay_out(folder: Path, trust: Mapping[str, bytes]) -> None:
    """Write the files of a ledger without entries: the trust files, an empty event store, and no head."""
    for name, data in trust.items():
        private_folder((folder / "trust" / name).parent)
        replace_file(folder / "trust" / name, data)
    for name in ("trust/tsa", "log"):
        private_folder(folder / name)
    sync_folder(folder / "trust")
    EntryStore.create(folder / ENTRIES_DB).close()
    CheckpointStore.create(folder / "heads.db").close()


def complete_from_mirror(path: Path, fetch: Fetch, trust: Trust, now: datetime) -> Mirrored:
    """Add the entries to a ledger folder that a mirror has beyond it, and publish the head that the mirror cosigned.

    The keys of log and mirror are those of `trust`. `RecordError` CP-*: CP-SIG if none of its mirrors cosigned the
    head. `LedgerError`: LOG-ROLLBACK if the folder has more entries than the mirror, LOG-FORKED and LOG-CORRUPT if the
    entries do not make the signed tree, LOG-UNREACHABLE if one of them is not shown.
    """
    folder = read_folder(path)
    note = fetch("checkpoint", LARGEST_NOTE)
    witnesses = tuple(trust.policy.witnesses.values())
    head = open_checkpoint(note, folder.origin, trust.policy.logs, witnesses, mldsa=mldsa.verify)
    check_times(head.cosignatures, int(now.timestamp()), {})
    times = {key: time for key, time in head.cosignatures if key in trust.mirrors}
    if not times:
        raise RecordError("CP-SIG", "no mirror of your trust folder states that it stores this", where="checkpoint")
    size = head.checkpoint.size
    counted = _Sealed()
    with closing(EntryStore(folder.entries)) as store:
        before = store.size()
        if before > size:
            says = f"there are {before} entries here, and the mirror stores {size}"
            raise LedgerError("LOG-ROLLBACK", says, "restore without the mirror")
        if before < size:
            store.append_pages(_pages(fetch, head, Frontier.at(before, store.hashes), counted), expected={})
        elif root(size, store.hashes) != head.checkpoint.root:
            raise LedgerError("LOG-FORKED", f"the mirror has another tree of {size} entries of {folder.origin}")
    at = datetime.fromtimestamp(max(times.values()), UTC)
    with closing(EntryReader(folder.entries)) as reader, closing(CheckpointStore(folder.heads)) as heads:
        heads.keep(PublishedHead(size, note, at, min(times.values())))
        StaticLog(folder.log, folder.keys).publish(head.checkpoint, note, reader.hashes)
    return Mirrored(tuple(dict.fromkeys(key.name for key in times)), size, at, size - before, counted.values)


class _Sealed:
    """Count the sealed values of entries."""

    values = 0


def _pages(fetch: Fetch, head: Head, tree: Frontier, counted: _Sealed) -> Iterator[list[EntryRow]]:
    """Yield the rows of the entries after those of `tree`; LOG-CORRUPT at the end unless they make the signed tree."""
    size = head.checkpoint.size
    for bundle in bundles_for(tree.size, size):
        rows = []
        raws = entries_of(fetch, bundle.n, bundle.width)[tree.size - bundle.n * FULL :]
        for raw, opened in zip(raws, open_each(raws, verify=False), strict=True):
            if isinstance(opened, RecordError):
                raise LedgerError("LOG-CORRUPT", f"entry {tree.size} of the mirror: {opened.says}") from opened
            tree.add(leaf_hash(raw))
            counted.values += len(opened.payload.sealed)
            rows.append(row_of(opened))
        yield rows
    if tree.root() != head.checkpoint.root:
        says = f"the entries that the mirror shows are not the {size} that the log has signed and the mirror cosigned"
        raise LedgerError("LOG-CORRUPT", says, "restore from another mirror, or from a backup")

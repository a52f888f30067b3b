"""Check the entries behind an earlier copy before they are copied, and add them to the copy before them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ledger.adapters.folders.ledger_folder import ENTRIES_DB, read_folder
from ledger.adapters.storage.copy_entries import append_later, later_rows
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.backup.manifest import LATER, NAME, Manifest, parse_manifest
from ledger.application.case_reader import CaseReader
from ledger.entries.envelope import open_each
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tree import Frontier, leaf_hash, root


def root_at(reader: EntryReader, size: int) -> str:
    """Return the root of the first `size` entries of a store, in hex."""
    return root(size, reader.hashes).hex()


def check_later(later: Path, base: Manifest, reader: EntryReader) -> tuple[int, str]:
    """Check every signature, leaf and hash of copied entries, which follow those of `base`; return size and root.

    `reader` reads the ledger. `LedgerError`: LOG-FORKED if it does not begin with the entries of `base`, LOG-CORRUPT.
    """
    if reader.size() < base.size or root_at(reader, base.size) != base.root:
        says = f"the first {base.size} entries here are not those of the copy before"
        raise LedgerError("LOG-FORKED", says, "make a whole copy, and keep the one before: one of both is false")
    tree = Frontier.at(base.size, reader.hashes)
    for page in later_rows(later):
        for row, opened in zip(page, open_each([row.state for row in page]), strict=True):
            if isinstance(opened, RecordError):
                raise LedgerError("LOG-CORRUPT", f"entry {tree.size}: {opened.says}", "comity fsck says how far")
            hashes = tree.add(leaf_hash(row.state))
            if (row.index, row.leaf + row.nodes) != (tree.size - 1, b"".join(hashes)):
                says = f"the hashes stored with entry {tree.size - 1} are not its own"
                raise LedgerError("LOG-CORRUPT", says, "comity fsck says how far")
    return tree.size, tree.root().hex()


def add_later(unpacked: Path, folder: Path, file: str) -> Manifest:
    """Add the unpacked files of the copy `file` to the ledger in `folder`; return its list.

    `LedgerError`: COPY-FORMAT if it is whole or does not follow the copies before it, LOG-CORRUPT.
    """
    if (unpacked / ENTRIES_DB).exists() or not (unpacked / LATER).exists() or not (unpacked / NAME).exists():
        says = f"{file} is not an incremental copy: only the first of several is a whole one"
        raise LedgerError("COPY-FORMAT", says, "comity backup --since makes one")
    manifest = parse_manifest((unpacked / NAME).read_bytes(), file)
    with closing(EntryReader(folder / ENTRIES_DB)) as store:
        size, before = store.size(), root_at(store, store.size())
    if (manifest.since, manifest.since_root) != (size, before):
        same = " of another history" if manifest.since == size else ""
        says = f"{file} follows {manifest.since} entries{same}, and the copies before it have {size}"
        raise LedgerError("COPY-FORMAT", says, "give every copy, in order")
    append_later(folder / ENTRIES_DB, unpacked / LATER)
    with closing(EntryReader(folder / ENTRIES_DB)) as store:
        if (store.size(), root_at(store, store.size())) != (manifest.size, manifest.root):
            raise LedgerError("LOG-CORRUPT", f"{file}: its entries are not those of its list", "take another copy")
    for name in (LATER, NAME):
        (unpacked / name).unlink()
    for path in [path for path in unpacked.rglob("*") if path.is_file()]:
        place = folder / path.relative_to(unpacked)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(place)
    return manifest


def erase_destroyed(folder: Path) -> int:
    """Remove the ciphertexts whose keys an entry states as destroyed; return the number of these keys.

    An earlier copy has them from before the erasure. Without the key no value can be read from them.
    """
    ledger = read_folder(folder)
    with closing(EntryStore(ledger.entries)) as store:
        destroyed = store.still_sealing(CaseReader(ledger, store, None).destroyed_keys())
        for key_id in destroyed:
            store.remove_ciphertexts(key_id)
    return len(destroyed)

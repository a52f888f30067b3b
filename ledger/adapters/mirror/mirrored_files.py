"""Store the files of one mirrored log, named as in c2sp.org/tlog-tiles: first bundles of entries, then tiles of hashes.

A package of entries becomes a bundle and the tile of its leaves; both are durable before the entries are counted. The
other tiles are written when the entries of a checkpoint are complete. So a killed process leaves files that are not
counted yet; they are written again with the same bytes.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.log.published_log import from_folder, place_of, reader
from ledger.adapters.log.static_files import StaticLog
from ledger.adapters.mirror.mirror_state import MirrorState
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.witness_state import CosignedHead
from ledger.errors import LedgerError
from ledger.tlog.add_entries import EntryPackage
from ledger.tlog.note import Vkey, lines_of
from ledger.tlog.subtree import check_subtree_consistency
from ledger.tlog.tile import ENTRIES, FULL, Tile, pack_entries, tile_path, unpack_entries
from ledger.tlog.tree import Frontier, leaf_hash, root

_HASH = 32


class MirroredFiles:
    """Hold the files of one log in a folder; threads take turns. `keys` are those with which the log may sign."""

    def __init__(self, folder: Path, keys: tuple[Vkey, ...], state: MirrorState) -> None:
        self._folder = folder
        self._keys = keys
        self._origin = keys[0].name
        self._state = state
        self._static = StaticLog(folder, keys)
        self._turn = threading.Lock()  # of one process, which `Mirror` sees to
        sync_folder(private_folder(folder).parent)

    def read(self, tile: Tile) -> bytes:
        """Return a tile or a bundle; FileNotFoundError if it is not there."""
        return (self._folder / tile_path(tile)).read_bytes()

    def save(self, head: CosignedHead, first: int, package: EntryPackage) -> int:
        """Store a package whose first entry has the index `first`, and return the index after its last entry.

        `RecordError` SUB-PATH, and nothing is stored, unless the entries are in the tree of `head`. Entries that are
        stored already stay as they are. `LedgerError` LOG-CORRUPT if a file is missing or damaged.
        """
        n, start = first // FULL, first - first % FULL
        with self._turn:
            next_entry = self._state.next_entry(self._origin)
            if first > next_entry:
                raise LedgerError("LOG-CORRUPT", f"entry {next_entry} of {self._origin} is missing")
            entries = [*self._entries(n, next_entry)[: first - start], *package.entries]
            end = start + len(entries)
            leaves = [leaf_hash(entry) for entry in entries]
            tree = Frontier()
            for leaf in leaves:
                tree.add(leaf)
            check_subtree_consistency(start, end, head.size, tree.root(), head.root, package.proof)
            if end > next_entry:
                width = end - start
                self._write(Tile(ENTRIES, n, width), pack_entries(entries))
                self._write(Tile(0, n, width), b"".join(leaves))
                self._state.count_entries(self._origin, end)
                if width == FULL:  # the full files are durable and counted now
                    for level in (ENTRIES, 0):
                        full = self._folder / tile_path(Tile(level, n, FULL))
                        shutil.rmtree(full.with_name(f"{full.name}.p"), ignore_errors=True)
        return end

    def complete(self, head: CosignedHead) -> None:
        """Write what readers of the tree of `head` need, and compare the root of the tiles with it; LOG-CORRUPT."""
        n, width = divmod(head.size, FULL)
        with self._turn:
            next_entry = self._state.next_entry(self._origin)
            if width and next_entry < (n + 1) * FULL:  # else the full bundle is there, which readers take instead
                self._write(Tile(ENTRIES, n, width), pack_entries(self._entries(n, next_entry)[:width]))
            self._static.prepare(head.size, self._hashes)
        if root(head.size, reader(from_folder(self._folder), head.size)) != head.root:
            raise LedgerError("LOG-CORRUPT", f"the tiles of {self._origin} are not those of its {head.size} entries")

    def unsigned(self, note: bytes) -> bytes:
        """Return a note with the lines of the log alone."""
        text, blank, _ = note.rpartition(b"\n\n")
        return text + blank + "".join(lines_of(note, self._keys).values()).encode()

    def show(self, head: CosignedHead) -> None:
        """Replace the file `checkpoint`, unless it is of a larger tree."""
        self._static.show(head.size, head.note)

    def _entries(self, n: int, next_entry: int) -> list[bytes]:
        """Return the stored entries of bundle `n`."""
        width = min(FULL, max(next_entry - n * FULL, 0))
        return unpack_entries(self._stored(Tile(ENTRIES, n, width))) if width else []

    def _hashes(self, indexes: Sequence[int]) -> list[bytes]:
        """Return the hashes of leaves and of full tiles, by stored index, from the tiles one level below."""
        next_entry = self._state.next_entry(self._origin)
        found, tiles = [], dict[Tile, bytes]()
        for index in indexes:
            height, n = place_of(index)
            if height:
                found.append(_root(self._stored(Tile(height // 8 - 1, n, FULL))))
            else:
                tile = Tile(0, n // FULL, min(FULL, next_entry - n // FULL * FULL))
                data = tiles.get(tile) or tiles.setdefault(tile, self._stored(tile))
                found.append(data[n % FULL * _HASH :][:_HASH])
        return found

    def _stored(self, tile: Tile) -> bytes:
        try:
            return self.read(tile)
        except FileNotFoundError:
            raise LedgerError("LOG-CORRUPT", f"{self._folder / tile_path(tile)} is missing") from None

    def _write(self, tile: Tile, data: bytes) -> None:
        path = self._folder / tile_path(tile)
        private_folder(path.parent)
        replace_file(path, data)
        for folder in (path.parent, *path.parent.parents):
            sync_folder(folder)
            if folder == self._folder:
                break


def _root(tile: bytes) -> bytes:
    """Return the hash of the subtree of which a full tile has the lowest hashes."""
    tree = Frontier()
    for at in range(0, len(tile), _HASH):
        tree.add(tile[at : at + _HASH])
    return tree.root()

"""Publish a log as static files: `checkpoint`, hash tiles and, for readers who may read them, entry bundles.

Every file is written under another name, synced, renamed, and its folder synced. The checkpoint is written
last, so that every file it needs exists. A tile that is missing or short is written again. A full tile with
other bytes means that the event store or the tile was changed. Source: c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.keys import mldsa
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, Head, LogKey, Vkey, in_turn, open_checkpoint
from ledger.tlog.tile import ENTRIES, FULL, Tile, bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import Read

Entries = Callable[[int, int], Sequence[bytes]]  # (first index, number) -> sealed lines


class StaticLog:
    """Write the published files of one log in a folder."""

    def __init__(self, folder: Path, key: LogKey) -> None:
        self.folder = folder
        self.key = key

    def head(self, witnesses: Sequence[Vkey] = ()) -> Head | None:
        """Return the published checkpoint, verified; None before the first. LOG-CORRUPT if it is not of this log."""
        path = self.folder / "checkpoint"
        try:
            return open_checkpoint(
                path.read_bytes(), in_turn(self.key)[0].name, self.key, witnesses, mldsa=mldsa.verify
            )
        except FileNotFoundError:
            return None
        except RecordError as refused:
            raise LedgerError("LOG-CORRUPT", f"{path}: {refused}", "comity fsck compares what there is") from refused

    def publish(self, checkpoint: Checkpoint, note: bytes, read: Read, entries: Entries | None = None) -> None:
        """Write the files up to a signed head: the new tiles, then the checkpoint; durable on return.

        A smaller head than the published one changes nothing. With `entries`, bundles are written as well.
        """
        self.prepare(checkpoint.size, read, entries)
        self.show(checkpoint.size, note)

    def prepare(self, size: int, read: Read, entries: Entries | None = None) -> None:
        """Write the tiles of the first `size` entries that the published head does not have; durable on return.

        LOG-CORRUPT if a file differs.
        """
        with self._lock():
            head = self.head()
            published = head.checkpoint.size if head else 0
            if published < size:
                self._write(tiles_for(published, size), read, entries)
                if entries:
                    self._write(bundles_for(published, size), read, entries)

    def show(self, size: int, note: bytes) -> None:
        """Replace the published checkpoint by the note of a head whose tiles are there, unless it is smaller."""
        with self._lock():
            head = self.head()
            if head is None or (head.checkpoint.size <= size and head.note != note):
                replace_file(self.folder / "checkpoint", note)
                sync_folder(self.folder)

    def rebuild(self, size: int, read: Read, entries: Entries | None = None) -> None:
        """Write the missing and short files of the first `size` entries again; LOG-CORRUPT if a file differs."""
        with self._lock():
            self._write([*tiles_for(0, size), *(bundles_for(0, size) if entries else ())], read, entries)

    def _write(self, tiles: Sequence[Tile], read: Read, entries: Entries | None) -> None:
        folders: set[Path] = set()
        for tile in tiles:
            path = self.folder / tile_path(tile)
            first = tile.n * FULL
            data = pack_entries(entries(first, tile.width)) if tile.level == ENTRIES and entries else b""
            if self._place(path, data or tile_bytes(tile, read)):
                folders |= {p for p in (path.parent, *path.parent.parents) if p.is_relative_to(self.folder)}
        for folder in sorted(folders, reverse=True):
            sync_folder(folder)
        for tile in tiles:  # the full tile is durable now and replaces its partial ones
            if tile.width == FULL:
                full = self.folder / tile_path(tile)
                shutil.rmtree(full.with_name(full.name + ".p"), ignore_errors=True)

    @staticmethod
    def _place(path: Path, data: bytes) -> bool:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            private_folder(path.parent)
        else:
            if content == data:
                return False
            if len(content) >= len(data):
                raise LedgerError(
                    "LOG-CORRUPT", f"{path} is not what the entries give", "somebody changed it, or the entries"
                )
        replace_file(path, data)
        return True

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process publish at a time, so that a slow one does not replace a newer checkpoint by an older one."""
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

"""Publish a log as static files: `checkpoint`, hash tiles and, for readers who may read them, entry bundles.

Every file is written under another name and renamed. The checkpoint is written last, so that every file it needs
exists. A tile that is missing or short is written again. A tile with other bytes means that the event store or the
tile was changed. Source: c2sp.org/tlog-tiles.

All of it can be derived from the entries and the guard. So partial tiles and a checkpoint without cosignatures are not
synced: a power cut can take them, and the next writer mends what it took. Full tiles and cosigned checkpoints are
synced, with their folders.
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
from ledger.tlog.tile import (
    ENTRIES,
    FULL,
    Tile,
    bundles_for,
    pack_entries,
    partial_tiles,
    tile_bytes,
    tile_path,
    tiles_for,
)
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
            note = path.read_bytes()
            if not _is_torn(note):
                return open_checkpoint(note, in_turn(self.key)[0].name, self.key, witnesses, mldsa=mldsa.verify)
        except FileNotFoundError:
            pass
        except RecordError as refused:
            raise LedgerError("LOG-CORRUPT", f"{path}: {refused}", "comity fsck compares what there is") from refused
        return None

    def publish(
        self, checkpoint: Checkpoint, note: bytes, read: Read, entries: Entries | None = None, *, durable: bool = True
    ) -> None:
        """Write the files up to a signed head: the new tiles, then the checkpoint.

        A smaller head than the published one changes nothing. With `entries`, bundles are written as well.
        """
        self.prepare(checkpoint.size, read, entries, durable=durable)
        self.show(checkpoint.size, note, durable=durable)

    def mend(self, read: Read) -> None:
        """Write the partial tiles of the published head again, where a power cut took them."""
        with self._lock():
            head = self.head()
            if head is not None:
                self._write(partial_tiles(head.checkpoint.size), read, None, durable=False)

    def prepare(self, size: int, read: Read, entries: Entries | None = None, *, durable: bool = True) -> None:
        """Write the tiles of the first `size` entries that the published head does not have.

        Full tiles are durable on return; with `durable`, partial ones are as well. LOG-CORRUPT if a file differs.
        """
        with self._lock():
            head = self.head()
            published = head.checkpoint.size if head else 0
            if published < size:
                self._write(tiles_for(published, size), read, entries, durable=durable)
                if entries:
                    self._write(bundles_for(published, size), read, entries, durable=durable)

    def show(self, size: int, note: bytes, *, durable: bool = True) -> None:
        """Replace the published checkpoint by the note of a head whose tiles are there, unless it is smaller."""
        with self._lock():
            head = self.head()
            if head is None or (head.checkpoint.size <= size and head.note != note):
                replace_file(self.folder / "checkpoint", note, durable=durable)
                if durable:
                    sync_folder(self.folder)

    def rebuild(self, size: int, read: Read, entries: Entries | None = None) -> None:
        """Write the missing and short files of the first `size` entries again; LOG-CORRUPT if a file differs."""
        with self._lock():
            tiles = [*tiles_for(0, size), *(bundles_for(0, size) if entries else ())]
            self._write(tiles, read, entries, durable=True)

    def _write(self, tiles: Sequence[Tile], read: Read, entries: Entries | None, *, durable: bool) -> None:
        folders: set[Path] = set()
        for tile in tiles:
            path = self.folder / tile_path(tile)
            first = tile.n * FULL
            data = pack_entries(entries(first, tile.width)) if tile.level == ENTRIES and entries else b""
            kept = durable or tile.width == FULL
            if self._place(path, data or tile_bytes(tile, read), durable=kept) and kept:
                folders |= {p for p in (path.parent, *path.parent.parents) if p.is_relative_to(self.folder)}
        for folder in sorted(folders, reverse=True):
            sync_folder(folder)
        for tile in tiles:  # the full tile is durable now and replaces its partial ones
            if tile.width == FULL:
                full = self.folder / tile_path(tile)
                shutil.rmtree(full.with_name(full.name + ".p"), ignore_errors=True)

    @staticmethod
    def _place(path: Path, data: bytes, *, durable: bool) -> bool:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            private_folder(path.parent)
        else:
            if content == data:
                return False
            if len(content) >= len(data) and (durable or not _is_torn(content)):
                raise LedgerError(
                    "LOG-CORRUPT", f"{path} is not what the entries give", "somebody changed it, or the entries"
                )
        replace_file(path, data, durable=durable)
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


def _is_torn(content: bytes) -> bool:
    """Return True for the content of a file that a power cut left without its data: nothing, or zeros."""
    return not content.strip(b"\0")

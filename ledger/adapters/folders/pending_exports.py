"""Keep unfinished exports, so that a repeated command does not record its access twice.

Each has an empty file, from before its access entry is recorded until the bundle is about to be handed out:
`<request>-<entry id>`, in the folder `pending` next to the guard of the log. The process that works on an
export locks its file. An unlocked file was left by a crash or waits for a witness: no bundle was handed out
under its entry.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import sync_folder


class Pending:
    """Hold one unfinished export, locked by this process: `entry` is the id of its access entry, 32 hex digits."""

    def __init__(self, path: Path, lock: int) -> None:
        self.entry = path.name.partition("-")[2]
        self._path = path
        self._lock = lock

    def end(self) -> None:
        """Remove the file durably, so that the entry is not used again."""
        self._path.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    def release(self) -> None:
        """Unlock the export, so that another process can continue it if it has not ended."""
        os.close(self._lock)


def begin(folder: Path, request: str, new_id: Callable[[], str]) -> Pending:
    """Continue an export of this request that no process works on, else begin one with a new entry id.

    `request` is a SHA-256 in hex of the parameters of the export.
    """
    private_folder(folder)
    for path in sorted(folder.glob(f"{request}-*")):
        if (lock := _hold(path, 0)) is not None:
            return Pending(path, lock)
    while True:
        path = folder / f"{request}-{new_id()}"
        if (lock := _hold(path, os.O_CREAT | os.O_EXCL)) is not None:
            sync_folder(folder)
            return Pending(path, lock)


def _hold(path: Path, flags: int) -> int | None:
    """Return a descriptor that locks the file; None if another process holds it, or has ended the export."""
    try:
        lock = os.open(path, os.O_RDWR | flags, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():  # names are never reused
            return lock
    except BlockingIOError:
        pass
    os.close(lock)
    return None

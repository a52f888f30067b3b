"""Exports that were begun and have not ended, so that a repeated command does not record its access twice.

One empty file for each, from before its access entry is recorded until the bundle is about to be handed out:
`<request>-<entry id>`, in the folder `pending` beside the guard of the log. The process that works on an export holds a
lock on its file. A file that no process holds was left by a crash or waits for a witness: nothing was handed out under
its entry.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import sync_folder


class Pending:
    """One export that was begun, held by this process: `entry` is the id of its access entry, 32 hex digits."""

    def __init__(self, path: Path, lock: int) -> None:
        self.entry = path.name.partition("-")[2]
        self._path = path
        self._lock = lock

    def end(self) -> None:
        """Forget the export, durably: its entry is taken up no more."""
        self._path.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    def release(self) -> None:
        """Let another process take the export up, if it has not ended."""
        os.close(self._lock)


def begin(folder: Path, request: str, new_id: Callable[[], str]) -> Pending:
    """Take up the open export of this request that no process works on, else begin one with an entry id of its own.

    `request` is a SHA-256 in hex of what is asked for.
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
    """A descriptor that locks the file; None if another process holds it, or ended the export meanwhile."""
    try:
        lock = os.open(path, os.O_RDWR | flags, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():  # names are never used again
            return lock
    except BlockingIOError:
        pass
    os.close(lock)
    return None

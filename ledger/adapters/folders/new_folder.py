"""Make a whole folder or none: under a temporary name next to its place, renamed at the end."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError


@contextmanager
def new_folder(into: str | None) -> Iterator[Path]:
    """Yield a folder to fill; rename it to `into` if the block succeeds, remove it if the block fails.

    With `into` None the folder is temporary. The remains of a process that was killed while it made the same
    folder are removed first. `LedgerError` PATH-TAKEN.
    """
    if into is None:
        with tempfile.TemporaryDirectory(prefix="comity-") as parent:
            yield Path(parent) / "ledger"
        return
    folder = check_free(into)
    making, lock = _locked_folder(folder.absolute().parent, f".{folder.name}.making-")
    try:
        yield making
        try:
            os.replace(making, folder)  # this replaces an empty folder of that name
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            raise _taken(into) from None
        sync_folder(folder.absolute().parent)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _locked_folder(beside: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder and lock it: (its path, the descriptor of the lock). Remove unlocked folders of the prefix."""
    for left in beside.glob(f"{glob.escape(prefix)}*"):
        if (lock := _lock(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)
    while True:
        making = Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
        lock = _lock(making)
        if lock is not None:
            return making, lock


def _lock(folder: Path) -> int | None:
    """Return a descriptor that locks a folder; None if another process holds the lock, or the folder is gone."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.stat(folder), os.fstat(lock)):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def check_free(into: str) -> Path:
    """Return a folder that can be made: it is missing or empty, and its parent can be written.

    `LedgerError` PATH-TAKEN.
    """
    folder = Path(into)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _taken(into)
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=parent):
        return folder


def _taken(into: str) -> LedgerError:
    return LedgerError("PATH-TAKEN", f"{into} is there already, and is not empty", "choose another folder")

"""A folder that people get whole or not at all: made beside its place under another name, and renamed at the end."""

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

from cli.exit_codes import Exit, Stop
from ledger.adapters.storage.sqlite import sync_folder


@contextmanager
def place(into: str | None) -> Iterator[Path]:
    """A folder to make something in: it becomes `into` when all is done, and is gone if that is None or it fails.

    What a process left that was killed while it made the same is removed first.
    """
    if into is None:
        with tempfile.TemporaryDirectory(prefix="comity-") as made:
            yield Path(made) / "ledger"
        return
    folder = check_free(into)
    making, lock = _begun(folder.absolute().parent, f".{folder.name}.making-")
    try:
        yield making
        try:
            os.replace(making, folder)  # an empty folder of that name gives way
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


def _begun(beside: Path, prefix: str) -> tuple[Path, int]:
    """A new folder, held by this process; those of the same name that no process holds any more are removed."""
    for left in beside.glob(f"{glob.escape(prefix)}*"):
        if (lock := _held(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)
    while True:
        making = Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
        lock = _held(making)
        if lock is not None:
            return making, lock


def _held(folder: Path) -> int | None:
    """A descriptor that holds a folder; None if another process holds it, or it is gone."""
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
    """A folder that can be made: it is not there, or empty, and something can be written beside it."""
    folder = Path(into)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _taken(into)
    beside = folder.absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=beside):
        return folder


def _taken(into: str) -> Stop:
    return Stop(f"{into} is there already, and is not empty", hint="choose another folder", code=Exit.REFUSED)

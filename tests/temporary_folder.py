"""Where tests keep what they write: in memory, where there is room, since every recorded entry waits for the disk."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- the same calls, and no disk to wait for
ROOM = 4 << 30  # octets; containers often have 64 MiB there
LOCK = "comity-tests.lock"  # a file in each such folder
YOUNG = 60  # seconds that a process has to lock what it has made


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Return a new folder, in memory where there is room, and delete it afterwards with all that was left in it.

    Every process that is started meanwhile has it as `TMPDIR`. What runs that were killed have left in memory is
    deleted first.
    """
    remove_abandoned(MEMORY)
    place = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM else None
    before, known = tempfile.tempdir, os.environ.get("TMPDIR")
    with (
        tempfile.TemporaryDirectory(prefix="c-", dir=place, ignore_cleanup_errors=True) as folder,
        _locked(Path(folder)),
    ):
        Path(folder).chmod(0o711)  # PostgreSQL runs as another user, and has its folder inside
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before
            if known is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = known


def remove_abandoned(place: Path) -> None:
    """Delete the folders of test runs in `place` that no process has locked."""
    for lock in place.glob(f"c-*/{LOCK}"):
        with contextlib.suppress(OSError):  # another user's, one in use, or one that is just deleted
            if time.time() - lock.stat().st_mtime > YOUNG:
                with _locked(lock.parent):
                    shutil.rmtree(lock.parent, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder for this process and its forks. `OSError` if another process has locked it."""
    with (folder / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield

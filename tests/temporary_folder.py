"""Where tests keep what they write: in memory, where there is room, since every recorded entry waits for the disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- the same calls, and no disk to wait for
ROOM = 4 << 30  # octets; containers often have 64 MiB there


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Return a new folder, in memory where there is room, and delete it afterwards with all that was left in it.

    Every process that is started meanwhile has it as `TMPDIR`.
    """
    place = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM else None
    before, known = tempfile.tempdir, os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="c-", dir=place, ignore_cleanup_errors=True) as folder:
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

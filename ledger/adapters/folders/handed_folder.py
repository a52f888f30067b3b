"""Read a folder that another party handed over: regular files only, no link followed, each file up to a size.

A link can lead to a device that never ends, a pipe can block for ever, and a file can be larger than the
memory. The folder itself may be named through a link, because the caller chose that name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ELOOP, ENOTDIR
from typing import IO

from ledger.errors import RecordError

TRUST_FILE = 1 << 20  # bytes of a policy, a registrar, a certificate, a version of a signed policy
NOTE = 1 << 16  # bytes of a checkpoint
FOREIGN = 1 << 17  # bytes of an entry of another log, of its proof, of its disclosures
NAMED = 5 << 27  # bytes of a file named by the caller: a bundle of 512 MiB in a container
MOST_NAMES = 100_000  # limit of files in one folder

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class HandedFolder:
    """Read the files below a folder, by paths with `/` relative to it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)

    def read(self, path: str, most: int) -> bytes | None:
        """Read a file; None if there is none. `RecordError` NOT-A-FILE for anything else, or more than `most` bytes."""
        try:
            with self._beside(path) as (fd, name):
                if not stat.S_ISREG(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                    raise self._unfit(path, "no regular file")
                with open(os.open(name, _FILE, dir_fd=fd), "rb") as file:
                    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        raise self._unfit(path, "no regular file")
                    data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
        except FileNotFoundError:
            return None
        if len(data) > most:
            raise self._unfit(path, f"larger than the {most} bytes that such a file may have")
        return data

    def names(self, path: str) -> list[str]:
        """List the names in a folder below this one, sorted; empty if there is none. `RecordError` NOT-A-FILE."""
        try:
            with self._beside(f"{path}/.") as (fd, _), os.scandir(fd) as entries:
                names = []
                for entry in entries:
                    names.append(entry.name)
                    if len(names) > MOST_NAMES:
                        raise self._unfit(path, f"a folder of more than {MOST_NAMES} files")
        except FileNotFoundError:
            return []
        return sorted(names)

    def has(self, path: str) -> bool:
        """Return True if this path exists, as a file of any type."""
        try:
            with self._beside(path) as (fd, name):
                os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _beside(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the folder that contains `path` without following links; yield its descriptor and the last name."""
        *folders, name = path.split("/")
        fd = os.open(self.folder, _FOLDER)
        try:
            for each in folders:
                try:
                    inner = os.open(each, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
                except OSError as error:
                    if error.errno not in (ENOTDIR, ELOOP):
                        raise
                    raise self._unfit(path, f"not below a folder, but below {each!r}") from None
                os.close(fd)
                fd = inner
            yield fd, name
        finally:
            os.close(fd)

    def _unfit(self, path: str, says: str) -> RecordError:
        where = os.path.join(self.folder, path.removesuffix("/."))
        return RecordError("NOT-A-FILE", says, where=where, hint="links are not followed: copy the files themselves")


def read_named(file: str | os.PathLike[str], most: int = NAMED) -> bytes:
    """Read a file that the caller names; `RecordError` NOT-A-FILE for more than `most` bytes."""
    with open(file, "rb") as stream:
        data = read_whole(stream, most)
    if len(data) > most:
        says = f"larger than the {most >> 20} MiB of any file that is read here"
        raise RecordError("NOT-A-FILE", says, where=os.fspath(file))
    return data


def read_whole(stream: IO[bytes], most: int) -> bytes:
    """Return the bytes of a stream, or a little more than `most` of them; memory grows with the data read."""
    parts, size = [], 0
    while size <= most and (part := stream.read(1 << 24)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)  # a single part is not copied

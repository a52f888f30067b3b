"""What a block has synced to the disk, in order, and the files that it has left open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

_OPEN = Path("/proc/self/fd")


@contextmanager
def synced() -> Iterator[list[str]]:
    """Yield the names of the files and folders that `os.fsync` is called for."""
    names: list[str] = []
    original = os.fsync

    def sync(fd: int) -> None:
        names.append(Path(os.readlink(_OPEN / str(fd))).name)
        original(fd)

    with mock.patch("os.fsync", sync):
        yield names


def open_below(folder: Path) -> list[str]:
    """Return what this process has open in a folder or as the folder, by path."""
    held = []
    for each in _OPEN.iterdir():
        try:
            held.append(os.readlink(each))
        except FileNotFoundError:
            continue  # the descriptor that lists the others
    return sorted(path for path in held if path == str(folder) or path.startswith(f"{folder}/"))


@contextmanager
def synced_sizes() -> Iterator[list[tuple[str, int]]]:
    """Yield the names of what `os.fsync` is called for, with the sizes in bytes at that moment."""
    sizes: list[tuple[str, int]] = []
    original = os.fsync

    def sync(fd: int) -> None:
        sizes.append((Path(os.readlink(_OPEN / str(fd))).name, os.fstat(fd).st_size))
        original(fd)

    with mock.patch("os.fsync", sync):
        yield sizes

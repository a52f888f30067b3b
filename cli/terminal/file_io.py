"""Read the files that a command names, and write new ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile, mkstemp

from cli.exit_codes import Exit, Stop
from ledger.adapters.folders.handed_folder import NAMED, read_named, read_whole

MOST = NAMED


def read(file: str) -> bytes:
    """Return the bytes of a file; `-` is standard input.

    Raises `Stop`, or `RecordError` NOT-A-FILE, if they are more than a file may have here.
    """
    if file != "-":
        return read_named(file, MOST)
    data = read_whole(sys.stdin.buffer, MOST)
    if len(data) > MOST:
        raise Stop(f"{file}: larger than the {MOST >> 20} MiB of any file that is read here", code=Exit.UNDECIDABLE)
    return data


def check_new(file: str, what: str) -> None:
    """Raise the errors of `write_new` in advance: no name, a name that is taken, a folder that cannot be written."""
    if file == "-":
        return
    if not os.path.basename(file):
        raise Stop(f"{file!r} names no file", hint=f"a name for {what}, as {os.path.join(file, 'NAME')}")
    with suppress(FileNotFoundError):
        os.lstat(file)
        raise Stop(f"{file} is there already", hint=f"{what} is never overwritten; choose another name")
    folder = os.path.dirname(file) or "."
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:  # which names the temporary file
        raise OSError(error.errno, error.strerror, folder) from None


def write_new(file: str, data: bytes, before: Callable[[], None] = lambda: None) -> None:
    """Write a whole file under a free name; `-` is standard output.

    `before` is called when all bytes are on disk and the name is not yet given. `Stop` if the name is
    taken.
    """
    if file == "-":
        sys.stdout.buffer.write(data)
        return
    handle, part = mkstemp(suffix=".part", prefix=f"{os.path.basename(file)[:100]}.", dir=os.path.dirname(file) or ".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        before()
        os.link(part, file)  # unlike a rename, it never replaces another file
    except FileExistsError:
        raise Stop(f"{file} is there already", hint="a bundle is never overwritten; choose another name") from None
    finally:
        os.unlink(part)


def write(path: Path, data: bytes) -> None:
    """Write a whole file durably, and make its folder if it is missing."""
    from ledger.adapters.folders.user_folders import private_folder, replace_file
    from ledger.adapters.storage.sqlite import sync_folder

    private_folder(path.parent)
    replace_file(path, data)
    sync_folder(path.parent)


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their names into a folder, whole and durably."""
    for name, data in files.items():
        write(folder / name, data)

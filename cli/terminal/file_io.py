"""Read the files that people name, and write new ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from typing import IO, TYPE_CHECKING

from cli.exit_codes import Exit, Stop

if TYPE_CHECKING:
    pass

MOST = 5 << 27  # bytes of a file that is named: a bundle of 512 MiB with all that a container adds


def read(file: str) -> bytes:
    """The bytes of FILE, `-` being standard input; `Stop` for more than any file that is read here may have."""
    if file == "-":
        data = _whole(sys.stdin.buffer)
    else:
        with open(file, "rb") as stream:
            data = _whole(stream)
    if len(data) > MOST:
        raise Stop(f"{file}: larger than the {MOST >> 20} MiB of any file that is read here", code=Exit.UNDECIDABLE)
    return data


def _whole(stream: IO[bytes]) -> bytes:
    """What a stream holds, or a little more than `MOST`; room is asked for as it is needed."""
    parts, size = [], 0
    while size <= MOST and (part := stream.read(1 << 24)):
        parts.append(part)
        size += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def check_new(file: str, what: str) -> None:
    """Raise now what `write_new` would raise later: the name is taken, or nothing can be written beside it."""
    if file == "-":
        return
    if os.path.exists(file):
        raise Stop(f"{file} is there already", hint=f"{what} is never overwritten; choose another name")
    with TemporaryFile(dir=os.path.dirname(file) or "."):
        pass


def write_new(file: str, data: bytes, before: Callable[[], None] = lambda: None) -> None:
    """Write a file whole, under a name that was free; `-` is standard output.

    `before` is called when all is written and only the name is missing.
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
        os.link(part, file)  # unlike a rename, never takes another file's place
    except FileExistsError:
        raise Stop(f"{file} is there already", hint="a bundle is never overwritten; choose another name") from None
    finally:
        os.unlink(part)


def write(path: Path, data: bytes) -> None:
    """Write a file whole and durably, its folder made if it is missing."""
    from ledger.adapters.folders.user_folders import private_folder, replace_file
    from ledger.adapters.storage.sqlite import sync_folder

    private_folder(path.parent)
    replace_file(path, data)
    sync_folder(path.parent)

"""Read and write the list of what a copy of a ledger has: which entries, under which root, and which files.

    backup.json    the last member of a copy; a copy of an earlier program has none

The files of `log/tile/` are not listed: they are made from the entries. Format: docs/reference/formats/backup.md.
"""

from __future__ import annotations

import re
import tarfile
from hashlib import sha256
from os import stat_result
from os.path import isfile, islink
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ledger.errors import LedgerError

NAME = "backup.json"
LATER = "later.db"  # the entries of an incremental copy
LARGEST = 1 << 28  # bytes
_HEX = re.compile("[0-9a-f]{64}")


class CopiedFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One file of a ledger: the SHA-256 of its content in hex, and its state on the disk when it was read.

    The state is size in bytes, time of modification and of change (ns since 1970), and number of the inode.
    """

    sha256: str
    state: tuple[int, int, int, int]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a copy has: the entries from `since` to before `size`, and those of its `files` that had changed.

    `since` is 0 for a whole copy. The roots are those of the log at both sizes, in hex; `published` is the size of
    the published checkpoint, and `files` lists every file of the ledger at that moment.
    """

    format: Literal["comity.backup-manifest/1"] = "comity.backup-manifest/1"
    origin: str
    since: int
    since_root: str
    size: int
    root: str
    published: int
    files: dict[str, CopiedFile]


def format_manifest(manifest: Manifest) -> bytes:
    """Return a list as JSON."""
    return msgspec.json.encode(manifest)


def parse_manifest(data: bytes, where: str = NAME) -> Manifest:
    """Read the list of a copy; `LedgerError` COPY-FORMAT, which names `where`, if it is none."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LedgerError("COPY-FORMAT", f"{where}: not the list of a copy of a ledger: {error}") from None
    texts = [manifest.since_root, manifest.root, *(file.sha256 for file in manifest.files.values())]
    sizes = manifest.since <= manifest.size < 1 << 63 and 0 <= manifest.published <= manifest.size
    if not all(_HEX.fullmatch(text) for text in texts) or manifest.since < 0 or not sizes:
        raise LedgerError("COPY-FORMAT", f"{where}: the list of a copy of a ledger, with false numbers or digests")
    return manifest


def read_manifest(file: str) -> Manifest:
    """Return the list of the copy in a file; `LedgerError` COPY-FORMAT if it is no copy, or has no list."""
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                if member.name == NAME and member.isfile() and member.size <= LARGEST:
                    stream = tar.extractfile(member)
                    if stream is not None:
                        return parse_manifest(stream.read(), file)
    except (LedgerError, OSError):
        raise
    except Exception as error:  # tarfile on untrusted bytes raises more than TarError
        raise LedgerError("COPY-FORMAT", f"{file}: not a copy of a ledger: {str(error)[:200]}") from None
    says = f"{file} has no {NAME}: it is no copy of a ledger, or one of an earlier program"
    raise LedgerError("COPY-FORMAT", says, "make a whole copy first: comity backup without --since")


def state_of(status: stat_result) -> tuple[int, int, int, int]:
    """Return the state of a file on the disk, as it is listed."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def check_files(folder: Path, manifest: Manifest, where: str) -> None:
    """Compare the files of a folder with the list; `LedgerError` COPY-FORMAT at the first that differs."""
    for name, file in manifest.files.items():
        path, listed = folder / name, Path(name)
        if listed.is_absolute() or ".." in listed.parts or not isfile(path) or islink(path):  # of any length
            raise LedgerError("COPY-FORMAT", f"{where}: {name!r} is in none of the copies", "give every copy, in order")
        if sha256(path.read_bytes()).hexdigest() != file.sha256:
            says = f"{where}: {name!r} is not the file that was copied"
            raise LedgerError("COPY-FORMAT", says, "give every copy, in order, or take other copies")

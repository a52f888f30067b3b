"""Where the encrypted pieces of files are: a folder, or a bucket. Objects have random names, pieces have numbers."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from ledger.adapters.folders.user_folders import lock_file, private_folder, replace_file
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError
from ledger.messages import Message
from server.files.settings import FileSettings

CREDENTIALS = "COMITY_FILES_CREDENTIALS"  # in the environment: the path of a file
_OBJECT = re.compile("[0-9a-f]{32}")


class Place(Protocol):
    """A place for objects, each with numbered pieces; several threads may call it at once. `LedgerError` FILES-*."""

    def write(self, name: str, number: int, data: bytes) -> None:
        """Store a piece, whole or not at all; one that is there already is replaced. It lasts when it is settled."""
        ...

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Let no other server write pieces of an object meanwhile, where the place has locks; it waits for one."""
        ...

    def settle(self, name: str, numbers: range) -> None:
        """Make stored pieces durable: a power cut after this takes none of them. What is missing is left out."""
        ...

    def read(self, name: str, number: int) -> bytes | None:
        """Return a piece; None if there is none."""
        ...

    def has(self, name: str, number: int) -> bool:
        """Return True if there is such a piece."""
        ...

    def delete(self, name: str) -> None:
        """Delete an object with all of its pieces; nothing happens if there is none."""
        ...

    def names(self) -> Iterator[str]:
        """Yield the name of each object."""
        ...


def open_place(settings: FileSettings, origin: str) -> Place:
    """Open the place for the files of a ledger; `LedgerError` FILES-PLACE, for a bucket also without credentials."""
    if settings.folder is not None:
        return FolderPlace(Path(settings.folder), origin)
    access, secret = _credentials()
    try:
        from server.files.s3_place import S3Place
    except ModuleNotFoundError as absent:
        if absent.name != "obstore":
            raise
        raise LedgerError("FILES-PLACE", "a bucket needs obstore", "pip install 'comity[s3]'") from None
    root = f"{settings.prefix}/{part_of(origin)}"
    return S3Place(settings.endpoint or "", str(settings.bucket), settings.region, root, access, secret)


def _credentials() -> tuple[str, str]:
    """Return the id of the access key and the secret key: the two lines of the file that the environment names."""
    path = os.environ.get(CREDENTIALS, "")
    try:
        lines = Path(path).read_text("utf-8").split() if path else []
    except (OSError, UnicodeDecodeError):
        lines = []
    if len(lines) != 2:
        says = f"{CREDENTIALS} names no file with two lines: the id of an access key, and its secret"
        raise LedgerError("FILES-PLACE", says, "chmod 600; the account of the server alone reads it")
    return lines[0], lines[1]


def part_of(origin: str) -> str:
    """Return the name below which the objects of a ledger are: ledgers may share a place."""
    return sha256(origin.encode()).hexdigest()[:32]


class FolderPlace:
    """A folder: `<ledger>/<first two digits>/<object>/<piece>`, with mode 0700.

    `<ledger>.locks/<first two digits>` are the locks of servers that share it.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        """Make the folder of a ledger's objects if it is missing; `LedgerError` FILES-PLACE if that fails."""
        self._root = folder / part_of(origin)
        self._locks = self._root.with_name(f"{self._root.name}.locks")
        try:
            private_folder(self._root)
            private_folder(self._locks)
        except OSError as wrong:
            says = f"the folder for files cannot be used: {folder}: {wrong.strerror}"
            raise LedgerError("FILES-PLACE", says, "look at the table [files] of the configuration") from None

    def write(self, name: str, number: int, data: bytes) -> None:
        folder = self._folder(name)
        try:
            private_folder(folder)
            replace_file(folder / str(number), data, durable=False)
        except OSError as wrong:
            raise self._full(wrong) from None

    def alone(self, name: str) -> AbstractContextManager[None]:
        return lock_file(self._locks / self._folder(name).parent.name, None)

    def settle(self, name: str, numbers: range) -> None:
        folder = self._folder(name)
        try:
            for number in numbers:
                with suppress(FileNotFoundError), (folder / str(number)).open("rb") as piece:
                    os.fsync(piece.fileno())
            for each in (folder, folder.parent, self._root):
                with suppress(FileNotFoundError):  # it was erased meanwhile
                    sync_folder(each)
        except OSError as wrong:
            raise self._full(wrong) from None

    def read(self, name: str, number: int) -> bytes | None:
        try:
            return (self._folder(name) / str(number)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as wrong:
            raise self._fails(wrong) from None

    def has(self, name: str, number: int) -> bool:
        return (self._folder(name) / str(number)).is_file()

    def delete(self, name: str) -> None:
        folder = self._folder(name)
        try:
            shutil.rmtree(folder)
            sync_folder(folder.parent)
        except FileNotFoundError:
            pass
        except OSError as wrong:
            raise self._fails(wrong) from None

    def names(self) -> Iterator[str]:
        try:
            for part in sorted(self._root.iterdir()):
                yield from sorted(each.name for each in part.iterdir() if _OBJECT.fullmatch(each.name))
        except OSError as wrong:
            raise self._fails(wrong) from None

    def _folder(self, name: str) -> Path:
        assert _OBJECT.fullmatch(name), name  # noqa: S101 - our own random names
        return self._root / name[:2] / name

    def _full(self, wrong: OSError) -> LedgerError:
        if wrong.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return LedgerError("FILES-FULL", Message("the place for files is full; nothing of this piece was kept"))
        return self._fails(wrong)

    def _fails(self, wrong: OSError) -> LedgerError:
        return LedgerError("FILES-PLACE", f"the folder for files fails: {os.strerror(wrong.errno or 0)}")

"""Keep the bytes received from other logs: in the folder of the ledger, or in the database with its entries.

The paths are the same in both:

    foreign/<SHA-256>                   an entry of another log, or the last head of a predecessor
    foreign/<SHA-256>.tlog-proof        its proof
    registers/<origin hash>/<index>...  entries of the register of another log, with their proofs
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.shared.received_rows import ReceivedRows
from ledger.adapters.storage.sqlite import sync_folder

FOREIGN, REGISTERS = "foreign", "registers"


class ReceivedFiles(Protocol):
    """Define what reads and keeps received bytes, by path."""

    def read(self, path: str) -> bytes | None:
        """Return the content of one path; None if there is none."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names below a folder, sorted."""
        ...

    def under(self, folder: str) -> dict[str, bytes]:
        """Return the contents below a folder, by name."""
        ...

    def mark(self, folder: str) -> object:
        """Return a value that is equal as long as nothing below a folder changes."""
        ...

    def keep(self, files: Mapping[str, bytes], *, replacing: bool = False) -> None:
        """Store contents by path, durably; existing ones stay unless they are to be replaced."""
        ...


def received_files(folder: Folder, store: EntryReader) -> ReceivedFiles:
    """Return the received bytes of a ledger, where they are; `store` is its open event store."""
    entries = folder.entries
    return ReceivedRows(store, entries) if folder.shared and isinstance(entries, Address) else FilesIn(folder.path)


class FilesIn:
    """The received bytes as files of a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, path: str) -> bytes | None:
        file = self._path / path
        return file.read_bytes() if file.is_file() else None

    def names(self, folder: str) -> list[str]:
        here = self._path / folder
        files = (file for file in here.rglob("*") if file.is_file() and not file.name.startswith("."))
        return sorted(file.relative_to(here).as_posix() for file in files)

    def under(self, folder: str) -> dict[str, bytes]:
        return {name: (self._path / folder / name).read_bytes() for name in self.names(folder)}

    def mark(self, folder: str) -> object:
        """Return the folders below with their times of change: each kept file changes its folder."""
        here = self._path / folder
        places = here.iterdir() if here.is_dir() else ()
        return tuple(sorted((place.name, place.stat().st_mtime_ns) for place in places if place.is_dir()))

    def keep(self, files: Mapping[str, bytes], *, replacing: bool = False) -> None:
        folders = set()
        for path, content in files.items():
            file = self._path / path
            if replacing or not file.exists():  # an existing file is the one that its entry names
                replace_file(private_folder(file.parent) / file.name, content)
            folders.add(file.parent)
        for each in sorted(folders):
            sync_folder(each)

"""Read the orders of a ledger that another party handed over: no key opens its values, no link in it is followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path

from ledger.adapters.folders.handed_folder import FOREIGN, HandedFolder
from ledger.adapters.folders.ledger_folder import ENTRIES_DB, Folder
from ledger.adapters.storage.connection import ReadableLocation
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.foreign_file import ForeignFile, file_state, without_wal
from ledger.adapters.storage.postgres import address
from ledger.adapters.storage.schema import SCHEMA
from ledger.application.case_reader import CaseReader
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError
from ledger.tlog.policy import Policy


class HandedBytes:
    """The bytes of other logs in a folder that was handed over: regular files, each up to the size of its kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = HandedFolder(folder)

    def read(self, path: str) -> bytes | None:
        return self._folder.read(path, FOREIGN)

    def names(self, folder: str) -> list[str]:
        names = []
        for name in self._folder.names(folder):
            if name.startswith("."):
                continue
            inner = f"{folder}/{name}"
            below = self._folder.names(inner) if folder == "registers" else []
            names += [f"{name}/{each}" for each in below] or [name]
        return sorted(names)

    def under(self, folder: str) -> dict[str, bytes]:
        contents = ((name, self.read(f"{folder}/{name}")) for name in self.names(folder))
        return {name: data for name, data in contents if data is not None}

    def mark(self, folder: str) -> object:
        return folder  # the folder is read while nothing is written into it

    def keep(self, files: Mapping[str, bytes], *, replacing: bool = False) -> None:
        raise AssertionError("nothing is written into the folder of another party")


@contextmanager
def handed_orders(
    path: Path, policy: Policy, registrar: Registrar, now: datetime, *, entries: Path | None = None, store: str = ""
) -> Iterator[CaseReader]:
    """Open the orders of a ledger folder for reading, under the `policy` and the `registrar` of the caller.

    `entries` is an event store in another place, `store` the address of a database with the entries. `LedgerError` for
    an event store that cannot be read; BUSY if it was written to meanwhile.
    """
    folder = Folder(path, policy, registrar, test=False)
    with ExitStack() as until:
        place: ReadableLocation
        file, before = entries or path / ENTRIES_DB, None
        if store:
            place = address(store, folder.origin)
        else:
            before = file_state(file)
            place = ForeignFile(until.enter_context(without_wal(file)), SCHEMA)
        reader = until.enter_context(closing(EntryReader(place)))
        try:
            yield CaseReader(folder, reader, None, lambda: now, HandedBytes(path))
        finally:
            if before is not None and file_state(file) != before:
                raise LedgerError("BUSY", f"{path} was written to while it was read", "try again, or read a copy")

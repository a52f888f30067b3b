"""Copy the keys of data subjects to a separate file: a copy that has to expire, or erasure would not be erasure."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import SQLiteErrors, connect, sync_folder
from ledger.adapters.subject_keys import schema
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.backup.copy_ledger import work_folder
from ledger.errors import LedgerError


def copy_keys(folder: Path, file: str) -> int:
    """Write a copy of keys.db, of mode 0600, while it is in use; return its number of keys.

    What was erased is not in it: keys.db overwrites what it deletes. `LedgerError` PATH-TAKEN, BUSY; KEYS-MISSING if
    the keys are not in this folder.
    """
    place = read_folder(folder).subject_keys
    if isinstance(place, Address):
        raise LedgerError(
            "KEYS-MISSING", f"the keys of {folder} are in a database", "dump its schema comity_keys there"
        )
    if not place.exists():
        raise LedgerError("KEYS-MISSING", f"{folder} has no keys.db", "it is on the machine that seals")
    if os.path.exists(file):
        raise LedgerError("PATH-TAKEN", f"{file} is there already", "a copy is never overwritten")
    with work_folder(Path(file)) as work:
        part = work / "keys"
        part.touch(0o600)
        with (
            SQLiteErrors(part),
            closing(connect(place, writable=False, newest=schema.VERSION)) as source,
            closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
            if target.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise LedgerError("LOG-CORRUPT", f"{place} is damaged", "take an earlier copy of it")
        with closing(SubjectKeyStore(part, writable=False)) as copied:
            count = len(copied.subjects())
        with part.open("rb") as written:
            os.fsync(written.fileno())
        os.link(part, file)
    sync_folder(Path(file).absolute().parent)
    return count

"""Move a ledger between stores: its entries, its subject keys and its guard, each to a file or to a database.

The folder says where each of them is, and changes last. The old place is closed first, so that no process writes to it
any more, and nothing is deleted there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ledger.adapters.folders.ledger_folder import (
    ENTRIES_DB,
    FILES_DB,
    HEADS_DB,
    IDENTITY_DB,
    KEYS_DB,
    KEYS_STORE,
    STORE,
    Folder,
    read_folder,
)
from ledger.adapters.folders.user_folders import Home, private_folder, replace_file
from ledger.adapters.guard.guard_place import GUARD_DB, shared_place
from ledger.adapters.guard.move_guard import use_guard
from ledger.adapters.log.remote_signer import POINTER
from ledger.adapters.migration.close_store import ENTRIES, KEYS, moved_to
from ledger.adapters.migration.move_entries import move_entries, take_back
from ledger.adapters.migration.move_keys import move_keys, overwrite_file
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address, address
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.integrity.log_files import Progress, no_progress
from ledger.application.integrity.own_check import check_own
from ledger.application.migration.move_shared import MOVED, from_database, set_aside, take_back_files, to_database
from ledger.errors import LedgerError

FILE = "file"  # the place in the ledger folder, or in the state folder


class Places(Struct, frozen=True):
    """Where the parts of a ledger go: `file`, or an address; None for a part that stays."""

    entries: str | None = None
    keys: str | None = None
    guard: str | None = None


def migrate(
    path: Path,
    home: Home,
    places: Places,
    now: datetime,
    progress: Progress = no_progress,
    carry: Callable[[Location, Location], None] = lambda here, to: None,
) -> Folder:
    """Move parts of a ledger, one after another; return its folder as it is then. Repeated, it finishes what was cut.

    `carry` moves what else is kept where the entries are, before the folder says where they are now.

    `LedgerError`: STORE-MOVED, STORE-SHARED, LEDGER-EXISTS, GUARD-*, LOG-*; `RecordError` STORE-ADDRESS.
    """
    folder = read_folder(path)
    targets = {name: address(to, folder.origin) for name, to in _databases(places)}  # refuse before anything moves
    if places.guard is not None:
        _move_guard(folder, home, places.guard)
    if places.keys is not None:
        _move_keys(folder, targets.get("keys", path / KEYS_DB))
    if places.entries is not None:
        _move_entries(folder, targets.get("entries", path / ENTRIES_DB), now, progress, carry)
    return read_folder(path)


def remove_left(path: Path) -> list[str]:
    """Remove files of the ledger folder whose content has moved to a database; return their names."""
    folder, removed = read_folder(path), []
    if folder.keys_store and (path / KEYS_DB).exists() and moved_to(path / KEYS_DB, KEYS):
        overwrite_file(path / KEYS_DB)
        removed.append(KEYS_DB)
    if folder.store and (path / ENTRIES_DB).exists() and moved_to(path / ENTRIES_DB, ENTRIES):
        for ending in ("-wal", "-shm", ""):
            Path(f"{path / ENTRIES_DB}{ending}").unlink(missing_ok=True)
        sync_folder(path)
        removed.append(ENTRIES_DB)
    if folder.shared and (path / MOVED).exists():
        shutil.rmtree(path / MOVED)
        removed.append(MOVED)
    return removed


def _databases(places: Places) -> list[tuple[str, str]]:
    parts = (("entries", places.entries), ("keys", places.keys))
    return [(name, to) for name, to in parts if to is not None and to != FILE]


def _move_guard(folder: Folder, home: Home, to: str) -> None:
    state = home.log(folder.origin)
    if (state / POINTER).exists():
        hint = "stop it, and comity log move-guard --state DIR"
        raise LedgerError("GUARD-EXISTS", "another process holds the guard of this log", hint)
    use_guard(state, state / GUARD_DB if to == FILE else shared_place(to, folder.origin))


def _move_entries(
    folder: Folder, to: Location, now: datetime, progress: Progress, carry: Callable[[Location, Location], None]
) -> None:
    here, path = folder.entries, folder.path
    if here == to:
        take_back(to)
        if isinstance(to, Address):
            _share(path, to)
        else:
            take_back_files(path)
        return
    with _work(path) as work:
        move_entries(here, to, work, lambda place: _verify(folder, place, now, progress))
        if isinstance(here, Address):
            from_database(here, path if isinstance(to, Path) else work)
        if isinstance(to, Address):
            for source in (path, work):
                to_database(source, to)
        carry(here, to)
    _point(path / STORE, to)
    if isinstance(to, Address):
        set_aside(path, IDENTITY_DB, FILES_DB)


def _share(path: Path, to: Address) -> None:
    """Bring the heads and received bytes of this folder into the database that has its entries already."""
    if (path / HEADS_DB).exists():
        to_database(path, to)
        set_aside(path)


@contextmanager
def _work(path: Path) -> Iterator[Path]:
    """Yield a folder for copies, which one process at a time has; remove what a killed process left."""
    work = private_folder(path / ".migrating")
    lock = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerError("BUSY", f"another process moves {path} now", "wait for it") from None
        for left in work.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield work
        shutil.rmtree(work)
    finally:
        os.close(lock)


def _verify(folder: Folder, place: Location, now: datetime, progress: Progress) -> None:
    moved = replace(folder, store=place.uri if isinstance(place, Address) else "", shared=False)
    check = check_own(moved, now, progress)
    if check.wrong:
        worst = check.wrong[0]
        raise LedgerError(worst.code, f"{place}: {worst.where}: {worst.says}", "comity fsck says more")


def _move_keys(folder: Folder, to: Location) -> None:
    if folder.subject_keys == to:
        return
    if isinstance(folder.subject_keys, Path):
        if not folder.has_subject_keys:
            raise LedgerError(
                "KEYS-MISSING", "keys.db is missing: there are no keys to move", "put its own backup back"
            )
        if not moved_to(folder.subject_keys, KEYS):
            SubjectKeyStore(folder.subject_keys).close()  # raises a file of an earlier version
    move_keys(folder.subject_keys, to)
    _point(folder.path / KEYS_STORE, to)


def _point(pointer: Path, to: Location) -> None:
    """Write or remove the file that says in which database a part is; durable on return."""
    if isinstance(to, Address):
        replace_file(pointer, f"{to.uri}\n".encode())
    else:
        pointer.unlink(missing_ok=True)
    sync_folder(pointer.parent)

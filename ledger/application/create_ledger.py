"""Create a ledger: folder, databases, log key and guard, in an order that leaves no half ledger after a crash."""

from __future__ import annotations

import secrets
from contextlib import closing
from datetime import datetime
from pathlib import Path

from ledger.adapters.folders.ledger_folder import ENTRIES_DB, HEADS_DB, KEYS_DB, KEYS_STORE, STORE, make_folder
from ledger.adapters.folders.user_folders import Home, private_folder, replace_file
from ledger.adapters.guard.guard_place import GUARD_DB, Place, point_to, shared_place
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys import key_files
from ledger.adapters.keys.key_files import Entropy, SeedKey
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.log.log import first_note
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.postgres import address
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.entries.keyring import Keyring, Registrar
from ledger.errors import LedgerError
from ledger.tlog.names import check_origin
from ledger.tlog.note import log_vkey, parse_vkey


def found(
    path: Path,
    origin: str,
    registrar: Registrar,
    home: Home,
    now: datetime,
    *,
    test: bool = False,
    store: str = "",
    guard: str = "",
    keys_store: str = "",
    entropy: Entropy = secrets.token_bytes,
) -> None:
    """Make a new ledger in `path`, with its log key and guard in `home`.

    If given, `store` is the address of the database for its entries, `guard` that of the place for its guard, and
    `keys_store` that of the database for its subject keys.

    `LedgerError`: LEDGER-EXISTS; GUARD-EXISTS if a log of this name has signed before; the errors of
    `postgres.create`. `RecordError`: CP-ORIGIN, KEY-POINT, STORE-ADDRESS.
    """
    check_origin(origin)
    Keyring("", registrar)  # refuses a registrar's key for which anybody can make signatures
    check_vacant(path)
    entries: Location = address(store, origin) if store else path / ENTRIES_DB
    subject_keys: Location = address(keys_store, origin) if keys_store else path / KEYS_DB
    key = _log_key(home.log(origin), entropy)
    first = first_note(parse_vkey(log_vkey(origin, key.public)), key.seed, now)
    place: Place = shared_place(guard, origin) if guard else home.log(origin) / GUARD_DB
    signed = _guard(place, first)
    if signed.note != first.note:
        raise LedgerError(
            "GUARD-EXISTS",
            f"a log called {origin} has signed {signed.size} entries with the guard in {place}",
            "restore its newest backup, or choose another origin",
        )
    point_to(home.log(origin), place)
    private_folder(path)
    _clear(path)
    EntryStore.create(entries, key.public).close()
    if store:  # it has the heads too
        replace_file(path / STORE, f"{store}\n".encode())
    else:
        CheckpointStore.create(path / HEADS_DB).close()
    SubjectKeyStore.create(subject_keys).close()
    if keys_store:
        replace_file(path / KEYS_STORE, f"{keys_store}\n".encode())
    make_folder(path, origin, key.public, registrar, test=test)  # last: a folder with a policy is a ledger


_MADE = (
    *(ENTRIES_DB, f"{ENTRIES_DB}-wal", f"{ENTRIES_DB}-shm", STORE, HEADS_DB, KEYS_DB, KEYS_STORE),
    *("trust/registrar", "TEST"),
)


def check_vacant(path: Path) -> None:
    """Raise LEDGER-EXISTS if a folder has a ledger or entries; the remains of an interrupted `found` are accepted."""
    if (path / "trust" / "policy").exists() or _has_entries(path):
        raise LedgerError("LEDGER-EXISTS", f"there is a ledger in {path} already", "choose another folder")


def _has_entries(path: Path) -> bool:
    if not (path / ENTRIES_DB).exists():
        return False
    try:
        with closing(EntryReader(path / ENTRIES_DB)) as reader:
            return reader.size() > 0
    except LedgerError:
        return True  # an unreadable file is not what an interrupted `found` leaves


def _clear(path: Path) -> None:
    """Remove the files of an interrupted `found`."""
    for name in _MADE:
        (path / name).unlink(missing_ok=True)


def _log_key(state: Path, entropy: Entropy) -> SeedKey:
    path = private_folder(state) / "log.key"
    if not key_files.exists(path):
        return key_files.new(path, entropy=entropy)
    key = key_files.load(path)
    key_files.finish(path, key.public)
    return key


def _guard(place: Place, first: Signed) -> Signed:
    try:
        guard = Guard.create(place, first)
    except FileExistsError:
        guard = Guard(place)
    with closing(guard):
        return guard.last()

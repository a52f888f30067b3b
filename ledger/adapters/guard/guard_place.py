"""Name the place of a guard: a file of the state folder, or the address of a database or of etcd that machines share.

The file `guard` in the state folder of a log has the address of a shared guard, with the origin: one line. Without that
file, the guard is `guard.db` in the same folder. An address has no password: libpq reads one from its own file, and for
etcd the address names a file.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.guard.signed_state import GuardBackend
from ledger.adapters.guard.sqlite_guard import SQLiteGuard
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError, RecordError

GUARD_DB = "guard.db"
POINTER = "guard"


class SharedPlace(Struct, frozen=True):
    """Where several machines reach the guard of one log: an address, and the origin of the log."""

    address: str
    origin: str

    def __str__(self) -> str:
        return self.address


Place = Path | SharedPlace


def shared_place(address: str, origin: str) -> SharedPlace:
    """Return the place of a shared guard. Raises `RecordError` STORE-ADDRESS for an address that is none."""
    place = SharedPlace(address, origin)
    open_backend(place).close()
    return place


def place_in(state: Path) -> Place:
    """Return the place of the guard of the log with this state folder."""
    try:
        text = (state / POINTER).read_text("ascii")
    except FileNotFoundError:
        return state / GUARD_DB
    except ValueError:
        text = ""
    origin, _, address = text.rstrip("\n").partition(" ")
    try:
        return shared_place(address, origin)
    except RecordError:
        says = f"{state / POINTER} does not say where the guard is"
        raise LedgerError("GUARD-MISSING", says, "one line: the origin of the log, and the address") from None


def is_guarded(state: Path) -> bool:
    """Return True if the state folder has a guard, or says where it is."""
    place = place_in(state)
    return not isinstance(place, Path) or place.exists()


def is_there(place: Place) -> bool:
    """Return True if there is a guard at a place, open or closed."""
    if isinstance(place, Path):
        return place.exists()
    with closing(open_backend(place)) as backend:
        return backend.fetch() is not None


def point_to(state: Path, place: Place) -> None:
    """Have the log with this state folder use the guard at a place from now on; durable on return."""
    private_folder(state)
    if isinstance(place, Path):
        (state / POINTER).unlink(missing_ok=True)
    else:
        replace_file(state / POINTER, f"{place.origin} {place.address}\n".encode())
    sync_folder(state)


def open_backend(place: Place) -> GuardBackend:
    """Return the backend of a place; a shared one is not asked before its first use."""
    if isinstance(place, Path):
        return SQLiteGuard(place)
    if place.address.startswith(("etcd://", "etcds://")):
        from ledger.adapters.guard.etcd_guard import EtcdGuard

        return EtcdGuard(place.address, place.origin)
    from ledger.adapters.guard.postgres_guard import PostgresGuard

    return PostgresGuard(place.address, place.origin)

"""A ledger begins: folder, shelf, drawer, log key and guard, in an order in which no crash leaves half a ledger."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from ledger.keyring import Keyring, Registrar
from ledger.note import check_origin, log_vkey, parse_vkey
from ledger.world.drawer import Drawer
from ledger.world.fault import LedgerFault
from ledger.world.folder import SHELF, STORE, make_folder
from ledger.world.guard import Guard, Signed
from ledger.world.heads import Heads
from ledger.world.home import Home, private_folder, replace_file
from ledger.world.keys import Entropy, SeedKey, load, new
from ledger.world.log import first_note
from ledger.world.place import Place
from ledger.world.postgres import address
from ledger.world.store import Store


def found(
    path: Path,
    origin: str,
    registrar: Registrar,
    home: Home,
    now: datetime,
    *,
    test: bool = False,
    store: str = "",
    entropy: Entropy = secrets.token_bytes,
) -> None:
    """Make a new ledger in `path`, with its log key and guard in `home`, its entries in the database `store` if given.

    `LedgerFault`: LEDGER-EXISTS; GUARD-EXISTS if a log of this name has signed before; what `postgres.create` raises.
    `Refused`: CP-ORIGIN, KEY-POINT, STORE-ADDRESS.
    """
    check_origin(origin)
    Keyring("", registrar)  # refuses a registrar's key that others could sign for
    if any((path / name).exists() for name in ("trust", SHELF, STORE)):
        raise LedgerFault("LEDGER-EXISTS", f"there is a ledger in {path} already", "choose another folder")
    entries: Place = address(store, origin) if store else path / SHELF
    key = _log_key(home.log(origin), entropy)
    first = first_note(parse_vkey(log_vkey(origin, key.public)), key.seed, now)
    signed = _guard(home.log(origin) / "guard.db", first)
    if signed.size:
        raise LedgerFault(
            "GUARD-EXISTS",
            f"a log called {origin} has signed {signed.size} entries on this machine",
            "restore its newest backup, or choose another origin",
        )
    private_folder(path)
    Store.create(entries, key.public).close()
    if store:
        replace_file(path / STORE, f"{store}\n".encode())
    Heads.create(path / "heads.db").close()
    Drawer.create(path / "keys.db").close()
    make_folder(path, origin, key.public, registrar, test=test)  # last: with its policy, a folder is a ledger


def _log_key(state: Path, entropy: Entropy) -> SeedKey:
    path = private_folder(state) / "log.key"
    return load(path) if path.exists() else new(path, entropy=entropy)


def _guard(path: Path, first: Signed) -> Signed:
    guard = Guard(path) if path.exists() else Guard.create(path, first)
    try:
        return guard.last()
    finally:
        guard.close()

"""Choose which files of a ledger are copied unchanged, and which bundles that wait."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger.adapters.folders.ledger_folder import (
    ENTRIES_DB,
    FILES_DB,
    HEADS_DB,
    IDENTITY_DB,
    KEYS_DB,
    KEYS_STORE,
    OTHERS,
    RESTORED,
    STORE,
)
from ledger.adapters.folders.received_files import FOREIGN, REGISTERS
from ledger.application.backup.manifest import NAME as MANIFEST
from ledger.application.migration.move_shared import MOVED
from ledger.bundle.archive import unpack
from ledger.entries.wrapped_entry import VALUES
from ledger.errors import RecordError

EXCHANGE = "exchange"
# what became of bundles to and from peers, and of jobs, on one machine; and the links of kept files, under subject keys
MACHINE = ("exchange.db", "jobs.db", FILES_DB)
LEFT_OUT = frozenset(
    {
        KEYS_DB,
        KEYS_STORE,
        "views.db",
        "views.next.db",
        "views.db.lock",
        "map.db",
        "state",
        "keys",
        ENTRIES_DB,
        STORE,
        HEADS_DB,
        OTHERS,
        MOVED,
        RESTORED,
    }
    | {EXCHANGE, "jobs", *MACHINE}  # bundles with opened values stay out
    # an older one would let people in again who were locked out, and has the names of people who left
    | {IDENTITY_DB}
    | {MANIFEST}  # of a copy that an earlier program has restored
)


def unchanged_files(folder: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yield every file that is copied unchanged, without tiles; received ones unless they are `shared`."""
    elsewhere = (FOREIGN, REGISTERS) if shared else ()
    for at, folders, names in os.walk(folder):
        here = Path(at)
        for each in (folders, names):
            each.sort()
            each[:] = [name for name in each if not _is_left_out((here / name).relative_to(folder), elsewhere)]
        yield from (here / name for name in names if (here / name).is_file())


def _is_left_out(path: Path, elsewhere: Sequence[str]) -> bool:
    top = path.parts[0]
    return (
        top in (*LEFT_OUT, *elsewhere)
        or top.startswith((".", *(f"{n}-" for n in LEFT_OUT)))
        or path.parts[:2] == ("log", "tile")
    )


def closed_bundles(folder: Path) -> Iterator[Path]:
    """Yield the bundles that wait for peers, or for a decision, and open no sealed value."""
    for path in sorted((folder / EXCHANGE).glob("*/*")):
        if path.parent.name not in ("outgoing", "quarantine") or path.name.startswith("."):
            continue
        try:
            files = unpack(path.read_bytes())
        except (FileNotFoundError, RecordError):
            continue  # it was acknowledged meanwhile; or whether it opens values cannot be seen
        if not any("/disclosures/" in name or name.endswith(VALUES) for name in files):
            yield path

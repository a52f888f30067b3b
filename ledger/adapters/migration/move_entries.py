"""Move the entries of a ledger to another place: close the store here, copy it, verify the copy, and only then use it.

Each step can be repeated. The copy is made of a closed store, so nothing is added meanwhile. What is left here stays,
closed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.adapters.migration.close_store import ENTRIES, close, moved_to, open_file, reopen
from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.copy_entries import copy_out, move_in
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.sqlite import SQLiteErrors, sync_folder
from ledger.errors import LedgerError
from ledger.tlog.tree import root


def move_entries(here: Location, to: Location, work: Path, verify: Callable[[Location], None]) -> None:
    """Move an event store to `to`, with copies in the folder `work`; `verify` raises what is wrong with a copy.

    What had moved away from `to` before is replaced, if the entries here begin with it. `LedgerError`: STORE-MOVED,
    LEDGER-EXISTS, PATH-TAKEN, and what `postgres.create` raises; then nothing has changed here.
    """
    found = moved_to(here, ENTRIES)
    if found and found != str(to):  # by another machine, whose address may name another role
        with snapshot(here, work) as copy:
            if isinstance(to, Address) and _has(to, copy):
                return
        raise sqlite.moved_error(here, found)
    _check_target(to, resumed=bool(found))
    close(here, ENTRIES, str(to))
    with snapshot(here, work) as copy:
        if isinstance(to, Path):
            _check_begins(copy, to, work)
            for ending in ("-wal", "-shm"):
                Path(f"{to}{ending}").unlink(missing_ok=True)
            os.replace(copy, to)
            sync_folder(to.parent)
            verify(to)
            return
        if moved_to(to, ENTRIES):
            _check_begins(copy, to, work)
            with closing(postgres.connect_schema(to, ENTRIES.schema)) as c, PostgresErrors(to):
                c.execute("DROP SCHEMA comity CASCADE")
        if not _has(to, copy):
            move_in(copy, to)
        verify(to)
        _check_same(copy, to)


def take_back(here: Location) -> None:
    """Open a store again that a move has closed, if nothing has come to the other place. `LedgerError` STORE-MOVED."""
    place = moved_to(here, ENTRIES)
    if not place:
        return
    if place.startswith("/"):
        gone = not Path(place).exists() or bool(moved_to(Path(place), ENTRIES))
    else:
        other = postgres.address(place, here.origin if isinstance(here, Address) else "")
        with closing(postgres.connect_schema(other, ENTRIES.schema, writable=False)) as c, PostgresErrors(other):
            empty = c.execute("SELECT to_regclass('comity.log_leaf')").fetchone() == (None,)
            gone = empty or c.execute("SELECT 1 FROM log_leaf LIMIT 1").fetchone() is None
    if not gone:
        raise sqlite.moved_error(here, place)
    reopen(here, ENTRIES)


@contextmanager
def snapshot(closed: Location, work: Path) -> Iterator[Path]:
    """Yield a copy of a closed store, as a file of an open one in the folder `work`; remove it at the end."""
    path = work / f".entries-{os.getpid()}.db"
    for left in work.glob(".entries-*.db*"):
        left.unlink()
    try:
        if isinstance(closed, Address):
            copy_out(postgres.connect_schema(closed, ENTRIES.schema, writable=False), closed, path)
        else:
            source = open_file(closed, ENTRIES, writable=False)
            path.touch(0o600)
            with SQLiteErrors(closed), closing(source), closing(sqlite3.connect(path)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=WAL")
            reopen(path, ENTRIES)
        yield path
    finally:
        for left in work.glob(f"{path.name}*"):
            left.unlink(missing_ok=True)


def _check_target(to: Location, *, resumed: bool) -> None:
    """Raise `LedgerError` before anything is closed, if the entries cannot go to a place."""
    if isinstance(to, Address):
        with closing(postgres.connect_schema(to, ENTRIES.schema)) as c, PostgresErrors(to):
            if c.execute("SELECT to_regclass('comity.ledger')").fetchone() != (None,):
                (origin,) = c.execute("SELECT origin FROM ledger").fetchone() or ("",)
                used = c.execute("SELECT 1 FROM log_leaf LIMIT 1").fetchone() is not None
                left = resumed or postgres.moved_place(c, ENTRIES.schema)
                if origin != to.origin or (used and not left):
                    raise LedgerError("LEDGER-EXISTS", f"the ledger of {origin} is in {to}", "take another database")
                return
        postgres.create(to)  # what is refused there is refused before anything is closed
        return
    if to.exists() and not resumed and not moved_to(to, ENTRIES):
        raise LedgerError("PATH-TAKEN", f"{to} is there already, and its entries have not moved", "look at it first")


def _check_begins(copy: Path, to: Location, work: Path) -> None:
    """Raise `LedgerError` LEDGER-EXISTS unless a copy begins with the entries that were left at a place."""
    if isinstance(to, Path) and not to.exists():
        return
    (work / "old").mkdir(mode=0o700, exist_ok=True)
    with snapshot(to, work / "old") as old, closing(EntryReader(old)) as before, closing(EntryReader(copy)) as now:
        size = before.size()
        if size > now.size() or (size and root(size, before.hashes) != root(size, now.hashes)):
            says = f"{to} has entries that are not here: it is not replaced"
            raise LedgerError("LEDGER-EXISTS", says, "take another database, or look at it first")


def _has(to: Address, copy: Path) -> bool:
    """Return True if a database has the entries of a copy, and perhaps more since: another machine has moved them."""
    try:
        with closing(EntryReader(to)) as there, closing(EntryReader(copy)) as here:
            size = here.size()
            return bool(size) and there.size() >= size and root(size, there.hashes) == root(size, here.hashes)
    except LedgerError as fault:
        if fault.code != "NO-LEDGER":
            raise
        return False


def _check_same(copy: Path, to: Address) -> None:
    """Raise LOG-CORRUPT unless a database has the entries and encrypted values of a copy, byte for byte."""
    with closing(EntryReader(copy)) as here, closing(EntryReader(to)) as there:
        for page in here.pages():
            first, stop = page[0][0], page[0][0] + len(page)
            sealed = [list(store.sealed_between(first, stop)) for store in (here, there)]
            if there.page(first, len(page)) != page or sealed[0] != sealed[1]:
                raise LedgerError("LOG-CORRUPT", f"the entries in {to} are not those that were copied")

"""Delete the notes of all offices on orders whose values are erased: a note may repeat what was sealed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager

from ledger.adapters.folders.ledger_folder import IDENTITY_DB, Folder
from ledger.adapters.storage.postgres import Address
from server.identity.database import open_database
from server.work.store import WorkStore


@contextmanager
def notes_on(folder: Folder, orders: Collection[str]) -> Iterator[tuple[int, Callable[[], None]]]:
    """Yield the number of notes on orders, and a function that deletes them with assignments, watches and notices.

    Nothing is made where no server has kept anything. `LedgerError`: what opening the accounts raises.
    """
    if not isinstance(folder.entries, Address) and not (folder.path / IDENTITY_DB).exists():
        yield 0, lambda: None
        return
    with closing(open_database(folder)) as database:
        store = WorkStore(database)
        yield store.on_orders(orders), lambda: store.erase(orders)

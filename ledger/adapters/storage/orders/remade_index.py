"""Make the index of orders anew next to the one that answers, and put it in its place at the end.

The new index is a separate file until it is whole, so the old one answers meanwhile, also to programs of another
version. Its pages then replace those of the old one in one transaction: a reader sees all of the old or all of the new.
A run that was killed is continued by the next one: rows and position of the new file are stored together. One process
at a time makes it: callers hold a lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.sqlite import BUSY_SECONDS, SQLiteErrors, connect
from ledger.adapters.storage.views import View
from ledger.errors import LedgerError


def path_of_next(path: Path) -> Path:
    """Return the path of the new index while it is made."""
    return path.with_name(f"{path.stem}.next{path.suffix}")


def view_in(path: Path) -> str | None:
    """Return the name of the view whose index a file has; None if it has none, or is damaged, or is not there."""
    try:
        with SQLiteErrors(path), closing(connect(path, writable=False)) as c:
            row = c.execute("SELECT view FROM board_of").fetchone()
    except LedgerError:
        return None  # where there is a file, the caller opens it, and says so or deletes it
    return None if row is None else str(row[0]).partition(" ")[2]


@contextmanager
def remade(path: Path, name: str) -> Iterator[OrderIndex]:
    """Yield the new index of this view; the caller brings it up to date. It is put in the place of `path` at the end.

    If the caller raises, the new index is kept, and the next call continues it.
    """
    new = path_of_next(path)
    if view_in(new) not in (None, name):
        remove(new)  # begun by a program with other rules
    with closing(OrderIndex(new, name)) as index:
        yield index
    View(path, name).close()  # makes a file, and removes a damaged one
    put_in_place(new, path)
    remove(new)


def put_in_place(new: Path, path: Path) -> None:
    """Replace all pages of one SQLite file by those of another, in one transaction of the first."""
    with (
        SQLiteErrors(path),
        closing(connect(new, writable=False)) as source,
        closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as target,
    ):
        source.backup(target)


def remove(path: Path) -> None:
    """Remove an SQLite file with its log; programs that have it open keep it until they close it."""
    for file in (path, *(path.with_name(path.name + tail) for tail in ("-wal", "-shm"))):
        file.unlink(missing_ok=True)

"""Let one process at a time do a job of a ledger, on all machines that have it.

Where the entries are in a folder, the lock is of a file in it. Where they are in PostgreSQL, it is an advisory lock of
that database. Both end with the process that holds them. Every job can be repeated, so no harm
is done if two processes hold the lock for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.folders.user_folders import lock_file, private_folder
from ledger.adapters.storage.postgres import Address, PostgresErrors, connect
from ledger.errors import LedgerError
from ledger.messages import Message


@contextmanager
def alone(folder: Folder, name: str) -> Iterator[Callable[[], None]]:
    """Hold the lock of a name; `LedgerError` BUSY if another process has it, STORE-* for a database.

    Yields a function that raises `LedgerError` STORE-AWAY if the lock was lost with the connection to the database.
    """
    store = folder.entries
    with lock_file(private_folder(folder.path / "jobs") / f"{name}.lock", _busy(name)):
        if isinstance(store, Address):
            with _advisory_lock(store, name) as check:
                yield check
        else:
            yield lambda: None


@contextmanager
def _advisory_lock(store: Address, name: str) -> Iterator[Callable[[], None]]:
    with closing(connect(store, writable=False)) as c:
        with PostgresErrors(store):
            row = c.execute(
                "SELECT pg_try_advisory_lock(hashtext('comity_jobs'), hashtext(%s))", (f"{store.origin}\n{name}",)
            ).fetchone()
        if row != (True,):
            raise LedgerError("BUSY", _busy(name), Message("try again"))

        def check() -> None:
            with PostgresErrors(store):
                c.execute("SELECT 1")

        yield check


def _busy(name: str) -> str:
    return f"another process does the job {name} now"

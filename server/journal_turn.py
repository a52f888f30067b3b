"""Open a ledger for writing in the server, as another process would, for one request after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Final

from ledger.application.journal import Journal
from ledger.errors import LedgerError
from ledger.messages import Message

PATIENCE: Final = 30.0  # seconds that a request waits for another one

OpenJournal = Callable[[], AbstractContextManager[Journal]]


class JournalTurn:
    """The turn of one request at a time; `busy` says what the others do, where the wait is too long."""

    def __init__(self, opened: OpenJournal, busy: str) -> None:
        self._opened = opened
        self._busy = busy
        self._lock = Lock()

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Yield the open journal until the block ends; `LedgerError` BUSY, what opening it raises."""
        if not self._lock.acquire(timeout=PATIENCE):
            raise LedgerError("BUSY", self._busy, Message("try again"))
        try:
            with self._opened() as journal:
                yield journal
        finally:
            self._lock.release()

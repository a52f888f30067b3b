"""Take entries from many threads at once: at most so many requests, each with its own answer, and an orderly end.

    with Sequencer(journal) as sequencer:
        receipts = sequencer.receive([raw])      # in any number of threads

The requests that wait are stored together (`group_commit`). While a sequencer is open, its journal is used for reading
by one thread alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import Protocol, Self

from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.errors import TooManyRequests

MOST = 4_096  # requests that are verified, wait or are stored
_CLOSED = 5  # seconds after which a writer that was stopped is likely to be there again


class Writer(Protocol):
    """What a sequencer needs of a journal."""

    def record_batch(self, drafts: Sequence[Draft], check: Callable[[], None] | None = None, /) -> list[Receipt]: ...

    def receive_sealed(
        self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]] | None = None, /, *, whole: bool = False
    ) -> list[Receipt]: ...

    def seconds_to_store(self, requests: int, /) -> int: ...


class Sequencer:
    """Writes to one open journal. Every method may be called by several threads at once."""

    def __init__(self, journal: Writer, most: int = MOST) -> None:
        """Open it for `most` requests at a time."""
        self._journal = journal
        self._most = most
        self._changed = Condition()
        self._requests = 0
        self._closed = False

    def record(self, drafts: Sequence[Draft], check: Callable[[], None] | None = None) -> list[Receipt]:
        """Record facts in their order, all or none; as `Journal.record_batch`. `TooManyRequests` BUSY."""
        with self._admitted():
            return self._journal.record_batch(drafts, check)

    def receive(self, entries: Sequence[bytes], disclosures: Sequence[Sequence[str]] | None = None) -> list[Receipt]:
        """Store entries that were sealed elsewhere, all or none; as `Journal.receive_sealed`. `TooManyRequests` BUSY.

        The calling thread verifies the signatures before the entries wait.
        """
        with self._admitted():
            return self._journal.receive_sealed(entries, disclosures, whole=True)

    def close(self) -> None:
        """Refuse new requests, and wait until the others are answered; the journal stays open."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._requests)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        with self._changed:
            if self._closed:
                raise TooManyRequests("this writer is being stopped; nothing was recorded", _CLOSED)
            if self._requests >= self._most:
                says = f"{self._requests} requests wait already; nothing was recorded"
                raise TooManyRequests(says, self._journal.seconds_to_store(self._requests))
            self._requests += 1
        try:
            yield
        finally:
            with self._changed:
                self._requests -= 1
                self._changed.notify_all()

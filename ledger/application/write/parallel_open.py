"""Open and verify entries that were sealed elsewhere, page by page; many of them on every core.

A signature costs more than all the rest together, so a separate process opens a page while others are stored.
Processes and not threads: the code around a signature holds the interpreter's lock, and passing the lock costs more
than a second core brings (measured: 330 us of CPU an entry in two threads, 200 in one).
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import parent_process
from threading import Thread

import msgspec

from ledger.application.worker_pool import worker_pool
from ledger.entries.case import EARLIEST, check_dates, instant, wire
from ledger.entries.envelope import OpenedEntry, open_, open_each
from ledger.entries.payload import Payload
from ledger.entries.text_form import check_texts
from ledger.errors import RecordError
from ledger.facts import check_form

PAGE = 2_500  # entries in one transaction, at most; each rewrites most pages of the indexes, however many it brings
_MANY = 1_000  # fewer are opened before another process has started
_CHUNK = 125  # entries a process opens at a time
_AHEAD = 24  # chunks that may be ready for each core: none is handed out while a page is stored
CORES = os.cpu_count() or 1

_EARLIEST = wire(EARLIEST)

_Said = tuple[str, str, str, str]  # what a refusal says, as it travels between processes
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str, Payload]]).decode


def open_entry(raw: bytes) -> OpenedEntry:
    """Open a sealed entry, check kind, form, dates and texts; `RecordError` as `open_`, FACT, FORM-DATE, JSON-CHAR."""
    return _formed(open_(raw))


def open_entries(entries: Sequence[bytes]) -> list[OpenedEntry]:
    """Open sealed entries in this thread, as `open_entry` does; `RecordError` names the wrong entry."""
    return _opened(entries, 0, _open_chunk(entries))


def _formed(opened: OpenedEntry | RecordError) -> OpenedEntry:
    if isinstance(opened, RecordError):
        raise opened
    p = opened.payload
    stated = p.public if "_sd" not in p.public else {n: value for n, value in p.public.items() if n != "_sd"}
    check_form(p.kind, stated, p.sealed)
    if not _EARLIEST <= p.on <= p.signed_at:  # on the wire, the later moment is the greater text
        check_dates(instant(p.on), instant(p.signed_at))
    check_texts(p)
    return opened


class VerifierPool:
    """Processes that open entries, one for each core: the first large batch starts them, `close` ends them."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def pages(self, entries: Sequence[bytes]) -> Iterator[tuple[int, list[OpenedEntry]]]:
        """Yield verified entries in pages, each with the number of its first; `RecordError` names the wrong entry."""
        page: list[OpenedEntry] = []
        start = 0
        for chunk in self._chunks(entries):
            page += chunk
            # towards the end pages are shorter: while the last one is stored, nothing is left to open
            if len(page) >= min(PAGE, max((len(entries) - start) // 2, _CHUNK)):
                yield start, page
                start, page = start + len(page), []
        if page:
            yield start, page

    def _chunks(self, entries: Sequence[bytes]) -> Iterator[list[OpenedEntry]]:
        many = len(entries) >= _MANY and CORES > 1
        alone = 0
        if not many:
            alone = len(entries)
        elif self._pool is None:
            alone = _CHUNK  # what is worked out once for each kind, the other processes start with
        for start in range(0, alone, _CHUNK):
            yield _opened(entries, start, _open_chunk(entries[start : min(start + _CHUNK, alone)]))
        if not many:
            return
        pool = self._pool = self._pool or worker_pool(CORES, _begin)
        going: deque[tuple[int, Future[bytes | tuple[int, _Said]]]] = deque()
        waiting = iter(range(alone, len(entries), _CHUNK))
        try:
            while True:
                while len(going) < _AHEAD * CORES and (start := next(waiting, -1)) >= 0:
                    going.append((start, pool.submit(_open_chunk, entries[start : start + _CHUNK])))
                if not going:
                    return
                start, chunk = going.popleft()
                yield _opened(entries, start, chunk.result())
        finally:
            for _, chunk in going:  # after a refused entry, the later ones are not opened
                chunk.cancel()


def _begin() -> None:
    """Prepare a new process: no garbage collector, because there are no cycles, and an end when its parent ends.

    The storing process has priority, since the openers are ahead of it: else the last pages are stored with idle cores.
    """
    gc.disable()
    os.nice(5)
    Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the parent of this process, and end with it: a process of a pool does not notice that it was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _open_chunk(entries: Sequence[bytes]) -> bytes | tuple[int, _Said]:
    opened = []
    for number, one in enumerate(open_each(entries)):
        try:
            good = _formed(one)
        except RecordError as refused:
            return number, (refused.code, refused.says, refused.where, refused.hint)
        opened.append((good.leaf, good.payload))
    return _encode(opened)


def _opened(entries: Sequence[bytes], start: int, opened: bytes | tuple[int, _Said]) -> list[OpenedEntry]:
    if isinstance(opened, tuple):
        number, (code, says, where, hint) = opened
        raise at(start + number, RecordError(code, says, where=where, hint=hint))
    return [OpenedEntry(entries[start + n], leaf, payload) for n, (leaf, payload) in enumerate(_decode(opened))]


def at(number: int, refused: RecordError) -> RecordError:
    """Return the same error with the number of the received entry that it is about."""
    place = f"entry {number} of those received"
    where = f"{place}, {refused.where}" if refused.where else place
    return RecordError(refused.code, refused.says, where=where, hint=refused.hint)

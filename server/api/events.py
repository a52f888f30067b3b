"""Send new entries as server-sent events: the id of an event is the index of its entry in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
from starlette.concurrency import run_in_threadpool

from ledger.errors import LedgerError
from server.access import Caller
from server.api.reading import LedgerView
from server.api.recording import LogHead

MOST = 64  # listeners at once
HEARTBEAT = 15.0  # seconds between two signs of life
LOOK = 0.25  # seconds between two looks at the head
_PAGE = 100  # entries read at a time


class Listeners:
    """The clients that listen for new entries; `stopping` says that the server ends."""

    def __init__(self, view: LedgerView, head: LogHead, stopping: Callable[[], bool], *, most: int = MOST) -> None:
        self._view = view
        self._head = head
        self._stopping = stopping
        self._most = most
        self._count = 0

    def admit(self, caller: Caller, after: int | None) -> AsyncIterator[bytes]:
        """Return the stream of the entries from index `after` on, by default from the head; `LedgerError` BUSY."""
        if self._count >= self._most:
            raise LedgerError("BUSY", f"{self._most} clients listen already", "try again later")
        self._count += 1
        return self._stream(caller, self._head.current.size if after is None else after)

    async def _stream(self, caller: Caller, after: int) -> AsyncIterator[bytes]:
        try:
            yield b": comity\n\n"
            silent = 0.0
            while not self._stopping():
                if self._head.current.size > after:
                    page = await run_in_threadpool(self._view.entries, caller, after, _PAGE)
                    for entry in page.entries:
                        if entry.entry is None:
                            continue
                        data = msgspec.json.encode({"head": page.head, "entry": entry})
                        yield b"id: %d\nevent: entry\ndata: %s\n\n" % (entry.index, data)
                    after, silent = page.next, 0.0
                    continue
                await asyncio.sleep(LOOK)
                silent += LOOK
                if silent >= HEARTBEAT:
                    silent = 0.0
                    yield b": alive\n\n"
        finally:
            self._count -= 1

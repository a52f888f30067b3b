"""Send new entries as server-sent events: the id of an event is the index of its entry in the log."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message
from server.api.reading import LedgerView
from server.api.recording import LogHead
from server.identity.callers import Known

MEDIA = "text/event-stream"
MOST = 64  # listeners at once
MOST_OF_ONE = 8  # of them of one office
HEARTBEAT = 15.0  # seconds between two signs of life
LOOK = 0.25  # seconds between two looks at the head
_PAGE = 100  # entries read at a time


class Listeners:
    """The clients that listen for new entries; `stopping` says that the server ends."""

    def __init__(self, view: LedgerView, head: LogHead, stopping: Callable[[], bool]) -> None:
        self._view = view
        self._head = head
        self._stopping = stopping
        self.offices: Counter[str] = Counter()

    def admit(self, known: Known, after: int | None, headers: Mapping[str, str]) -> StreamingResponse:
        """Return the stream of the entries from index `after` on, by default from the head; `LedgerError` BUSY."""
        caller = known.caller
        if self.offices[caller.actor] >= MOST_OF_ONE:
            raise LedgerError(
                "BUSY",
                Message("{0} clients of {1} listen already", MOST_OF_ONE, caller.actor),
                Message("end one of them"),
            )
        if self.offices.total() >= MOST:
            raise LedgerError("BUSY", f"{MOST} clients listen already", Message("try again later"))
        self.offices[caller.actor] += 1
        begin = self._head.current.size if after is None else after
        return _Stream(self, caller.actor, self._events(known, begin), headers)

    async def _events(self, known: Known, after: int) -> AsyncIterator[bytes]:
        yield b": comity\n\n"
        silent = 0.0
        while not self._stopping():
            if self._head.current.size > after:
                try:
                    caller = await run_in_threadpool(known.again)  # the key or the session may have ended
                except RecordError:
                    return
                page = await run_in_threadpool(self._view.entries, caller, after, _PAGE)
                for entry in page.entries:
                    if entry.entry is not None:
                        data = msgspec.json.encode({"head": page.head, "entry": entry})
                        yield b"id: %d\nevent: entry\ndata: %s\n\n" % (entry.index, data)
                after, silent = page.next, 0.0
                continue
            await asyncio.sleep(LOOK)
            silent += LOOK
            if silent >= HEARTBEAT:
                silent = 0.0
                try:
                    await run_in_threadpool(known.again)
                except RecordError:
                    return
                yield b": alive\n\n"


class _Stream(StreamingResponse):
    """A stream that is counted until it ends, however it ends."""

    def __init__(
        self, listeners: Listeners, office: str, events: AsyncIterator[bytes], headers: Mapping[str, str]
    ) -> None:
        super().__init__(events, headers=headers, media_type=MEDIA)
        self._listeners = listeners
        self._office = office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listeners.offices[self._office] -= 1

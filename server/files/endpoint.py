"""The addresses at which the bytes of files come and go: pieces are put, files are fetched."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ledger.adapters.http_server import EarlyResponse
from ledger.adapters.http_signatures import check_content
from ledger.errors import LedgerError, RecordError, TooManyRequests
from ledger.formats.characters import unseen
from ledger.messages import Message
from server import problems
from server.access import Caller
from server.files.addresses import CONTENT, MEDIA, PIECE_OF
from server.files.opening import Files
from server.files.pieces import PIECE
from server.identity.callers import Callers, is_signed
from server.operations.observed import note

logger = logging.getLogger(__name__)

_SLOWEST = 1 << 16  # bytes a second
_AT_ONCE = {"PUT": 4, "GET": 8}  # pieces that come, and files that go, at once; of one office half of them
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})?")
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "vary": "signature-input, cookie",
}


class FileGates(Struct, frozen=True):
    """The checks before the bytes of files. `bases` has the public base URL of each allowed Host.

    `refuse` makes the response to an error in a language by the header Accept-Language; `patience` is in seconds.
    """

    bases: Mapping[str, str]
    callers: Callers
    refuse: Callable[[Exception, str], Response]
    patience: float


class FileEndpoint:
    """Takes pieces of files and hands files out. All of it runs in one thread, apart from calls of `Files`."""

    def __init__(self, files: Files, gates: FileGates) -> None:
        self._files = files
        self._gates = gates
        self._running: dict[tuple[str, str], int] = {}

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(PIECE_OF, self._answering(PIECE_OF, self._put), methods=["PUT"]),
            Route(CONTENT, self._answering(CONTENT, self._fetch), methods=["GET"]),
        ]

    def _answering(
        self, route: str, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            note(request.scope, route=route)
            try:
                return await answer(request)
            except Exception as error:
                if not isinstance(error, (RecordError, LedgerError)):
                    logger.exception("%s %s: %s", request.method, route, type(error).__name__)
                elif problems.is_internal(error):
                    logger.warning("%s %s: %s", request.method, route, error)
                refused = self._gates.refuse(error, request.headers.get("accept-language", ""))
                if request.method != "PUT":
                    return refused
                # a client that still sends would lose the answer
                note(request.scope, code=getattr(error, "code", "API-UNFORESEEN"))
                return EarlyResponse.of(refused, _rest(request), self._gates.patience)

        return endpoint

    # -- pieces -------------------------------------------------------------------------------------------------------

    async def _put(self, request: Request) -> Response:
        caller = await run_in_threadpool(self._caller, request)
        order, name, piece = (request.path_params[each] for each in ("order", "object", "piece"))
        if not (piece.isascii() and piece.isdecimal() and len(piece) <= 9):
            raise RecordError("API-REQUEST", "pieces are counted from 0 on", where="piece")
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != MEDIA or request.headers.get("content-encoding", "identity") != "identity":
            raise RecordError("API-MEDIA", f"a piece is {MEDIA}, without an encoding", where="Content-Type")
        with self._admitted("PUT", caller):
            await run_in_threadpool(self._files.upload, caller, order, name)  # before a byte is read
            data = await self._body(request)
            if is_signed(request):
                await run_in_threadpool(check_content, dict(request.headers), data)
            answer = await run_in_threadpool(self._files.keeping.put, caller, order, name, int(piece), data)
        return Response(msgspec.json.encode(answer), 200, _HEADERS, "application/json")

    async def _body(self, request: Request) -> bytes:
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > PIECE:
            raise RecordError("API-LARGE", f"a piece states its length, at most {PIECE} bytes", where="Content-Length")
        body = bytearray()
        try:
            async with asyncio.timeout(self._gates.patience) as limit:
                async for chunk in request.stream():
                    body += chunk
                    limit.reschedule((limit.when() or 0) + len(chunk) / _SLOWEST)
        except TimeoutError:
            raise RecordError("API-SLOW", Message("the piece does not arrive fast enough")) from None
        except ClientDisconnect:
            raise RecordError("API-REQUEST", Message("the piece is cut short")) from None
        return bytes(body)

    # -- files --------------------------------------------------------------------------------------------------------

    async def _fetch(self, request: Request) -> Response:
        caller = await run_in_threadpool(self._caller, request)
        order, name = request.path_params["order"], request.path_params["object"]
        link, known = await run_in_threadpool(self._files.keeping.opened, caller, order, name)
        stated = await run_in_threadpool(self._files.name_of, order, link, known)
        first, end = _range(request, known.size)
        headers = {**_HEADERS, "content-disposition": disposition(stated), "accept-ranges": "bytes",
                   "content-length": str(end - first)}  # fmt: skip
        status = 200
        if "range" in request.headers and (first, end) != (0, known.size):
            status, headers["content-range"] = 206, f"bytes {first}-{end - 1}/{known.size}"
        if request.method == "HEAD":
            return Response(None, status, headers, MEDIA)
        with ExitStack() as turn:
            turn.enter_context(self._admitted("GET", caller))
            rest = self._files.keeping.pieces(link, known, first // PIECE)
            head = await run_in_threadpool(next, rest)  # what is damaged is said before anything is sent
            return _FileResponse(_bytes(head, rest, first, end), status, headers, turn.pop_all())

    # -- who ----------------------------------------------------------------------------------------------------------

    def _caller(self, request: Request) -> Caller:
        """Return who asks, before the body of a request has come; `RecordError` as `Callers.find`, API-DENIED."""
        base = self._gates.bases[request.headers["host"]]
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        query = request.scope["query_string"].decode("latin-1")
        url = base + raw.decode("latin-1") + (f"?{query}" if query else "")
        known = self._gates.callers.find(request, url, base, None if request.method == "PUT" else b"")
        if known is None:
            self._gates.callers.spend_unknown(request)
            says = Message("this address answers requests of a key of the register, or of a person who has signed in")
            raise RecordError(
                "API-SIGNATURE", says, hint=Message("sign the request (RFC 9421), or sign in at /sign-in")
            )
        note(request.scope, office=known.caller.actor)
        if not known.caller.accepted:
            raise RecordError("API-DENIED", Message("the holder of this key has not accepted it yet"))
        return known.caller

    @contextmanager
    def _admitted(self, method: str, caller: Caller) -> Iterator[None]:
        """Admit a few requests at once, of one office half of them: memory and disk have other users."""
        places = [(method, ""), (method, caller.actor)]
        for place, most in zip(places, (_AT_ONCE[method], _AT_ONCE[method] // 2), strict=True):
            if self._running.get(place, 0) >= most:
                raise TooManyRequests("other files come and go now", 1)
        for place in places:
            self._running[place] = self._running.get(place, 0) + 1
        try:
            yield
        finally:
            for place in places:
                self._running[place] -= 1
                if not self._running[place]:
                    del self._running[place]


class _FileResponse(StreamingResponse):
    """The bytes of a file; `turn` is closed when the last one was sent, or the client is gone."""

    def __init__(self, content: AsyncIterator[bytes], status: int, headers: Mapping[str, str], turn: ExitStack) -> None:
        super().__init__(content, status, headers, MEDIA)
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._turn:
            await super().__call__(scope, receive, send)


async def _bytes(head: bytes, rest: Iterator[bytes], first: int, end: int) -> AsyncIterator[bytes]:
    """Yield the bytes of a file from one on to an end; `head` is the piece with the first of them."""
    at = first // PIECE * PIECE
    piece: bytes | None = head
    while piece is not None and at < end:
        yield piece[max(first - at, 0) : end - at]
        at += len(piece)
        piece = await run_in_threadpool(next, rest, None) if at < end else None


async def _rest(request: Request) -> AsyncIterator[bytes]:
    """Yield what is left of a body that may have been read."""
    try:
        async for chunk in request.stream():
            yield chunk
    except RuntimeError:  # all of it was read
        return


def _range(request: Request, size: int) -> tuple[int, int]:
    """Return the first byte and the end that a request asks for; the whole file for a range that has no such form."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or int(found[1]) >= size:
        return 0, size
    return int(found[1]), min(size, int(found[2]) + 1) if found[2] and int(found[2]) >= int(found[1]) else size


def disposition(name: str) -> str:
    """Return the header Content-Disposition of a file: an attachment, with a name that names no folder."""
    last = re.split(r"[/\\]", name)[-1]
    safe = "".join("_" if unseen(c) or not c.isprintable() or c in '"<>|:*?' else c for c in last).strip(". ") or "file"
    plain = "".join(c if c.isascii() else "_" for c in safe[:150])
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe[:150], safe='')}"

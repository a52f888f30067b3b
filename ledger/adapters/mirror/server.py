"""Serve a mirror over HTTP: entries come in at two addresses and are read at two; on loopback by default.

    POST /add-checkpoint               200, or the status that says why not; nothing is cosigned yet
    POST /add-entries                  200 with cosignatures, 202 if entries are missing, or why not
    GET  /<hex SHA-256 of an origin>/checkpoint   the last cosigned note of that log, or 404
    GET  /<hex SHA-256 of an origin>/tile/...     tiles and entry bundles of c2sp.org/tlog-tiles

A request is parsed while it arrives, and at most one package of it is in memory. Who may write is not asked: a request
without a checkpoint that the log signed, or with entries that are not in it, changes nothing. Who may read is for the
web server before this one. Source: c2sp.org/tlog-mirror; sign-subtree, which is optional, is not offered.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.adapters import http_server
from ledger.adapters.http_server import EarlyResponse
from ledger.adapters.mirror.mirror import Mirror, Upload, failed
from ledger.adapters.witness.server import checkpoint_routes
from ledger.adapters.witness.witness import TEXT, WitnessReply
from ledger.errors import LedgerError, RecordError
from ledger.tlog.add_entries import UploadHeader, UploadParser

PATIENCE = 10.0  # seconds for a checkpoint's body, and for the next bytes of an upload
LONGEST = 300.0  # seconds for an upload; what is stored until then stays
_PIECE = 64 << 10  # bytes that are unpacked at a time
_MOST_AT_ONCE = 16  # connections, each with up to one package of 16 MiB; further ones are answered 503
_LARGEST_HEAD = 8_192  # bytes of request line and headers
_GRACE = 5  # seconds for running requests after the signal to end
_BINARY = "application/octet-stream"


def app(mirror: Mirror, *, patience: float = PATIENCE, longest: float = LONGEST) -> Starlette:
    """Return the mirror as an ASGI application; the limits are in seconds."""

    async def add_entries(request: Request) -> Response:
        encoding = request.headers.get("content-encoding", "identity").lower()
        receiving = _Receiving(mirror, request.stream(), encoding == "gzip", patience)
        if request.headers.get("content-type", "").lower() != _BINARY:
            reply = WitnessReply(415, f"the Content-Type of entries is {_BINARY}\n")
        elif encoding not in ("identity", "gzip"):
            reply = WitnessReply(415, "a body is compressed with gzip or not at all\n")
        else:
            reply = await receiving.answer(longest)
        headers = {"content-type": reply.media, "accept-encoding": "gzip"}
        if receiving.ended:
            return Response(reply.body, reply.status, headers)
        return EarlyResponse(reply.body, reply.status, headers, receiving.rest, patience)

    async def tile(request: Request) -> Response:
        path = f"tile/{request.path_params['path']}"
        data = await run_in_threadpool(mirror.tile, request.path_params["origin_hash"], path)
        if data is None:
            return Response("no such tile\n", 404, {"content-type": TEXT})
        headers = {"content-type": _BINARY, "cache-control": "public, max-age=31536000, immutable"}
        if path.startswith("tile/entries/") and "gzip" in request.headers.get("accept-encoding", ""):
            data = await run_in_threadpool(gzip.compress, data, 1)
            headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(data, headers=headers)

    routes = checkpoint_routes(mirror, patience)
    routes.append(Route("/add-entries", add_entries, methods=["POST"]))
    routes.append(Route("/{origin_hash}/tile/{path:path}", tile, methods=["GET"]))
    application = Starlette(routes=routes)
    application.router.redirect_slashes = False
    return application


def server(mirror: Mirror, *, patience: float = PATIENCE, longest: float = LONGEST) -> uvicorn.Server:
    """Return a server for the mirror, to be run over sockets that are bound already."""
    application = app(mirror, patience=patience, longest=longest)
    return http_server.server(application, most_at_once=_MOST_AT_ONCE, largest_head=_LARGEST_HEAD, grace=_GRACE)


def serve(mirror: Mirror, host: str, port: int, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until the process gets a signal; `ready` gets the URL once it is bound. Raises OSError.

    Port 0 takes a free port.
    """
    http_server.serve(server(mirror), host, port, ready=ready)


class _Receiving:
    """One add-entries request while it arrives. `ended` is True if the whole body was read, else `rest` has more."""

    def __init__(self, mirror: Mirror, body: AsyncIterator[bytes], packed: bool, patience: float) -> None:
        self.rest = body
        self.ended = False
        self._mirror = mirror
        self._unpack = Gunzip().feed if packed else _whole
        self._patience = patience
        self._parser = UploadParser()
        self._upload: Upload | None = None
        self._stored: Upload | None = None  # set once a package is stored

    async def answer(self, longest: float) -> WitnessReply:
        """Store the packages of the request, each when it is whole; return the reply."""
        late = False
        try:
            async with asyncio.timeout(longest):
                while chunk := await self._next():
                    for piece in self._unpack(chunk):
                        if (reply := await self._take(piece)) is not None:
                            return reply
        except TimeoutError:
            late = True
        except ClientDisconnect:
            pass  # what was stored stays
        except LedgerError as fault:
            return failed("a log", fault)
        except (RecordError, zlib.error) as wrong:
            says = wrong.says if isinstance(wrong, RecordError) else "the body is not gzip"
            return WitnessReply(422 if self._stored else 400, f"{says}\n")
        if self._stored is not None:
            return await run_in_threadpool(self._mirror.partly, self._stored)
        if late:
            return WitnessReply(408, "the body took too long\n")
        return WitnessReply(400, "the body ends before its first package is whole\n")

    async def _next(self) -> bytes:
        """Return the next bytes of the body, empty at its end; TimeoutError if nothing arrives for too long."""
        while not self.ended:
            try:
                async with asyncio.timeout(self._patience):  # `wait_for` of Python 3.11 loses the timeout around it
                    chunk = await anext(self.rest)
                if chunk:
                    return chunk
            except StopAsyncIteration:
                self.ended = True
        return b""

    async def _take(self, piece: bytes) -> WitnessReply | None:
        """Take some bytes of the request; return the reply when it is decided."""
        for part in self._parser.feed(piece):
            if isinstance(part, UploadHeader):
                begun = await run_in_threadpool(self._mirror.begin, part)
                if isinstance(begun, WitnessReply):
                    return begun
                self._upload = begun
            elif self._upload is not None:
                refused = await run_in_threadpool(self._mirror.save, self._upload, part)
                if refused is not None:
                    return refused
                self._stored = self._upload
        if self._parser.done and self._upload is not None:
            reply = await run_in_threadpool(self._mirror.finish, self._upload)
            with suppress(TimeoutError, ClientDisconnect):
                await self._next()  # the end of the body, unless there is too much of it
            return reply
        return None


class Gunzip:
    """Decompress a body as it arrives, in pieces that do not fill the memory."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes stand for; zlib.error."""
        while data:  # what is left of a full piece comes at the latest with the checksum at the end of its member
            if self._member.eof:  # another member follows
                self._member = zlib.decompressobj(wbits=31)
            yield self._member.decompress(data, _PIECE)
            data = self._member.unconsumed_tail or self._member.unused_data


def _whole(data: bytes) -> Iterator[bytes]:
    yield data

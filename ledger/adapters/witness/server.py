"""Serve a witness over HTTP at two addresses, with small bodies and short timeouts; on loopback by default.

    POST /add-checkpoint                          200 with cosignatures, or the status that says why not
    GET  /<hex SHA-256 of an origin>/checkpoint   the last note cosigned for that log, or 404

Incomplete requests do not block other clients (`ledger.adapters.http_server`). Source: c2sp.org/tlog-witness.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ledger.adapters import http_server
from ledger.adapters.witness.witness import TEXT, Witness, WitnessReply
from ledger.tlog.add_checkpoint import LARGEST

PATIENCE = 10.0  # seconds for a whole body
_MOST_AT_ONCE = 64  # connections; further ones are answered 503
_MOST_THROWN_AWAY = 16 << 20  # bytes that are read of a body that is too large
_LARGEST_HEAD = 8_192  # bytes of request line and headers
_GRACE = 5  # seconds for running requests after the signal to end


class _TooLarge(Exception):
    """Report a body that is larger than any request can be."""


class _TooLargeResponse(Response):
    """Answer 413 at once, then read and discard the rest: a client that is cut off while it sends loses the answer."""

    def __init__(self, says: str, patience: float) -> None:
        super().__init__(says, 413, {"content-type": TEXT, "connection": "close"})
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        left = _MOST_THROWN_AWAY
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while left > 0 and (message := await receive()).get("more_body", False):
                    left -= len(message["body"])
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def app(witness: Witness, *, patience: float = PATIENCE) -> Starlette:
    """Return the witness as an ASGI application; `patience` is the limit for a whole body, in seconds."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(patience):
                body = await _body(request)
        except TimeoutError:
            return _response(WitnessReply(408, "the body took too long\n"), close=True)
        except _TooLarge:
            return _TooLargeResponse(f"a request has at most {LARGEST} bytes\n", patience)
        except ClientDisconnect:
            return _response(WitnessReply(400, "the body is cut short\n"), close=True)
        return _response(await run_in_threadpool(witness.add_checkpoint, body))

    async def checkpoint(request: Request) -> Response:
        note = await run_in_threadpool(witness.checkpoint, request.path_params["origin_hash"])
        if note is None:
            return _response(WitnessReply(404, "nothing was cosigned for such a log\n"))
        return Response(note, headers={"content-type": TEXT, "cache-control": "no-cache"})

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin_hash}/checkpoint", checkpoint, methods=["GET"]),
        ]
    )


def server(witness: Witness, *, patience: float = PATIENCE) -> uvicorn.Server:
    """Return a server for the witness, to be run over sockets that are bound already."""
    application = app(witness, patience=patience)
    return http_server.server(application, most_at_once=_MOST_AT_ONCE, largest_head=_LARGEST_HEAD, grace=_GRACE)


def serve(witness: Witness, host: str, port: int, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until the process gets a signal; `ready` gets the URL once it is bound. Raises OSError.

    Port 0 takes a free port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
        server(witness).run(sockets=[listening])


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > LARGEST:
        raise _TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise _TooLarge
    return bytes(body)


def _response(answer: WitnessReply, *, close: bool = False) -> Response:
    headers = {"content-type": answer.media}  # no `media_type`, which adds a charset to text/x.tlog.size
    if close:
        headers["connection"] = "close"  # the rest of the body is not read
    return Response(answer.body, answer.status, headers)

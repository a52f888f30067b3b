"""Serve a witness over HTTP at two addresses, with small bodies and short timeouts; on loopback by default.

    POST /add-checkpoint                          200 with cosignatures, or the status that says why not
    GET  /<hex SHA-256 of an origin>/checkpoint   the last note cosigned for that log, or 404

Incomplete requests do not block other clients (`ledger.adapters.http_server`). Source: c2sp.org/tlog-witness.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.adapters import http_server
from ledger.adapters.http_server import EarlyResponse
from ledger.adapters.witness.witness import TEXT, Witness, WitnessReply
from ledger.tlog.add_checkpoint import LARGEST

PATIENCE = 10.0  # seconds for a whole body
_MOST_AT_ONCE = 64  # connections; further ones are answered 503
_LARGEST_HEAD = 8_192  # bytes of request line and headers
_GRACE = 5  # seconds for running requests after the signal to end


class _TooLarge(Exception):
    """Report a body that is larger than any request can be."""


class Accepting(Protocol):
    """Take checkpoints and show the last cosigned one, as a witness and a mirror do."""

    def add_checkpoint(self, body: bytes) -> WitnessReply:
        """Answer the body of an add-checkpoint request."""

    def checkpoint(self, digest: str) -> bytes | None:
        """Return the last cosigned note of a log; `digest` is the hex SHA-256 of its origin."""


def app(witness: Witness, *, patience: float = PATIENCE) -> Starlette:
    """Return the witness as an ASGI application; `patience` is the limit for a whole body, in seconds."""
    return Starlette(routes=checkpoint_routes(witness, patience))


def checkpoint_routes(cosigner: Accepting, patience: float) -> list[Route]:
    """Return the two addresses of a witness; `patience` is the limit for a whole body, in seconds."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(patience):
                body = await _body(request)
        except TimeoutError:
            return response_of(WitnessReply(408, "the body took too long\n"), close=True)
        except _TooLarge:
            says = f"a request has at most {LARGEST} bytes\n"
            return EarlyResponse(says, 413, {"content-type": TEXT}, request.stream(), patience)
        except ClientDisconnect:
            return response_of(WitnessReply(400, "the body is cut short\n"), close=True)
        return response_of(await run_in_threadpool(cosigner.add_checkpoint, body))

    async def checkpoint(request: Request) -> Response:
        note = await run_in_threadpool(cosigner.checkpoint, request.path_params["origin_hash"])
        if note is None:
            return response_of(WitnessReply(404, "nothing was cosigned for such a log\n"))
        return Response(note, headers={"content-type": TEXT, "cache-control": "no-cache"})

    return [
        Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
        Route("/{origin_hash}/checkpoint", checkpoint, methods=["GET"]),
    ]


def server(witness: Witness, *, patience: float = PATIENCE) -> uvicorn.Server:
    """Return a server for the witness, to be run over sockets that are bound already."""
    application = app(witness, patience=patience)
    return http_server.server(application, most_at_once=_MOST_AT_ONCE, largest_head=_LARGEST_HEAD, grace=_GRACE)


def serve(witness: Witness, host: str, port: int, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until the process gets a signal; `ready` gets the URL once it is bound. Raises OSError.

    Port 0 takes a free port.
    """
    http_server.serve(server(witness), host, port, ready=ready)


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


def response_of(answer: WitnessReply, *, close: bool = False) -> Response:
    """Return a reply as a response; `close` if the rest of the body is not read."""
    headers = {"content-type": answer.media}  # no `media_type`, which adds a charset to text/x.tlog.size
    if close:
        headers["connection"] = "close"  # the rest of the body is not read
    return Response(answer.body, answer.status, headers)

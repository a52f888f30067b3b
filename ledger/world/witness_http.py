"""A witness on the network: two addresses, small bodies, little patience. Loopback unless told otherwise.

    POST /add-checkpoint                          200 with cosignatures, or the status that says why not
    GET  /<hex SHA-256 of an origin>/checkpoint   the last note cosigned for that log, or 404

Headers are not timed: what stands in the open stands behind a web server that does it. Source: c2sp.org/tlog-witness.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.submission import LARGEST
from ledger.world.witness import TEXT, Answer, Witness

PATIENCE = 10.0  # seconds for a whole body
_MOST_AT_ONCE = 64  # connections; more are answered 503
_LARGEST_HEAD = 8_192  # bytes of request line and headers


class _TooLarge(Exception):
    """The body is larger than any request can be."""


def app(witness: Witness, *, patience: float = PATIENCE) -> Starlette:
    """The witness as an ASGI application; `patience` in seconds is for a whole body, however it arrives."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(patience):
                body = await _body(request)
        except TimeoutError:
            return _response(Answer(408, "the body took too long\n"), close=True)
        except _TooLarge:
            return _response(Answer(413, f"a request has at most {LARGEST} bytes\n"), close=True)
        except ClientDisconnect:
            return _response(Answer(400, "the body is cut short\n"), close=True)
        return _response(await run_in_threadpool(witness.add_checkpoint, body))

    async def checkpoint(request: Request) -> Response:
        note = await run_in_threadpool(witness.checkpoint, request.path_params["origin_hash"])
        if note is None:
            return _response(Answer(404, "nothing was cosigned for such a log\n"))
        return Response(note, headers={"content-type": TEXT, "cache-control": "no-cache"})

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin_hash}/checkpoint", checkpoint, methods=["GET"]),
        ]
    )


def serve(
    witness: Witness, host: str, port: int, *, patience: float = PATIENCE, ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until told to stop; `ready` hears the address once it is bound (port 0 takes a free one). OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        bound = listening.getsockname()[1]
        config = uvicorn.Config(
            app(witness, patience=patience),
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_AT_ONCE,
            h11_max_incomplete_event_size=_LARGEST_HEAD,
            timeout_graceful_shutdown=5,
        )
        ready(f"http://{f'[{host}]' if ':' in host else host}:{bound}")
        uvicorn.Server(config).run(sockets=[listening])


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


def _response(answer: Answer, *, close: bool = False) -> Response:
    headers = {"content-type": answer.media}  # as it stands: text/x.tlog.size has no charset
    if close:
        headers["connection"] = "close"  # the rest of the body is not waited for
    return Response(answer.body, answer.status, headers)

"""Web servers of ours, one way: HTTP/1.1 by h11, so many connections, heads of so many bytes, nothing about itself."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp


def server(app: ASGIApp, *, most_at_once: int, largest_head: int, grace: int) -> uvicorn.Server:
    """A server to be run over sockets that are bound already.

    More than `most_at_once` connections are answered 503, request line and headers have at most `largest_head` bytes,
    and requests under way have `grace` seconds when it is told to end.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=most_at_once,
        h11_max_incomplete_event_size=largest_head,
        timeout_graceful_shutdown=grace,
    )
    return uvicorn.Server(config)

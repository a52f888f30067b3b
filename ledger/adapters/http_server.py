"""Run web servers: HTTP/1.1 by h11, with limits on connections and header bytes, and no header about the server.

An incomplete request does not block other clients. The request line and headers have to arrive in `PATIENCE`.
If all connections are taken, the one whose client has been waited for longest is closed for the next. Clients
are not counted by address, because all of them have one address on loopback and behind a web server.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any, Self

import h11
import uvicorn
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0  # seconds for a request's line and headers
_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_MOST_THROWN_AWAY = 16 << 20  # bytes of a body that are read after its answer
_OWES = (h11.IDLE, h11.SEND_BODY)  # a client in these states has not sent the whole of its request


class _Connection(H11Protocol):
    """Hold a connection that can be closed for others as long as its client has not sent a whole request."""

    patience = PATIENCE
    _since = 0.0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in H11Protocol
        self._since = self.loop.time()
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and (certificate := tls.getpeercert(binary_form=True)):
            self.app = _WithCertificate(self.app, ssl.DER_cert_to_PEM_cert(certificate))
        self._wait_for_head()
        others = [c for c in self.connections if isinstance(c, _Connection) and c is not self]
        waited_for = sorted((c for c in others if c.conn.their_state in _OWES), key=lambda c: c._since)
        if waited_for and len(self.connections) >= (self.limit_concurrency or len(others) + 2):
            waited_for[0].connections.discard(waited_for[0])
            waited_for[0].transport.close()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None:  # a reply to the earlier request would find the connection closed
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.patience, self._close_late)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close_late(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.write(_LATE)
            self.transport.close()


class Tls(Struct, frozen=True):
    """The files of a certificate with its chain, and of its private key, both PEM.

    `clients` is a file of the authorities whose client certificates are taken, PEM; a client may have none.
    """

    certificate: str
    key: str
    clients: str = ""


class _WithCertificate:
    """An application that gets the certificate of the client (ASGI TLS extension): uvicorn passes on none."""

    def __init__(self, app: Any, certificate: str) -> None:
        self._app = app
        self._certificate = certificate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {**scope.get("extensions", {}), "tls": {"client_cert_chain": [self._certificate]}}
        await self._app(scope, receive, send)


class Server(uvicorn.Server):
    """A server that goes on for `linger` seconds after the first signal to end; it ends at the second.

    `ending` is True after the first signal.
    """

    def __init__(self, config: uvicorn.Config, linger: float) -> None:
        super().__init__(config)
        self._linger = linger
        self._ends: float | None = None

    @property
    def ending(self) -> bool:
        return self.should_exit or self._ends is not None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._linger and not self.ending:
            self._ends = time.monotonic() + self._linger
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._ends is not None and time.monotonic() >= self._ends:
            self.should_exit = True
        return await super().on_tick(counter)


def server(
    app: ASGIApp,
    *,
    most_at_once: int,
    largest_head: int,
    grace: int,
    patience: float = PATIENCE,
    tls: Tls | None = None,
    linger: float = 0,
) -> Server:
    """Return a server to be run over sockets that are bound already; with `tls` it speaks HTTPS.

    More than `most_at_once` connections with a whole request are answered 503. Request line and headers have
    at most `largest_head` bytes and `patience` seconds (else 408). Running requests have `grace` seconds
    after the signal to end, which counts `linger` seconds late. OSError for a certificate or key that cannot be used.
    """
    if tls is not None:  # uvicorn would ask a person for the passphrase of a key
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, password=lambda: "")
        if tls.clients:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(tls.clients)
    config = uvicorn.Config(
        app,
        http=type("Connection", (_Connection,), {"patience": patience}),
        ws="none",
        log_config=None,  # what uvicorn logs goes where the program sends its logs
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=most_at_once,
        h11_max_incomplete_event_size=largest_head,
        timeout_graceful_shutdown=grace,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=tls.clients or None if tls else None,
        ssl_cert_reqs=ssl.CERT_OPTIONAL if tls and tls.clients else ssl.CERT_NONE,
    )
    return Server(config, linger)


def serve(made: uvicorn.Server, host: str, port: int, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until the process gets a signal; `ready` gets the URL once it is bound. Raises OSError.

    Port 0 takes a free port.
    """
    with listen(host, port) as listening:
        ready(f"http://{authority(host, listening.getsockname()[1])}")
        made.run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises OSError."""
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def authority(host: str, port: int) -> str:
    """Return host and port as a URL has them."""
    return f"{f'[{host}]' if ':' in host else host}:{port}"


class EarlyResponse(Response):
    """Answer before the whole body has come, then read and discard the `rest`, for at most `patience` seconds.

    A client that is cut off while it sends loses the answer.
    """

    def __init__(
        self, body: str, status: int, headers: Mapping[str, str], rest: AsyncIterator[bytes], patience: float
    ) -> None:
        super().__init__(body, status, {**headers, "connection": "close"})
        self._rest = rest
        self._patience = patience

    @classmethod
    def of(cls, response: Response, rest: AsyncIterator[bytes], patience: float) -> Self:
        """Return a response as one that is sent before the whole body has come."""
        return cls(bytes(response.body).decode(), response.status_code, response.headers, rest, patience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        left = _MOST_THROWN_AWAY
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(self._patience):
                async for chunk in self._rest:
                    left -= len(chunk)
                    if left <= 0:
                        break
        await send({"type": "http.response.body", "body": b"", "more_body": False})

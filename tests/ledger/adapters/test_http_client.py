"""An HTTP server has a limited number of bytes and seconds for its answer, and the client checks each answer."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ledger.adapters.http_client import Reply, ask, is_address
from ledger.errors import LedgerError

pytest.importorskip("httpx", reason="needs the extra `server`")

Serve = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def serving() -> Iterator[Callable[[Serve], str]]:
    """Yield a function that starts a server, which answers every GET by its argument, and returns the URL."""
    servers = []

    def start(serve: Serve) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):
                    serve(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def answered(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in ({"content-length": str(len(body))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def test_a_status_is_a_value_and_a_redirect_is_not_followed(serving: Callable[[Serve], str]) -> None:
    url = serving(lambda h: answered(h, 302, b"there", location="http://127.0.0.1:1/", content_type="text/x"))
    assert asyncio.run(ask(url, 10, 30)) == Reply(302, "text/x", b"there")


def test_of_a_body_without_end_no_more_is_read_than_was_asked_for(serving: Callable[[Serve], str]) -> None:
    def forever(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)

    assert asyncio.run(ask(serving(forever), 1_000, 30)).body == b"x" * 1_001


def test_a_body_that_trickles_is_over_when_its_seconds_are(serving: Callable[[Serve], str]) -> None:
    over = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.05):
            handler.wfile.write(b"x")

    with pytest.raises(LedgerError) as fault:
        asyncio.run(ask(serving(trickle), 1_000_000, 0.5))
    over.set()
    assert fault.value.code == "HTTP-SILENT"


def test_what_comes_packed_stays_packed(serving: Callable[[Serve], str]) -> None:
    bomb = gzip.compress(bytes(10 << 20))
    assert (
        asyncio.run(ask(serving(lambda h: answered(h, 200, bomb, content_encoding="gzip")), 1 << 20, 30)).body == bomb
    )


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("http://127.0.0.1:7380", True),
        ("https://witness.example/fr", True),
        ("http://[::1]:7380", True),
        ("http://", False),
        ("http://[", False),
        ("http://127.0.0.1:99999", False),
        ("file:///etc/passwd", False),
        ("witness.example", False),
        ("", False),
    ],
)
def test_an_address_is_that_of_an_http_server(url: str, sound: bool) -> None:
    assert is_address(url) == sound

"""An HTTP server has a limited number of bytes and seconds for its answer, and the client checks each answer."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ledger.adapters.http_client import Reply, ask, is_address, is_local, is_private
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

            do_POST = do_GET  # noqa: N815

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
        ("http://127.0.0.1:0", False),
        ("http://127.0.0.1:65535", True),
        ("file:///etc/passwd", False),
        ("witness.example", False),
        ("", False),
    ],
)
def test_an_address_is_that_of_an_http_server(url: str, sound: bool) -> None:
    assert is_address(url) == sound


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://witness.example", True),
        ("http://witness.example", False),
        ("http://localhost:7380", True),
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:80", True),
        ("http://[::1]:7380", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
        ("http://[2001:db8::1]", False),
        ("https://", False),
        ("file://localhost/x", False),
    ],
)
def test_only_https_and_this_machine_are_private(url: str, private: bool) -> None:
    assert is_private(url) == private


def test_a_host_is_local_by_its_name_or_address() -> None:
    assert [is_local(host) for host in ("localhost", "127.0.0.1", "::1", "", "host", "8.8.8.8")] == [True] * 3 + [
        False
    ] * 3


def test_content_is_posted_with_its_type_and_encoding_and_nothing_else_is_said(
    serving: Callable[[Serve], str],
) -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        seen.append((handler.command, headers, handler.rfile.read(int(headers.get("content-length", 0)))))
        answered(handler, 200, b"")

    url = serving(note)
    names = ("content-type", "content-encoding", "authorization", "accept-encoding")
    asyncio.run(ask(url, 10, 30))
    asyncio.run(ask(url, 10, 30, b"body", media="text/x", encoding="gzip", authorization="Bearer x"))
    asyncio.run(ask(url, 10, 30, b""))
    (first, plain, none), (second, posted, body), (third, _, empty) = seen
    assert (first, second, third, none, body, empty) == ("GET", "POST", "POST", b"", b"body", b"")
    assert [plain.get(name) for name in names] == [None, None, None, "identity"]
    assert [posted.get(name) for name in names] == ["text/x", "gzip", "Bearer x", "identity"]


def test_a_body_of_exactly_the_limit_is_whole_and_a_longer_one_shows_that_it_is(
    serving: Callable[[Serve], str],
) -> None:
    for size, got in ((9, 9), (10, 10), (11, 11), (12, 11)):
        url = serving(lambda h, size=size: answered(h, 200, b"x" * size))  # type: ignore[misc]
        assert len(asyncio.run(ask(url, 10, 30)).body) == got


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.0.0.1:99999/", "ftp://x", "http://a..b/"])
def test_a_server_that_does_not_answer_is_silent_and_named(url: str) -> None:
    with pytest.raises(LedgerError) as fault:
        asyncio.run(ask(url, 10, 5))
    assert (fault.value.code, fault.value.says.startswith(f"{url}: ")) == ("HTTP-SILENT", True)


def test_asking_over_http_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(LedgerError) as fault:
        asyncio.run(ask("http://127.0.0.1:1/", 10, 5))
    assert fault.value.code == "NO-HTTP"

"""A server that answers slowly, or states what only its client can find, makes the client say neither."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread, Timer

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote.connection import Connection
from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError, RecordError
from server.documents import HeadAnswer

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer, seconds: float = 5.0) -> Iterator[Connection]:
    """Yield a connection to a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with closing(
                Connection(f"http://127.0.0.1:{server.server_port}", SeedKey(bytes(32)), seconds=seconds)
            ) as made:
                yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("code", "status"), [("SPLIT-VIEW", 409), ("LOG-ROLLBACK", 503), ("API-FALSE", 400)])
def test_what_a_server_says_of_a_proof_proves_nothing(code: str, status: int) -> None:
    body = f'{{"type":"","title":"","status":{status},"detail":"so","code":"{code}","where":"","hint":""}}'.encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("content-type", "application/problem+json")
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with answering(answer) as connection, pytest.raises(LedgerError, match="API-UNREADY") as raised:
        connection.get("/v1/head", HeadAnswer)
    assert code in raised.value.says


def test_an_answer_that_never_ends_is_silence_however_little_of_it_comes_at_a_time() -> None:
    enough = Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-type", "application/json")
        request.end_headers()
        with suppress(OSError):
            while not enough.wait(0.01):
                request.wfile.write(b" ")

    begun = time.monotonic()
    with answering(answer, seconds=0.1) as connection:
        limit = Timer(5, enough.set)
        limit.start()
        try:
            with pytest.raises(LedgerError, match="did not end within"):
                connection.get("/v1/head", HeadAnswer)
        finally:
            limit.cancel()
            enough.set()
    assert time.monotonic() - begun < 4


# -- a proxy without a server ------------------------------------------------------------------------------------------


class Proxy(BaseHTTPRequestHandler):
    """Answers with the status in the address, as HAProxy does."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>No server is available to handle this request.</html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        made = Connection(f"http://127.0.0.1:{proxy.server_port}", SeedKey(bytes(32)))
        yield made
        made.close()
        proxy.shutdown()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_a_server_is_silence(connection: Connection, status: int) -> None:
    with pytest.raises(LedgerError, match="HTTP-SILENT"):
        connection.get(f"/{status}", HeadAnswer)


def test_any_other_answer_that_is_none_of_the_api_is_false(connection: Connection) -> None:
    with pytest.raises(RecordError, match="API-FALSE"):
        connection.get("/200", HeadAnswer)

"""A proxy that has no server behind it is a server that does not answer, and no false answer."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote.connection import Connection
from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError, RecordError
from server.documents import HeadAnswer


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

"""A client of a peer reads each answer strictly, and ends in an error with a code for any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError, RecordError
from server.exchange.client import PeerClient
from server.exchange.peers import Peer

ANSWERS = (
    (200, "application/json", b"{}"),
    (200, "application/json", b"[" * 100_000),
    (200, "application/json", b"\xff"),
    (200, "application/json", b'{"format":"comity.api-exchange/1","log":"l","digest":"x","state":"recorded"}'),
    (200, "text/html", b"<p>"),
    (302, "text/html", b""),
    (404, "application/problem+json", b"{}"),
    (500, "", b""),
)


@contextmanager
def answering(status: int, media: str, body: bytes) -> Iterator[str]:
    """Answer every request so, at the yielded URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-type", media)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


KEY = SeedKey(bytes(32))


def client(url: str, seconds: float = 5.0) -> PeerClient:
    return PeerClient(Peer("skylark", "ledger.example/xv/skylark", "SP", url), KEY, seconds)


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_an_answer_that_is_none_is_an_error_with_a_code(number: int) -> None:
    with answering(*ANSWERS[number]) as url, closing(client(url)) as peer, pytest.raises(RecordError) as raised:
        peer.hand_in(b"PK")
    assert raised.value.code == "API-FALSE"


def test_a_problem_is_raised_with_its_code() -> None:
    body = b'{"type":"","title":"","status":429,"detail":"wait","code":"BUSY","where":"","hint":""}'
    served = answering(429, "application/problem+json", body)
    with served as url, closing(client(url)) as peer, pytest.raises(LedgerError, match="BUSY: wait"):
        peer.hand_in(b"PK")


@pytest.mark.parametrize(("code", "status"), [("SPLIT-VIEW", 409), ("LOG-ROLLBACK", 503), ("API-FALSE", 400)])
def test_what_a_peer_says_of_a_proof_proves_nothing(code: str, status: int) -> None:
    body = f'{{"type":"","title":"","status":{status},"detail":"so","code":"{code}","where":"","hint":""}}'.encode()
    served = answering(status, "application/problem+json", body)
    with served as url, closing(client(url)) as peer, pytest.raises(LedgerError, match="API-UNREADY") as raised:
        peer.hand_in(b"PK")
    assert code in raised.value.says


def test_a_server_that_is_not_there_is_an_error_with_a_code() -> None:
    with closing(client("http://127.0.0.1:9")) as peer, pytest.raises(LedgerError, match="HTTP-SILENT"):
        peer.waiting(0)


def test_a_peer_without_an_address_cannot_be_asked() -> None:
    with pytest.raises(LedgerError, match="EXCHANGE-PEER"):
        PeerClient(Peer("skylark", "ledger.example/xv/skylark", "SP"), KEY)

"""A witness on the network: each status with its Content-Type, a limit on bodies, and short timeouts."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.adapters.witness.witness import SIZE, TEXT, Witness, WitnessReply, pull
from ledger.adapters.witness.witness_state import Memory
from ledger.errors import LedgerError
from ledger.tlog.add_checkpoint import LARGEST, format_submission
from ledger.tlog.names import origin_hash
from tests.ledger.adapters.witness.test_witness import DIALOGUE, KEY, LOG, NOON, Clock, check_cosigned, opened
from tests.ledger.adapters.witness.test_witness import closed as closed
from tests.support.hash_log import HashLog
from tests.support.served import served

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("uvicorn", reason="needs the extra `server`")

from ledger.adapters.log.published_log import from_url
from ledger.adapters.witness.server import server
from ledger.tlog.note import parse_vkey

PATIENCE = 0.5  # seconds


@dataclass(frozen=True)
class Live:
    """A witness that listens."""

    witness: Witness
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> WitnessReply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return WitnessReply(reply.status, reply.read().decode(), reply.headers["content-type"])
        finally:
            connection.close()

    def post(self, body: bytes) -> WitnessReply:
        return self.send("POST", "/add-checkpoint", body)

    def raw(self, *pieces: bytes) -> bytes:
        """Send bytes unchanged; return all bytes of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except ConnectionError:
                pass  # an early answer may close the connection while the client still sends
            try:
                return b"".join(iter(lambda: connection.recv(65_536), b""))
            except ConnectionResetError:
                return b""


@contextmanager
def listening(witness: Witness) -> Iterator[Live]:
    """Serve a witness on a free port of the loopback."""
    with served(server(witness, patience=PATIENCE)) as port:
        yield Live(witness, port)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    Memory.create(tmp_path / "witness.db", KEY.text).close()
    witness = opened(tmp_path / "witness.db", Clock())
    with listening(witness) as there:
        yield there
    witness.memory.close()


HEAD = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n"


def test_the_published_dialogue_over_http(tmp_path: Path) -> None:
    key = parse_vkey(DIALOGUE["log"]["vkey"])
    Memory.create(tmp_path / "witness.db", KEY.text).close()
    with listening(opened(tmp_path / "witness.db", Clock(), {key.name: [key]})) as live:
        answers = [live.post(step["body"].encode()) for step in DIALOGUE["steps"]]
    assert [answer.status for answer in answers] == [step["status"] for step in DIALOGUE["steps"]]
    assert {answer.media for answer in answers if answer.status == 409} == {"text/x.tlog.size"}


def test_every_status_has_its_content_type(live: Live) -> None:
    check_cosigned(live.post(LOG.request(0, 4)), LOG.note(4))
    fork = LOG.fork(2, 7)
    expected = {
        400: LOG.request(4, 7).replace(b"old 4", b"old 8"),
        403: HashLog(LOG.origin, bytes(32), 7).request(4, 7),
        404: HashLog("ledger.example/other", size=7).request(4, 7),
        422: fork.request(4, 7),
    }
    for status, body in expected.items():
        answer = live.post(body)
        assert (answer.status, answer.media) == (status, TEXT)
    assert live.post(LOG.request(0, 7)) == WitnessReply(409, "4\n", SIZE)
    assert live.post(LOG.request(4, 7)).media == TEXT


def test_the_monitoring_address_shows_the_last_cosigned_note(live: Live) -> None:
    path = f"/{origin_hash(LOG.origin)}/checkpoint"
    assert live.send("GET", path).status == 404
    live.post(LOG.request(0, 4))
    answer = live.send("GET", path)
    assert (answer.status, answer.media) == (200, TEXT)
    assert answer.body.encode() == live.witness.checkpoint(origin_hash(LOG.origin))
    assert live.send("GET", f"/{origin_hash('ledger.example/other')}/checkpoint").status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("POST", f"/{origin_hash(LOG.origin)}/checkpoint", 405),
        ("GET", "/", 404),
        ("GET", "/../witness.db", 404),
        ("GET", "/checkpoint", 404),
        ("GET", "//checkpoint", 404),
        ("GET", "/%2e%2e/checkpoint", 404),
    ],
)
def test_there_is_nothing_else(live: Live, method: str, path: str, status: int) -> None:
    assert live.send(method, path, b"" if method != "GET" else None).status == status


def test_a_body_that_does_not_arrive_is_408(live: Live) -> None:
    body = LOG.request(0, 4)
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    for sent in ((), (body[:20],), (body[:-1],)):
        answer = live.raw(HEAD + length, *sent)
        assert answer.startswith(b"HTTP/1.1 408 "), answer
        assert b"connection: close" in answer
    assert live.witness.memory.seen(LOG.origin) is None
    check_cosigned(live.post(body), LOG.note(4))


def test_a_chunked_body_that_does_not_end_is_408_and_one_that_ends_is_read(live: Live) -> None:
    body = LOG.request(0, 4)
    chunk = b"%x\r\n%s\r\n" % (len(body), body)
    head = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert live.raw(head, chunk).startswith(b"HTTP/1.1 408 ")
    assert live.raw(head, chunk, b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_ten_megabytes_are_413_before_they_are_read(live: Live) -> None:
    large = 10 << 20
    assert live.raw(HEAD + b"Content-Length: %d\r\n\r\n" % large).startswith(b"HTTP/1.1 413 ")
    assert live.raw(HEAD + b"Content-Length: " + b"9" * 19 + b"\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    chunks = b"10000\r\n%s\r\n" % (b"x" * 0x10000)
    for whole in (160, 400):  # within and above what the server discards: some clients then see no answer
        answer = live.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[chunks] * whole)
        assert answer.startswith(b"HTTP/1.1 413 ") or (whole > 256 and not answer), answer
    assert live.send("POST", "/add-checkpoint", b"x" * large).status == 413
    check_cosigned(live.post(LOG.request(0, 4)), LOG.note(4))


def test_the_largest_body_that_may_be_a_request_is_read(live: Live) -> None:
    assert live.post(b"x" * LARGEST).status == 400
    assert live.post(b"x" * (LARGEST + 1)).status == 413


def test_headers_without_end_are_refused(live: Live) -> None:
    assert live.send("POST", "/add-checkpoint", b"", X="x" * 20_000).status == 400


def test_a_client_that_goes_away_leaves_the_witness_as_it_was(live: Live) -> None:
    body = LOG.request(0, 4)
    with socket.create_connection(("127.0.0.1", live.port)) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:30])
    check_cosigned(live.post(body), LOG.note(4))


def test_two_requests_at_once_get_one_200_each_in_order_or_one_409(live: Live) -> None:
    answers: list[tuple[int, WitnessReply]] = []
    threads = [
        threading.Thread(target=lambda n=size: answers.append((n, live.post(LOG.request(0, n))))) for size in (3, 7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    accepted = [size for size, answer in answers if answer.status == 200]
    refused = [answer for _, answer in answers if answer.status == 409]
    assert len(accepted) == 1
    assert refused == [WitnessReply(409, f"{accepted[0]}\n", SIZE)]
    seen = live.witness.memory.seen(LOG.origin)
    assert seen is not None
    assert seen.size == accepted[0]


def test_a_witness_is_pulled_from_a_log_behind_http(live: Live, tmp_path: Path) -> None:
    """Here the log is the server; any static server will do."""
    import functools
    import http.server

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path / "log"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as log:
        threading.Thread(target=log.serve_forever, args=[0.02], daemon=True).start()
        pytest.importorskip("httpx", reason="needs the extra `server`")
        fetch = from_url(f"http://127.0.0.1:{log.server_address[1]}/")
        for size in (3, 300):
            LOG.publish(tmp_path / "log", size)
            check_cosigned(pull(live.witness, fetch).answer, LOG.note(size))
        with pytest.raises(LedgerError) as fault:
            fetch("nothing", 10)
        assert fault.value.code == "LOG-UNREACHABLE"
        log.shutdown()


def test_evidence_gathered_over_http_can_be_printed_as_json(live: Live) -> None:
    from ledger.adapters.witness.witness import exhibit_of

    live.post(LOG.request(0, 4))
    live.post(format_submission(4, (), LOG.fork(2, 4).note(4)))
    (kept,) = live.witness.memory.evidence()
    exhibit = exhibit_of(kept, [LOG.key])
    assert exhibit is not None
    assert json.loads(exhibit)["says"] == "ledger.example/xo/karsk signed two trees of 4 entries"
    assert kept.at == int(NOON.timestamp())

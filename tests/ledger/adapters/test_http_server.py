"""Our web servers: a client that sends half a request, or none, keeps no other client out."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("uvicorn", reason="needs the extra `server`")

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.adapters import http_server as serving

ROOM = 8  # connections


async def answer(request: Request) -> Response:
    with suppress(ClientDisconnect):
        await request.body()
    return Response("here\n")


@contextmanager
def listening(patience: float) -> Iterator[int]:
    """Run a server with room for `ROOM` connections; yield its port."""
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    made = serving.server(app, most_at_once=ROOM, largest_head=4_096, grace=1, patience=patience)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as door:
        thread = threading.Thread(target=made.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        yield door.getsockname()[1]
        made.should_exit = made.force_exit = True
        thread.join(30)


def asked(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


HALVES = {
    "nothing": b"",
    "a line": b"GET / HTTP/1.1\r\n",
    "half a head": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 500,
    "half a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a whole request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_half_sent_requests_of_some_keep_nobody_out(sent: bytes) -> None:
    with listening(patience=60) as port, ExitStack() as held:
        for _ in range(5 * ROOM):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)).sendall(sent)
        time.sleep(0.1)  # the server has closed the oldest connections by then
        assert [asked(port) for _ in range(3)] == [200] * 3


AFTER = {
    "bytes": b"\x00\x01 no request\r\n\r\n",
    "a chunk that is none": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
}


@pytest.mark.parametrize("closes", [b"", b"Connection: close\r\n"])
def test_what_is_no_request_behind_one_that_is_is_400_and_logged_in_one_line(
    capfd: pytest.CaptureFixture[str], closes: bytes
) -> None:
    first = b"GET / HTTP/1.1\r\nHost: a\r\n" + closes + b"\r\n"
    with listening(patience=60) as port:
        for after in AFTER.values():
            behind = b"POST" + first[3:-2] + b"Content-Length: 90\r\n\r\n" + after
            for sent in (first + after, behind, after, after.replace(b" / ", b" /nothing ")):
                with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                    connection.sendall(sent)
                    connection.shutdown(socket.SHUT_WR)
                    with suppress(ConnectionResetError):
                        reply = connection.makefile("rb").read()
                        assert re.fullmatch(rb"(?s)(HTTP/1\.1 (200|400|404) .*)?", reply), reply
        assert asked(port) == 200
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "Error" not in said


def test_a_body_may_take_longer_than_the_patience_for_a_head() -> None:
    with listening(patience=0.15) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(HALVES["half a body"])
        time.sleep(0.3)
        connection.sendall(b"defghi")
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_does_not_arrive_in_time_is_408(capfd: pytest.CaptureFixture[str]) -> None:
    with listening(patience=0.3) as port:
        for first in (b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(first)
                time.sleep(0.1 if first else 0)
                for byte in b"GET / HT":  # a single byte now and then does not keep the connection
                    connection.sendall(bytes([byte]))
                    time.sleep(0.01)
                reply = connection.makefile("rb").read()
                assert reply.rpartition(b"HTTP/1.1 ")[2].startswith(b"408 "), reply
        assert asked(port) == 200
    assert "Traceback" not in capfd.readouterr().err

"""Our web servers: a client that sends half a request, or none, keeps no other client out."""

from __future__ import annotations

import asyncio
import http.client
import re
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

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
        with socket.create_connection(("127.0.0.1", port), timeout=10) as silent:  # it sends nothing at all
            assert silent.makefile("rb").read().startswith(b"HTTP/1.1 408 ")
        assert asked(port) == 200
    assert "Traceback" not in capfd.readouterr().err


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def made(linger: float) -> serving.Server:
    return serving.server(nothing, most_at_once=1, largest_head=99, grace=1, linger=linger)


def test_a_server_without_patience_for_its_end_ends_at_the_first_signal() -> None:
    server = made(0)
    assert not server.ending
    server.handle_exit(signal.SIGTERM, None)
    assert (server.ending, server.should_exit, server.force_exit) == (True, True, False)


def test_a_server_lingers_after_the_first_signal_and_ends_after_its_seconds_or_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    server = made(5)
    assert not asyncio.run(server.on_tick(1))
    server.handle_exit(signal.SIGTERM, None)
    assert (server.ending, server.should_exit) == (True, False)
    now[0] = 1_004.9
    assert not asyncio.run(server.on_tick(1))
    now[0] = 1_005.0
    assert asyncio.run(server.on_tick(1))
    assert (server.ending, server.should_exit) == (True, True)
    again = made(5)
    for ends in (False, True):
        again.handle_exit(signal.SIGTERM, None)
        assert (again.ending, again.should_exit) == (True, ends)


@pytest.mark.parametrize(
    ("host", "family", "url"),
    [("127.0.0.1", socket.AF_INET, "127.0.0.1:"), ("::1", socket.AF_INET6, "[::1]:")],
)
def test_an_address_of_either_kind_is_listened_on_and_said(host: str, family: int, url: str) -> None:
    with serving.listen(host, 0) as listening_socket:
        port = listening_socket.getsockname()[1]
        assert (listening_socket.family, serving.authority(host, port)) == (family, f"{url}{port}")
        with pytest.raises(OSError, match="in use"):
            serving.listen(host, port)


def test_the_address_is_said_before_serving_and_free_afterwards() -> None:
    said: list[str] = []

    class Made:
        def run(self, sockets: list[socket.socket]) -> None:
            assert said == [f"http://127.0.0.1:{sockets[0].getsockname()[1]}"]
            said.append("served")

    serving.serve(Made(), "127.0.0.1", 0, ready=said.append)  # type: ignore[arg-type]
    serving.serve(type("Quiet", (), {"run": lambda self, sockets: said.append("again")})(), "127.0.0.1", 0)
    assert said[1:] == ["served", "again"]
    serving.listen("127.0.0.1", int(said[0].rpartition(":")[2])).close()


def early(parts: list[bytes | None], patience: float) -> tuple[list[dict[str, Any]], int]:
    """Return what an early response sends, and how many parts of the rest of the body it has read."""
    sent: list[dict[str, Any]] = []
    read: list[bytes] = []

    async def rest() -> AsyncIterator[bytes]:
        for part in parts:
            if part is None:
                raise ClientDisconnect
            if part == b"wait":
                await asyncio.sleep(30)
            read.append(part)
            yield part

    async def send(message: Any) -> None:
        sent.append(dict(message))

    whole = Response("too large", 413, {"x-code": "LARGE"})
    response = serving.EarlyResponse.of(whole, rest(), patience)
    asyncio.run(response({"type": "http"}, nothing, send))  # type: ignore[arg-type]
    return sent, len(read)


@pytest.mark.parametrize("parts", [[], [b"x"] * 3, [b"x", None, b"x"], [b"x", b"wait", b"x"]])
def test_an_answer_that_comes_early_is_sent_first_and_ends_the_connection(parts: list[bytes | None]) -> None:
    sent, _ = early(parts, 0.05)
    assert [each["type"] for each in sent] == ["http.response.start", *["http.response.body"] * 2]
    headers = dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"connection"], headers[b"x-code"]) == (413, b"close", b"LARGE")
    assert [value for name, value in sent[0]["headers"] if name == b"content-length"] == [b"9"]
    assert [(each["body"], each["more_body"]) for each in sent[1:]] == [(b"too large", True), (b"", False)]


def test_of_a_body_that_does_not_end_a_part_is_thrown_away() -> None:
    most = serving._MOST_THROWN_AWAY
    for sizes, read in (([most - 1, 1, 1], 2), ([most - 1, 0, 1, 1], 3), ([most + 1, 1], 1), ([1, 1], 2)):
        assert early([bytes(size) for size in sizes], 30)[1] == read


def test_the_certificate_of_a_client_is_passed_on_beside_other_extensions() -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    wrapped = serving._WithCertificate(app, "PEM")
    asyncio.run(wrapped({"type": "http", "extensions": {"other": {}}}, nothing, nothing))  # type: ignore[arg-type]
    asyncio.run(wrapped({"type": "http"}, nothing, nothing))  # type: ignore[arg-type]
    tls = {"tls": {"client_cert_chain": ["PEM"]}}
    assert [scope["extensions"] for scope in seen] == [{"other": {}, **tls}, tls]

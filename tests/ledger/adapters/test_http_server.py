"""Our web servers: a client that sends half a request, or none, keeps no other client out."""

from __future__ import annotations

import asyncio
import http.client
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("uvicorn", reason="needs the extra `server`")

import h11
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.server import ServerState

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
    most = 16 << 20
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


# -- one connection ----------------------------------------------------------------------------------------------------


class Loop:
    """An event loop with a clock that a test sets; it starts no task and calls nothing."""

    def __init__(self) -> None:
        self.now = 100.0
        self.calls: list[tuple[float, Any]] = []
        self.cancelled: list[Any] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Any) -> Any:
        self.calls.append((seconds, call))
        return SimpleNamespace(cancel=lambda: self.cancelled.append(call))

    def create_task(self, coroutine: Any, **_: Any) -> Any:
        coroutine.close()
        return Started()


class Started:
    """A task that was started."""

    def add_done_callback(self, call: object) -> None:
        pass


class Transport(asyncio.Transport):
    """A transport that notes what is written to it."""

    def __init__(self, tls: Any = None) -> None:
        super().__init__({"ssl_object": tls})
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Clients:
    """Connections of clients to one server with room for `room` of them."""

    def __init__(self, room: int | None = None) -> None:
        self.loop = Loop()
        self.config = serving.server(nothing, most_at_once=room or 1, largest_head=4096, grace=1, patience=7).config
        self.config.limit_concurrency = room
        self.config.load()
        self.state = ServerState()

    def joins(self, data: bytes = b"", tls: Any = None) -> tuple[Any, Transport]:
        """Return the connection of one more client, a second after the one before, which has sent these bytes."""
        self.loop.now += 1
        kind: Any = self.config.http_protocol_class
        connection, transport = kind(self.config, self.state, {}, _loop=self.loop), Transport(tls)
        connection.connection_made(transport)
        if data:
            connection.data_received(data)
        return connection, transport


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"


def test_the_client_that_has_been_waited_for_longest_is_closed_for_the_next_one() -> None:
    clients = Clients(room=4)
    asked, first, second = clients.joins(REQUEST), clients.joins(BODY), clients.joins(b"GET / HT")
    assert not any(transport.closed for _, transport in (asked, first, second))
    third = clients.joins()
    assert [transport.closed for _, transport in (asked, first, second, third)] == [False, True, False, False]
    assert first[0] not in clients.state.connections
    fourth = clients.joins()
    assert [transport.closed for _, transport in (asked, second, third, fourth)] == [False, True, False, False]


def test_only_clients_that_owe_a_part_of_a_request_are_closed_and_only_where_there_is_no_room() -> None:
    full, wide = Clients(room=2), Clients()
    for clients, sent in ((full, REQUEST), (wide, BODY)):
        made = [clients.joins(sent) for _ in range(5)]
        assert not any(transport.closed for _, transport in made)
    owing = full.joins(BODY)
    assert not owing[1].closed
    full.joins()
    assert (owing[1].closed, owing[0] in full.state.connections) == (True, False)


def test_a_client_is_waited_for_from_its_last_answer_on() -> None:
    clients = Clients(room=3)
    older, newer = clients.joins(), clients.joins()
    clients.loop.now += 1
    older[0].on_response_complete()
    assert older[0].server_state.total_requests == 1
    clients.joins()
    assert (older[1].closed, newer[1].closed) == (False, True)


def test_a_head_is_waited_for_once_and_again_behind_a_whole_request() -> None:
    clients = Clients()
    one, _ = clients.joins()
    assert clients.loop.calls == [(7, one._close_late)]
    one.data_received(b"GET / HTTP/1.1\r\n")
    assert (len(clients.loop.calls), clients.loop.cancelled) == (1, [])
    one.data_received(b"Host: a\r\n\r\n")
    assert (clients.loop.cancelled, one._late) == ([one._close_late], None)
    one.conn.send(h11.Response(status_code=204, headers=[]))
    one.conn.send(h11.EndOfMessage())
    one.conn.start_next_cycle()
    one.data_received(b"GET")
    assert clients.loop.calls == [(7, one._close_late)] * 2
    one.connection_lost(None)
    assert clients.loop.cancelled == [one._close_late] * 2
    assert (one._late, one in clients.state.connections) == (None, False)
    one.connection_lost(None)
    assert len(clients.loop.cancelled) == 2


def test_a_late_client_is_answered_once_if_it_is_still_there() -> None:
    clients = Clients()
    one, transport = clients.joins()
    one._close_late()
    assert (transport.written, transport.closed, one._late) == (serving._LATE, True, None)
    one._close_late()
    assert transport.written == serving._LATE
    assert serving._LATE.startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_what_is_no_request_is_400_alone_and_behind_one_that_is_not_answered_yet_and_closes_after_an_answer() -> None:
    clients = Clients()
    alone, transport = clients.joins(b"\x00\r\n\r\n")
    assert (transport.written[:13], transport.closed, alone.cycle) == (b"HTTP/1.1 400 ", True, None)
    behind, transport = clients.joins(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    behind.cycle.message_event.clear()
    behind.data_received(b"zz\r\n")
    assert (transport.written[:13], transport.closed) == (b"HTTP/1.1 400 ", True)
    assert (behind.cycle.disconnected, behind.cycle.message_event.is_set()) == (True, True)
    after, transport = clients.joins(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    after.conn.send(h11.Response(status_code=200, headers=[]))
    after.data_received(b"zz\r\n")
    assert (transport.written, transport.closed, after.cycle.disconnected) == (b"", True, True)


def test_the_certificate_of_a_client_is_given_to_the_application_if_it_has_one() -> None:
    clients = Clients()
    for der in (None, b""):
        tls = SimpleNamespace(getpeercert=lambda binary_form, der=der: der if binary_form else {})
        assert clients.joins(tls=tls)[0].app is clients.config.loaded_app
    tls = SimpleNamespace(getpeercert=lambda binary_form: b"DER" if binary_form else {})
    app = clients.joins(tls=tls)[0].app
    assert isinstance(app, serving._WithCertificate)
    assert app._certificate == ssl.DER_cert_to_PEM_cert(b"DER")
    assert clients.joins()[0].app is clients.config.loaded_app


# -- settings ----------------------------------------------------------------------------------------------------------


def test_a_server_says_nothing_of_itself_and_has_the_limits_that_are_asked_for() -> None:
    config = serving.server(nothing, most_at_once=5, largest_head=99, grace=3).config
    assert (config.limit_concurrency, config.h11_max_incomplete_event_size) == (5, 99)
    assert config.timeout_graceful_shutdown == 3
    assert (config.server_header, config.proxy_headers, config.access_log) == (False, False, False)
    assert (config.ws, config.lifespan, config.log_config, config.log_level) == ("none", "off", None, "warning")
    assert config.http.patience == 10.0  # type: ignore[union-attr]
    assert (config.ssl_certfile, config.ssl_keyfile, config.ssl_ca_certs) == (None, None, None)
    assert config.ssl_cert_reqs == ssl.CERT_NONE
    assert made(0)._linger == 0
    assert made(5)._linger == 5


def test_with_a_certificate_a_server_speaks_https_and_asks_clients_for_theirs_if_authorities_are_named(
    tmp_path: Path,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "office.example")])
    start = datetime(2027, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=9))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    files = {"cert": builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), "key": private}
    for file, data in {**files, "locked": locked, "none": b"no PEM"}.items():
        (tmp_path / file).write_bytes(data)
    cert, key_file, locked_file, none = (str(tmp_path / file) for file in ("cert", "key", "locked", "none"))

    def config(*given: str) -> Any:
        return serving.server(nothing, most_at_once=5, largest_head=99, grace=3, tls=serving.Tls(*given)).config

    plain, asking = config(cert, key_file), config(cert, key_file, cert)
    for each, clients, asks in ((plain, None, ssl.CERT_NONE), (asking, cert, ssl.CERT_OPTIONAL)):
        assert (each.ssl_certfile, each.ssl_keyfile, each.ssl_ca_certs) == (cert, key_file, clients)
        assert each.ssl_cert_reqs == asks
    for unfit in ((cert, locked_file), (none, key_file), (cert, none), (cert, key_file, none), (cert, "nowhere")):
        with pytest.raises(OSError):
            config(*unfit)

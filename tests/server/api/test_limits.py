"""Requests that are too large, too slow, half sent, of another encoding or for another host are refused in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.adapters.http_signatures import sign_request
from ledger.errors import LedgerError
from server.api.application import LARGEST
from tests.server.office import Office, serving_story


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve with a second for each head and body."""
    with serving_story("S2", tmp_path_factory.mktemp("impatient"), patience=1.0) as served:
        yield served


def raw(office: Office, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send bytes unchanged; return all bytes of the answer."""
    with socket.create_connection(("127.0.0.1", office.port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
        return answer


def line(office: Office, method: str, path: str, *headers: str) -> bytes:
    host = f"Host: 127.0.0.1:{office.port}"
    return "\r\n".join([f"{method} {path} HTTP/1.1", host, *headers, "", ""]).encode("latin-1")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1:1", ""])
def test_a_request_for_another_host_is_refused(office: Office, host: str) -> None:
    assert office.send("GET", "/v1/head", headers={"Host": host}).status in (400, 421)


def test_two_hosts_are_none(office: Office) -> None:
    answer = raw(office, line(office, "GET", "/v1/head", "Host: other", "Connection: close"))
    assert answer.split(b" ")[1] in (b"400", b"421")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(impatient: Office) -> None:
    start = line(impatient, "POST", "/v1/entries", f"Content-Length: {LARGEST + 1}", "Connection: close")
    answer = raw(impatient, start)
    assert answer.split(b" ")[1] == b"413"
    assert b"API-LARGE" in answer


def test_a_body_that_grows_too_large_is_refused(office: Office) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    start = line(office, "POST", "/v1/entries", "Transfer-Encoding: chunked", "Connection: close")
    answer = raw(office, start, *[chunk] * (LARGEST // 65_536 + 1), b"0\r\n\r\n")
    assert answer.split(b" ")[1] == b"413"


def test_a_body_that_does_not_arrive_is_given_up(impatient: Office) -> None:
    begun = time.monotonic()
    answer = raw(impatient, line(impatient, "POST", "/v1/entries", "Content-Length: 10") + b"12345")
    assert answer.split(b" ")[1] == b"408"
    assert time.monotonic() - begun < 20


def test_a_head_that_does_not_arrive_is_given_up(impatient: Office) -> None:
    assert raw(impatient, b"GET /v1/head HTTP/1.1\r\nHost: ").split(b" ")[1] == b"408"


def test_a_head_that_is_too_large_is_refused(office: Office) -> None:
    for header in (f"X: {'x' * 20_000}", "\r\n".join(f"X-{n}: {'x' * 100}" for n in range(200))):
        answer = raw(office, line(office, "GET", "/v1/head", header, "Connection: close"))
        assert answer.split(b" ")[1] in (b"400", b"431")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"])
def test_another_method_names_those_of_the_address(office: Office, method: str) -> None:
    reply = office.send(method, "/v1/entries")
    assert (reply.status, reply.code) == (405, "API-METHOD")
    assert set(reply.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"content-type": "text/plain"}, b"{}", "API-MEDIA"),
        ({"content-type": ""}, b"{}", "API-MEDIA"),
        ({"content-encoding": "gzip"}, b"{}", "API-MEDIA"),
        ({}, b"", "API-REQUEST"),
        ({}, b"{", "API-REQUEST"),
        ({}, b"\xff\xfe", "API-REQUEST"),
        ({}, b'{"entries": []}', "API-REQUEST"),
        ({}, b'{"entries": [{"entry": "x", "colour": 1}]}', "API-REQUEST"),
        ({}, b'{"entries": [{"entry": 5}]}', "API-REQUEST"),
        ({}, b'{"entries": [{"entry": "x"}]}', "ENV-NONCANON"),
        ({}, b"[" * 100_000, "API-REQUEST"),
        ({}, b'{"entries": [{"entry": "\\ud800"}]}', "API-REQUEST"),
    ],
)
def test_a_body_of_another_form_has_its_code(office: Office, headers: dict[str, str], body: bytes, code: str) -> None:
    assert office.ask("ilves", "/v1/entries", body, headers).code == code


def test_a_body_where_none_belongs_is_refused(office: Office) -> None:
    key = office.key("ilves")
    headers = sign_request(key, "GET", office.url + "/v1/orders", {}, b"{}")
    assert office.send("GET", "/v1/orders", b"{}", headers).code == "API-REQUEST"


def test_two_signatures_are_none(office: Office) -> None:
    headers = sign_request(office.key("ilves"), "GET", office.url + "/v1/orders", {}, None)
    both = [f"{name}: {value}" for name, value in headers.items()] * 2
    answer = raw(office, line(office, "GET", "/v1/orders", *both, "Connection: close"))
    assert answer.split(b" ")[1] == b"401"


def test_a_signature_is_not_used_twice(office: Office) -> None:
    headers = sign_request(office.key("ilves"), "GET", office.url + "/v1/orders", {}, None)
    assert office.send("GET", "/v1/orders", headers=headers).status == 200
    assert office.send("GET", "/v1/orders", headers=headers).code == "API-REPLAY"


def test_a_signature_is_of_one_address(office: Office) -> None:
    headers = sign_request(office.key("ilves"), "GET", office.url + "/v1/orders", {}, None)
    assert office.send("GET", "/v1/entries", headers=headers).code == "API-SIGNATURE"


def test_a_body_of_two_lengths_ends_its_connection(office: Office) -> None:
    both = line(office, "POST", "/v1/entries", "Content-Length: 4", "Transfer-Encoding: chunked")
    answer = raw(office, both + b"0\r\n\r\n" + line(office, "GET", "/v1/head", "Connection: close"))
    assert answer.split(b" ")[1] == b"400"
    assert answer.count(b"HTTP/1.1 ") == 1, "what follows may be of another client behind the same proxy"


def test_half_open_connections_do_not_shut_others_out(office: Office) -> None:
    held = [socket.create_connection(("127.0.0.1", office.port)) for _ in range(300)]
    try:
        for connection in held[:100]:
            connection.sendall(b"GET /")
        assert office.send("GET", "/health").status == 200
    finally:
        for connection in held:
            connection.close()


def test_a_sender_that_asks_too_often_is_told_when_to_ask_again(tmp_path: Path) -> None:
    with serving_story("S2", tmp_path, rate=2.0) as office:
        replies = [office.ask("harbor", "/v1/head") for _ in range(8)]
        refused = [reply for reply in replies if reply.status != 200]
        assert {(reply.code, reply.headers["retry-after"]) for reply in refused} == {("API-RATE", "1")}
        assert office.ask("ilves", "/v1/head").status == 200, "another sender has its own"


def test_a_log_that_cannot_be_signed_is_not_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise LedgerError("GUARD-MISSING", "/srv/state/guard.db is missing")

    with serving_story("S2", tmp_path, within=0.5) as office:
        assert office.send("GET", "/health").status == 200
        monkeypatch.setattr(office.journal.log, "ready", refuse)
        deadline = time.monotonic() + 20
        while (reply := office.send("GET", "/health")).status == 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (reply.status, reply.code) == (503, "API-UNREADY")
        assert b"/srv" not in reply.body
        monkeypatch.undo()
        while (reply := office.send("GET", "/health")).status != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert reply.status == 200

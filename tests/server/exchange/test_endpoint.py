"""The addresses of the exchange bound what they read, and answer peers alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ledger.adapters.http_signatures import sign_request
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from server.identity.callers import Peers
from tests.server.exchange.offices import Offices, copy
from tests.server.office import Office, Reply

ZIP = {"content-type": "application/zip"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, begun: Offices) -> Iterator[tuple[Office, Key, Offices]]:
    offices = copy(begun, tmp_path_factory.mktemp("endpoint") / "offices")
    with offices.serving("skylark", patience=0.2) as office:
        yield office, open_key(str(offices.root / "karsk" / ".config" / "comity" / "keys" / "ilves")), offices


def ask(served: tuple[Office, Key, Offices], path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    office, key, _ = served
    method = "GET" if body is None else "POST"
    return office.send(method, path, body, sign_request(key, method, office.url + path, headers, body))


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/" + "0" * 64), ("POST", ""), ("POST", "/x")])
def test_a_request_without_a_signature_is_refused(served: tuple[Office, Key, Offices], method: str, path: str) -> None:
    reply = served[0].send(method, f"/v1/exchange{path}", b"PK" if method == "POST" else None, ZIP)
    assert (reply.status, reply.code) == (401, "API-SIGNATURE")


@pytest.mark.parametrize("path", ["", "/" + "0" * 64, "?after=3"])
def test_a_key_of_no_peer_learns_nothing(served: tuple[Office, Key, Offices], path: str) -> None:
    reply = ask(served, f"/v1/exchange{path}", None, {})
    assert (reply.status, reply.code) == (401, "KEY-UNKNOWN")


def test_a_key_of_no_peer_hands_nothing_in(served: tuple[Office, Key, Offices]) -> None:
    reply = ask(served, "/v1/exchange", b"PK no bundle", ZIP)
    assert (reply.status, reply.code) == (401, "KEY-UNKNOWN")
    assert files(served[2]) == []


def files(offices: Offices) -> list[Path]:
    folder = offices.ledger("skylark") / "exchange"
    return [path for name in ("arriving", "quarantine") for path in (folder / name).iterdir()]


def test_a_body_that_is_not_the_signed_one_is_refused(served: tuple[Office, Key, Offices]) -> None:
    office, key, _ = served
    headers = sign_request(key, "POST", f"{office.url}/v1/exchange", ZIP, b"PK one")
    reply = office.send("POST", "/v1/exchange", b"PK two", headers)
    assert (reply.status, reply.code) == (401, "API-SIGNATURE")


def test_a_signature_that_does_not_cover_the_body_is_refused(served: tuple[Office, Key, Offices]) -> None:
    office, key, _ = served
    headers = sign_request(key, "POST", f"{office.url}/v1/exchange", ZIP, None)
    digest = {"content-digest": f"sha-256=:{'A' * 43}=:"}
    for more in ({}, digest):
        reply = office.send("POST", "/v1/exchange", b"PK", {**headers, **more})
        assert (reply.status, reply.code) == (401, "API-SIGNATURE")


def test_a_signature_counts_once(served: tuple[Office, Key, Offices]) -> None:
    office, key, _ = served
    headers = sign_request(key, "POST", f"{office.url}/v1/exchange", ZIP, b"PK")
    assert office.send("POST", "/v1/exchange", b"PK", headers).code == "KEY-UNKNOWN"
    assert office.send("POST", "/v1/exchange", b"PK", headers).code == "API-REPLAY"


def test_another_type_is_refused(served: tuple[Office, Key, Offices]) -> None:
    reply = ask(served, "/v1/exchange", b"{}", {"content-type": "application/json"})
    assert (reply.status, reply.code) == (415, "API-MEDIA")


@pytest.mark.parametrize("path", ["?after=-1", "?before=1", "?after=1&x=2"])
def test_another_query_is_refused(served: tuple[Office, Key, Offices], path: str) -> None:
    assert ask(served, f"/v1/exchange{path}", None, {}).code == "API-REQUEST"


def raw(served: tuple[Office, Key, Offices], length: int, sent: bytes) -> bytes:
    """Send the head of a request whose body is said to have a length, then only `sent`; return the answer."""
    office, key, _ = served
    url = f"{office.url}/v1/exchange"
    headers = sign_request(key, "POST", url, ZIP, sent)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["POST /v1/exchange HTTP/1.1", f"host: 127.0.0.1:{office.port}", f"content-length: {length}"])
    with socket.create_connection(("127.0.0.1", office.port), timeout=10) as connection:
        connection.sendall("\r\n".join([head, *lines, "", ""]).encode() + sent)
        return connection.recv(65_536)


def test_a_body_that_is_too_large_is_refused_before_it_comes(served: tuple[Office, Key, Offices]) -> None:
    assert raw(served, (64 << 20) + 1, b"PK").startswith(b"HTTP/1.1 413")


def test_a_body_that_comes_too_slowly_is_refused_and_leaves_nothing(served: tuple[Office, Key, Offices]) -> None:
    assert raw(served, 1000, b"PK").startswith(b"HTTP/1.1 408")
    assert files(served[2]) == []


def test_a_second_request_of_an_unknown_key_waits_for_the_first(served: tuple[Office, Key, Offices]) -> None:
    office, key, _ = served
    headers = sign_request(key, "POST", f"{office.url}/v1/exchange", ZIP, b"PK")
    lines = [f"{name}: {value}" for name, value in {**headers, "host": f"127.0.0.1:{office.port}"}.items()]
    head = "\r\n".join(["POST /v1/exchange HTTP/1.1", "content-length: 2", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", office.port), timeout=10) as slow:
        slow.sendall(head.encode() + b"P")
        for _ in range(100):  # until the server has read the head of the slow one
            second = ask(served, "/v1/exchange", b"PK", ZIP)
            if second.status == 429:
                break
        assert second.code == "BUSY"
        assert second.headers["retry-after"] == "5"
        assert office.send("GET", "/v1/head").status == 200
        slow.recv(65_536)


def test_a_stranger_who_asks_too_often_keeps_no_new_peer_from_asking(begun: Offices, tmp_path: Path) -> None:
    offices = copy(begun, tmp_path / "offices")

    def code(address: str) -> str:
        return office.send("GET", "/v1/exchange", headers={"x-forwarded-for": address}).code

    with offices.serving("skylark", rate=1.0, proxies=Peers.of(["127.0.0.1"])) as office:
        assert [code("192.0.2.1") for _ in range(4)][-2:] == ["API-RATE", "API-RATE"]
        assert code("192.0.2.2") == "API-SIGNATURE"


def test_a_server_without_peers_has_no_exchange(begun: Offices, tmp_path: Path) -> None:
    offices = copy(begun, tmp_path / "offices")
    with offices.serving("skylark", peers=()) as office:
        assert office.send("GET", "/v1/exchange").code == "API-MISSING"

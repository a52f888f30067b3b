"""The guard in etcd, against servers that answer wrongly, late or not at all. tests/postgres has the real etcd."""

from __future__ import annotations

import json
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ledger.adapters.guard import etcd_guard
from ledger.adapters.guard.clocks import ClockDiffers
from ledger.adapters.guard.etcd_guard import EtcdGuard
from ledger.errors import LedgerError

pytest.importorskip("httpx", reason="needs the extra `server`")

Answer = Callable[[str, dict[str, Any]], tuple[int, bytes] | None]


class Etcd:
    """One key, as etcd keeps it; `before` may answer a request instead."""

    def __init__(self) -> None:
        self.value: str | None = None
        self.asked: list[str] = []
        self.before: Answer = lambda path, question: None
        self.ahead: dict[str, float] = {}  # host as asked -> seconds of its clock

    def answer(self, path: str, question: dict[str, Any]) -> tuple[int, bytes]:
        self.asked.append(path)
        if (instead := self.before(path, question)) is not None:
            return instead
        rows = [] if self.value is None else [{"key": question.get("key"), "value": self.value}]
        if path == "/v3/kv/range":
            return 200, json.dumps({"header": {}, **({"kvs": rows} if rows else {})}).encode()
        return 200, json.dumps(self.transaction(question)).encode()

    def transaction(self, question: dict[str, Any]) -> dict[str, Any]:
        (condition,) = question["compare"]
        expected = None if condition["target"] == "CREATE" else condition["value"]
        if self.value == expected:
            self.value = question["success"][0]["request_put"]["value"]
            return {"header": {}, "succeeded": True, "responses": [{"response_put": {}}]}
        rows = [] if self.value is None else [{"value": self.value}]
        return {"header": {}, "responses": [{"response_range": {"kvs": rows}}]}


@pytest.fixture
def etcd() -> Etcd:
    return Etcd()


@pytest.fixture
def port(etcd: Etcd) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, body = etcd.answer(self.path, question)
            if status == 0:
                return  # the connection ends without an answer
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + etcd.ahead.get(self.headers["host"].partition(":")[0], 0))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd_guard, "_SECONDS", 0.5)
    monkeypatch.setattr(etcd_guard, "PATIENCE", 1.0)


@pytest.fixture
def guard(port: int) -> Iterator[EtcdGuard]:
    with closing(EtcdGuard(f"etcd://127.0.0.1:1,127.0.0.1:{port}", "ledger.example/xo/karsk")) as guard:
        yield guard


def test_the_next_endpoint_is_asked_where_one_is_away(guard: EtcdGuard, etcd: Etcd) -> None:
    assert guard.fetch() is None
    assert guard.create(b"one")
    assert not guard.create(b"two")
    assert guard.replace(b"one", b"two")
    assert not guard.replace(b"one", b"three")
    assert guard.fetch() == b"two"


@pytest.mark.parametrize("ahead", [-121, 121])
def test_a_machine_with_another_time_than_every_member_signs_nothing(port: int, etcd: Etcd, ahead: float) -> None:
    etcd.ahead = {"127.0.0.1": ahead, "localhost": ahead}
    address = f"etcd://127.0.0.1:{port},localhost:{port}"
    with closing(EtcdGuard(address, "ledger.example/xo/karsk")) as guard:
        with pytest.raises(LedgerError, match="CLOCK-AHEAD"):
            guard.fetch()
        etcd.ahead = {}
        assert guard.fetch() is None, "the clock was set"


def test_a_member_with_another_time_is_passed_over(port: int, etcd: Etcd) -> None:
    etcd.ahead = {"127.0.0.1": 3_600}
    with closing(EtcdGuard(f"etcd://127.0.0.1:{port},localhost:{port}", "ledger.example/xo/karsk")) as guard:
        assert guard.create(b"one")
        assert guard.fetch() == b"one"


def test_two_minutes_between_clocks_are_allowed(guard: EtcdGuard, etcd: Etcd) -> None:
    for ahead in (-118, 118):
        etcd.ahead = {"127.0.0.1": ahead}
        assert guard.fetch() is None


@pytest.mark.parametrize("act", ["create", "replace"])
def test_an_answer_that_was_lost_is_found_by_asking_again(guard: EtcdGuard, etcd: Etcd, act: str) -> None:
    lost: list[dict[str, Any]] = []

    def lose(path: str, question: dict[str, Any]) -> tuple[int, bytes] | None:
        if lost or path != "/v3/kv/txn":
            return None
        lost.append(etcd.transaction(question))
        return 0, b""

    if act == "replace":
        etcd.value = b64encode(b"one").decode()
    assert guard.fetch() == (None if act == "create" else b"one")
    etcd.before = lose
    assert guard.create(b"two") if act == "create" else guard.replace(b"one", b"two")
    assert lost[0]["succeeded"], "the first request had put it"
    assert etcd.asked.count("/v3/kv/txn") == 2


def test_a_request_that_arrives_late_replaces_nothing(guard: EtcdGuard, etcd: Etcd) -> None:
    """The answer was given up, the same state was replaced by another process, and then the request arrives."""
    etcd.value = b64encode(b"one").decode()
    held: list[dict[str, Any]] = []

    def hold(path: str, question: dict[str, Any]) -> tuple[int, bytes] | None:
        if held:
            return None
        held.append(question)
        etcd.value = b64encode(b"other").decode()
        return 503, b"{}"

    etcd.before = hold
    assert not guard.replace(b"one", b"two")
    assert "succeeded" not in etcd.transaction(held[0])
    assert b64decode(str(etcd.value)) == b"other"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"not json"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"header": {}, "kvs": 3}'),
        (200, b'{"header": {}, "kvs": [{"value": "!"}]}'),
        (200, b'{"header": {}, "kvs": [{}]}'),
        (200, b'{"header": {}, "kvs": "' + b"A" * 70_000 + b'"}'),
        (503, b'{"code": 14, "message": "etcdserver: no leader"}'),
        (403, b'{"code": 7, "message": "etcdserver: permission denied"}'),
        (0, b""),
    ],
)
def test_what_is_no_answer_is_an_error_with_a_code(
    guard: EtcdGuard, etcd: Etcd, answer: tuple[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(etcd_guard, "retries", lambda seconds: [lambda: True, lambda: False])
    etcd.before = lambda path, question: answer
    for act in (guard.fetch, lambda: guard.replace(b"one", b"two"), lambda: guard.create(b"one")):
        with pytest.raises(LedgerError, match="GUARD-AWAY"):
            act()


def test_a_user_logs_in_once_and_again_when_the_token_has_expired(port: int, etcd: Etcd, tmp_path: Path) -> None:
    tokens: list[str] = []

    def check(path: str, question: dict[str, Any]) -> tuple[int, bytes] | None:
        if path == "/v3/auth/authenticate":
            assert question == {"name": "comity", "password": "from the file"}
            tokens.append("t")
            return 200, b'{"header": {}, "token": "t%d"}' % len(tokens)
        if len(tokens) == 1 and etcd.asked.count("/v3/kv/range") == 2:
            return 401, b'{"code": 16, "message": "etcdserver: invalid auth token"}'
        return None

    etcd.before = check
    (tmp_path / "password").write_text("from the file\n")
    address = f"etcd://127.0.0.1:{port}?user=comity&password-file={tmp_path / 'password'}"
    with closing(EtcdGuard(address, "ledger.example/xo/karsk")) as guard:
        assert [guard.fetch(), guard.fetch(), guard.fetch()] == [None] * 3
    assert len(tokens) == 2


def test_a_file_that_cannot_be_read_is_named(port: int, tmp_path: Path) -> None:
    for named in (f"?user=me&password-file={tmp_path}/no", f"?user=me&password-file={tmp_path}"):
        with (
            closing(EtcdGuard(f"etcd://127.0.0.1:{port}{named}", "ledger.example/xo/karsk")) as guard,
            pytest.raises(LedgerError, match=f"GUARD-AWAY.*{tmp_path}"),
        ):
            guard.fetch()
    (tmp_path / "bad.pem").write_text("no certificate")
    files = f"?ca={tmp_path}/bad.pem"
    with (
        closing(EtcdGuard(f"etcds://127.0.0.1:{port}{files}", "ledger.example/xo/karsk")) as guard,
        pytest.raises(LedgerError, match="GUARD-AWAY"),
    ):
        guard.fetch()


def test_a_user_who_is_refused_is_said_with_the_endpoint(port: int, etcd: Etcd, tmp_path: Path) -> None:
    etcd.before = lambda path, question: (400, b'{"code": 3, "message": "authentication failed"}')
    (tmp_path / "password").write_text("wrong\n")
    address = f"etcd://127.0.0.1:{port}?user=comity&password-file={tmp_path / 'password'}"
    with (
        closing(EtcdGuard(address, "ledger.example/xo/karsk")) as guard,
        pytest.raises(LedgerError, match="authentication failed") as refused,
    ):
        guard.fetch()
    assert (refused.value.code, etcd.asked) == ("GUARD-AWAY", ["/v3/auth/authenticate"])


def test_a_certificate_that_is_none_is_refused_before_anything_is_asked(port: int, etcd: Etcd, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    files = f"?cert={tmp_path}/bad.pem&key={tmp_path}/bad.pem"
    with (
        closing(EtcdGuard(f"etcds://127.0.0.1:{port}{files}", "ledger.example/xo/karsk")) as guard,
        pytest.raises(LedgerError, match=r"bad\.pem"),
    ):
        guard.fetch()
    assert etcd.asked == []


def test_an_answer_without_a_date_says_nothing_of_a_clock() -> None:
    etcd_guard._check_clock("", 0.0, 0.0)
    etcd_guard._check_clock("yesterday", 0.0, 0.0)
    with pytest.raises(ClockDiffers):
        etcd_guard._check_clock("Mon, 01 Mar 2027 12:00:00 GMT", 0.0, 0.0)


def test_a_guard_in_etcd_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with (
        closing(EtcdGuard("etcd://127.0.0.1:1", "ledger.example/xo/karsk")) as guard,
        pytest.raises(LedgerError, match="NO-HTTP"),
    ):
        guard.fetch()

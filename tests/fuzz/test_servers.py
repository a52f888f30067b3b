"""Desk, witness and mirror answer whatever they are asked as their schema says, in one process and over sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("uvicorn", reason="needs the extra `server`")

from tests.fuzz import servers
from tests.fuzz.servers import ANSWERS, HTML, TEXT, Reply, replies, unfit
from tests.ledger.adapters.witness.test_witness import closed as closed


@pytest.mark.parametrize("name", ["desk", "witness", "mirror"])
def test_a_server_answers_requests_as_its_schema_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()

    def noted(rows: object, method: str, path: str, reply: Reply) -> str | None:
        seen.add(reply.status)
        return unfit(ANSWERS[name], method, path, reply)

    monkeypatch.setattr(servers, "unfit", noted)
    with getattr(servers, f"{name}_in_process")(tmp_path) as tried:
        wrong = {seed: says for seed in range(25 if name == "desk" else 60) if (says := tried(seed))}
    assert wrong == {}
    assert seen >= ({200, 403, 404} if name == "desk" else {200, 400, 404})


@pytest.mark.parametrize("name", ["desk", "witness", "mirror"])
def test_a_server_answers_bytes_on_the_wire_as_its_schema_says(name: str, tmp_path: Path) -> None:
    with getattr(servers, f"{name}_by_socket")(tmp_path) as tried:
        assert {seed: says for seed in range(40) if (says := tried(seed))} == {}


@pytest.mark.parametrize(
    ("name", "method", "path", "reply"),
    [
        ("desk", "GET", "/", Reply(500, {"content-type": HTML}, b"<!doctype html>\n</html>")),
        ("desk", "GET", "/", Reply(200, {"content-type": TEXT}, b"")),
        ("desk", "GET", "/", Reply(200, {"content-type": HTML}, b"no page")),
        ("desk", "GET", "/nothing", Reply(200, {"content-type": HTML}, b"<!doctype html>\n</html>")),
        ("desk", "POST", "/", Reply(403, {"content-type": TEXT}, b"Traceback (most recent call last):\n")),
        ("witness", "POST", "/add-checkpoint", Reply(409, {"content-type": "text/x.tlog.size"}, b"007\n")),
        ("witness", "POST", "/add-checkpoint", Reply(400, {"content-type": TEXT}, b"two\nlines\n")),
        ("mirror", "POST", "/add-entries", Reply(409, {"content-type": "text/x.tlog.mirror-info"}, b"7\n07\n\n")),
        ("mirror", "POST", "/add-checkpoint", Reply(200, {"content-type": TEXT}, "— a b=\n".encode())),
        ("mirror", "GET", "/../mirror.db", Reply(200, {"content-type": "application/octet-stream"}, b"")),
        ("witness", "GET", "/add-checkpoint", Reply(409, {"content-type": TEXT}, b"one\n")),
    ],
)
def test_an_answer_that_no_row_allows_is_found(name: str, method: str, path: str, reply: Reply) -> None:
    assert unfit(ANSWERS[name], method, path, reply) is not None


def test_answers_are_taken_apart_one_by_one() -> None:
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
    chunked = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    found = replies(b"HTTP/1.1 100 Continue\r\n\r\n" + plain + chunked + plain)
    assert [(r.status, r.body) for r in found] == [(200, b"ab"), (404, b"abc"), (200, b"ab")]
    with pytest.raises(ValueError):
        replies(b"<html>")

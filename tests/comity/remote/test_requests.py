"""What a connection sends, how often, and what it makes of each answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

import httpx

from comity.remote import connection as module
from comity.remote.connection import Connection, Refused
from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError, RecordError
from server.documents import SEEN, ConsistencyAnswer

URL = "http://office.example"
ANSWER = {"format": "comity.api-consistency/1", "head": {"size": 9, "note": "n"}, "start": 3, "end": 9, "path": ["p"]}


class Body(httpx.SyncByteStream):
    """The content of an answer in parts; it knows whether it was closed, and may break off."""

    def __init__(self, *parts: bytes, broken: bool = False) -> None:
        self.parts, self.broken, self.closed = parts, broken, False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts
        if self.broken:
            raise httpx.ReadError("it broke off")

    def close(self) -> None:
        self.closed = True


def answer(status: int = 200, media: str | None = "application/json; charset=utf-8", **more: Any) -> Any:
    """Return an answer; `says` are members of its JSON, `body` is its content."""
    body = more.get("body") or Body(json.dumps(more.get("says", ANSWER)).encode())
    return httpx.Response(status, headers={} if media is None else {"content-type": media}, stream=body)


def problem(status: int, code: str) -> Any:
    says = {"type": "", "title": "", "status": status, "detail": "so", "code": code, "where": "there", "hint": "do"}
    return answer(status, "application/problem+json", says=says)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    clock = SimpleNamespace(sleep=seconds.append, monotonic=lambda: 0.0)
    monkeypatch.setattr(module, "time", clock)
    return seconds


class Server:
    """A server that gives these answers in turn, the last one again and again; an exception breaks the connection."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    def __call__(self, request: Any) -> Any:
        self.asked.append(request)
        made = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(made, Exception):
            raise made
        return made() if callable(made) else made


def connected(server: Server, url: str = URL) -> Connection:
    made: Any = Connection(url, SeedKey(bytes(32)))
    made._client = httpx.Client(transport=httpx.MockTransport(server))
    return made  # type: ignore[no-any-return]


# -- what is sent ------------------------------------------------------------------------------------------------------


def test_a_request_has_its_query_and_is_signed(slept: list[float]) -> None:
    server = Server(answer)
    with closing(connected(server, f"{URL}/")) as connection:
        found = connection.get("/v1/consistency", ConsistencyAnswer, start=3, end=None, name="a b")
        assert (found.start, found.path) == (3, ["p"])
        connection.get("/v1/head", ConsistencyAnswer)
    first, second = server.asked
    assert (str(first.url), str(second.url)) == (f"{URL}/v1/consistency?start=3&name=a+b", f"{URL}/v1/head")
    assert (first.method, first.content, first.headers["accept-encoding"]) == ("GET", b"", "identity")
    assert {"signature", "signature-input"} <= set(first.headers)
    assert not {SEEN.lower(), "content-type", "idempotency-key", "range"} & set(first.headers)


def test_the_largest_verified_head_is_named_if_there_is_one(slept: list[float]) -> None:
    server = Server(answer)
    with closing(connected(server)) as connection:
        connection.seen = lambda: 7
        connection.get("/v1/head", ConsistencyAnswer)
    assert server.asked[0].headers[SEEN] == "7"


def test_a_post_is_json_under_its_key_and_a_put_is_bytes_without_one(slept: list[float]) -> None:
    server = Server(answer)
    with closing(connected(server)) as connection:
        connection.post("/v1/entries", ConsistencyAnswer, b"{}", "once")
        connection.put("/v1/pieces/0", ConsistencyAnswer, b"\0")
    posted, put = server.asked
    assert (posted.method, posted.content) == ("POST", b"{}")
    assert (posted.headers["content-type"], posted.headers["idempotency-key"]) == ("application/json", "once")
    assert (put.method, put.content, put.headers["content-type"]) == ("PUT", b"\0", "application/octet-stream")
    assert "idempotency-key" not in put.headers
    assert all("content-digest" in each.headers for each in (posted, put))


@pytest.mark.parametrize("url", ["ftp://office.example", "office.example", "https://", "http://a:b", "", "httpx://a"])
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(LedgerError) as refused:
        Connection(url, SeedKey(bytes(32)))
    assert (refused.value.code, refused.value.says) == ("HTTP-SILENT", f"{url!r} is not the address of an http server")


def test_certificates_are_read_for_https_alone(tmp_path: Path) -> None:
    Connection(URL, SeedKey(bytes(32)), ca=str(tmp_path / "gone.pem")).close()
    (tmp_path / "none.pem").write_text("no certificate")
    for name in ("gone.pem", "none.pem"):
        with pytest.raises(RecordError) as refused:
            Connection("https://office.example", SeedKey(bytes(32)), ca=str(tmp_path / name))
        assert (refused.value.code, refused.value.where) == ("TRUST-FORMAT", str(tmp_path / name))
        assert refused.value.says.startswith("no certificates in PEM that can be read: ")
    Connection("https://office.example", SeedKey(bytes(32))).close()


# -- how often ---------------------------------------------------------------------------------------------------------

BROKEN = httpx.ConnectError("no route")


@pytest.mark.parametrize(
    ("server", "tried", "pauses"),
    [
        (Server(answer), 1, 0),
        (Server(BROKEN, BROKEN, answer), 3, 0),
        (Server(lambda: problem(429, "API-RATE"), answer), 2, 1),
        (Server(lambda: problem(429, "API-RATE"), BROKEN, answer), 3, 1),
    ],
)
def test_a_request_is_sent_three_times_before_it_is_given_up(
    server: Server, tried: int, pauses: int, slept: list[float]
) -> None:
    with closing(connected(server)) as connection:
        assert connection.get("/v1/head", ConsistencyAnswer).start == 3
    assert (len(server.asked), slept) == (tried, [module._PAUSE] * pauses)


@pytest.mark.parametrize(
    ("fault", "says"), [(BROKEN, f"{URL}: no route"), (httpx.ConnectTimeout(""), f"{URL}: ConnectTimeout")]
)
def test_a_server_that_never_answers_is_silent(fault: Exception, says: str, slept: list[float]) -> None:
    server = Server(fault)
    with closing(connected(server)) as connection, pytest.raises(LedgerError) as raised:
        connection.get("/v1/head", ConsistencyAnswer)
    assert (raised.value.code, raised.value.says) == ("HTTP-SILENT", says)
    assert raised.value.hint == "nothing shows whether it was done; ask again"
    assert (len(server.asked), slept) == (3, [])


def test_a_server_that_is_busy_three_times_is_said_to_be(slept: list[float]) -> None:
    server = Server(lambda: problem(429, "API-RATE"))
    with closing(connected(server)) as connection, pytest.raises(LedgerError) as raised:
        connection.get("/v1/head", ConsistencyAnswer)
    assert (raised.value.code, raised.value.says, raised.value.hint) == ("API-RATE", "so", "do")
    assert (len(server.asked), slept) == (3, [module._PAUSE] * 2)


# -- what is answered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "code", "says"),
    [
        (lambda: answer(404, "text/html"), "API-FALSE", "the server answers 404 and text/html"),
        (lambda: answer(201), "API-FALSE", "the server answers 201 and application/json"),
        (lambda: answer(500, None), "API-FALSE", "the server answers 500 and nothing"),
        (lambda: answer(says={**ANSWER, "start": "x"}), "API-FALSE", "not an answer of the API: "),
        (lambda: answer(body=Body(b"\xff")), "API-FALSE", "not an answer of the API: "),
        (lambda: answer(503, "text/html"), "HTTP-SILENT", f"{URL}: no server answers behind the proxy there (503)"),
    ],
)
def test_an_answer_that_is_none_of_the_api_is_false_or_no_answer(
    made: Callable[[], Any], code: str, says: str, slept: list[float]
) -> None:
    with closing(connected(Server(made))) as connection, pytest.raises((RecordError, LedgerError)) as found:
        connection.get("/v1/head", ConsistencyAnswer)
    error: Any = found.value
    assert (error.code, error.says[: len(says)]) == (code, says)
    assert error.hint == ("nothing shows whether it was done; ask again" if code == "HTTP-SILENT" else "")
    if isinstance(error, RecordError):
        assert error.where == "/v1/head"


@pytest.mark.parametrize("status", [400, 409, 422, 500, 503])
def test_a_problem_is_a_refusal_or_a_server_that_has_failed(status: int, slept: list[float]) -> None:
    fails = status in (500, 503)
    with (
        closing(connected(Server(lambda: problem(status, "CTX-CHAIN")))) as connection,
        pytest.raises(LedgerError if fails else Refused) as found,
    ):
        connection.get("/v1/head", ConsistencyAnswer)
    error: Any = found.value
    assert (error.code, error.says, error.hint) == ("CTX-CHAIN", "so", "do")
    assert getattr(error, "where", None) == (None if fails else "there")


def test_a_problem_that_cannot_be_read_is_false(slept: list[float]) -> None:
    made = answer(422, "application/problem+json", says={"code": 1})
    with closing(connected(Server(made))) as connection, pytest.raises(RecordError) as raised:
        connection.get("/v1/head", ConsistencyAnswer)
    assert (raised.value.code, raised.value.says) == (
        "API-FALSE", "the server answers 422 and no problem that can be read",
    )  # fmt: skip


@pytest.mark.parametrize("more", [0, 1])
def test_an_answer_has_as_many_bytes_as_any_and_no_more(
    more: int, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps(ANSWER).encode()
    monkeypatch.setattr(module, "MOST", len(content) - more)
    body = Body(content[:20], content[20:])
    with closing(connected(Server(answer(body=body)))) as connection:
        if more:
            with pytest.raises(RecordError, match=f"API-FALSE.*more than {len(content) - 1} bytes"):
                connection.get("/v1/head", ConsistencyAnswer)
        else:
            assert connection.get("/v1/head", ConsistencyAnswer).start == 3
    assert body.closed


@pytest.mark.parametrize("late", [False, True])
def test_a_whole_answer_takes_twenty_times_the_limit_of_a_wait(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 700.5 if late else 700.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with closing(connected(Server(answer))) as connection:
        if late:
            with pytest.raises(LedgerError, match="did not end within 600 seconds"):
                connection.get("/v1/head", ConsistencyAnswer)
        else:
            assert connection.get("/v1/head", ConsistencyAnswer).start == 3


# -- content -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "status"), [(0, 200), (7, 206)])
def test_content_is_asked_for_from_a_place(start: int, status: int) -> None:
    body = Body(b"ab", b"c")
    server = Server(answer(status, "application/octet-stream", body=body))
    with closing(connected(server)) as connection:
        assert list(connection.fetch("/v1/content", start)) == [b"ab", b"c"]
    (request,) = server.asked
    assert (request.method, str(request.url), request.headers["accept-encoding"]) == (
        "GET", f"{URL}/v1/content", "identity",
    )  # fmt: skip
    assert request.headers.get("range") == (f"bytes={start}-" if start else None)
    assert "signature" in request.headers
    assert body.closed


@pytest.mark.parametrize(("start", "status"), [(0, 206), (7, 200), (0, 404), (7, 416)])
def test_content_of_another_place_than_was_asked_for_is_false(start: int, status: int) -> None:
    body = Body(b"abc")
    server = Server(answer(status, "text/html", body=body))
    with closing(connected(server)) as connection, pytest.raises(RecordError) as raised:
        list(connection.fetch("/v1/content", start))
    assert (raised.value.code, raised.value.says, raised.value.where) == (
        "API-FALSE", f"the server answers {status}", "/v1/content",
    )  # fmt: skip
    assert body.closed


def test_content_that_is_refused_or_breaks_off_is_said() -> None:
    with closing(connected(Server(problem(403, "API-DENIED")))) as connection, pytest.raises(Refused, match="so"):
        list(connection.fetch("/v1/content", 0))
    broken = Server(lambda: answer(200, "text/plain", body=Body(b"ab", broken=True)))
    came: list[bytes] = []
    with closing(connected(broken)) as connection, pytest.raises(LedgerError) as raised:
        came.extend(connection.fetch("/v1/content", 0))
    assert (raised.value.code, raised.value.says) == ("HTTP-SILENT", f"{URL}: it broke off")
    assert raised.value.hint == "what has come is kept; ask again"
    assert (len(broken.asked), came) == (1, [b"ab"])


def test_a_closed_connection_asks_nothing() -> None:
    connection = connected(Server(answer))
    connection.close()
    with pytest.raises(RuntimeError, match="closed"):
        connection.get("/v1/head", ConsistencyAnswer)

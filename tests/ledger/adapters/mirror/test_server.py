"""A mirror on the network: requests of the specification, hostile bodies, slow and half-open requests, and tiles."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import socket
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha512
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("uvicorn", reason="needs the extra `server`")

from starlette.requests import ClientDisconnect

from ledger.adapters import http_server
from ledger.adapters.log.published_log import from_url
from ledger.adapters.mirror import server as mirror_server
from ledger.adapters.mirror.server import Gunzip, _Receiving, server
from ledger.adapters.witness.monitor import check_entries
from ledger.adapters.witness.witness import TEXT, WitnessReply
from ledger.errors import LedgerError
from ledger.tlog.add_entries import INFO, UploadHeader, format_header, format_package
from ledger.tlog.names import origin_hash
from ledger.tlog.note import parse_checkpoint
from ledger.tlog.tile import pack_entries
from tests.ledger.adapters.mirror.test_mirror import DIGEST, FORK, LOG, Kept
from tests.support.hash_log import HashLog
from tests.support.served import served

SHORT = 0.5  # seconds
POST = b"POST /add-entries HTTP/1.1\r\nHost: m\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
BINARY = {"content-type": "application/octet-stream"}


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: http.client.HTTPMessage


@dataclass(frozen=True)
class Live:
    """A mirror that listens."""

    kept: Kept
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return Answer(reply.status, reply.read(), reply.headers)
        finally:
            connection.close()

    def entries(self, body: bytes, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", "/add-entries", body, BINARY | given)

    def accept(self, size: int, log: HashLog = LOG) -> Answer:
        return self.send("POST", "/add-checkpoint", log.request(0, size))

    def raw(self, *pieces: bytes) -> bytes:
        """Send bytes unchanged; return all bytes of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            for piece in pieces:
                connection.sendall(piece)
            try:
                return b"".join(iter(lambda: connection.recv(65_536), b""))
            except ConnectionResetError:
                return b""


@contextmanager
def listening(kept: Kept, *, patience: float = 30, longest: float = 60) -> Iterator[Live]:
    """Serve a mirror on a free port of the loopback."""
    with served(server(kept.mirror, patience=patience, longest=longest)) as port:
        yield Live(kept, port)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "mirror")
    yield made
    made.close()


@pytest.fixture
def live(kept: Kept) -> Iterator[Live]:
    with listening(kept) as there:
        yield there


def test_the_three_steps_of_the_specification(live: Live) -> None:
    accepted = live.accept(700)
    assert (accepted.status, accepted.body) == (200, b"")
    first = live.entries(LOG.upload(0, 700, most=2))
    assert (first.status, first.headers["content-type"], first.body) == (202, INFO, b"700\n512\n\n")
    assert first.headers["accept-encoding"] == "gzip"
    done = live.entries(LOG.upload(512, 700))
    assert done.status == 200
    assert done.body.decode().startswith("\u2014 mirror.example/xv ")
    live.kept.check(700)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("pieces", [1, 7, 65_536])
def test_entries_arrive_in_any_pieces_packed_or_not(live: Live, packed: bool, pieces: int) -> None:
    live.accept(300)
    body = LOG.upload(0, 300)
    sent = gzip.compress(body) if packed else body
    head = POST + (b"Content-Encoding: gzip\r\n" if packed else b"") + b"Content-Length: %d\r\n\r\n" % len(sent)
    step = max(1, len(sent) // pieces) if pieces < 100 else len(sent)
    parts = [sent[at : at + step] for at in range(0, len(sent), step)]
    assert live.raw(head, *parts).startswith(b"HTTP/1.1 200 OK")
    live.kept.check(300)


def test_a_connection_serves_several_requests(live: Live) -> None:
    live.accept(700)
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    connection.connect()
    first = connection.sock
    for body, status in ((LOG.upload(0, 700, most=1), 202), (LOG.upload(256, 700), 200), (LOG.upload(700, 700), 200)):
        connection.request("POST", "/add-entries", body, BINARY)
        reply = connection.getresponse()
        assert (reply.status, bool(reply.read())) == (status, True)
        assert connection.sock is first
    connection.close()


def test_every_refusal_has_its_status_and_a_sentence(live: Live) -> None:
    other = HashLog("ledger.example/other", size=1)
    assert live.entries(other.upload(0, 1)).status == 404
    assert live.entries(LOG.upload(0, 1)).status == 422
    live.accept(700)
    wrong = LOG.upload(0, 700, most=1)[:-1] + b"?"
    for body, status, says in (
        (b"", 400, b"the body ends before its first package is whole\n"),
        (LOG.upload(0, 700)[:60], 400, b"the body ends before its first package is whole\n"),
        (LOG.upload(0, 700)[:1_000], 400, b"the body ends before its first package is whole\n"),
        (b"\x00\x00", 400, b"an origin has 1 to 255 bytes\n"),
        (wrong, 422, b"entry 0: the tree of 700 entries has others from 0 to before 256, by this proof\n"),
        (
            FORK.upload(0, 700),
            422,
            b"entry 0: the tree of 700 entries has others from 0 to before 256, by this proof\n",
        ),
        (LOG.upload(3, 700), 409, b"700\n0\n\n"),
        (LOG.upload(0, 600), 409, b"700\n0\n\n"),
        (format_header(UploadHeader(LOG.origin, 700, 700)), 409, b"700\n0\n\n"),
    ):
        answer = live.entries(body)
        assert (answer.status, answer.body) == (status, says)
    assert live.kept.next_entry() == 0
    assert live.kept.mirror.checkpoint(DIGEST) is None


def test_a_false_package_after_good_ones_is_422_and_the_good_ones_stay(live: Live) -> None:
    live.accept(700)
    body = LOG.upload(0, 700, most=1) + format_package(FORK.package(256, 512, 700))
    assert live.entries(body).status == 422
    assert live.kept.next_entry() == 256


def test_a_body_that_is_cut_keeps_its_whole_packages(live: Live) -> None:
    live.accept(700)
    whole = len(LOG.upload(0, 700, most=1))
    assert live.entries(LOG.upload(0, 700)[: whole + 500]).body == b"700\n256\n\n"
    packed = gzip.compress(LOG.upload(256, 700))
    assert live.entries(packed[: len(packed) - 20], content_encoding="gzip").status == 202
    assert live.kept.next_entry() == 512


def test_more_than_the_upload_is_ignored(live: Live) -> None:
    live.accept(300)
    assert live.entries(LOG.upload(0, 300) + bytes(100_000)).status == 200
    live.kept.check(300)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({}, 415),
        (BINARY | {"content-encoding": "br"}, 415),
        (BINARY | {"content-encoding": "gzip"}, 400),
        (BINARY | {"content-encoding": "GZIP"}, 400),
        ({"content-type": "Application/Octet-Stream"}, 200),
        (BINARY | {"content-encoding": "identity"}, 200),
    ],
)
def test_a_body_of_another_type_or_encoding_is_refused(live: Live, headers: dict[str, str], status: int) -> None:
    live.accept(300)
    assert live.send("POST", "/add-entries", LOG.upload(0, 300), headers).status == status


def test_a_bomb_of_zeros_ends_at_its_first_entry(live: Live) -> None:
    live.accept(300)
    header = format_header(UploadHeader(LOG.origin, 0, 300))
    answer = live.entries(gzip.compress(header + bytes(200_000_000), 9), content_encoding="gzip")
    assert (answer.status, answer.body) == (400, b"entry 0 is empty\n")


def test_a_bomb_of_large_entries_ends_with_its_first_package(live: Live) -> None:
    live.accept(300)
    large = (b"\xff\xff" + bytes(65_535)) * 256 + b"\x00"
    body = format_header(UploadHeader(LOG.origin, 0, 300)) + large * 4
    assert live.entries(gzip.compress(body, 1), content_encoding="gzip").status == 422
    assert live.kept.next_entry() == 0


def test_a_body_is_unpacked_in_small_pieces() -> None:
    data = bytes(5_000_000) + b"end"
    packed = gzip.compress(data) + gzip.compress(b"second")
    unpack = Gunzip()
    pieces = [piece for at in range(0, len(packed), 100) for piece in unpack.feed(packed[at : at + 100])]
    assert b"".join(pieces) == data + b"second"
    assert max(map(len, pieces)) == 65_536
    assert b"".join(Gunzip().feed(packed)) == data + b"second", "both members in one chunk"
    with pytest.raises(zlib.error):
        list(Gunzip().feed(b"no gzip"))


def test_each_member_of_a_body_may_refer_back_as_far_as_gzip_does() -> None:
    far = b"".join(sha512(b"%d" % n).digest() for n in range(480))  # 30,720 bytes
    packed = gzip.compress(far * 2, 9)
    assert len(packed) < 40_000, "the second half refers to the first"
    assert b"".join(Gunzip().feed(packed + packed)) == far * 4


def test_the_largest_package_is_stored(live: Live) -> None:
    log = HashLog(LOG.origin, LOG.seed)
    for n in range(256):
        log.append(bytes([n]) * 65_535)
    assert live.accept(256, log).status == 200
    assert live.entries(log.upload(0, 256)).status == 200
    assert live.send("GET", f"/{DIGEST}/tile/entries/000").body == pack_entries(log.entries)


def test_a_client_that_sends_nothing_more_is_408_or_keeps_what_is_stored(kept: Kept) -> None:
    body = LOG.upload(0, 700)
    head = POST + b"Content-Length: %d\r\n\r\n" % len(body)
    kept.accept(700)
    with listening(kept, patience=SHORT) as live:
        assert live.raw(head + body[:500]).startswith(b"HTTP/1.1 408 ")
        stored = live.raw(head + body[:5_000])
    assert stored.startswith(b"HTTP/1.1 202 ")
    assert b"700\n256\n\n" in stored
    assert kept.next_entry() == 256


def test_an_upload_that_never_ends_is_answered_all_the_same(kept: Kept) -> None:
    kept.accept(300)
    with listening(kept, longest=SHORT) as live:
        head = POST + b"Content-Length: 99999\r\n\r\n"
        with socket.create_connection(("127.0.0.1", live.port), timeout=30) as slow:
            slow.sendall(head)
            slow.settimeout(0.1)
            answer = b""
            for byte in LOG.upload(0, 300)[:2_000]:
                try:
                    slow.sendall(bytes([byte]))
                    if answer := slow.recv(100):
                        break
                except TimeoutError:
                    continue
            assert answer.startswith(b"HTTP/1.1 408 ")


def test_only_an_answer_before_the_end_of_a_body_has_the_rest_read_behind_it(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[int] = []
    answer = http_server.EarlyResponse

    def made(body: str, status: int, *more: Any) -> Any:
        early.append(status)
        return answer(body, status, *more)

    monkeypatch.setattr(mirror_server, "EarlyResponse", made)
    live.accept(300)
    assert live.entries(LOG.upload(0, 300)[:60]).status == 400
    assert early == []
    assert live.entries(LOG.upload(3, 300) + bytes(5_000_000)).status == 409
    assert early == [409]


def test_a_refusal_does_not_wait_for_the_body(live: Live) -> None:
    live.accept(700)
    begin = LOG.upload(3, 700)[:100]
    head = POST + b"Content-Length: 9000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", live.port), timeout=30) as connection:
        connection.sendall(head + begin)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 409 ")


def test_half_open_uploads_do_not_stop_others(live: Live) -> None:
    live.accept(700)
    head = POST + b"Content-Length: 9000000\r\n\r\n"
    with ExitStack() as idle:
        for _ in range(60):
            waiting = idle.enter_context(socket.create_connection(("127.0.0.1", live.port), timeout=30))
            waiting.sendall(head + LOG.upload(0, 700)[:300])
        answers = (live.entries(LOG.upload(0, 700)).status for _ in range(100))
        assert next(status for status in answers if status != 503) == 200  # 503 until the oldest ones are closed


def test_two_clients_at_once_end_with_one_log(live: Live) -> None:
    live.accept(1_400)
    answers: list[int] = []

    def push() -> None:
        start = 0
        while True:
            answer = live.entries(LOG.upload(min(start, 1_400), 1_400, most=1))
            if answer.status == 200:
                answers.append(200)
                return
            assert answer.status in (202, 409)
            start = int(answer.body.split(b"\n")[1])

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 4
    live.kept.check(1_400)


def test_readers_get_tiles_entries_and_checkpoint(live: Live) -> None:
    live.accept(700)
    assert live.send("GET", f"/{DIGEST}/checkpoint").status == 404
    live.entries(LOG.upload(0, 700))
    shown = live.send("GET", f"/{DIGEST}/checkpoint")
    assert shown.headers["content-type"] == "text/plain; charset=utf-8"
    check_entries(from_url(f"{live.url}/{DIGEST}"), parse_checkpoint(shown.body.decode().partition("\n\n")[0] + "\n"))
    for packs in ({}, {"accept-encoding": "gzip"}):
        tile = live.send("GET", f"/{DIGEST}/tile/0/000", headers=packs)
        assert (tile.headers["content-type"], len(tile.body)) == ("application/octet-stream", 8_192)
        assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (tile.headers["content-encoding"], tile.headers["vary"]) == (None, None)
    packed = live.send("GET", f"/{DIGEST}/tile/entries/000", headers={"accept-encoding": "br, gzip"})
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "accept-encoding")
    plain = live.send("GET", f"/{DIGEST}/tile/entries/000", headers={"accept-encoding": "br"})
    assert (plain.headers["content-encoding"], plain.headers["content-type"]) == (None, "application/octet-stream")
    assert gzip.decompress(packed.body) == plain.body == pack_entries(LOG.entries[:256])
    none = live.send("GET", f"/{DIGEST}/tile/0/007")
    assert (none.status, none.body, none.headers["content-type"]) == (404, b"no such tile\n", TEXT)


# -- a request while it arrives ----------------------------------------------------------------------------------------

HEAD = UploadHeader(LOG.origin, 0, 300)
WAIT = "the client sends nothing more"
Chunk = bytes | str | BaseException


class Taking:
    """A mirror that notes what it is asked; `says` are its replies by the method."""

    def __init__(self, **says: object) -> None:
        self.did: list[str] = []
        self._says = says

    def _reply(self, name: str, otherwise: object) -> object:
        self.did.append(name)
        reply = self._says.get(name, otherwise)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def begin(self, header: UploadHeader) -> object:
        assert header == HEAD
        return self._reply("begin", "upload")

    def save(self, upload: object, package: object) -> object:
        assert upload == "upload"
        return self._reply("save", None)

    def finish(self, upload: object) -> object:
        return self._reply(f"finish {upload}", WitnessReply(200, "lines\n"))

    def partly(self, upload: object) -> object:
        return self._reply(f"partly {upload}", WitnessReply(202, "missing\n"))


def received(
    mirror: Taking, *chunks: Chunk, packed: bool = False, patience: float = 30, longest: float = 30
) -> tuple[int, str, bool, int]:
    """Send a request in chunks; return status and body of the reply, whether it ended, and how many were not read."""
    left = [*chunks]

    async def body() -> AsyncIterator[bytes]:
        while left:
            chunk = left.pop(0)
            if isinstance(chunk, BaseException):
                raise chunk
            if isinstance(chunk, str):
                await asyncio.sleep(60)
            else:
                yield chunk

    async def answered() -> tuple[int, str, bool]:
        there: Any = mirror
        receiving = _Receiving(there, body(), packed, patience)
        reply = await receiving.answer(longest)
        return reply.status, reply.body, receiving.ended

    return *asyncio.run(answered()), len(left)


FIRST = len(LOG.upload(0, 300, most=1))  # bytes up to the end of the first package
WHOLE = LOG.upload(0, 300)
DONE = ["begin", "save", "save", "finish upload"]


def test_a_whole_request_is_answered_at_its_end_and_the_bytes_behind_it_are_not_read() -> None:
    for chunks, ended, left in (
        ((WHOLE,), True, 0),
        ((b"", WHOLE, b"", b""), True, 0),
        ((WHOLE[:9], b"", WHOLE[9:]), True, 0),
        ((WHOLE, b"more", b"more"), False, 1),
    ):
        mirror = Taking()
        assert received(mirror, *chunks) == (200, "lines\n", ended, left)
        assert mirror.did == DONE
    mirror = Taking()
    assert received(mirror, WHOLE, WAIT, patience=0.05) == (200, "lines\n", False, 0)
    assert received(Taking(), WHOLE, ClientDisconnect()) == (200, "lines\n", False, 0)
    assert mirror.did == DONE


def test_a_request_ends_where_the_mirror_decides_and_the_rest_is_not_read() -> None:
    busy = WitnessReply(409, "300\n7\n")
    for says, did in ({"begin": busy}, ["begin"]), ({"save": busy}, ["begin", "save"]):
        mirror = Taking(**says)
        assert received(mirror, WHOLE[:FIRST], WHOLE[FIRST:], b"more") == (409, "300\n7\n", False, 2)
        assert mirror.did == did


@pytest.mark.parametrize(
    ("chunks", "says"),
    [
        ((), "the body ends before its first package is whole\n"),
        ((WHOLE[: FIRST - 1],), "the body ends before its first package is whole\n"),
        ((WHOLE[:9], ClientDisconnect()), "the body ends before its first package is whole\n"),
        ((b"\x00\x00",), "an origin has 1 to 255 bytes\n"),
    ],
)
def test_without_a_whole_package_a_request_is_400(chunks: tuple[Chunk, ...], says: str) -> None:
    mirror = Taking()
    assert received(mirror, *chunks)[:2] == (400, says)
    assert "partly upload" not in mirror.did


def test_a_request_that_breaks_off_behind_a_package_is_answered_with_what_is_missing() -> None:
    for rest in ((), (ClientDisconnect(),), (WHOLE[FIRST : FIRST + 9],)):
        mirror = Taking()
        assert received(mirror, WHOLE[:FIRST], *rest)[:2] == (202, "missing\n")
        assert mirror.did == ["begin", "save", "partly upload"]
    wrong = b"\x00\x00"  # an empty entry
    assert received(Taking(), WHOLE[:FIRST] + wrong)[:2] == (422, "entry 256 is empty\n")


def test_a_client_that_is_too_slow_in_one_chunk_or_in_all_is_answered() -> None:
    for patience, longest in ((0.05, 30.0), (30.0, 0.05)):
        limit = partial(received, patience=patience, longest=longest)
        late = "the body took too long\n"
        assert limit(Taking(), WHOLE[:9], WAIT)[:2] == (408, late)
        assert limit(Taking(), WHOLE[: FIRST - 1], WAIT)[:2] == (408, late)
        assert limit(Taking(), WHOLE[:FIRST], WAIT)[:2] == (202, "missing\n")


def test_a_body_that_is_no_gzip_is_refused_and_a_fault_of_the_mirror_is_503() -> None:
    packed = gzip.compress(WHOLE)
    assert received(Taking(), packed[:50], packed[50:], packed=True)[:2] == (200, "lines\n")
    assert received(Taking(), b"no gzip", packed=True)[:2] == (400, "the body is not gzip\n")
    first = gzip.compress(WHOLE[:FIRST])
    assert received(Taking(), first, b"no gzip", packed=True)[:2] == (422, "the body is not gzip\n")
    fault = LedgerError("LOG-CORRUPT", "a tile is damaged")
    assert received(Taking(save=fault), WHOLE)[:2] == (503, "LOG-CORRUPT: nothing was cosigned\n")


def test_a_server_has_its_limits_and_is_served_at_the_address_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[object, dict[str, object]]] = []

    def noted(name: str, given: object, limits: dict[str, object]) -> str:
        made.append((given, limits))
        return name

    monkeypatch.setattr(mirror_server, "app", lambda mirror, **limits: noted("app", mirror, limits))
    monkeypatch.setattr(http_server, "server", lambda app, **limits: noted("server", app, limits))
    monkeypatch.setattr(http_server, "serve", lambda *given, **ready: made.append((given, ready)))
    mirror, ready = object(), print
    mirror_server.serve(mirror, "::1", 7, ready=ready)  # type: ignore[arg-type]
    limits = {"most_at_once": 16, "largest_head": 8192, "grace": 5}
    assert made == [
        (mirror, {"patience": 10.0, "longest": 300.0}),
        ("app", limits),
        (("server", "::1", 7), {"ready": ready}),
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", f"/{DIGEST}", 404),
        ("GET", f"/{DIGEST}/", 404),
        ("GET", f"/{DIGEST}/mirror.db", 404),
        ("GET", f"/{DIGEST}/../../mirror.db", 404),
        ("GET", f"/{DIGEST}/tile/0/..%2f..%2f..%2f..%2fmirror.db", 404),
        ("GET", f"/{DIGEST}/tile/0/000%00", 404),
        ("GET", f"/{DIGEST}/tile/0/000.p/256", 404),
        ("GET", f"/{DIGEST.upper()}/tile/0/000", 404),
        ("GET", f"/%2e%2e/{DIGEST}/tile/0/000", 404),
        ("GET", f"//{DIGEST}/tile/0/000", 404),
        ("GET", f"/{origin_hash('ledger.example/other')}/checkpoint", 404),
        ("GET", "/add-entries", 405),
        ("PUT", "/add-entries", 405),
        ("POST", "/sign-subtree", 404),
        ("POST", "/add-entries/", 404),
        ("DELETE", f"/{DIGEST}/tile/0/000", 405),
    ],
)
def test_there_is_nothing_else(live: Live, method: str, path: str, status: int) -> None:
    live.accept(300)
    live.entries(LOG.upload(0, 300))
    assert live.send(method, path, b"" if method in ("POST", "PUT") else None).status == status

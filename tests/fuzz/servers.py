"""Random requests to desk, witness and mirror, in one process and over sockets, and the answers that are allowed.

`ANSWERS` is the schema: for each server, method and address, which status an answer may have, its media type
and its body. An answer that no row allows is a failure, and so is an exception, a traceback in an answer or on
standard error, and a server that does not answer any more.

    python -m tests.fuzz.servers [--seed N] [--seconds S] [--only NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import logging
import re
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, unquote, urlencode

import uvicorn

from cli.desk.routes import app
from cli.desk.security import HEADERS
from ledger.adapters import http_server as serving
from ledger.adapters.mirror import server as mirror_http
from ledger.adapters.mirror.mirror import Mirror
from ledger.adapters.witness import server as witness_http
from ledger.adapters.witness.witness import Witness
from ledger.adapters.witness.witness_state import Memory
from ledger.tlog.add_entries import INFO
from ledger.tlog.names import origin_hash
from tests.cli.desk.test_desk import HOST, Sat, sat
from tests.fuzz import inputs
from tests.ledger.adapters.mirror.test_mirror import LOG as STORED
from tests.ledger.adapters.mirror.test_mirror import Kept
from tests.ledger.adapters.witness.test_witness import KEY, LOG, Clock, opened
from tests.support.cli import ledger_of

PATIENCE = 0.3  # seconds for a body that does not come
SECONDS = 10.0  # for an answer
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
BINARY = "application/octet-stream"
PAGE = rb"(?is)<!doctype html>\n.*</html>\n?"
LINE = rb"[^\n\x00-\x1f\x7f]{1,300}\n?"
ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Row:
    """Allowed answers: to requests of this method and path, with this status, media type and body."""

    method: str
    path: str
    status: int
    media: str
    body: bytes


ANSWERS = {
    "desk": (
        # who does not pass the gate gets a sentence; so does who sends another method
        Row("", ".*", 403, TEXT, rb"[A-Z][^\n<]+\n"),
        Row("", ".*", 405, TEXT, rb"(The desk knows GET and POST\.\n|Method Not Allowed)?"),
        Row("", ".*", 421, TEXT, rb"This is not a name of the desk\.\n"),
        # a page says what is missing, or what was not done
        Row("", ".*", 404, HTML, PAGE),
        Row("POST", "/orders/[^/]+/(open|bundle)", 403, HTML, PAGE),
        Row("POST", "/orders/[^/]+/(open|bundle)", 503, HTML, PAGE),
        # where to go on
        Row("GET|HEAD", "/", 303, "", rb""),
        Row("GET|HEAD", "/orders(/[^/]+)?", 303, "", rb""),
        Row("GET|HEAD", "/keys", 303, "", rb""),
        Row("", "/.+/|/.*//.*", 307, "", rb""),
        # pages
        Row(
            "GET|HEAD",
            "/|/due/(over|soon|later|unknown)|/law|/keys|/orders(/[^/]+(/entries|/replay)?)?",
            200,
            HTML,
            PAGE,
        ),
        Row("POST", "/orders/[^/]+/open", 200, HTML, PAGE),
        # files
        Row("POST", "/orders/[^/]+/bundle", 200, "application/zip", rb"(?s)PK\x03\x04.*"),
        Row("GET|HEAD", "/orders/[^/]+/[a-z-]+\\.html", 200, HTML, PAGE),
        Row("GET|HEAD", "/orders/[^/]+/[a-z-]+\\.json", 200, "application/json", rb"(?s)\{.*\}\n?"),
        Row("GET|HEAD", "/orders/[^/]+/[a-z-]+\\.pdf", 200, "application/pdf", rb"(?s)%PDF-.*"),
    ),
    "witness": (
        Row("POST", "/add-checkpoint", 200, TEXT, "(— [^ \n]+ [A-Za-z0-9+/]+=*\n)+".encode()),
        Row("POST", "/add-checkpoint", 409, "text/x.tlog.size", rb"(0|[1-9][0-9]*)\n"),
        *(Row("POST", "/add-checkpoint", s, TEXT, LINE) for s in (400, 403, 404, 408, 409, 413, 422)),
        Row("GET|HEAD", "/[0-9a-f]{64}/checkpoint", 200, TEXT, r"[^\n]+\n[0-9]+\n[^\n]+\n\n(— [^\n]+\n)+".encode()),
        Row("GET|HEAD", "/[^/]+/checkpoint", 404, TEXT, rb"nothing was cosigned for such a log\n"),
        Row("", ".*", 404, TEXT, rb"Not Found"),
        Row("", ".*", 405, TEXT, rb"Method Not Allowed"),
        Row("", "/.+/|/.*//.*", 307, "", rb""),
    ),
    "mirror": (
        Row("POST", "/add-checkpoint", 200, TEXT, b""),
        Row("POST", "/add-checkpoint", 409, "text/x.tlog.size", rb"(0|[1-9][0-9]*)\n"),
        *(Row("POST", "/add-checkpoint", s, TEXT, LINE) for s in (400, 403, 404, 408, 409, 413, 422)),
        Row("POST", "/add-entries", 200, TEXT, "(— [^ \n]+ [A-Za-z0-9+/]+=*\n)+".encode()),
        *(Row("POST", "/add-entries", s, INFO, rb"(0|[1-9][0-9]*)\n(0|[1-9][0-9]*)\n\n") for s in (202, 409)),
        *(Row("POST", "/add-entries", s, TEXT, LINE) for s in (400, 404, 408, 415, 422)),
        Row("GET|HEAD", "/[0-9a-f]{64}/checkpoint", 200, TEXT, r"[^\n]+\n[0-9]+\n[^\n]+\n\n(— [^\n]+\n)+".encode()),
        Row("GET|HEAD", "/[^/]+/checkpoint", 404, TEXT, rb"nothing was cosigned for such a log\n"),
        Row("GET|HEAD", "/[0-9a-f]{64}/tile/.*", 200, BINARY, rb"(?s).*"),
        Row("GET|HEAD", "/[^/]+/tile/.*", 404, TEXT, rb"no such tile\n"),
        Row("", ".*", 404, TEXT, rb"Not Found"),
        Row("", ".*", 405, TEXT, rb"Method Not Allowed"),
    ),
}
# What the server under both says of bytes that are no request, or too late, or one too many.
WIRE = (
    Row("", ".*", 400, TEXT, rb"Invalid HTTP request received\."),
    Row("", ".*", 408, "", rb""),
    Row("", ".*", 503, TEXT, rb"Service Unavailable"),
)


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its header fields in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def unfit(rows: tuple[Row, ...], method: str, path: str, reply: Reply) -> str | None:
    """Return why no row allows an answer; None if one does."""
    fitting = [
        row
        for row in rows
        if row.status == reply.status
        and re.fullmatch(row.method or ".*", method)
        and re.fullmatch(f"(?s){row.path}", path)
    ]
    if not fitting:
        return f"no answer of status {reply.status} is known to {method} {path[:80]!r}"
    media = reply.headers.get("content-type", "")
    typed = [row for row in fitting if row.media == media]
    if not typed:
        return f"status {reply.status} with the media type {media!r}"
    if b"Traceback" in reply.body:
        return "a traceback"
    if method != "HEAD" and not any(re.fullmatch(row.body, reply.body) for row in typed):
        return f"status {reply.status} with the body {reply.body[:200]!r}"
    return None


# -- requests ----------------------------------------------------------------------------------------------------------

METHODS = ("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "X")
VALUES = (*inputs.WORDS, *inputs.NUMBERS, "main", "on", "1", "CT", "2AP-7", "A" * 3_000)


@dataclass(frozen=True)
class Request:
    """A request: the raw target, header fields, and the body in pieces, the last of which may never come."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: tuple[bytes, ...] = ()
    cut: bool = False

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])


def _word(chance: Random) -> str:
    return chance.choice(VALUES)


def _target(paths: list[str], chance: Random) -> str:
    path = chance.choice(paths)
    if chance.random() < 0.3:
        parts = path.split("/")
        parts[chance.randrange(len(parts))] = quote(
            _word(chance)[:2_000].encode("utf-8", "surrogatepass"), safe=chance.choice(("", "/.:"))
        )
        path = "/".join(parts)
    if not path.startswith("/"):
        path = f"/{path}"
    if chance.random() < 0.4:
        names = (
            "after",
            "before",
            "from",
            "q",
            "state",
            "overdue",
            "instrument",
            "single",
            "token",
            "order",
            "provider",
        )
        said = [(chance.choice(names), _word(chance)[:2_000]) for _ in range(chance.choice((1, 1, 2, 5)))]
        query = urlencode(said, errors="surrogatepass")
        path += "?" + chance.choice((query, query, query.replace("=", "&"), "%", "after=1.2.3", "from=50", "before=7"))
    return path


def _fields(chance: Random, *usual: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the usual header fields, one of them changed, left out, doubled or added now and then."""
    given = list(usual)
    if chance.random() < 0.3:
        at = chance.randrange(len(given))
        match chance.randrange(4):
            case 0:
                del given[at]
            case 1:
                given.insert(at, given[at])
            case 2:
                given[at] = (given[at][0], re.sub(r"[^\x20-\x7e]", "?", _word(chance))[:500])
            case _:
                more = (
                    "origin",
                    "sec-fetch-site",
                    "content-type",
                    "cookie",
                    "accept",
                    "range",
                    "expect",
                    "content-length",
                    "x-forwarded-host",
                    "upgrade",
                    "if-none-match",
                )
                given.append((chance.choice(more), re.sub(r"[^\x20-\x7e]", "?", _word(chance))[:500]))
    return given


def _pieces(body: bytes, chance: Random) -> tuple[bytes, ...]:
    ends = sorted(chance.randrange(len(body) + 1) for _ in range(chance.choice((0, 0, 1, 3))))
    return tuple(body[a:b] for a, b in zip([0, *ends], [*ends, len(body)], strict=True))


def to_desk(place: Sat, chance: Random, *, slow: bool = False) -> Request:
    """Return a request to the desk: mostly with a session, at times with a form that the desk gave out."""
    orders = [place.url(), f"{place.url()[:15]}", "/orders/main", "/orders/nothing"]
    forms = ("html", "json", "pdf") if slow else ("html",)
    papers = [
        f"{place.url()}/{kind}.{form}"
        for kind in ("custody", "audit", "evidence-chain", "replay", "x")
        for form in forms
    ]
    paths = [
        "/",
        "/due/over",
        "/due/soon",
        "/due/later",
        "/due/unknown",
        "/orders",
        "/law",
        "/keys",
        "/nothing",
        "/orders/",
        *orders,
        f"{place.url()}/entries",
        f"{place.url()}/replay",
        *papers,
    ]
    cookie = "; ".join(f"{name}={value}" for name, value in place.visitor.cookies.items())
    usual = [("host", HOST), ("cookie", cookie), ("sec-fetch-site", "same-origin")]
    if chance.random() < 0.7:
        return Request(
            chance.choice(METHODS[:4] if chance.random() < 0.8 else METHODS),
            _target(paths, chance),
            _fields(chance, *usual),
        )
    said = {
        "what": "timeline",
        "because": "asked",
        "purpose": "investigation",
        "audience": "CT",
        "unwitnessed": "1",
        "form": place.desk.sessions.form(),
    }
    for name in chance.sample(list(said), chance.choice((0, 1, 1, 2))):
        said[name] = _word(chance)[:2_000]
    body = urlencode(said, errors="surrogatepass").encode()
    body = chance.choice((body, body, inputs.raw(body, chance), body * 3))
    usual += [("origin", f"http://{HOST}"), ("content-type", "application/x-www-form-urlencoded")]
    target = _target([f"{place.url()}/open", f"{place.url()}/open", f"{place.url()}/bundle", "/orders/x/open"], chance)
    return Request("POST", target, _fields(chance, *usual), _pieces(body, chance), chance.random() < 0.05)


def to_witness(chance: Random) -> Request:
    """Return a request to a witness: a head, good or changed, or a request for its last note."""
    if chance.random() < 0.4:
        paths = [
            f"/{origin_hash(LOG.origin)}/checkpoint",
            f"/{'0' * 64}/checkpoint",
            "/add-checkpoint",
            "/",
            "/checkpoint",
        ]
        return Request(chance.choice(METHODS), _target(paths, chance), _fields(chance, ("host", "w")))
    old = chance.choice((0, 3, 4, 7))
    body = LOG.request(old, max(old, chance.choice((4, 7, 9))))
    if chance.random() < 0.8:
        body = inputs.changed(body, "lines", chance)[: 1 << 17]
    length = ("content-length", str(len(body)))
    target = "/add-checkpoint" if chance.random() < 0.9 else _target(["/add-checkpoint"], chance)
    return Request(
        "POST", target, _fields(chance, ("host", "w"), length), _pieces(body, chance), chance.random() < 0.02
    )


def to_mirror(chance: Random) -> Request:
    """Return a request to a mirror: entries or a checkpoint, good or changed, or a request for what it shows."""
    digest = origin_hash(STORED.origin)
    if chance.random() < 0.3:
        paths = [
            *(f"/{digest}/checkpoint", f"/{digest}/tile/0/000", f"/{digest}/tile/entries/000", "/add-entries", "/"),
            *(f"/{digest}/tile/0/000.p/44", f"/{digest}/tile/entries/../../../mirror.db", f"/{'0' * 64}/tile/0/000"),
        ]
        return Request(chance.choice(METHODS), _target(paths, chance), _fields(chance, ("host", "m")))
    size = chance.choice((300, 600))
    if chance.random() < 0.2:
        body, target, media = STORED.request(chance.choice((0, 300)), size), "/add-checkpoint", "text/plain"
        body = inputs.changed(body, "lines", chance)[: 1 << 17] if chance.random() < 0.5 else body
    else:
        start = chance.choice((0, 256, 300, 512, 600))
        body, target, media = STORED.upload(min(start, size), size, most=chance.choice((1, 9))), "/add-entries", BINARY
        body = inputs.raw(body, chance) if chance.random() < 0.6 else body
    usual = [("host", "m"), ("content-type", media)]
    if chance.random() < 0.3:
        body = gzip.compress(body)
        body = inputs.raw(body, chance) if chance.random() < 0.3 else body
        usual.append(("content-encoding", "gzip"))
    usual.append(("content-length", str(len(body))))
    target = target if chance.random() < 0.9 else _target([target], chance)
    return Request("POST", target, _fields(chance, *usual), _pieces(body, chance), chance.random() < 0.02)


# -- in the same process -----------------------------------------------------------------------------------------------


def answered(server: Any, request: Request) -> Reply:
    """Return the answer of an ASGI application, asked as uvicorn asks it."""
    said: list[dict[str, Any]] = []
    path, _, query = request.target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in request.headers],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 7370),
        "state": {},
    }

    async def ask() -> None:
        left = list(request.pieces)
        ended = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if left:
                piece = left.pop(0)
                return {"type": "http.request", "body": piece, "more_body": bool(left) or request.cut}
            if request.cut or ended.is_set():
                return {"type": "http.disconnect"}
            ended.set()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await asyncio.wait_for(server(scope, receive, send), SECONDS)

    asyncio.run(ask())
    begun = next(m for m in said if m["type"] == "http.response.start")
    headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in begun["headers"]}
    return Reply(begun["status"], headers, b"".join(m.get("body", b"") for m in said))


def tried_desk(place: Sat, gate: Any, request: Request) -> str | None:
    """Return what is wrong with the desk's answer to a request; None if nothing is."""
    reply = answered(gate, request)
    found = unfit(ANSWERS["desk"], request.method, request.path, reply)
    if found is None:
        lacks = [name for name, value in HEADERS.items() if reply.headers.get(name) != value]
        lacks += [] if "content-security-policy" in reply.headers else ["content-security-policy"]
        found = f"without {', '.join(lacks)}" if lacks else None
    if found is None and str(place.ledger).encode() in reply.body:
        found = "it tells where the ledger lies"
    location = reply.headers.get("location", "/")
    if found is None and not re.fullmatch(rf"(http://{re.escape(HOST)})?/(?!/)[^\s\\]*", location):
        found = f"it sends a browser to {location!r}"
    return found


# -- over a socket -----------------------------------------------------------------------------------------------------


@contextmanager
def listening(make: Callable[[ExitStack], uvicorn.Server]) -> Iterator[tuple[int, list[str]]]:
    """Yield the port of a server that `make` makes in a separate thread, and what it reports as an error."""
    ready, made, errors = threading.Event(), list[uvicorn.Server](), list[str]()

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(self.format(record))

    with socket.create_server(("127.0.0.1", 0), backlog=200) as door:

        def run() -> None:
            with ExitStack() as stack:
                made.append(make(stack))
                ready.set()
                made[0].run(sockets=[door])

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(60)
        kept = Kept(logging.ERROR)
        logging.getLogger("uvicorn.error").addHandler(kept)
        try:
            yield door.getsockname()[1], errors
        finally:
            logging.getLogger("uvicorn.error").removeHandler(kept)
            made[0].should_exit = made[0].force_exit = True
            thread.join(30)


def on_the_wire(request: Request, chance: Random) -> tuple[list[bytes], bool]:
    """Return the bytes of a request as they are sent, at times in chunks, and whether they are unchanged."""
    body, headers = b"".join(request.pieces), [f"{n}: {v}".encode("latin-1", "replace") for n, v in request.headers]
    if chance.random() < 0.3 and body:
        headers = [h for h in headers if not h.startswith(b"content-length")] + [b"transfer-encoding: chunked"]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in request.pieces if piece) + b"0\r\n\r\n"
    elif body and not any(h.startswith(b"content-length") for h in headers):
        headers.append(b"content-length: %d" % len(body))
    if chance.random() < 0.7:
        headers.append(b"connection: close")
    version = chance.choice(("HTTP/1.1",) * 8 + ("HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "x"))
    head = b"\r\n".join([f"{request.method} {request.target} {version}".encode("utf-8", "replace"), *headers, b"", b""])
    data = head + body
    whole = True
    if chance.random() < 0.35:
        data, whole = inputs.changed(data, chance.choice(("lines", "raw")), chance), False
    if chance.random() < 0.1:
        data = data * 2  # one request right behind the other
    return list(_pieces(data, chance)), whole


def spoken(port: int, pieces: list[bytes]) -> bytes:
    """Return all that comes back; a client that has nothing more to say waits no longer than a server should."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65_536), b""))
        except (ConnectionError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            return b""


def replies(data: bytes) -> list[Reply]:
    """Return the answers in their order; ValueError for anything that is no answer of HTTP/1.1."""
    found = []
    while data:
        head, blank, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        begun = re.fullmatch(r"HTTP/1\.1 ([1-5][0-9][0-9]) [A-Za-z' -]*", first)
        if begun is None or not blank:
            raise ValueError(f"no answer: {data[:100]!r}")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        if begun[1] == "100":
            data = rest
            continue
        if headers.get("transfer-encoding") == "chunked":
            body = bytearray()
            while rest and (size := int(rest.partition(b"\r\n")[0] or b"0", 16)):
                rest = rest.partition(b"\r\n")[2]
                body += rest[:size]
                rest = rest[size + 2 :]
            data = rest.partition(b"\r\n\r\n")[2]
        else:
            size = int(headers.get("content-length", len(rest)))
            body, data = bytearray(rest[:size]), rest[size:]
        found.append(Reply(int(begun[1]), headers, bytes(body)))
    return found


def tried_wire(rows: tuple[Row, ...], port: int, request: Request, chance: Random) -> str | None:
    """Return what is wrong with all that a server says to a request on the wire; None if nothing is."""
    (pieces, whole), method = on_the_wire(request, chance), request.method
    try:
        back = spoken(port, pieces)
        if method == "HEAD" or not whole:  # changed, it may ask something else
            return None if re.match(rb"HTTP/1\.1 [1-4]\d\d |HTTP/1.1 503 |$", back) else f"no answer: {back[:100]!r}"
        found = replies(back)
    except (TimeoutError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return next(filter(None, (unfit((*rows, *WIRE), method, request.path, reply) for reply in found)), None)


# -- many of them ------------------------------------------------------------------------------------------------------


Tried = Callable[[int], str | None]  # the number of a request -> what was wrong with its answer


@contextmanager
def desk_in_process(folder: Path, *, slow: bool = False) -> Iterator[Tried]:
    """Return a desk and a session; where it may take long, some requests are for papers of a background job."""
    with ExitStack() as stack:
        place = sat(stack, ledger_of("S2", folder), "ilves")
        stack.enter_context(closing(place.desk.background))

        def tried(seed: int) -> str | None:
            request = to_desk(place, Random(f"desk {seed}"), slow=slow and seed % 50 == 0)
            return tried_desk(place, place.visitor.gate, request)

        yield tried


@contextmanager
def desk_by_socket(folder: Path) -> Iterator[Tried]:
    """Return a desk that listens."""
    places: list[Sat] = []

    def make(stack: ExitStack) -> uvicorn.Server:
        places.append(sat(stack, ledger_of("S2", folder), "ilves"))
        stack.enter_context(closing(places[0].desk.background))
        return serving.server(app(places[0].desk, [HOST]), most_at_once=32, largest_head=16_384, grace=1)

    with listening(make) as (port, errors):

        def tried(seed: int) -> str | None:
            chance = Random(f"wire {seed}")
            wrong = tried_wire(ANSWERS["desk"], port, to_desk(places[0], chance), chance)
            return wrong or (errors.pop() if errors else None)

        yield tried


def _witness(folder: Path, stack: ExitStack) -> Witness:
    Memory.create(folder / "witness.db", KEY.text).close()
    made = opened(folder / "witness.db", Clock())
    stack.enter_context(closing(made.memory))
    return made


@contextmanager
def witness_in_process(folder: Path) -> Iterator[Tried]:
    """Return a witness."""
    with ExitStack() as stack:
        server = witness_http.app(_witness(folder, stack), patience=PATIENCE)

        def tried(seed: int) -> str | None:
            request = to_witness(Random(f"witness {seed}"))
            return unfit(ANSWERS["witness"], request.method, request.path, answered(server, request))

        yield tried


@contextmanager
def witness_by_socket(folder: Path) -> Iterator[Tried]:
    """Return a witness that listens."""
    with listening(lambda stack: witness_http.server(_witness(folder, stack), patience=PATIENCE)) as (port, errors):

        def tried(seed: int) -> str | None:
            chance = Random(f"wire {seed}")
            wrong = tried_wire(ANSWERS["witness"], port, to_witness(chance), chance)
            return wrong or (errors.pop() if errors else None)

        yield tried


def _mirror(folder: Path, stack: ExitStack) -> Mirror:
    kept = stack.enter_context(closing(Kept(folder / "mirror")))
    kept.accept(300)
    kept.send(0, 300)
    kept.accept(600)
    return kept.mirror


@contextmanager
def mirror_in_process(folder: Path) -> Iterator[Tried]:
    """Return a mirror."""
    with ExitStack() as stack:
        server = mirror_http.app(_mirror(folder, stack), patience=PATIENCE)

        def tried(seed: int) -> str | None:
            request = to_mirror(Random(f"mirror {seed}"))
            return unfit(ANSWERS["mirror"], request.method, request.path, answered(server, request))

        yield tried


@contextmanager
def mirror_by_socket(folder: Path) -> Iterator[Tried]:
    """Return a mirror that listens."""
    with listening(lambda stack: mirror_http.server(_mirror(folder, stack), patience=PATIENCE)) as (port, errors):

        def tried(seed: int) -> str | None:
            chance = Random(f"wire {seed}")
            wrong = tried_wire(ANSWERS["mirror"], port, to_mirror(chance), chance)
            return wrong or (errors.pop() if errors else None)

        yield tried


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz.servers", description=__doc__)
    ask.add_argument("--seed", type=int, default=0, help="the first request")
    ask.add_argument("--seconds", type=float, default=60.0, help="how long at most")
    ask.add_argument("--only", default="", help="those whose name has this in it: desk, witness, mirror, socket")
    asked = ask.parse_args()
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    every: dict[str, Callable[[Path], AbstractContextManager[Tried]]] = {
        "desk": partial(desk_in_process, slow=True),
        "desk by socket": desk_by_socket,
        "witness": witness_in_process,
        "witness by socket": witness_by_socket,
        "mirror": mirror_in_process,
        "mirror by socket": mirror_by_socket,
    }
    chosen = {name: made for name, made in every.items() if asked.only in name}
    seen, done = Counter[str](), 0
    for name, made in chosen.items():
        with tempfile.TemporaryDirectory() as folder, made(Path(folder)) as tried:
            end, seed = time.monotonic() + asked.seconds / len(chosen), asked.seed
            while time.monotonic() < end:
                try:
                    wrong = tried(seed)
                except Exception as error:
                    wrong = "".join(traceback.format_exception(error)[-8:])
                if wrong:
                    kind = f"{name}: {wrong.strip().splitlines()[-1][:160]}"
                    seen[kind] += 1
                    if seen[kind] == 1:
                        say(f"\n{name}, request {seed}: {wrong}")
                seed += 1
                done += 1
    say(f"{done} requests in {asked.seconds:.0f} s")
    for kind, count in sorted(seen.items()):
        say(f"  {count:5} {kind}")
    return 1 if seen else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""The API as an ASGI application: identify the caller, read the request strictly, answer, or say what is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ledger.adapters.http_server import EarlyResponse
from ledger.errors import LedgerError, RecordError
from ledger.messages import Message, plain
from server import problems
from server.access import Caller
from server.api.events import Listeners
from server.api.idempotency import AnswerStore
from server.api.openapi import document
from server.api.pages import Pages
from server.api.routes import PROBES, Call, Route, Services, WithCookie
from server.api.sign_in import EVERY_ROUTE
from server.documents import SEEN, Problem
from server.error_texts import accepted_language
from server.identity.callers import Callers, Known, check_origin, is_signed
from server.identity.requests import RateLimit
from server.operations.observed import note

logger = logging.getLogger(__name__)

LARGEST = 1 << 20  # bytes of a body; each connection may hold one in memory
LARGEST_HEAD = 16_384  # bytes of request line and headers
PATIENCE = 10.0  # seconds for a whole body
RETRY = 1  # seconds after which a refused client may try again
JSON = "application/json"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
_CACHE = {"head": "private, no-cache", "minute": "private, no-cache", "fixed": "public, max-age=300"}


class Gates(msgspec.Struct, frozen=True):
    """The checks before the routes. `bases` has the public base URL of each allowed Host."""

    bases: Mapping[str, str]
    callers: Callers
    rate: RateLimit
    answers: AnswerStore


class Application:
    """Answers requests to one ledger."""

    def __init__(
        self,
        services: Services,
        gates: Gates,
        listeners: Listeners,
        *,
        patience: float = PATIENCE,
        more: Sequence[StarletteRoute] = (),
    ) -> None:
        """Make the application; `more` are routes with their own checks, behind those of the head of a request."""
        self._more = tuple(more)
        self._services = services
        self._gates = gates
        self._listeners = listeners
        self._patience = patience
        self._document = msgspec.json.encode(document())

    def asgi(self) -> ASGIApp:
        """Return the ASGI application."""
        by_path: dict[str, list[Route]] = {}
        for route in EVERY_ROUTE:
            by_path.setdefault(route.path, []).append(route)
        routes = [StarletteRoute("/openapi.json", self._openapi, methods=["GET"])]
        routes += [
            StarletteRoute(path, self._endpoint(some), methods=[route.method for route in some])
            for path, some in by_path.items()
        ]
        routes += Pages(self._services.sign_in, self._gates.callers, self._gates.bases).routes()
        routes += self._more
        app = Starlette(routes=routes, exception_handlers={HTTPException: _of_starlette})
        return _HeadGate(app, self._gates.bases)

    async def _openapi(self, request: Request) -> Response:
        note(request.scope, route="/openapi.json")
        return Response(self._document, headers={**_HEADERS, "cache-control": _CACHE["fixed"]}, media_type=JSON)

    def _endpoint(self, routes: Iterable[Route]) -> Callable[[Request], Any]:
        by_method = {route.method: route for route in routes}

        async def endpoint(request: Request) -> Response:
            route = by_method["GET" if request.method == "HEAD" else request.method]  # type: ignore[index]
            note(request.scope, route=route.path)
            try:
                return await self._answer(route, request)
            except _TooLarge:
                error = RecordError("API-LARGE", Message("a body has at most {0} bytes", LARGEST))
                note(request.scope, code=error.code)
                refused = problem_for(error, request.headers.get("accept-language", ""))
                return EarlyResponse.of(refused, request.stream(), self._patience)
            except (RecordError, LedgerError) as error:
                if problems.is_internal(error):
                    logger.warning("%s %s: %s", request.method, route.path, error)
                return problem(error)
            except Exception as error:
                logger.exception("%s %s: %s", request.method, route.path, type(error).__name__)
                return problem(error)

        return endpoint

    async def _answer(self, route: Route, request: Request) -> Response:
        body = await self._body(request)
        base = self._gates.bases[request.headers["host"]]
        known = await run_in_threadpool(self._known, route, request, base, body)
        caller = None if known is None else known.caller
        query, content = _query(route, request), _content(route, request, body)
        call = Call(caller, request.path_params, query, content, self._gates.callers.visit(request, base))
        await self._catch_up(request)
        if route.do is None:
            assert known is not None  # noqa: S101 - the route needs a caller
            after = _last_event(request)
            headers = {**_HEADERS, "cache-control": "no-store"}
            return self._listeners.admit(known, call.query.after if after is None else after, headers)
        tag = self._tag(route, caller, request)
        if tag is not None and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=self._headers(route, tag))
        key = request.headers.get("idempotency-key") if route.method == "POST" and route.once else None
        if key is not None and caller is not None:
            do = route.do  # the types of a frozen field are not kept in a function
            answered = await run_in_threadpool(
                self._gates.answers.once,
                caller.name,
                key,
                request.url.path.encode() + b"\n" + body,
                lambda: msgspec.json.encode(do(self._services, call), enc_hook=plain),
            )
            return Response(answered, headers=self._headers(route, tag), media_type=JSON)
        answer = await run_in_threadpool(route.do, self._services, call)
        headers = self._headers(route, tag)
        if isinstance(answer, WithCookie):
            headers["set-cookie"] = answer.cookie
            answer = answer.answer
        return Response(msgspec.json.encode(answer, enc_hook=plain), headers=headers, media_type=JSON)

    async def _catch_up(self, request: Request) -> None:
        """Take the newest head if the caller has verified a larger one, which another server of the log answered."""
        seen = _number(request, SEEN, "the size of a head")
        if seen is not None and seen > self._services.head.current.size:
            await run_in_threadpool(self._services.catch_up, seen)

    def _known(self, route: Route, request: Request, base: str, body: bytes) -> Known | None:
        """Return who asks; None where that is not known and need not be. Counts the request."""
        callers = self._gates.callers
        if route.needs == "anyone" and not is_signed(request):  # a session says nothing here, whatever it is
            if route.path not in PROBES:
                callers.spend_unknown(request)
            if route.page:
                check_origin(request, base, browser=True)
            return None
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        query = request.scope["query_string"]
        url = base + raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        known = callers.find(request, url, base, body)
        if known is None:
            callers.spend_unknown(request)
            says = Message("this address answers requests of a key of the register, or of a person who has signed in")
            raise RecordError(
                "API-SIGNATURE", says, hint=Message("sign the request (RFC 9421), or sign in at /sign-in")
            )
        caller = known.caller
        note(request.scope, office=caller.actor)
        if route.needs == "account" and not caller.account:
            raise RecordError("API-DENIED", Message("this address answers people who have signed in"))
        if caller.guest and not (route.guests or route.needs == "anyone"):
            raise RecordError("API-DENIED", Message("this address does not answer guests"))
        if not caller.accepted and route.needs == "accepted":
            says = Message("the holder of this key has not accepted it yet")
            raise RecordError("API-DENIED", says, hint=Message("record its key-accepted"))
        return known

    async def _body(self, request: Request) -> bytes:
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > LARGEST:
            raise _TooLarge
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > LARGEST:
                        raise _TooLarge
        except TimeoutError:
            raise RecordError("API-SLOW", f"the body did not arrive within {self._patience:g} seconds") from None
        except ClientDisconnect:
            raise RecordError("API-REQUEST", "the body is cut short") from None
        return bytes(body)

    def _tag(self, route: Route, caller: Caller | None, request: Request) -> str | None:
        """Return the entity tag of an answer: what it depends on, as a digest; None if it is never the same."""
        if route.fresh not in ("head", "minute"):
            return None
        head = self._services.head.current
        minute = datetime.now(UTC).strftime("%Y%m%d%H%M") if route.fresh == "minute" else ""
        who = "" if caller is None else caller.name
        parts = f"{head.note}\n{who}\n{minute}\n{request.url.path}?{request.url.query}"
        return f'W/"{head.size}-{sha256(parts.encode()).hexdigest()[:16]}"'

    def _headers(self, route: Route, tag: str | None) -> dict[str, str]:
        headers = {**_HEADERS, "cache-control": _CACHE.get(route.fresh, "no-store")}
        if route.needs != "anyone":
            headers["vary"] = "signature-input, cookie"
        if tag is not None:
            headers["etag"] = tag
        return headers


class _TooLarge(Exception):
    """Report a body that is larger than any request can be."""


class _HeadGate:
    """Refuse a head that is too large, and another host name than those of the server (against DNS rebinding).

    The protocol limits a head that arrives in pieces. One that arrives at once is limited here.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        hosts = request.headers.getlist("host")
        app = self._app
        size = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if size + len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LARGEST_HEAD:
            app = problem(RecordError("API-HEAD", f"line and headers have at most {LARGEST_HEAD} bytes"))
        elif len(hosts) != 1 or hosts[0] not in self._hosts:
            app = problem(RecordError("API-HOST", Message("this is not a name of this server"), where="Host"))
        elif "transfer-encoding" in request.headers and "content-length" in request.headers:  # RFC 9112, section 6.1
            says = "a body has a length or comes in chunks, not both"
            app = problem(RecordError("API-REQUEST", says, where="Content-Length"), {"connection": "close"})
        await app(scope, receive, send)


class _ProblemResponse(Response):
    """A problem; its code is kept for the observers of the request."""

    def __init__(self, content: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(msgspec.json.encode(content, enc_hook=plain), content.status, headers, problems.MEDIA)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note(scope, code=self._content.code)
        accepts = b",".join(value for name, value in scope["headers"] if name == b"accept-language")
        self.in_language(accepted_language(accepts.decode("latin-1")))
        await super().__call__(scope, receive, send)

    def in_language(self, lang: str) -> None:
        """Put the English problem into a language."""
        if lang != "en":
            self.body = msgspec.json.encode(problems.in_language(self._content, lang), enc_hook=plain)
            self.headers["content-language"] = lang
            self.headers["content-length"] = str(len(self.body))


def problem_for(error: Exception, accepts: str) -> Response:
    """Return the response that says what is wrong, in a language by the header Accept-Language."""
    response = problem(error)
    response.in_language(accepted_language(accepts))
    return response


def problem(error: Exception, headers: Mapping[str, str] = {}) -> _ProblemResponse:
    """Return the response that says what is wrong; it is sent in the language that the request accepts."""
    content = problems.problem_of(error)
    more = {}
    if content.status in (429, 503):
        more["retry-after"] = str(getattr(error, "seconds", RETRY))  # a full queue knows better
    if content.status == 401:
        more["www-authenticate"] = "Signature"
        more["accept-signature"] = 'comity=("@method" "@target-uri" "content-digest");created;keyid;nonce'
    if content.status == 408:
        more["connection"] = "close"  # the rest of the body is not read
    return _ProblemResponse(content, {**_HEADERS, "cache-control": "no-store", **more, **headers})


async def _of_starlette(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405 and isinstance(error, HTTPException):
        refused = RecordError("API-METHOD", Message("{0} is not a method of this address", request.method))
        return problem(refused, error.headers or {})
    return problem(
        RecordError("API-MISSING", Message("there is no such address"), hint=Message("/openapi.json lists them"))
    )


def _query(route: Route, request: Request) -> Any:
    """Return the query in the form of the route; `RecordError` API-REQUEST."""
    pairs = request.query_params.multi_items()
    given = dict(pairs)
    if len(given) != len(pairs):
        raise RecordError("API-REQUEST", "a parameter is given twice", where="query")
    if route.query is None:
        if given:
            raise RecordError("API-REQUEST", f"no parameter is called {next(iter(given))[:40]!r}", where="query")
        return None
    try:
        return msgspec.convert(given, route.query, strict=False)
    except msgspec.ValidationError as wrong:
        raise RecordError("API-REQUEST", str(wrong)[:200], where="query") from None


def _content(route: Route, request: Request, body: bytes) -> Any:
    """Return the body in the form of the route; `RecordError` API-REQUEST, API-MEDIA."""
    if route.body is None:
        if body:
            raise RecordError("API-REQUEST", "this address takes no body", where="body")
        return None
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON or request.headers.get("content-encoding", "identity") != "identity":
        raise RecordError("API-MEDIA", f"the body is {JSON}, without an encoding", where="Content-Type")
    try:
        return msgspec.json.decode(body, type=route.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise RecordError("API-REQUEST", str(wrong)[:200], where="body") from None


def _last_event(request: Request) -> int | None:
    """Return the index behind the last event that the client has; None if it says none."""
    last = _number(request, "Last-Event-ID", "the index of the entry of an event")
    return None if last is None else last + 1


def _number(request: Request, header: str, says: str) -> int | None:
    """Return the number in a header; None without the header, `RecordError` API-REQUEST for anything else."""
    said = request.headers.get(header)
    if said is None:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= 15):
        raise RecordError("API-REQUEST", f"this is {says}, a whole number", where=header)
    return int(said)

"""Observe each request: what it asked for, how it was answered, and how long that took; nothing of its content."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Final
from uuid import uuid4

from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = b"x-request-id"
METHODS = frozenset(("GET", "HEAD", "POST"))
# Hexadecimal, so that an id which a client chooses is no name and no reference.
_ID = re.compile(rb"[0-9a-f]{16,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Exchange(Struct, frozen=True):
    """One request and its answer.

    `route` is the template of the address, empty where there is none. `status` is 0 if no answer was begun, `code` the
    released code of a problem, `office` the caller's office, `seconds` the time until the whole answer was sent.
    """

    request: str
    method: str
    route: str
    status: int
    code: str
    office: str
    seconds: float


class Observed:
    """An ASGI application that reports each exchange of another one, and gives each answer a request id."""

    def __init__(self, app: ASGIApp, observers: Sequence[Callable[[Exchange], None]]) -> None:
        self._app = app
        self._observers = tuple(observers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = time.perf_counter()
        request = _request_id(scope)
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, request.encode())]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            seen = _state(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            seconds = time.perf_counter() - begun
            exchange = Exchange(
                request, method, seen.get("route", ""), status, seen.get("code", ""), seen.get("office", ""), seconds
            )
            for observer in self._observers:
                observer(exchange)


def note(scope: Scope, **seen: str) -> None:
    """Keep the `route`, `code` or `office` of a request for its observers."""
    _state(scope).update(seen)


def _state(scope: Scope) -> MutableMapping[str, Any]:
    state: MutableMapping[str, Any] = scope.setdefault("state", {})
    return state


def _request_id(scope: Scope) -> str:
    """Return the id that the client gave, if it is hexadecimal or a UUID; else a new one."""
    given = [value for name, value in scope["headers"] if name == HEADER]
    return given[0].decode() if len(given) == 1 and _ID.fullmatch(given[0]) else str(uuid4())

"""Serve the signing page under its own host name: this one file, and nothing else of the server (decision 113).

Keys of people live in the browser under this origin. Nothing of the desk or the API answers here, no cookie is set,
and no other page can frame it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message
from server.operations.observed import note

_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "unsafe-none",  # the desk opens it and speaks with it by messages
    "cross-origin-resource-policy": "same-origin",
    "integrity-policy": "blocked-destinations=(script)",
    "origin-agent-cluster": "?1",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR = 31_536_000  # seconds


class SigningPage:
    """The page as it is served: its bytes, its SHA-256 in hex, and the headers that go with it."""

    def __init__(self, content: bytes, base: str) -> None:
        """Take the built page and the base URL under which it is served; ValueError if it is no such page."""
        policy = _POLICY.search(content)
        if policy is None:
            raise ValueError("the signing page has no Content-Security-Policy")
        self.content = content
        self.digest = sha256(content).hexdigest()
        self.host = base.partition("://")[2]
        secure = {"strict-transport-security": f"max-age={_YEAR}"} if base.startswith("https:") else {}
        self.headers: Mapping[str, str] = {
            **_HEADERS,
            **secure,
            "content-security-policy": f"{policy[1].decode()}; frame-ancestors 'none'",
        }


class SigningOrigin:
    """An ASGI application that answers requests for the host of the signing page, and leaves all others to another one.

    `spend` counts a request, and raises where its sender has sent too many; `problem` answers an error.
    """

    def __init__(
        self,
        app: ASGIApp,
        page: SigningPage,
        spend: Callable[[Request], None],
        problem: Callable[[Exception, Mapping[str, str]], Response],
    ) -> None:
        self._app = app
        self._page = page
        self._spend = spend
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and [value for name, value in scope["headers"] if name == b"host"] == [
            self._page.host.encode()
        ]:
            await self._answer(Request(scope))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        page = self._page
        note(request.scope, route="signing page")
        try:
            self._spend(request)
            if request.url.path != "/" or request.url.query:
                raise RecordError("API-MISSING", Message("this host has the signing page at / and nothing else"))
            if request.method not in ("GET", "HEAD"):
                raise RecordError("API-METHOD", Message("{0} is not a method of this address", request.method))
        except (RecordError, LedgerError) as refused:
            return self._problem(refused, {**page.headers, "content-security-policy": "default-src 'none'"})
        tag = f'"{page.digest}"'
        headers = {**page.headers, "cache-control": "no-cache", "etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(page.content, headers=headers, media_type="text/html")

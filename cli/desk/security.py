"""Admit to the desk the browser that opened the printed link, on this machine, with pages of the desk alone.

A page of another site cannot read the responses (no CORS), cannot send the cookie of the session (SameSite), cannot
frame the desk (frame-ancestors), cannot reach it by another host name (the Host is compared, against DNS rebinding),
and cannot post (Origin, Sec-Fetch-Site, one-time tokens). A cookie is not bound to a port: the browser would send it to
another server on this address too, so no other server should run there.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable
from hmac import compare_digest
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

MOST_FORMS = 200  # open forms at the same time
LARGEST = 8_192  # bytes of a form
PATIENCE = 10.0  # seconds for a whole form
HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # same-origin: with no-referrer a browser sends `Origin: null` with our own forms
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"  # the content policy of a response without one


class Sessions:
    """The admitted browsers and their open forms; both are kept in memory and end with the process."""

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        self.say = say
        self._cookies: set[str] = set()
        self._forms: dict[str, None] = {}
        self.link = secrets.token_urlsafe(24)

    def enter(self, link: str) -> str | None:
        """Return a cookie for the printed link, else None. A link is valid once; `say` gets the next one."""
        if not compare_digest(link.encode(), self.link.encode()):
            return None
        self.link = secrets.token_urlsafe(24)
        self.say(self.link)
        cookie = secrets.token_urlsafe(32)
        self._cookies.add(cookie)
        return cookie

    def is_admitted(self, cookie: str | None) -> bool:
        """Return True for a cookie of an admitted browser."""
        return cookie is not None and any(compare_digest(cookie.encode(), one.encode()) for one in self._cookies)

    def form(self) -> str:
        """Return a one-time token for a form."""
        token = secrets.token_urlsafe(24)
        self._forms[token] = None
        if len(self._forms) > MOST_FORMS:
            del self._forms[next(iter(self._forms))]
        return token

    def spend(self, token: str) -> bool:
        """Return True once for each token of `form`."""
        return self._forms.pop(token, 0) is None


class Gate:
    """Refuse requests before they reach the application; a refusal is short and shows nothing of the ledger.

    `hosts` are the host names of the desk with their port; `refuse` makes the page with the reason.
    """

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str], sessions: Sessions, refuse: Callable[[str, int], Response]
    ) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._sessions = sessions
        self._refuse = refuse
        self.cookie = f"comity-desk-{next(iter(sorted(self._hosts))).rpartition(':')[2]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self._refusal(Request(scope)) or self._app

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The path without its query: the query of the first request is the link that lets a browser in.
                logger.info("%s %s: %d", scope["method"], scope["path"], message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", NOTHING)
            await send(message)

        await answer(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request, or the redirect after the printed link; None for an admitted request."""
        host = request.headers.get("host", "")
        if host not in self._hosts or len(request.headers.getlist("host")) != 1:
            return self._refuse("This is not a name of the desk.", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return self._refuse("The desk knows GET and POST.", 405)
        if request.method == "GET" and request.url.path == "/" and (link := request.query_params.get("token")):
            return self._enter(link)
        if not self._sessions.is_admitted(request.cookies.get(self.cookie)):
            return self._refuse("Open the link that `comity desk` printed: it lets one browser in, once.", 403)
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return self._refuse("Another page sent you here. Type the address, or use the printed link.", 403)
        if request.method == "POST" and request.headers.get("origin") != f"http://{host}":
            return self._refuse("This form did not come from the desk.", 403)
        return None

    def _enter(self, link: str) -> Response:
        cookie = self._sessions.enter(link)
        if cookie is None:
            return self._refuse(
                "This link was used before, or is of another desk. The terminal shows the next one.", 403
            )
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, cookie, path="/", httponly=True, samesite="strict")
        return answer


async def fields(request: Request, sessions: Sessions) -> dict[str, str] | None:
    """Return the fields of a form of the desk that was not sent before; None for any other form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    try:
        parameters = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    form = {name: values[0] for name, values in parameters.items() if len(values) == 1}
    return form if len(form) == len(parameters) and sessions.spend(form.get("form", "")) else None

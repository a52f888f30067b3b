"""Serve the page on which people sign in, and the two addresses between which a provider signs them in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.errors import LedgerError, RecordError
from server import problems
from server.identity import page
from server.identity.callers import PROVIDER, Callers, cookie, provider_cookie, session_cookie
from server.identity.oidc import CALLBACK
from server.identity.page.texts import texts
from server.identity.sign_in import SignedIn, SignIn
from server.operations.observed import note

logger = logging.getLogger(__name__)

_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": page.CSP,
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_HTML, _SCRIPT, _STYLE = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8"
_TEXTS = {"API-WAIT": "locked", "API-RATE": "locked", "API-SIGN-IN": "refused", "API-UNLINKED": "unlinked"}
PATHS = ("/sign-in", "/sign-in.js", "/sign-in.css", "/sign-in/oidc", CALLBACK)


class Pages:
    """The pages of one server. `bases` has the public base URL of each allowed Host."""

    def __init__(self, sign_in: SignIn, callers: Callers, bases: Mapping[str, str]) -> None:
        self._sign_in = sign_in
        self._callers = callers
        self._bases = bases

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        answers = (self._page, lambda _: _file(page.script(), _SCRIPT), lambda _: _file(page.style(), _STYLE))
        return [
            Route(path, self._endpoint(path, answer), methods=["GET"])
            for path, answer in zip(PATHS, (*answers, self._begin, self._finish), strict=True)
        ]

    def _endpoint(self, path: str, answer: Callable[[Request], Response]) -> Callable[[Request], object]:
        def answered(request: Request) -> Response:
            try:
                self._callers.spend_unknown(request)
                return answer(request)
            except (RecordError, LedgerError) as error:
                note(request.scope, code=error.code)
                return self._refused(request, error)
            except Exception as error:
                logger.exception("%s %s: %s", request.method, path, type(error).__name__)
                note(request.scope, code="API-UNFORESEEN")
                return self._refused(request, LedgerError("API-UNFORESEEN", ""))

        async def endpoint(request: Request) -> Response:
            note(request.scope, route=path)
            return await run_in_threadpool(answered, request)

        return endpoint

    def _page(self, request: Request) -> Response:
        return Response(self._render(request), headers=_HEADERS, media_type=_HTML)

    def _begin(self, request: Request) -> Response:
        place, ticket = self._sign_in.provider_address(self._callers.visit(request, self._base(request)))
        return Response(status_code=302, headers={**_HEADERS, "location": place, "set-cookie": provider_cookie(ticket)})

    def _finish(self, request: Request) -> Response:
        visit = self._callers.visit(request, self._base(request))
        signed: SignedIn = self._sign_in.by_provider(visit, cookie(request, PROVIDER), request.query_params)
        # A page and no redirect: a browser does not send a cookie with SameSite=Strict after a redirect from elsewhere.
        answer = Response(self._render(request, done=True), headers=_HEADERS, media_type=_HTML)
        answer.headers.append("set-cookie", session_cookie(signed.session))
        answer.headers.append("set-cookie", provider_cookie(""))
        return answer

    def _refused(self, request: Request, error: RecordError | LedgerError) -> Response:
        hint = getattr(error, "where", "") if error.code == "API-UNLINKED" else ""
        text = texts()[self._language(request)][_TEXTS.get(error.code, "failed")]
        answer = Response(
            self._render(request, fault=text, hint=hint), problems.status_of(error), _HEADERS, media_type=_HTML
        )
        answer.headers.append("set-cookie", provider_cookie(""))
        return answer

    def _render(self, request: Request, *, fault: str = "", hint: str = "", done: bool = False) -> str:
        provider = self._sign_in.openid is not None
        return page.render(self._language(request), provider=provider, fault=fault, hint=hint, done=done)

    def _base(self, request: Request) -> str:
        return self._bases[request.headers["host"]]

    def _language(self, request: Request) -> str:
        return page.language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def _file(content: bytes, media: str) -> Response:
    return Response(content, headers=_HEADERS, media_type=media)

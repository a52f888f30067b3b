"""Find who asks for a page of the desk, lead others to the sign-in page, and answer each error with a page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qsl, quote

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message
from projections.sentences.names import Names
from server import problems
from server.access import Caller
from server.api.routes import Services
from server.desk.site import HEADERS, LANGUAGE, Frame, Place, language_of, page, texts
from server.identity.callers import Callers, check_origin, cookie
from server.operations.observed import note

logger = logging.getLogger(__name__)

LARGEST = 1 << 20  # bytes of a form
MOST_FIELDS = 5_000
PATIENCE = 10.0  # seconds for a whole form
FILE_PATIENCE = 60.0  # seconds for a whole file
FORM = "application/x-www-form-urlencoded"
FILE = "application/octet-stream"
PLACES = (Place("/", "board"), Place("/orders", "orders"), Place("/record", "record"))
GUEST_PLACES = (Place("/guest/orders", "guest_orders"), Place("/keys", "keys"))
SIGNED_OUT = ("API-SESSION", "API-CERTIFICATE")

Values = Mapping[str, Sequence[str]]


class Visitor(Struct, frozen=True):
    """One request for a page by a person who has signed in.

    `form` and `query` have the values of a form and of the address by their names, in the order in which they came.
    """

    request: Request
    caller: Caller
    frame: Frame
    form: Values
    query: Values
    body: bytes = b""  # of a file that a page sends

    @property
    def path(self) -> Mapping[str, str]:
        """Return the values of the path."""
        values: Mapping[str, str] = self.request.path_params
        return values

    @property
    def sends(self) -> bool:
        """Return True if the request sends a form."""
        return self.request.method == "POST"

    def asked(self, name: str) -> str:
        """Return the first value of a name in the query; empty without one."""
        return next(iter(self.query.get(name, ())), "")

    def stated(self, name: str) -> str:
        """Return the first value of a name in the form; empty without one."""
        return next(iter(self.form.get(name, ())), "")


Answer = Callable[[Visitor], Response]


class Gate:
    """Makes the routes of pages; `signing` is the origin of the signing page.

    `places` are the places of the navigation, `order_places` those of one order, with `{}` for its id. Other parts of
    the server add theirs before the first request: `gate.places += (Place("/keys", "keys"),)`. `unseen` returns how
    many notices a caller has not seen.
    """

    def __init__(
        self, services: Services, callers: Callers, bases: Mapping[str, str], *, test: bool = False, signing: str = ""
    ) -> None:
        self.services = services
        self.places: tuple[Place, ...] = PLACES
        self.order_places: tuple[Place, ...] = ()
        self.unseen: Callable[[Caller], int] = lambda caller: 0
        self._callers = callers
        self._bases = bases
        self._test = test
        self._signing = signing

    def base(self, request: Request) -> str:
        """Return the public base URL under which a request came."""
        return self._bases[request.headers["host"]]

    def route(
        self, path: str, answer: Answer, *, sends: bool = False, guests: bool | str = False, file: int = 0
    ) -> Route:
        """Return the route of a page; with `sends` its address takes forms as well, or a file of at most `file` bytes.

        `guests` says that guests get the page as well, or is the address of the page that they get instead, with the
        names of the path in braces. Without it guests are denied.
        """

        def admitted(visitor: Visitor) -> Response:
            if visitor.caller.guest and guests is not True:
                if not guests:
                    raise RecordError("API-DENIED", Message("guests do not get this page"))
                return RedirectResponse(guests.format(**visitor.path), 303, HEADERS)
            return answer(visitor)

        async def endpoint(request: Request) -> Response:
            note(request.scope, route=path)
            try:
                body = await _body(request, file) if request.method == "POST" else b""
                return await run_in_threadpool(self._answered, request, body, admitted)
            except (RecordError, LedgerError) as error:
                return self._refused(request, error)

        return Route(path, endpoint, methods=["GET", "POST"] if sends else ["GET"])

    def public(self, path: str, answer: Callable[[Frame], Response]) -> Route:
        """Return the route of a page that everybody gets, signed in or not."""

        def answered(request: Request) -> Response:
            try:
                self._callers.spend_unknown(request)
                frame = Frame(_language(request), _target(request), (), self.services.view.origin, self._test)
                return answer(frame)
            except (RecordError, LedgerError) as error:
                return self._refused(request, error)

        async def endpoint(request: Request) -> Response:
            note(request.scope, route=path)
            return await run_in_threadpool(answered, request)

        return Route(path, endpoint, methods=["GET"])

    def order_places_of(self, caller: Caller, order: str) -> list[tuple[str, str]]:
        """Return the places of an order that a caller who sees it gets: addresses, and names of texts."""
        shown = [place for place in self.order_places if place.of is None or place.of(caller, order)]
        return [(place.href.format(order), place.text) for place in shown]

    def _answered(self, request: Request, body: bytes, answer: Answer) -> Response:
        try:
            visitor = self._visitor(request, body)
            response = self._sign_in(request, body) if visitor is None else answer(visitor)
        except (RecordError, LedgerError) as error:
            return self._sign_in(request, body) if error.code in SIGNED_OUT else self._refused(request, error)
        except Exception as error:
            logger.exception("%s %s: %s", request.method, request.url.path, type(error).__name__)
            return self._refused(request, LedgerError("API-UNFORESEEN", ""))
        if asked := request.query_params.get("lang"):
            chosen = language_of(asked, "", "")
            response.headers.append(
                "set-cookie", f"{LANGUAGE}={chosen}; Path=/; Max-Age=31536000; Secure; SameSite=Strict"
            )
        return response

    def _visitor(self, request: Request, body: bytes) -> Visitor | None:
        """Return who asks; None for a browser without a session. Raises what `Callers.find` raises."""
        base = self.base(request)
        known = self._callers.find(request, base + _target(request), base, body)
        if known is None:
            self._callers.spend_unknown(request)
            return None
        caller = known.caller
        note(request.scope, office=caller.actor)
        is_form = bool(body) and _media(request) == FORM
        form = pairs(body.decode("utf-8", "replace")) if is_form else {}
        query = pairs(request.url.query)
        if (seen := next(iter(query.get("seen", ())), "")).isdecimal() and len(seen) <= 15:
            self.services.catch_up(int(seen))
        return Visitor(request, caller, self._frame(request, caller), form, query, b"" if is_form else body)

    def _frame(self, request: Request, caller: Caller) -> Frame:
        names = Names(self.services.view.registered())
        lang = _language(request)
        account = self.services.sign_in.accounts.get(caller.account) if caller.account else None
        return Frame(
            lang=lang,
            address=_target(request),
            places=GUEST_PLACES if caller.guest else self.places,
            origin=self.services.view.origin,
            test=self._test,
            guest=caller.guest,
            person=caller.actor if account is None else account.name,
            office=caller.actor,
            office_name=names.office(caller.actor, lang),
            roles=tuple(sorted(caller.roles)),
            zone=names.zone(caller.actor),
            size=self.services.head.current.size,
            now=self.services.view.moment(),
            signing=self._signing,
            unseen=self.unseen(caller),
        )

    def _sign_in(self, request: Request, body: bytes) -> Response:
        """Lead to the sign-in page, and from there back; a form is kept in the page until it is sent again."""
        lang = _language(request)
        if request.method != "POST":
            return RedirectResponse(f"/sign-in?lang={lang}&next={quote(_target(request), safe='')}", 303, HEADERS)
        try:
            check_origin(request, self.base(request), browser=True)
        except RecordError as error:
            return self._refused(request, error)
        frame = Frame(lang, _target(request), self.places, self.services.view.origin, self._test)
        form = pairs(body.decode("utf-8", "replace")) if _media(request) == FORM else {}
        sent = [(name, value) for name, some in form.items() for value in some]
        return page("resend.html.j2", frame, texts(lang)["ended_title"], status=401, pairs=sent)

    def _refused(self, request: Request, error: RecordError | LedgerError) -> Response:
        """Return the page that says what is wrong; what is for the operator stays in the log of the server."""
        note(request.scope, code=error.code)
        lang, status = _language(request), problems.status_of(error)
        if problems.is_internal(error):
            logger.warning("%s %s: %s", request.method, request.url.path, error)
        said = problems.text_of(error, lang)
        frame = Frame(lang, _target(request), self.places, self.services.view.origin, self._test)
        known = {404: "missing", 429: "busy", 403: "denied"}.get(status, "failed" if status >= 500 else "refused")
        return page(
            "stop.html.j2", frame, texts(lang)[known], status=status, code=error.code,
            says="" if status >= 500 else said.says, hint=said.hint, english="" if status >= 500 else said.english,
        )  # fmt: skip


def _target(request: Request) -> str:
    """Return path and query of a request, as they came."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


def _language(request: Request) -> str:
    asked, chosen = request.query_params.get("lang", ""), cookie(request, LANGUAGE)
    return language_of(asked, chosen, request.headers.get("accept-language", ""))


def pairs(text: str) -> dict[str, list[str]]:
    """Return the values of a form or a query by name; `RecordError` API-REQUEST for too many."""
    try:
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise RecordError("API-REQUEST", Message("a form has at most {0} values", MOST_FIELDS)) from None
    values: dict[str, list[str]] = {}
    for name, value in found:
        values.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return values


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _body(request: Request, file: int) -> bytes:
    """Return a form or a file as it was sent; `RecordError` API-MEDIA, API-LARGE, API-SLOW, API-REQUEST."""
    media, largest, patience = (FILE, file, FILE_PATIENCE) if file else (FORM, LARGEST, PATIENCE)
    if _media(request) != media:
        raise RecordError("API-MEDIA", Message("this address takes {0}", media), where="Content-Type")
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise RecordError("API-LARGE", Message("this address takes at most {0} bytes", largest))
    except TimeoutError:
        raise RecordError("API-SLOW", Message("it did not arrive within {0} seconds", format(patience, "g"))) from None
    except ClientDisconnect:
        raise RecordError("API-REQUEST", Message("the form is cut short")) from None
    return bytes(body)

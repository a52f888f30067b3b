"""The routes of the desk: each page is made of the order index, the entries and the law.

A desk has one user, so requests are answered one after the other, in the thread that opened the ledger. Long reports
are made in the background. Lists come from the order index and are not judged here, except a few orders that changed
just now. One order is always judged as of now.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cli.desk.order_pages import REPLAY, bundle, entries_page, open_, order_page, paper
from cli.desk.responses import ending, item, page
from cli.desk.security import Gate, fields
from cli.desk.session import Desk
from cli.exit_codes import Exit, Stop, exit_of, lines_of
from ledger.adapters.storage.orders.order_index import MOST_COUNTED
from ledger.adapters.storage.orders.order_query import (
    PICKED,
    DeadlineCounts,
    OpenDeadline,
    OrderQuery,
    position,
)
from ledger.adapters.storage.orders.order_row import OrderRow
from ledger.facts.vocabulary import INSTRUMENTS
from projections.render.desk_pages import BoardRow, BoardSection, Sorts, law
from projections.render.html import compile_templates
from projections.reports.front_page import words

PAGE = 50  # lines of a list
GLANCE = 12  # lines of each part of the board
SOON = timedelta(days=7)
OLD = timedelta(days=30)
STATUS = {Exit.USAGE: 404, Exit.REFUSED: 403, Exit.UNDECIDABLE: 404, Exit.BUSY: 503}

KEYS = (
    ("/", "f", "find an order"),
    ("j", "", "next order of the list"),
    ("k", "", "the one before"),
    ("Enter", "", "open it"),
    ("n", "n", "next page"),
    ("d", "d", "the board of deadlines"),
    ("o", "o", "all orders"),
    ("l", "l", "the law"),
    ("r", "r", "replay of the order"),
    ("u", "u", "back to the order"),
    ("?", "h", "this page"),
    ("Escape", "", "leave a field"),
)


class Pages:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # -- lists --------------------------------------------------------------------------------------------------------

    def board(self, request: Request) -> Response:
        """Return the first lines of each part of the board; what ran out long ago comes last."""
        frame = self.desk.frame(request)
        tally = self._tally(frame.now)
        totals = {name: getattr(tally, name) for name in SPANS}
        sections = [
            BoardSection(
                name,
                *SPANS[name],
                lines=self._endings(self._span(name, frame.now, None, GLANCE), frame.now) if total else (),
                total=total,
                more=f"/due/{name}" if total > GLANCE else None,
            )
            for name, total in totals.items()
        ]
        return page("desk_board.html.j2", frame, "What is due", "/", tally=tally, sections=sections)

    def due(self, request: Request) -> Response:
        """Return one section of the board, page by page."""
        name = request.path_params["name"]
        if name not in SPANS:
            return self.stop(request, ["The board has no such part."], 404)
        frame = self.desk.frame(request)
        tally = self._tally(frame.now)
        deadlines = self._span(name, frame.now, _place(request.query_params.get("after", "")), PAGE + 1)
        more = f"/due/{name}?after={'.'.join(map(str, deadlines[PAGE - 1].at))}" if len(deadlines) > PAGE else None
        title, says = SPANS[name]
        section = BoardSection(
            name, title, says, self._endings(deadlines[:PAGE], frame.now), getattr(tally, name), more
        )
        return page("desk_board.html.j2", frame, title, "/", sections=[section])

    def _tally(self, now: datetime) -> DeadlineCounts:
        return self.desk.view.tally(now, now + SOON, now - OLD)

    def _span(self, name: str, now: datetime, after: tuple[int, int, int] | None, limit: int) -> list[OpenDeadline]:
        match name:
            case "over":
                return self.desk.view.due(now - OLD, now, after, limit, newest=True)
            case "old":
                return self.desk.view.due(None, now - OLD, after, limit, newest=True)
            case "soon":
                return self.desk.view.due(now, now + SOON, after, limit)
            case "later":
                return self.desk.view.due(now + SOON, None, after, limit)
            case _:
                return self.desk.view.unknown(after, limit)

    def _endings(self, found: Sequence[OpenDeadline], now: datetime) -> list[BoardRow]:
        names = self.desk.names()
        return [ending(one.row, one.clock.id, one.clock.cite, one.clock.due, now, names) for one in found]

    def orders(self, request: Request) -> Response:
        """Return the list of orders by words and values, the newest first or sorted by another column."""
        parameters = {name: request.query_params.get(name, "").strip()[:200] for name in ("q", *PICKED)}
        query = OrderQuery(
            parameters["q"],
            {n: parameters[n] for n in PICKED if parameters[n]},
            overdue=request.query_params.get("overdue") == "1",
        )
        if query.words and not query.picked and not query.overdue:
            exact = self.desk.reader.cases.named(query.words)
            if len(exact) == 1:
                return RedirectResponse(f"/orders/{exact[0]}", 303)
        frame = self.desk.frame(request)
        sort = by if (by := request.query_params.get("sort", "")) in SORTED else "made"
        before = _position(request.query_params.get("before", ""))
        rows = self.desk.view.orders(query, frame.now, before, PAGE + 1, sort)
        full = before or len(rows) > PAGE
        total = self.desk.view.count(query, frame.now) if full else len(rows)
        filters = [(name, value) for name, value in parameters.items() if value] + [("overdue", "1")] * query.overdue
        links = {key: _address(filters + [("sort", key)] * (key != "made")) for key in SORTED}
        names, states = self.desk.names(), self.desk.states()
        return page(
            "desk_orders.html.j2",
            frame,
            "Orders",
            "/orders",
            found=parameters["q"],
            picks=self._picks(parameters, {**names, **states, **INSTRUMENTS}),
            overdue=query.overdue,
            narrowed=bool(filters),
            sorts=Sorts(sort, SORTED[sort], links),
            total="1 order"
            if total == 1
            else f"{'more than ' if total > MOST_COUNTED and filters else ''}"
            f"{min(total, MOST_COUNTED) if total > MOST_COUNTED and filters else total:,} orders",
            items=[item(row, frame.now, names, states) for row in rows[:PAGE]],
            more=_further(links[sort], rows[PAGE - 1], sort) if len(rows) > PAGE else None,
            later=links[sort] if before else None,
        )

    def _picks(self, said: Mapping[str, str], names: Mapping[str, str]) -> list[tuple[str, str, Any, str]]:
        """Return for each filter its name, its label, its choices and the chosen value."""
        picks = []
        for name, values in self.desk.view.choices().items():
            choices = [(v, words(v) if name == "state" else names.get(v, v), orders) for v, orders in values]
            if said[name] and all(value != said[name] for value, _, _ in choices):
                choices.append((said[name], said[name], 0))
            picks.append((name, name.capitalize(), choices if len(choices) <= 200 else None, said[name]))
        return picks

    # -- one order ----------------------------------------------------------------------------------------------------

    def order(self, request: Request) -> Response:
        """Return the page of one order as of now."""
        order = self._order(request)
        if order != request.path_params["order"]:
            return RedirectResponse(f"/orders/{order}", 303)
        return order_page(self.desk, self.desk.frame(request), self.desk.case(order))

    def _order(self, request: Request) -> str:
        """Return the order of a page. Reserved and companion orders have no page."""
        order = self.desk.reader.find(request.path_params["order"])
        if order in self.desk.reader.cases.reserved or self.desk.reader.main_of(order):
            raise Stop("this is not an order people ask about", code=Exit.UNDECIDABLE)
        return order

    def entries(self, request: Request) -> Response:
        """Return the entries of an order, without sealed values."""
        first = request.query_params.get("from", "")
        order = self._order(request)
        frame, case = self.desk.frame(request), self.desk.case(order)
        return entries_page(self.desk, frame, case, int(first) if _small(first) else 0)

    async def replay(self, request: Request) -> Response:
        """Return the replay of an order, the page of `comity replay --html`."""
        return await paper(self.desk, self.desk.frame(request), self._order(request), REPLAY, "html")

    async def paper(self, request: Request) -> Response:
        """Return a report, without sealed values."""
        parameters = request.path_params
        return await paper(
            self.desk, self.desk.frame(request), self._order(request), parameters["kind"], parameters["form"]
        )

    async def open(self, request: Request) -> Response:
        """Show sealed values after the access is recorded."""
        form = await fields(request, self.desk.sessions)
        if form is None:
            return self.stop(request, [SPENT], 403)
        return open_(self.desk, self.desk.frame(request), self._order(request), form)

    async def bundle(self, request: Request) -> Response:
        """Send a bundle after the access is recorded."""
        form = await fields(request, self.desk.sessions)
        if form is None:
            return self.stop(request, [SPENT], 403)
        return await bundle(self.desk, self.desk.reader.case(self._order(request)), form)

    # -- law and keys -------------------------------------------------------------------------------------------------

    def law(self, request: Request) -> Response:
        """Return the page of the rules in force."""
        instrument = request.query_params.get("instrument") or None
        if instrument is not None and instrument not in INSTRUMENTS:
            return self.stop(request, ["There is no such instrument."], 404)
        return page(
            "desk_law.html.j2",
            self.desk.frame(request),
            "Rules in force" + (f": {instrument}" if instrument else ""),
            "/law",
            instrument=instrument,
            instruments=list(INSTRUMENTS.items()),
            rules=law(instrument),
        )

    def keys(self, request: Request) -> Response:
        """Return the page of keyboard shortcuts and help."""
        if (single := request.query_params.get("single")) in ("on", "off"):
            answer: Response = RedirectResponse("/keys", 303)
            answer.set_cookie("comity-keys", single, path="/", httponly=True, samesite="strict", max_age=31_536_000)
            return answer
        return page("desk_keys.html.j2", self.desk.frame(request), "Keys and help", "/keys", keys=KEYS)

    def stop(self, request: Request, lines: Sequence[str], status: int) -> Response:
        """Return a page with the reason of a refusal."""
        title = "Not here" if status == 404 else "Not done"
        return page("desk_stop.html.j2", self.desk.frame(request, follow=False), title, "", status=status, lines=lines)


SORTED = {"made": "newest first", "last": "the newest entry first", "due": "the next deadline first"}
_FAR = 1 << 62
SPENT = "This form was sent before, or is not one of this desk. Go back, load the page again, and send it anew."
SPANS = {
    "over": ("Overdue", "ran out unanswered in the last 30 days"),
    "soon": ("Due within seven days", "end within seven days"),
    "later": ("Due later", "end later"),
    "unknown": ("End not known", "could not be computed"),
    "old": ("Overdue for more than 30 days", "ran out unanswered before"),
}


def app(desk: Desk, hosts: Sequence[str]) -> Gate:
    """Return the desk as an ASGI application behind its gate; `hosts` are its host names with the port."""
    compile_templates()
    pages = Pages(desk)

    def answered(make: Callable[[Request], Response | Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            with desk.context.scope(cleanup=False):
                try:
                    answer = make(request)
                    return answer if isinstance(answer, Response) else await answer
                except Exception as error:  # every error becomes a page with its status here
                    code = exit_of(error)
                    if code is Exit.UNFORESEEN:
                        raise
                    return pages.stop(request, lines_of(error), STATUS.get(code, 500))

        return endpoint

    def route(path: str, make: Callable[[Request], Any], method: str = "GET") -> Route:
        return Route(path, answered(make), methods=[method])

    async def lost(request: Request, _: Exception) -> Response:
        return pages.stop(request, ["There is no such page."], 404)

    inside = Starlette(
        routes=[
            route("/", pages.board),
            route("/due/{name}", pages.due),
            route("/orders", pages.orders),
            route("/orders/{order}", pages.order),
            route("/orders/{order}/entries", pages.entries),
            route("/orders/{order}/replay", pages.replay),
            route("/orders/{order}/open", pages.open, "POST"),
            route("/orders/{order}/bundle", pages.bundle, "POST"),
            route("/orders/{order}/{kind}.{form}", pages.paper),
            route("/law", pages.law),
            route("/keys", pages.keys),
        ],
        exception_handlers={404: lost},
    )
    return Gate(
        inside, hosts, desk.sessions, lambda says, status: Response(f"{says}\n", status, media_type="text/plain")
    )


def _address(parameters: Sequence[tuple[str, str]]) -> str:
    return f"/orders?{urlencode(parameters)}" if parameters else "/orders"


def _further(address: str, last: OrderRow, sort: str) -> str:
    """Return the address of the page of a list that follows the row `last`."""
    at = ".".join(map(str, position(last, sort)))
    return f"{address}{'&' if '?' in address else '?'}before={at}"


def _position(before: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(-?\d{1,18}|\d{19})\.(\d{1,19})", before)
    return None if match is None or int(match[1]) > _FAR or int(match[2]) > _FAR else (int(match[1]), int(match[2]))


def _small(said: str) -> bool:
    return said.isascii() and said.isdecimal() and len(said) < 18


def _place(after: str) -> tuple[int, int, int] | None:
    match = re.fullmatch(r"(-?\d{1,15})\.(\d{1,19})\.(\d{1,6})", after)
    return None if match is None or int(match[2]) > _FAR else (int(match[1]), int(match[2]), int(match[3]))

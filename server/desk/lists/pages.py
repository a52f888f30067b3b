"""The pages with lists: what is due, and the orders that a person may see, with the files of a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import RedirectResponse, Response

from ledger.facts import KINDS
from server.access import Caller
from server.desk.gate import Gate, Visitor
from server.desk.lists.choice import COLUMNS, DAYS, SCOPES, SIDES, TIMES, Choice, Marks
from server.desk.lists.files import list_calendar, list_csv
from server.desk.lists.lines import OrderLines
from server.desk.lists.order_line import LEVELS, OrderLine
from server.desk.site import HEADERS, page
from server.desk.steps import bulk_kinds
from server.work.office import OfficeWork

PAGE: Final = 50  # lines of the list


class ListPages:
    """The pages of one server with lists."""

    def __init__(self, gate: Gate, lines: OrderLines, work: OfficeWork) -> None:
        self._view = gate.services.view
        self._work = work
        self._lines = lines

    def board(self, visitor: Visitor) -> Response:
        """Return what is due, the person's own turns first."""
        self._lines.follow(visitor.caller)
        found = self._lines.board(visitor.caller, visitor.asked("all"))
        marks = self._marks(visitor.caller, "assigned"), self._marks(visitor.caller, "watched")
        return page(
            "board.html.j2", visitor.frame, visitor.frame.text["board_title"], "/", b=found,
            person=bool(visitor.caller.account), assigned=len(marks[0].assigned), watched=len(marks[1].watched),
        )  # fmt: skip

    def orders(self, visitor: Visitor) -> Response:
        """Return the orders that a person may see, filtered and sorted, page by page."""
        choice = Choice.of(visitor.query)
        begin = int(stated) if (stated := visitor.asked("from")).isdecimal() and len(stated) < 8 else 0
        marks, following = self._marks(visitor.caller, choice.scope), begin + PAGE
        self._lines.follow(visitor.caller)
        shown, total = self._lines.page(visitor.caller, choice, visitor.frame.zone, marks, begin, PAGE)
        if total == 1 and shown and choice.words_alone:
            return RedirectResponse(f"/orders/{shown[0].order}", 303, HEADERS)
        every, to_judge = self._lines.numbers(visitor.caller)
        person = bool(visitor.caller.account)
        address = f"/orders?{choice.query}&" if choice.query else "/orders?"
        suffix = f"?{choice.query}" if choice.query else ""
        return page(
            "orders.html.j2",
            visitor.frame,
            visitor.frame.text["orders"],
            "/orders",
            lines=shown,
            assigned=self._work.names(visitor.caller.actor, [each.order for each in shown]) if person else {},
            saved=self._work.lists(visitor.caller),
            me=visitor.caller.account,
            total=total,
            every=every,
            to_judge=to_judge,
            choice=choice,
            caller=visitor.caller,
            scopes=SCOPES if person else SCOPES[:1],
            columns=COLUMNS,
            kinds=bulk_kinds(visitor.caller.roles),
            picks=list(self._lines.counted(visitor.caller).items()),
            levels=LEVELS,
            sides=SIDES,
            times=TIMES,
            days=DAYS,
            begin=begin,
            more=f"{address}from={following}" if following < total else "",
            first=f"/orders{suffix}" if begin else "",
            files=[("CSV", f"/orders.csv{suffix}"), ("iCalendar", f"/orders.ics{suffix}")],
        )

    def csv(self, visitor: Visitor) -> Response:
        """Return a list as CSV; a list that is not complete yet is refused."""
        self._lines.follow(visitor.caller)
        if left := self._lines.numbers(visitor.caller)[1]:
            return self._incomplete(visitor, left)
        headers = {**HEADERS, "content-disposition": 'attachment; filename="orders.csv"'}
        return Response(list_csv(self._every(visitor), self._view.moment()), 200, headers, "text/csv; charset=utf-8")

    def calendar(self, visitor: Visitor) -> Response:
        """Return the deadlines of a list as iCalendar; a list that is not complete yet is refused."""
        self._lines.follow(visitor.caller)
        if left := self._lines.numbers(visitor.caller)[1]:
            return self._incomplete(visitor, left)
        content = list_calendar(self._every(visitor), self._view.origin, self._view.now())
        if not content:
            title = visitor.frame.text["no_deadlines"]
            return page("stop.html.j2", visitor.frame, title, "/orders", status=404, code="", says="", hint="")
        headers = {**HEADERS, "content-disposition": 'attachment; filename="deadlines.ics"'}
        return Response(content, 200, headers, "text/calendar; charset=utf-8")

    def persons(self, visitor: Visitor) -> Response:
        """Return the page with the command that finds a person: the server opens no sealed value for a page."""
        purposes = KINDS["record-accessed"].fields()["purpose_code"].one_of
        return page("persons.html.j2", visitor.frame, visitor.frame.text["persons"], "/orders", purposes=purposes)

    def _incomplete(self, visitor: Visitor, left: int) -> Response:
        title = visitor.frame.text["to_judge"].format(left)
        return page("stop.html.j2", visitor.frame, title, "/orders", status=503, code="BUSY", says="", hint="")

    def _every(self, visitor: Visitor) -> Iterator[OrderLine]:
        choice = Choice.of(visitor.query)
        marks = self._marks(visitor.caller, choice.scope)
        return self._lines.every(visitor.caller, choice, visitor.frame.zone, marks)

    def _marks(self, caller: Caller, scope: str) -> Marks:
        """Return the marks that a scope of lists needs."""
        store, nothing = self._work.store, frozenset[str]()
        if not caller.account:
            return Marks()
        return Marks(
            store.assigned_to(caller.account) if scope == "assigned" else nothing,
            store.watched_by(caller.account) if scope == "watched" else nothing,
            store.taken(caller.actor) if scope == "unassigned" else nothing,
        )

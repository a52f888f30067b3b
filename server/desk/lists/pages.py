"""The pages with lists: what is due, and the orders that a person may see, with the files of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import RedirectResponse, Response

from ledger.facts import KINDS
from server.access import Caller
from server.desk.gate import Gate, Visitor
from server.desk.lists.board import SHOWN, board
from server.desk.lists.choice import COLUMNS, DAYS, LEVELS, PICKED, SCOPES, SIDES, TIMES, Choice, Marks, chosen, counted
from server.desk.lists.files import list_calendar, list_csv
from server.desk.lists.lines import OrderLine, OrderLines, Snapshot
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
        found = board(self._lines.read(visitor.caller), visitor.caller, self._view.moment())
        every = max(map(len, (found.mine, found.others, found.old)), default=0)
        whole = visitor.asked("all")
        shown = {name: every if whole == name else SHOWN for name in ("mine", "others", "old")}
        marks = self._marks(visitor.caller, "assigned"), self._marks(visitor.caller, "watched")
        return page(
            "board.html.j2", visitor.frame, visitor.frame.text["board_title"], "/", b=found, shown=shown,
            person=bool(visitor.caller.account), assigned=len(marks[0].assigned), watched=len(marks[1].watched),
        )  # fmt: skip

    def orders(self, visitor: Visitor) -> Response:
        """Return the orders that a person may see, filtered and sorted, page by page."""
        choice, found, lines = self._chosen(visitor)
        if len(lines) == 1 and choice.words_alone:
            return RedirectResponse(f"/orders/{lines[0].order}", 303, HEADERS)
        begin = int(stated) if (stated := visitor.asked("from")).isdecimal() and len(stated) < 8 else 0
        following = begin + PAGE
        shown, person = lines[begin:following], bool(visitor.caller.account)
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
            total=len(lines),
            every=len(found.lines),
            to_judge=found.to_judge,
            choice=choice,
            caller=visitor.caller,
            scopes=SCOPES if person else SCOPES[:1],
            columns=COLUMNS,
            kinds=bulk_kinds(visitor.caller.roles),
            picks=[(name, counted(found, name)) for name in PICKED],
            levels=LEVELS,
            sides=SIDES,
            times=TIMES,
            days=DAYS,
            begin=begin,
            more=f"{address}from={following}" if following < len(lines) else "",
            first=f"/orders{suffix}" if begin else "",
            files=[("CSV", f"/orders.csv{suffix}"), ("iCalendar", f"/orders.ics{suffix}")],
        )

    def csv(self, visitor: Visitor) -> Response:
        """Return a list as CSV; a list that is not complete yet is refused."""
        _, found, lines = self._chosen(visitor)
        if found.to_judge:
            return self._incomplete(visitor, found)
        headers = {**HEADERS, "content-disposition": 'attachment; filename="orders.csv"'}
        return Response(list_csv(lines, self._view.moment()), 200, headers, "text/csv; charset=utf-8")

    def calendar(self, visitor: Visitor) -> Response:
        """Return the deadlines of a list as iCalendar; a list that is not complete yet is refused."""
        _, found, lines = self._chosen(visitor)
        if found.to_judge:
            return self._incomplete(visitor, found)
        content = list_calendar(lines, self._view.origin, self._view.now())
        if not content:
            title = visitor.frame.text["no_deadlines"]
            return page("stop.html.j2", visitor.frame, title, "/orders", status=404, code="", says="", hint="")
        headers = {**HEADERS, "content-disposition": 'attachment; filename="deadlines.ics"'}
        return Response(content, 200, headers, "text/calendar; charset=utf-8")

    def persons(self, visitor: Visitor) -> Response:
        """Return the page with the command that finds a person: the server opens no sealed value for a page."""
        purposes = KINDS["record-accessed"].fields()["purpose_code"].one_of
        return page("persons.html.j2", visitor.frame, visitor.frame.text["persons"], "/orders", purposes=purposes)

    def _incomplete(self, visitor: Visitor, found: Snapshot) -> Response:
        title = visitor.frame.text["to_judge"].format(found.to_judge)
        return page("stop.html.j2", visitor.frame, title, "/orders", status=503, code="BUSY", says="", hint="")

    def _chosen(self, visitor: Visitor) -> tuple[Choice, Snapshot, Sequence[OrderLine]]:
        choice, found = Choice.of(visitor.query), self._lines.read(visitor.caller)
        marks = self._marks(visitor.caller, choice.scope)
        lines = chosen(found, choice, visitor.caller, self._view.moment(), visitor.frame.zone, marks)
        return choice, found, lines

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

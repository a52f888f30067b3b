"""The pages of the work of an office: what people do on an order outside of the log, notices, and saved lists."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ledger.errors import RecordError
from ledger.messages import LANGUAGES, Message
from server.desk.gate import Gate, Visitor, pairs
from server.desk.lists.choice import Choice
from server.desk.lists.lines import OrderLines
from server.desk.site import HEADERS, Place, page
from server.jobs.settings import is_address
from server.work.office import OfficeWork

NOTICES: Final = "/notices"


class WorkPages:
    """The pages of one server about the work of its offices."""

    def __init__(self, gate: Gate, work: OfficeWork, lines: OrderLines) -> None:
        self._gate = gate
        self._work = work
        self._lines = lines

    def routes(self) -> list[Route]:
        """Return the routes of the pages; the navigation of the gate gets their place, and each page its count."""
        self._gate.places += (Place(NOTICES, "notices"),)
        self._gate.unseen = self._work.unseen
        return [
            self._gate.route(NOTICES, self._notices, sends=True),
            self._gate.route("/orders/{order}/work", self._on_order, sends=True),
            self._gate.route("/lists", self._lists, sends=True),
        ]

    def _on_order(self, visitor: Visitor) -> Response:
        """Do what the form of an order asks for, and lead back to it."""
        order, by, work = visitor.path["order"], visitor.caller, self._work
        if visitor.sends:
            person = visitor.stated("account")
            match visitor.stated("do"):
                case "assign":
                    work.assign(by, order, person)
                case "take":
                    work.assign(by, order, by.account)
                case "unassign":
                    work.unassign(by, order, person)
                case "watch":
                    work.watch(by, order, on=True)
                case "unwatch":
                    work.watch(by, order, on=False)
                case "note":
                    work.note(by, order, visitor.stated("text"))
                case "delete-note":
                    work.delete_note(by, order, visitor.stated("note"))
                case _:
                    raise RecordError("API-REQUEST", Message("the form asks for nothing that is known"), where="do")
        else:
            work.check(by, order)
        return RedirectResponse(f"/orders/{order}#work", 303, HEADERS)

    def _notices(self, visitor: Visitor) -> Response:
        """Return the notices of a person; a form marks them as seen, or says where mail of them goes."""
        frame, by, store = visitor.frame, visitor.caller, self._work.store
        self._work.check(by)
        fault = ""
        if visitor.sends:
            match visitor.stated("do"):
                case "seen":
                    store.see(by.account, id=visitor.stated("notice"))
                case "mail":
                    address, language = visitor.stated("address").strip(), visitor.stated("language")
                    if address and not is_address(address):
                        fault = address
                    else:
                        store.keep_mail_choice(by.account, address, language if language in LANGUAGES else frame.lang)
                case _:
                    raise RecordError("API-REQUEST", Message("the form asks for nothing that is known"), where="do")
            if not fault:
                return RedirectResponse(NOTICES, 303, HEADERS)
        found = self._work.notices(by)
        lines = self._lines.some(by, sorted({notice.order for notice, _ in found}))
        return page(
            "work/notices.html.j2",
            frame,
            frame.text["notices"],
            NOTICES,
            status=422 if fault else 200,
            notices=found,
            names={order: line.name for order, line in lines.items()},
            mail=store.mail_choice(by.account),
            fault=fault,
        )

    def _lists(self, visitor: Visitor) -> Response:
        """Keep or delete a saved list, and lead back to the list."""
        by = visitor.caller
        self._work.check(by)
        if not visitor.sends:
            return RedirectResponse("/orders", 303, HEADERS)
        choice = Choice.of(pairs(visitor.stated("query")))
        match visitor.stated("do"):
            case "keep":
                self._work.keep_list(by, visitor.stated("as"), choice.query, shared=bool(visitor.stated("shared")))
            case "delete":
                self._work.store.delete_list(visitor.stated("list"), by.account)
            case _:
                raise RecordError("API-REQUEST", Message("the form asks for nothing that is known"), where="do")
        return RedirectResponse(f"/orders?{choice.query}" if choice.query else "/orders", 303, HEADERS)

"""The pages of guests: the link of an invitation, their orders, one order; and the page on which an office invites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ledger.entries.case import Case
from ledger.entries.placement import reserved_of
from ledger.errors import RecordError
from ledger.law import Judgement, judge
from ledger.messages import Message
from projections.render.desk_pages import ENDED
from projections.reports.front_page import subject
from projections.reports.history import history
from projections.views.due import due
from server.access import Caller
from server.api.guests import PAGE, guests_of_order, may_invite
from server.api.route_tables.requester import requester_of
from server.desk.gate import Gate, Visitor
from server.desk.lists.board import Turn
from server.desk.lists.choice import Choice as ListChoice
from server.desk.lists.choice import Marks
from server.desk.lists.lines import OrderLines
from server.desk.lists.order_line import open_clock
from server.desk.site import HEADERS, Frame, Place, page
from server.desk.steps import record_address, recordable
from server.guests.acts import AIMS, Act, Aim, acts_of, next_acts
from server.guests.invitations import DAYS, MOST_DAYS
from server.guests.requester import issue_of

OWN: Final = "/guest/orders"
NEWEST: Final = ListChoice(sort="last")
LISTED: Final = 50  # orders on one page
TEXTS: Final = ("guest_", "refused_says")  # how the names of texts begin that the scripts show


class Choice(Struct, frozen=True):
    """One kind that a guest may sign, and the address of its form."""

    kind: str
    address: str


class GuestPages:
    """The pages of one server about guests."""

    def __init__(self, gate: Gate, lines: OrderLines) -> None:
        self._gate = gate
        self._services = gate.services
        self._view = gate.services.view
        self._lines = lines

    def routes(self) -> list[Route]:
        """Return the routes of the pages; the page of each order leads those who may invite to its guests."""
        self._gate.order_places += (Place("/orders/{}/guests", "guests_title", self._may_invite),)
        route = self._gate.route
        return [
            self._gate.public(PAGE, self._link),
            route(OWN, self._orders, guests=True),
            route(f"{OWN}/{{order}}", self._order, guests=True),
            route("/orders/{order}/guests", self._guests),
        ]

    # -- a guest -------------------------------------------------------------------------------------------------------

    def _link(self, frame: Frame) -> Response:
        """Return the page of a link. Its secret is in the part of the address that no browser sends."""
        return page("guests/link.html.j2", frame, frame.text["guest_link_title"], texts_of=_texts(frame))

    def _orders(self, visitor: Visitor) -> Response:
        """Return the orders of a guest, sorted: first what waits for the guest."""
        if not visitor.caller.guest:
            return RedirectResponse("/orders", 303, HEADERS)
        self._lines.follow(visitor.caller)
        found = self._lines.board(visitor.caller, visitor.asked("all"))
        begin = int(stated) if (stated := visitor.asked("from")).isdecimal() and len(stated) < 8 else 0
        lines, total = self._lines.page(visitor.caller, NEWEST, "", Marks(), begin, LISTED)
        return page(
            "guests/orders.html.j2",
            visitor.frame,
            visitor.frame.text["guest_orders"],
            OWN,
            mine=found.mine.turns,
            more=found.mine.count - len(found.mine.turns),
            lines=lines,
            begin=begin,
            following=begin + LISTED if begin + LISTED < total else 0,
            to_judge=found.to_judge,
        )

    def _order(self, visitor: Visitor) -> Response:
        """Return one order as its guest sees it: what is asked, by when, what to do, and what happened."""
        order, caller = visitor.path["order"], visitor.caller
        if not caller.guest:
            return RedirectResponse(f"/orders/{order}", 303, HEADERS)
        if order in reserved_of(self._view.origin):
            raise RecordError("API-MISSING", Message("this is not an order people ask about"))
        case, now, frame = self._view.case(caller, order), self._view.now(), visitor.frame
        judgement = judge(case, now)
        about = subject(case, judgement)
        turns = _turns(case, judgement, caller)
        following = next_acts(caller, case)
        others = [act for act in acts_of(caller.roles, case.instrument) if act not in following]
        language = frame.translation
        return page(
            "guests/order.html.j2",
            frame,
            about.request.called or about.name,
            OWN,
            a=language.of(about),
            ended=about.state == ENDED,
            turns=turns,
            next=next((turn for turn in turns if turn.left is not None), None),
            requester=requester_of(self._services, caller, self._gate.base(visitor.request), order).requester
            if issue_of(case)
            else None,
            aims=[(aim, some) for aim in AIMS if (some := _choices(order, following, aim))],
            others=_choices(order, others),
            offered={act.kind for act in (*following, *others)},
            story=language.of(history(case, judgement, reveal=False)),
            own={e.leaf for e in case.entries if e.by == caller.actor and recordable(e.kind)},
            places=self._gate.order_places_of(caller, order),
        )

    # -- the office that invites ---------------------------------------------------------------------------------------

    def _guests(self, visitor: Visitor) -> Response:
        order, frame = visitor.path["order"], visitor.frame
        answer = guests_of_order(self._services, visitor.caller, order)
        case = self._view.case(visitor.caller, order)
        return page(
            "guests/guests.html.j2",
            frame,
            frame.text["guests_title"],
            "/orders",
            about=frame.translation.of(subject(case, judge(case, self._view.now()))),
            order=order,
            answer=answer,
            days=DAYS,
            most_days=MOST_DAYS,
            texts_of=_texts(frame),
        )

    def _may_invite(self, caller: Caller, order: str) -> bool:
        return may_invite(self._services, caller, order)


def _turns(case: Case, judgement: Judgement, caller: Caller) -> list[Turn]:
    """Return the open deadlines that wait for a guest."""
    duties = [(d, open_clock(d.clock, case, judgement)) for d in due(judgement, judgement.as_of)]
    return [Turn(None, each, d.left, mine=True) for d, each in duties if each.waits.is_for(caller)]


def _choices(order: str, acts: Iterable[Act], aim: Aim | None = None) -> list[Choice]:
    return [Choice(act.kind, record_address(order, act.kind)) for act in acts if aim in (None, act.aim)]


def _texts(frame: Frame) -> dict[str, str]:
    """Return the texts that the script of a page shows, by their names."""
    return {name: says for name, says in frame.text.items() if name.startswith(TEXTS)}

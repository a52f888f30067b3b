"""The page on which a provider sees what is proven of the office that asks, before it discloses anything."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ledger.law import judge
from projections.reports.front_page import subject
from server.api.route_tables.requester import requester_of, state_policy
from server.desk.gate import Gate, Visitor
from server.desk.site import HEADERS, Place, page
from server.guests.requester import CHECKS


class RequesterPages:
    """The pages of one server about requesters."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._services = gate.services

    def routes(self) -> list[Route]:
        """Return the routes of the pages; the page of each order leads there."""
        self._gate.order_places += (Place("/orders/{}/requester", "requester_title"),)
        return [self._gate.route("/orders/{order}/requester", self._requester, sends=True, guests=True)]

    def _requester(self, visitor: Visitor) -> Response:
        frame, by, order = visitor.frame, visitor.caller, visitor.path["order"]
        base = self._gate.base(visitor.request)
        answer = requester_of(self._services, by, base, order)
        if visitor.sends:
            state_policy(self._services, by, [id for id in CHECKS if id in visitor.form.get("asked", ())])
            return RedirectResponse(f"/orders/{order}/requester", 303, HEADERS)
        case = self._services.view.case(by, order)
        return page(
            "guests/requester.html.j2",
            frame,
            frame.text["requester_title"],
            "/guest/orders" if by.guest else "/orders",
            about=frame.translation.of(subject(case, judge(case, self._services.view.now()))),
            order=order,
            answer=answer,
            base=base,
            states=self._services.view.access.states_policy(by),
        )

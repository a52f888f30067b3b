"""The pages of the desk."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.desk.bulk_pages import BulkPages
from server.desk.entry_pages import EntryPages
from server.desk.gate import Gate
from server.desk.lists.keeper import LineKeeper
from server.desk.lists.lines import OrderLines
from server.desk.lists.pages import ListPages
from server.desk.order_pages import OrderPages
from server.desk.site import file_response
from server.desk.work_pages import WorkPages
from server.operations.observed import note
from server.work.office import OfficeWork


class Desk:
    """The pages of one server; `kept` is the folder in which it keeps its lists between two runs, None for none."""

    def __init__(self, gate: Gate, work: OfficeWork, kept: Path | None = None) -> None:
        self._gate = gate
        lines = self.lines = OrderLines(gate.services.view, kept)
        self.keeper = LineKeeper(lines)
        self._entries = EntryPages(gate)
        self._lists = ListPages(gate, lines, work)
        self._orders = OrderPages(gate, lines, work)
        self._work = WorkPages(gate, work, lines)
        self._bulk = BulkPages(gate, lines)

    def routes(self) -> list[Route]:
        """Return the routes of the pages, and of their style and script."""
        return [
            *self._work.routes(),
            *self._bulk.routes(),
            Route("/desk/{name}", _file, methods=["GET"]),
            self._gate.route("/", self._lists.board, guests="/guest/orders"),
            self._gate.route("/orders", self._lists.orders, guests="/guest/orders"),
            self._gate.route("/persons", self._lists.persons),
            self._gate.route("/orders.csv", self._lists.csv),
            self._gate.route("/orders.ics", self._lists.calendar),
            self._gate.route("/orders/{order}", self._orders.order, guests="/guest/orders/{order}"),
            self._gate.route("/record", self._entries.kinds),
            self._gate.route("/record/{kind}", self._entries.form, sends=True),
            self._gate.route("/orders/{order}/record", self._entries.kinds, guests="/guest/orders/{order}"),
            self._gate.route("/orders/{order}/record/{kind}", self._entries.form, sends=True, guests=True),
        ]


async def _file(request: Request) -> Response:
    note(request.scope, route="/desk/{name}")
    return file_response(request.path_params["name"], request.query_params.get("v", "")) or Response(status_code=404)

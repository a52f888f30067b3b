"""The page on which a file in a person's hand is compared with an order, and the worker that hashes files."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.facts.words.shared import PURPOSES
from ledger.messages import Message
from projections.reports.entry_numbers import number
from server.desk.gate import Gate, Visitor
from server.desk.site import Place, page
from server.files.stated import sealed_fields, stated_files
from server.operations.observed import note

WORKER: Final = "/desk/hashing.js"
# The worker runs WebAssembly, and may do nothing else: no page may.
_WORKER_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'wasm-unsafe-eval'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


_TEXTS = ("refused_says", "refused_says_unreached", "files_bytes")  # of kept_files.js, besides its own names


class FilePages:
    """The pages of one server about files; `hashing` is the script of the worker, empty if it was not built."""

    def __init__(self, gate: Gate, hashing: bytes) -> None:
        self._gate = gate
        self._hashing = hashing

    def routes(self) -> list[Route]:
        """Return the routes of the page and of the worker; the page of each order leads to the page."""
        self._gate.order_places += (Place("/orders/{}/files", "files_title"),)
        return [
            Route(WORKER, self._worker, methods=["GET"]),
            self._gate.route("/orders/{order}/files", self._files, guests=True),
        ]

    async def _worker(self, request: Request) -> Response:
        note(request.scope, route=WORKER)
        if not self._hashing:
            return Response(status_code=404)
        return Response(self._hashing, 200, _WORKER_HEADERS, "text/javascript; charset=utf-8")

    def _files(self, visitor: Visitor) -> Response:
        frame, order = visitor.frame, visitor.path["order"]
        services, caller = self._gate.services, visitor.caller
        case = services.view.case(caller, order)
        kept = (
            {} if services.files is None else {each.entry: each for each in services.files.keeping.kept(caller, order)}
        )
        text = frame.text
        shown = {name: text[name] for name in text if name.startswith(("kept_", "SIGN-")) or name in _TEXTS}
        return page(
            "files/order.html.j2",
            frame,
            frame.text["files_title"],
            "/orders",
            order=order,
            stated=list(stated_files(case, services.view.now())),
            sealed=[(number(e, case), e, fields) for e in case.entries if (fields := sealed_fields(e))],
            keeps=services.files is not None,
            kept=[(number(e, case), e, kept[e.leaf]) for e in case.entries if e.leaf in kept],
            opens=services.view.access.opens_files(caller),
            purposes=[(code, frame.explain(Message(says))) for code, says in PURPOSES.words.items()],
            data={"texts": shown, "order": order, "person": {"actor": caller.actor, "party": caller.party}},
        )

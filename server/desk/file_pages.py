"""The page on which a file in a person's hand is compared with an order, and the worker that hashes files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.entries.case import Case, Entry, Unread, replacements
from ledger.entries.replacement import ALGORITHMS, DIGESTS
from ledger.facts import KINDS
from projections.reports.entry_numbers import number
from server.desk.gate import Gate, Visitor
from server.desk.site import Place, page
from server.operations.observed import note

WORKER: Final = "/desk/hashing.js"
# The worker runs WebAssembly, and may do nothing else: no page may.
_WORKER_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'wasm-unsafe-eval'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
_FILES = ("document", "list[document]", "manifest", "filedigest")  # types of fields that state files


class StatedFile(Struct, frozen=True):
    """One file that an entry states: its digests by their algorithms, its name and size where they are stated.

    `number` is that of the entry in the order, `field` the part of the entry. A later entry has `replaced` the entry.
    """

    number: str
    entry: Entry
    field: str
    name: str
    size: int | None
    digests: Mapping[str, str]
    replaced: bool


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
        case = self._gate.services.view.case(visitor.caller, order)
        return page(
            "files/order.html.j2",
            frame,
            frame.text["files_title"],
            "/orders",
            order=order,
            stated=list(stated_files(case, self._gate.services.view.now())),
            sealed=[(number(e, case), e, fields) for e in case.entries if (fields := _sealed_fields(e))],
        )


def stated_files(case: Case, at: datetime) -> Iterable[StatedFile]:
    """Yield the files that the entries of an order state, as far as they can be read here, in the order of the log."""
    replaced = replacements(case.entries, at)
    for entry in case.entries:
        for field, of in _fields(entry).items():
            for file in _files_in(of, entry.get(field)):
                digests = {name: file[name] for name in ALGORITHMS if file.get(name)}
                name, size = file.get("name", ""), file.get("size")
                yield StatedFile(number(entry, case), entry, field, name, size, digests, entry.leaf in replaced)


def _fields(entry: Entry) -> dict[str, str]:
    """Return the fields of an entry's kind that state files, with their types."""
    kind = KINDS.get(entry.kind)
    fields = {} if kind is None else kind.fields()
    return {name: field.type for name, field in fields.items() if field.type in _FILES or name in DIGESTS}


def _files_in(of: str, value: Any) -> list[Mapping[str, Any]]:
    if value is None or isinstance(value, Unread):
        return []
    if of == "manifest":
        return list(value["files"])
    if of.startswith("list["):
        return list(value)
    return [value] if isinstance(value, Mapping) else [{"sha256": value}]


def _sealed_fields(entry: Entry) -> list[str]:
    """Return the fields of an entry that state files and are sealed."""
    return [name for name in _fields(entry) if isinstance(entry.sealed.get(name), Unread)]

"""Who opened sealed values of an order: the entries of the ledger that say so, by order."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from msgspec import Struct

from ledger.entries.case import instant
from ledger.entries.placement import access_of
from server.access import Caller
from server.api.reading import LedgerView


class AccessEntry(Struct, frozen=True):
    """One entry on an access: its index in the log, when, the office and the role, what was read, and what for.

    Why, and the name of the person, are sealed: no page opens them.
    """

    index: int
    on: datetime
    actor: str
    role: str
    view: str
    purpose: str


class AccessLog:
    """The accesses of one ledger by their orders; each entry is read once."""

    def __init__(self, view: LedgerView) -> None:
        self._view = view
        self._order = access_of(view.origin)
        self._lock = Lock()
        self._last = 0
        self._found: dict[str, list[AccessEntry]] = {}

    def of(self, caller: Caller, order: str) -> list[AccessEntry] | None:
        """Return the accesses to an order, the newest first; None for a caller who may not see who opened values."""
        if not self._view.access.sees_order(caller, self._order, frozenset):
            return None
        with self._lock:
            for index, opened in self._view.behind(caller, self._order, self._last):
                p = opened.payload
                self._last = p.seq
                if p.kind != "record-accessed":
                    continue
                read, purpose = str(p.public["view"]), str(p.public["purpose_code"])
                entry = AccessEntry(index, instant(p.on), p.signer.actor, p.signer.role, read, purpose)
                for each in p.public.get("orders") or ():
                    self._found.setdefault(each, []).append(entry)
            return self._found.get(order, [])[::-1]

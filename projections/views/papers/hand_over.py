"""Who signed for a hand-over: the office that gave and the office that took, each by a separate entry.

The word of one office about another is not that office's signature. A receiver signs by a receipt, or by an entry of
the same transfer, in its own record or in this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger.entries.case import Case, Entry, Unread
from ledger.law import read_all
from ledger.law.record_checks.integrity import is_same_transfer
from projections.sentences.quotation import stated
from projections.views.replaced import EVER

GIVEN = ("data-disclosed", "data-transmitted-by-state")
RECEIPT, TRANSFER = "evidence-received", "custody-transferred"


@dataclass(frozen=True, slots=True)
class HandSignature:
    """Hold how one side signed for a hand-over: its entry, and the person who holds the key as the register names it.

    `entry` is None where the side has not signed. `person` is a name, `[sealed]` or `[erased]`; empty where this record
    has no name for the key.
    """

    entry: Entry | None
    person: str = ""


class HandOvers:
    """The hand-overs of an order at a moment (None: ever), with the signatures of both sides."""

    def __init__(self, case: Case, at: datetime | None, *, reveal: bool) -> None:
        self._reading = read_all(case, at or EVER)
        self._persons = persons(case.registry, reveal=reveal)
        entries = self._reading.entries
        self._given = entries.all_of(*GIVEN)
        self._receipts = entries.all_of(RECEIPT)
        self._transfers = entries.all_of(TRANSFER)

    def signature(self, entry: Entry | None) -> HandSignature:
        """Return the signature under an entry."""
        return HandSignature(entry, "" if entry is None else self._persons.get((entry.by, entry.key), ""))

    def sides(self, e: Entry, giver: str | None, taker: str | None) -> tuple[HandSignature, HandSignature]:
        """Return how giver and taker of a step signed for it; `giver` and `taker` are actors, None where not stated."""
        about = self._about(e, giver, taker)
        gave = next((x for x in about if giver is not None and self._signs(x, giver)), None)
        took = next((x for x in about if x.actor != giver and self._signs(x, taker)), None)
        return self.signature(gave), self.signature(took)

    def _signs(self, x: Entry, actor: str | None) -> bool:
        """Return True if an entry is the act of an office itself (None: of any), or is backed by one."""
        return x.held and x.actor == (actor or x.actor) and self._reading.reliability.first_hand(x)

    def _about(self, e: Entry, giver: str | None, taker: str | None) -> Iterable[Entry]:
        """Return the entries about one hand-over, that of the step first."""
        speaks_of = self._reading.reliability.speaks_of
        match e.kind:
            case "data-disclosed" | "data-transmitted-by-state":
                onward = (*self._receipts, *(x for x in self._given if x.kind == GIVEN[1] and x.leaf != e.leaf))
                takes = (x for x in onward if x.actor not in (giver, e.actor) and taker in (None, x.actor))
                return (e, *(x for x in takes if speaks_of(x, e)))
            case "evidence-received":
                return (e, *(x for x in self._given if x.actor == giver and speaks_of(e, x)))
            case "custody-transferred":
                return (e, *self._same_transfer(e), *self._later_receipts(e, taker))
        return (e,)

    def _same_transfer(self, e: Entry) -> Iterable[Entry]:
        """Return the neighbouring transfers of the exhibit that state the same hand-over."""
        moves = [x for x in self._transfers if x.get("exhibit") == e.get("exhibit")]
        place = next((n for n, x in enumerate(moves) if x.leaf == e.leaf), None)
        if place is None:
            return ()
        return [x for x in (*moves[max(place - 1, 0) : place], *moves[place + 1 : place + 2]) if is_same_transfer(x, e)]

    def _later_receipts(self, e: Entry, taker: str | None) -> Iterable[Entry]:
        """Return the receipts of the taker that name the transfer, or its exhibit after it."""
        named = (e.leaf, e.proves)
        return [
            x
            for x in self._receipts
            if x.actor == taker
            and (x.get("about") in named if x.get("about") else x.get("exhibit") == e.get("exhibit") and x.on >= e.on)
        ]


def persons(registry: Iterable[Entry], *, reveal: bool) -> Mapping[tuple[str, str], str]:
    """Return the persons who hold keys, by (office, key in hex), as the register names them; sealed unless revealed.

    A key that follows another by the signature of that key is held by the same person.
    """
    found: dict[tuple[str, str], str] = {}
    for e in registry:
        actor = str(e.get("actor"))
        if e.kind == "key-registered" and (holder := e.sealed.get("holder")) is not None:
            shown = stated(holder) if reveal and isinstance(holder, str) else "[sealed]"
            found[actor, str(e.get("key"))] = "[erased]" if holder is Unread.ERASED else shown
        elif e.kind == "key-rotated" and e.key == e.get("old_key") and (actor, e.key) in found:
            found[actor, str(e.get("new_key"))] = found[actor, e.key]
    return found

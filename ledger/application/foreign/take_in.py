"""Record what has arrived from another log: one wrapper for each entry, all of an arrival or none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from ledger.application.foreign import receive
from ledger.application.foreign.arrivals import signed_by, trust_in_log
from ledger.application.foreign.receive import Arrival
from ledger.application.journal import Journal
from ledger.entries.envelope import OpenedEntry, Signer, open_
from ledger.errors import RecordError
from ledger.tlog.tree import parse_proof


class Taken(Struct, frozen=True):
    """An entry that has arrived, and the index of its wrapper here; `already` if it was recorded before."""

    arrival: Arrival
    opened: OpenedEntry
    index: int
    already: bool


def take_in(
    journal: Journal,
    arrivals: Sequence[Arrival],
    signer: Signer,
    check: str,
    *,
    order: str = "",
    backs: Callable[[str], str] | None = None,
    anyway: bool = False,
) -> list[Taken]:
    """Wrap arrived entries into this ledger, all or none; entries that are here keep their places.

    Entries go to the order of the same id, or to `order`. `backs` returns, for that order, the leaf of the entry of
    ours that the arrived one supports. `check` is the result of verifying them. Acknowledgements of our own
    acknowledgements are left out. `RecordError` as recording raises, and without `anyway` for an entry that would not
    count as its signer's act.
    """
    before: list[Taken] = []
    fresh: list[Arrival] = []
    drafts = []
    received, evidence = journal.received, journal.folder.evidence
    for arrival in receive.wanted(arrivals, journal.store, journal.origin):
        opened = open_(arrival.raw)
        place = order or opened.payload.order
        key = signed_by(trust_in_log(journal, opened.payload.log), parse_proof(arrival.proof).note)
        position = receive.place_of(arrival, place, journal.store, key, received, evidence)
        if position.index is not None:
            before.append(Taken(arrival, opened, position.index, already=True))
            continue
        _check_place(journal, place, arrival)
        now = journal.now()
        if not anyway:
            _check_order(opened, place)
            receive.check_counts(arrival, journal.cases, journal.store.size())
        leaf = backs(place) if backs else None
        draft = receive.draft_of(
            arrival, journal.origin, signer, now, check, order=place, backs=leaf, entry=position.entry
        )
        fresh.append(arrival)
        drafts.append(draft)
    receive.keep_files(fresh, received)
    receipts = journal.record_batch(drafts) if drafts else []
    return before + [Taken(a, open_(a.raw), r.index, r.already) for a, r in zip(fresh, receipts, strict=True)]


def _check_order(opened: OpenedEntry, order: str) -> None:
    if opened.payload.order != order:
        hint = "--anyway keeps it all the same, as what its recipient has observed"
        raise RecordError("CTX-ORDER", f"it is about the order {opened.payload.order}", where=order, hint=hint)


def _check_place(journal: Journal, order: str, arrival: Arrival) -> None:
    newest = journal.store.newest(order)
    receive.check_instrument(arrival, open_(newest[1]).payload.instrument if newest else None)
    if journal.subject_keys and journal.subject_keys.main_of(order) is not None:
        raise RecordError("CTX-ORDER", "what arrives from others does not go where some of them may not look")

"""Make an order of its public entries, and what it says: the server answers with it, and a client computes it again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ledger.entries.case import Case, Entry, numbered
from ledger.entries.envelope import OpenedEntry, entry_of
from ledger.entries.keyring import Keyring
from ledger.law import Judgement, judge
from projections.documents.judgement import judged
from projections.documents.timeline import TimelineItem, timeline_item
from projections.views.state import view
from projections.views.timeline import timeline
from server.documents import OrderStatements

Placed = Iterable[tuple[int, OpenedEntry]]  # with the index in the log


def public_entries(placed: Placed, keyring: Keyring) -> tuple[Entry, ...]:
    """Return entries as the law reads them, without sealed values."""
    return tuple(entry_of(o, index, held=keyring.holds(o.payload.signer, index)) for index, o in placed)


def public_case(order: str, entries: Placed, register: tuple[Entry, ...], keyring: Keyring) -> Case:
    """Return the case of an order without sealed values.

    `entries` may include those of its companion and of orders joined with it.
    The same `register` for many orders is read once by the law.
    """
    own = list(entries)
    instrument = next((o.payload.instrument for _, o in own if o.payload.order == order), None)
    return Case(order, instrument or "", tuple(numbered(order, public_entries(own, keyring))), register)


def statements(case: Case, moment: datetime) -> OrderStatements:
    """Return what the entries of an order say at a moment, and what the law finds in them."""
    judgement = judge(case, moment)
    parts = judged(judgement)
    return OrderStatements(
        order=view(case, judgement),
        timeline=lines(case, judgement),
        deadlines=parts["deadlines"],
        findings=parts["findings"],
        criteria=parts["criteria"],
    )


def lines(case: Case, judgement: Judgement) -> list[TimelineItem]:
    """Return the timeline of an order, sealed values as `[sealed]`."""
    return [timeline_item(x.entry.order, x) for x in timeline(case, judgement.trail)]

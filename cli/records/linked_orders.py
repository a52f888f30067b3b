"""Find the orders linked to one order, by the link table of the store."""

from __future__ import annotations

import sys
from datetime import datetime

from msgspec import Struct

from cli.session.record_reader import RecordReader
from ledger.entries.case import Case
from ledger.law import judge
from projections.views.linked_orders import LinkedOrder, connected, pairs
from projections.views.state import name_of, view


def matter(
    reader: RecordReader, name: str, moment: datetime, *, only: bool = False
) -> tuple[list[LinkedOrder], list[str]]:
    """Return an order and the orders linked with it, as recorded at `moment`; then the ids not in this ledger.

    The named order comes first, the others follow oldest first. With `only`, it is alone. A link counts
    once the entry that makes it is on record, and an order once one of its entries is.
    """
    order = reader.find(name)
    if only:
        return [_share(reader.known(reader.case(name), moment), moment)], []
    first, *rest = [reader.known(case, moment) for case in reader.around(order).values()]
    others = [case for case in rest if case.entries]
    together = connected(order, (p for case in (first, *others) for p in pairs(case)))
    linked_cases = sorted((c for c in others if c.order in together), key=lambda c: c.entries[0].index)
    elsewhere = sorted(o for o in together if not reader.holds(o))
    return [_share(case, moment) for case in (first, *linked_cases)], elsewhere


def _share(case: Case, moment: datetime) -> LinkedOrder:
    return LinkedOrder(name_of(case), case, judge(case, moment))


def began(share: LinkedOrder) -> int:
    """Return the log index of an order's first entry; an order without entries sorts last."""
    return share.case.entries[0].index if share.case.entries else sys.maxsize


class LinkedOrderItem(Struct, frozen=True):
    """One of several linked orders."""

    order: str
    ref: str | None
    label: str | None
    instrument: str
    state: str


def member(share: LinkedOrder) -> LinkedOrderItem:
    """Return one of several linked orders, as part of an answer."""
    v = view(share.case, share.judgement)
    return LinkedOrderItem(v.order, v.ref, v.label, v.instrument, v.state)

"""The dates that a doubtful record leaves: what the end of a clock would be if one of its statements is right.

The order is read again for each of them, with the doubt taken away. Nothing here says which one is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, instant, wire
from ledger.law.judge import read_order
from ledger.law.next_steps.clocks import rule_of
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.rule import Clock

CURABLE = frozenset(("", "on_source", "proof_kind", "proper_addressee"))  # lacks of support, not of the act itself
DISPUTES = ("receipt-disputed", "event-disputed")


class Alternative(Struct, frozen=True):
    """The end of a clock if a statement is right: the statement in words, the end, the entries (leaf hashes)."""

    says: str
    due: datetime
    entries: tuple[str, ...]


def alternatives(case: Case, at: datetime, clock: Clock) -> tuple[Alternative, ...]:
    """Return the ends that the statements on record lead to, for a clock whose start is not known; else none."""
    if clock.due is not None:
        return ()
    return tuple(_ends(case, read_order(case, at), clock))


def _ends(case: Case, r: OrderReading, clock: Clock) -> Iterator[Alternative]:
    rule = rule_of(clock.id)
    for e in r.entries.current:
        if e.kind not in rule.winds and e.leaf != clock.trigger:
            continue
        disputes = r.reliability.open_disputes.get(e.leaf, ())
        lacks = {lack.column for lack in r.receipts.lacks_as_trigger(e)}
        if not (lacks or disputes) or not lacks <= CURABLE:
            continue
        if (due := _due(case, r, clock, e, e.on)) is not None:
            yield Alternative(f"if #{e.number} {e.kind} is right: {wire(e.on)}", due, (e.leaf,))
        for dispute in disputes:
            claimed = dispute.get("claimed_on")
            if claimed is not None and (due := _due(case, r, clock, e, instant(claimed))) is not None:
                says = f"if #{dispute.number} {dispute.kind} is right: {claimed}"
                yield Alternative(says, due, (e.leaf, dispute.leaf))


def _due(case: Case, r: OrderReading, clock: Clock, e: Entry, on: datetime) -> datetime | None:
    """Return the end of the clock as if an entry had happened at `on`, was proven, and nothing disputed it."""
    arrived = e.received and max(e.received, on)
    public = {**e.public, **_proof(e)}
    believed = replace(e, on=on, at=max(e.at, on), received=arrived, on_source="receipt-stamp", public=public)
    entries = tuple(believed if x.leaf == e.leaf else x for x in case.entries if x.kind not in DISPUTES)
    again = r.of_case(replace(case, entries=entries)).deadlines.clock(clock.id)
    return again.due if again is not None and again.trigger == e.leaf else None


def _proof(e: Entry) -> dict[str, object]:
    if e.kind != "order-received":
        return {}
    return {"proper_addressee": True, "proof_kind": "delivery-receipt"}

"""The state of an order: its reference, its Parties, its state and its further regions of state."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from ledger.entries.case import Case, linked
from ledger.law import Judgement


class OrderView(Struct, frozen=True):
    """Hold one line about an order; times are UTC and claimed by their signers."""

    order: str
    ref: str | None
    label: str | None
    instrument: str
    state: str
    regions: dict[str, str]
    from_party: str | None
    to_party: str | None
    providers: tuple[str, ...]
    issued_on: datetime | None
    last_on: datetime | None
    entries: int
    linked: tuple[str, ...]


def view(case: Case, judgement: Judgement) -> OrderView:
    """Return the order as it is at the judgement's moment."""
    issued = next(iter(case.issued), None)
    return OrderView(
        order=case.order,
        ref=None if issued is None else issued.get("reference"),
        label=case.label,
        instrument=case.instrument,
        state=judgement.state,
        regions=dict(judgement.regions),
        from_party=None if issued is None else issued.get("from_party"),
        to_party=None if issued is None else issued.get("to_party"),
        providers=() if issued is None else tuple(issued.get("providers", ())),
        issued_on=None if issued is None or issued.on > judgement.as_of else issued.on,
        last_on=max((e.on for e in case.entries if e.on <= judgement.as_of), default=None),
        entries=len({e.index for e in case.entries}),
        linked=linked(case.entries),
    )


def name_of(case: Case) -> str:
    """Return the name of an order: the label of a story, its reference, or the beginning of its id."""
    issued = next(iter(case.issued), None)
    return case.label or (issued.get("reference") if issued else None) or case.order[:8]

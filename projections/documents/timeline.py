"""The entries of a timeline, as JSON documents have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from ledger.entries.case import Unread
from ledger.entries.payload import Condition
from projections.documents.times import Time
from projections.views.replaced import Replacement
from projections.views.timeline import TimelineEntry

SPELLED = {Unread.WITHHELD: "[sealed]", Unread.ERASED: "[erased]"}


class TimelineItem(Struct, frozen=True, kw_only=True):
    """One entry of an order, what it says, and the states it moved the order between (`moved`).

    `fields` are the values of the entry, sealed ones as `[sealed]`. `local` is the local time of the office whose act
    it is, if that differs from UTC. `unless` is the condition under which its signer gave it to the log for
    which it was sealed. `not_before` and `not_after` are proven times of its signature, with --brackets.
    """

    seq: int
    index: int
    leaf: str
    kind: str
    on: Time
    signed_at: Time
    by: str
    role: str
    party: str
    speaks: str
    whose: str | None
    local: str
    says: str
    who: str
    moved: tuple[str, str] | None
    replaces: str | None
    replaced: str | None
    replaced_by: str | None
    replaced_at: Time | None
    replaced_who: str | None
    why: str | None
    fields: dict[str, Any]
    order: str
    unless: Condition | UnsetType = UNSET
    not_before: Time | UnsetType | None = UNSET
    not_after: Time | UnsetType | None = UNSET


def timeline_item(order: str, x: TimelineEntry) -> TimelineItem:
    """Return one entry of the timeline of an order, without proven times."""
    e = x.entry
    return TimelineItem(
        seq=e.seq,
        index=e.index,
        leaf=e.leaf,
        kind=e.kind,
        on=e.on,
        signed_at=e.at,
        by=e.by,
        role=e.role,
        party=e.party,
        speaks=e.speaks,
        whose=e.whose,
        local=x.local,
        says=str(x.says),  # a plain text: msgspec writes no subclass of it
        who=x.who,
        moved=x.moved or None,
        replaces=e.replaces,
        fields=spelled(x.fields),
        order=order,
        unless=UNSET if e.unless is None else e.unless,
        **put_right(x.replaced),
    )


def spelled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an entry as JSON has them: a value that cannot be read is `[sealed]` or `[erased]`."""
    return {name: SPELLED[value] if isinstance(value, Unread) else value for name, value in fields.items()}


def put_right(gone: Replacement | None) -> dict[str, Any]:
    """Return the fields of a document on a replaced entry: the leaf that replaced it, when, by whom, why."""
    if gone is None:
        return dict.fromkeys(("replaced", "replaced_by", "replaced_at", "replaced_who", "why"))
    e = gone.entry
    return {
        "replaced": gone.line(f"#{e.number}"),
        "replaced_by": e.leaf,
        "replaced_at": e.at,
        "replaced_who": e.by,
        "why": gone.why,
    }

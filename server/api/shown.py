"""Parts of answers: entries with their proofs, names of orders, and which orders fit a query."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec import structs

from ledger.entries.envelope import OpenedEntry
from ledger.facts import KINDS
from ledger.tlog.note import b64
from ledger.tlog.tree import leaf_hash
from server.documents import OrderItem, ProvenEntry


def proven(index: int, opened: OpenedEntry, path: Sequence[bytes]) -> ProvenEntry:
    """Return an entry with its inclusion proof."""
    return ProvenEntry(index, leaf_hash(opened.raw).hex(), [b64(each) for each in path], opened.raw.decode())


def without_line(entry: ProvenEntry) -> ProvenEntry:
    """Return a proven entry as its leaf alone."""
    return structs.replace(entry, entry=None)


def is_companion(kind: str) -> bool:
    """Return True if an order that begins with this kind is the companion of another one."""
    fact = KINDS.get(kind)
    return fact is not None and bool(fact.shown_to)


def is_id(name: str) -> bool:
    """Return True if a name is the id of an order, as entries spell it."""
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def matches(item: OrderItem, state: str | None, provider: str | None, party: str | None) -> bool:
    """Return True if an order has all of these values; None is any."""
    order = item.order
    return (
        (state is None or order.state == state)
        and (provider is None or provider in order.providers)
        and (party is None or party in (order.from_party, order.to_party))
    )

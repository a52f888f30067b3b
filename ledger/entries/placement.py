"""Check the place of an entry: its log, order, number, predecessor and instrument, and that its id is unique."""

from __future__ import annotations

import uuid
from functools import lru_cache

from msgspec import Struct

from ledger.entries.envelope import OpenedEntry
from ledger.entries.payload import Payload, is_hex64
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.messages import Message

HEADS_COMMITTED = "heads-committed"  # the kind of entry in a map order that states the root over all heads
_ACCESSES = frozenset({"record-accessed", "report-issued", "payload-key-destroyed"})  # kinds in an access order


@lru_cache(64)  # called for every entry, with one or two origins
def registry_of(origin: str) -> str:
    """Return the reserved id of a ledger's registry order: UUIDv5 of its origin in the URL namespace."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, origin))


@lru_cache(64)
def access_of(origin: str) -> str:
    """Return the reserved id of a ledger's access order, which has the `record-accessed` of every revealed value."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, origin + "/access"))


@lru_cache(64)
def map_of(origin: str) -> str:
    """Return the reserved id of a ledger's map order, which has the `heads-committed` of its operator."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, origin + "/map"))


def order_begun_by(origin: str, entry: str) -> str:
    """Return the id of the order that begins with the entry of an id, where the user gives that id to repeat it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{origin}/order/{entry}"))


@lru_cache(64)
def reserved_of(origin: str) -> frozenset[str]:
    """Return the reserved ids of a ledger: registry, access order and map order. They have no instrument."""
    return frozenset((registry_of(origin), access_of(origin), map_of(origin)))


def check_reserved(origin: str, order: str, kind: str) -> None:
    """Refuse, with CTX-ORDER, a kind that belongs neither to the accesses nor to the committed heads of a ledger."""
    kinds = {access_of(origin): _ACCESSES, map_of(origin): frozenset({HEADS_COMMITTED})}.get(order)
    if kinds is not None and kind not in kinds:
        raise RecordError("CTX-ORDER", f"{kind} belongs to an order; the program alone writes to {order}")


class Link(Struct, frozen=True, gc=False):
    """The newest entry of an order: its number (from 1), leaf hash in hex, and the order's instrument."""

    seq: int
    leaf: str
    instrument: str | None


def committed_by(p: Payload) -> tuple[int, bytes] | None:
    """Return size and root (32 bytes) of the map of heads to which an entry commits its ledger; None if to none.

    Only an entry in a role that may sign the kind commits it: the ledger itself, not an office that writes in it.
    """
    return _stated(p) if p.order == map_of(p.log) else None


def check_commits(p: Payload) -> None:
    """Raise KEY-ROLE for an entry that commits heads in a role that may not."""
    if p.kind == HEADS_COMMITTED and p.signer.role not in KINDS[HEADS_COMMITTED].signers:
        says = Message("{0} may not sign {1} as {2}", p.signer.actor, p.kind, p.signer.role)
        raise RecordError("KEY-ROLE", says, where=p.signer.actor)


def _stated(p: Payload) -> tuple[int, bytes] | None:
    if (p.kind, p.schema) != (HEADS_COMMITTED, 1) or p.signer.role not in KINDS[HEADS_COMMITTED].signers:
        return None
    size, root = p.public.get("size"), p.public.get("map_root")
    if type(size) is not int or not isinstance(root, str) or not is_hex64(root):  # a truth value is no number
        return None
    return size, bytes.fromhex(root)


def check_place(opened: OpenedEntry, origin: str, before: Link | None) -> None:
    """Refuse an entry that does not directly follow `before` in its order and log.

    Raises `RecordError`: CTX-LOG, CTX-CHAIN, CTX-INSTRUMENT.
    """
    p = opened.payload
    if p.log != origin:
        raise RecordError("CTX-LOG", f"sealed for the log {p.log}, not for {origin}")
    expected = 1 if before is None else before.seq + 1
    if p.seq != expected:
        raise RecordError("CTX-CHAIN", f"entry {p.seq} of the order stands where entry {expected} belongs")
    if p.prev != (before.leaf if before else None):
        raise RecordError("CTX-CHAIN", Message("entry {0} does not continue the entry before it", p.seq))
    if before is not None and p.instrument != before.instrument:
        raise RecordError("CTX-INSTRUMENT", f"{p.instrument} in an order under {before.instrument}")
    if (p.order in reserved_of(origin)) != (p.instrument is None):
        raise RecordError("CTX-INSTRUMENT", "an order has an instrument; the reserved orders of a ledger have none")


def at_odds(one: OpenedEntry, at: int, two: OpenedEntry, then: int) -> RecordError | None:
    """Return the rule that a log breaks if it has two entries at these indexes (from 0); None if it may have both.

    SPLIT-ORDER if no chain of their order has both, MAP-SPLIT if they commit two maps of the same entries,
    CTX-REPLAY if they have one entry id. Entries for different logs are not compared.
    """
    p, q = one.payload, two.payload
    if p.log != q.log or (one.leaf, at) == (two.leaf, then):
        return None
    if p.order == q.order and p.seq == q.seq and one.leaf != two.leaf:
        return RecordError("SPLIT-ORDER", f"two entries {p.seq} of order {p.order}", where=p.order)
    for (earlier, leaf), later in (((p, one.leaf), q), ((q, two.leaf), p)):
        if earlier.order == later.order and later.seq == earlier.seq + 1 and later.prev != leaf:
            says = f"an entry {later.seq} of order {later.order} that does not continue its entry {earlier.seq}"
            return RecordError("SPLIT-ORDER", says, where=p.order)
    ours, theirs = _stated(p), _stated(q)
    if p.order == q.order and p.instrument is None and ours and theirs and ours[0] == theirs[0] and ours != theirs:
        return RecordError("MAP-SPLIT", f"two roots over the heads of its first {ours[0]} entries", where=p.order)
    if p.entry == q.entry:
        return RecordError("CTX-REPLAY", f"two entries with the id {p.entry}", where=p.order)
    return None


class Chains(Struct):
    """The newest entry of every order of one log, for bundles and batches, which fit in memory."""

    origin: str
    heads: dict[str, Link] = {}
    seen: set[str] = set()

    def follow(self, opened: OpenedEntry) -> None:
        """Append the next entry of its order; raises CTX-*, with CTX-REPLAY for an entry id that was used before."""
        p = opened.payload
        if p.entry in self.seen:
            raise RecordError("CTX-REPLAY", Message("entry id {0} was used before", p.entry))
        check_place(opened, self.origin, self.heads.get(p.order))
        self.seen.add(p.entry)
        self.heads[p.order] = Link(p.seq, opened.leaf, p.instrument)

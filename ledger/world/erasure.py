"""What an erasure covers, and what the record says of it: one `payload-key-destroyed` for every order and key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.envelope import Circumstances, Signer
from ledger.facts import build
from ledger.tlog import leaf_hash
from ledger.world.cases import DESTROYED, Cases
from ledger.world.drawer import Drawer
from ledger.world.sealing import Draft
from ledger.world.shelf import Shelf

_MOST = 200  # digests in one entry: a payload has at most 32 KiB


@dataclass(frozen=True, slots=True)
class Covered:
    """The keys of a data subject, and every value they seal: (index, order, field, digest)."""

    keys: tuple[str, ...]
    values: tuple[tuple[int, str, str, str], ...]


def covered(store: Shelf, drawer: Drawer, subject: str, order: str | None) -> Covered:
    """What the erasure of a data subject covers, in one order with its companion or in all."""
    keys = tuple(drawer.keys_of(subject, order))
    return Covered(keys, tuple(sorted(value for key_id in keys for value in store.closed_by(key_id))))


def stated(store: Shelf, cases: Cases, key_id: str) -> dict[int, list[str]]:
    """The entries that state the destruction of a key: index -> the digests that each names."""
    orders = {_told_in(cases, order) for _, order, *_ in store.closed_by(key_id)}
    return {
        index: o.payload.public.get("digests", [])
        for order in sorted(orders)
        for index, o in cases.opened(order)
        if o.payload.kind == DESTROYED and o.payload.public.get("key_ref") == key_id
    }


def unstated(store: Shelf, cases: Cases, key_id: str) -> dict[str, list[tuple[int, str]]]:
    """The values under a key that no entry says are destroyed: (index, digest) of each, by the order to say it in.

    What it sealed in the registry is told of in the access order, which like the registry belongs to no case.
    """
    told = {digest for digests in stated(store, cases, key_id).values() for digest in digests}
    found: dict[str, list[tuple[int, str]]] = {}
    for index, order, _, digest in store.closed_by(key_id):
        if digest not in told:
            found.setdefault(_told_in(cases, order), []).append((index, digest))
    return found


def _told_in(cases: Cases, order: str) -> str:
    return cases.access if order == cases.registry else order


def tell(
    store: Shelf,
    cases: Cases,
    key_id: str,
    signer: Signer,
    said: Circumstances,
    *,
    cause: str,
    method: str,
    custodians: Sequence[str],
) -> Iterator[Draft]:
    """The drafts that tell of the destruction of a key, with the digests nobody can open any more.

    Their entry ids follow from what they say, so that two who finish one erasure record it once.
    """
    for order, values in unstated(store, cases, key_id).items():
        for at in range(0, len(values), _MOST):
            part = values[at : at + _MOST]
            leaves = [leaf_hash(raw).hex() for index in sorted({i for i, _ in part}) if (raw := store.at(index))]
            public: dict[str, Any] = {
                "key_ref": key_id,
                "entries": leaves,
                "digests": sorted(digest for _, digest in part),
                "method": method,
                "cause": cause,
                **({"custodians": list(custodians)} if custodians else {}),
            }
            entry = sha256("\n".join((DESTROYED, order, key_id, *public["digests"])).encode()).hexdigest()[:32]
            yield Draft(build(DESTROYED, public, {}), order, signer, said, entry)

"""What the record says when a key is destroyed: one `payload-key-destroyed` for every order it closed values in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.envelope import Circumstances, Signer
from ledger.facts import build
from ledger.tlog import leaf_hash
from ledger.world.cases import Cases
from ledger.world.sealing import Draft
from ledger.world.shelf import Shelf

_MOST = 200  # digests in one entry: a payload has at most 32 KiB


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

    What it closed in the registry is told of in the access order, which like the registry belongs to no case.
    """
    closed: dict[str, list[tuple[int, str]]] = {}
    for index, order, digest in store.closed_by(key_id):
        closed.setdefault(cases.access if order == cases.registry else order, []).append((index, digest))
    for order, values in closed.items():
        for at in range(0, len(values), _MOST):
            part = values[at : at + _MOST]
            leaves = [leaf_hash(raw).hex() for index in sorted({i for i, _ in part}) if (raw := store.at(index))]
            public = {
                "key_ref": key_id,
                "entries": leaves,
                "digests": sorted(digest for _, digest in part),
                "method": method,
                "cause": cause,
                **({"custodians": list(custodians)} if custodians else {}),
            }
            yield Draft(build("payload-key-destroyed", public, {}), order, signer, said)

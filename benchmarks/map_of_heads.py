"""The cost of a map of heads, against the SHA-256 of as many nodes."""

from __future__ import annotations

import uuid
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.measure import Figure, in_turn, say, seconds
from ledger.adapters.log.head_store import HeadStore
from ledger.tlog.map_of_heads import MapOfHeads

ORDERS = 150_000
MORE = 2_000  # entries added one by one, half of them of new orders


def map_figures() -> dict[str, Figure]:
    """Measure a map of 150,000 orders with one entry each from their ids and leaf hashes, and one more entry."""
    say("mapping heads")
    chance = Random(0)
    orders = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(ORDERS + MORE // 2)]
    entries = [(order, chance.randbytes(32)) for order in orders[:ORDERS]]
    made, hashed = in_turn([lambda: MapOfHeads(entries), _hash_nodes], 3)
    heads = MapOfHeads(entries)
    more = [(order, chance.randbytes(32)) for order in orders[ORDERS - MORE // 2 :]]
    added = seconds(lambda: _add(heads, more)) / MORE
    ratio = {"orders": ORDERS, "seconds": round(made, 2), "sha256_s": round(hashed, 2)}
    return {
        "map_of_heads": Figure(made / hashed, ratio, at_most=10),
        "map_of_heads_seconds": Figure(made, {"orders": ORDERS}, at_most=2),
        "map_of_heads_entry_ms": Figure(added * 1000, {"orders": ORDERS, "us": round(added * 1e6)}, at_most=1),
        "map_kept_entry_ms": _kept(entries, more),
    }


def _kept(entries: list[tuple[str, bytes]], more: list[tuple[str, bytes]]) -> Figure:
    """Measure one more entry in the map that a ledger keeps in a file, each in a separate transaction."""
    with TemporaryDirectory() as folder, HeadStore(Path(folder) / "map.db") as store:
        first = seconds(lambda: store.extend(entries, ORDERS))

        def one_by_one() -> None:
            for size, entry in enumerate(more, ORDERS + 1):
                store.extend([entry], size)

        each = seconds(one_by_one) / len(more)
        size = (Path(folder) / "map.db").stat().st_size
    about = {"orders": ORDERS, "made_s": round(first, 2), "bytes_an_order": round(size / ORDERS)}
    return Figure(each * 1000, about, at_most=1)


def _add(heads: MapOfHeads, entries: list[tuple[str, bytes]]) -> None:
    for order, leaf in entries:
        heads.add(order, leaf)


def _hash_nodes() -> None:
    """Hash what a map hashes: for each order its id, its leaf and one inner node."""
    order, leaf, inner = bytes(49), bytes(64), bytes(65)
    for _ in range(ORDERS):
        sha256(order).digest()
        sha256(leaf).digest()
        sha256(inner).digest()

"""The map of heads: each order of a log has the root over its own entries."""

from __future__ import annotations

import random
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from ledger.tlog.map_of_heads import MapOfHeads, RootsBySize, order_key, roots_at
from ledger.tlog.note import EMPTY_ROOT
from ledger.tlog.patricia_tree import check_lookup
from ledger.tlog.tree import leaf_hash, node_hash
from tests.ledger.tlog.plain_patricia import plain_root

ORDERS = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(6)]


def head(leaves: list[bytes]) -> bytes:
    """Return the root over leaf hashes, as RFC 6962 2.1 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(head(leaves[:half]), head(leaves[half:]))


def plain_map(entries: list[tuple[str, bytes]]) -> dict[bytes, bytes]:
    own: dict[str, list[bytes]] = {}
    for order, leaf in entries:
        own.setdefault(order, []).append(leaf)
    return {sha256(f"comity/order\n{order}".encode()).digest(): head(leaves) for order, leaves in own.items()}


def log_of(orders: list[int]) -> list[tuple[str, bytes]]:
    return [(ORDERS[order], leaf_hash(b"entry %d" % n)) for n, order in enumerate(orders)]


def followed(roots: RootsBySize, entries: list[tuple[str, bytes]], run: int) -> dict[int, bytes]:
    """Return the roots when entries pass by in runs of this length."""
    for start in range(0, len(entries), run):
        orders: dict[str, list[int]] = {}
        for index, (order, _) in enumerate(entries[start : start + run], start):
            orders.setdefault(order, []).append(index)
        roots.follow(orders, start, [leaf for _, leaf in entries[start : start + run]])
    return roots.all()


logs = st.lists(st.integers(0, len(ORDERS) - 1), max_size=40).map(log_of)


def test_the_key_of_an_order_is_a_digest_of_its_id() -> None:
    key = "a6254a83785b1d931961479da2d6fd7c75996ba0d217827872b85584c6259e35"
    assert order_key("01234567-89ab-4def-8123-456789abcdef").hex() == key


@given(logs)
def test_the_map_of_a_log_is_the_same_at_once_and_entry_by_entry(entries: list[tuple[str, bytes]]) -> None:
    grown = MapOfHeads()
    for n, (order, leaf) in enumerate(entries):
        grown.add(order, leaf)
        assert grown.tree.root() == plain_root(plain_map(entries[: n + 1]))
    assert MapOfHeads(entries).tree.root() == grown.tree.root() == plain_root(plain_map(entries))


@given(logs)
def test_a_map_goes_on_where_it_was_made(entries: list[tuple[str, bytes]]) -> None:
    half = MapOfHeads(entries[: len(entries) // 2])
    for order, leaf in entries[len(entries) // 2 :]:
        half.add(order, leaf)
    assert half.tree.root() == MapOfHeads(entries).tree.root()


@given(logs, st.sets(st.integers(0, 44)), st.integers(1, 12))
def test_the_roots_at_some_sizes_are_those_of_the_maps_of_so_many_entries(
    entries: list[tuple[str, bytes]], sizes: set[int], run: int
) -> None:
    expected = {size: plain_root(plain_map(entries[:size])) for size in sizes}
    assert roots_at(((n, order, leaf) for n, (order, leaf) in enumerate(entries)), sizes) == expected
    assert followed(RootsBySize(sizes), entries, run) == expected


def test_an_order_has_the_root_over_its_own_entries_and_a_count() -> None:
    entries = log_of([0, 1, 0, 2, 0, 1, 0])
    heads = MapOfHeads(entries)
    own = [leaf for order, leaf in entries if order == ORDERS[0]]
    key, root = order_key(ORDERS[0]), heads.tree.root()
    assert check_lookup(key, heads.tree.prove(key), root) == head(own)
    assert [heads.count(order) for order in ORDERS] == [4, 2, 1, 0, 0, 0]
    for wrong in (own[:-1], own[::-1], own[1:], [*own, own[-1]]):
        assert head(wrong) != head(own), "an entry left out, moved or added changes the value"


def test_an_order_that_a_log_does_not_have_is_proven_absent() -> None:
    heads = MapOfHeads(log_of([0, 1, 2]))
    for order in ORDERS[3:]:
        assert check_lookup(order_key(order), heads.tree.prove(order_key(order)), heads.tree.root()) is None
    assert MapOfHeads().tree.root() == EMPTY_ROOT


def test_a_kept_tree_does_not_change_when_the_log_grows() -> None:
    entries = log_of(random.Random(3).choices(range(6), k=30))
    heads, kept = MapOfHeads(), []
    for n, (order, leaf) in enumerate(entries):
        kept.append((n, heads.tree))
        heads.add(order, leaf)
    assert [tree.root() for _, tree in kept] == [MapOfHeads(entries[:n]).tree.root() for n, _ in kept]

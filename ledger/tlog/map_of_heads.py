r"""Map each order of a log to the root over its own entries: the map of heads.

The key of an order is SHA-256("comity/order\n" || order id). Its value is the RFC 6962 root over the leaf hashes of
the order's entries, in the order of the log. The registry, the access order and every other reserved order are
orders like any other. Keys are made of order ids, which are random, and never of case numbers, which can be guessed.

A reader with all entries of a log can compute its map at every size, and so detect a wrong root.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

from ledger.tlog.patricia_tree import PatriciaTree
from ledger.tlog.tree import Frontier


def order_key(order: str) -> bytes:
    """Return the key of an order id in a map of heads: 32 bytes."""
    return sha256(b"comity/order\n" + order.encode("ascii")).digest()


class Heads(Protocol):
    """A map of heads to which the next entries are added."""

    def append(self, leaves: Mapping[str, Iterable[bytes]]) -> None:
        """Add the next entries of these orders: their leaf hashes (32 bytes), in the order of the log."""

    def root(self) -> bytes:
        """Return the root over all entries so far: 32 bytes."""


class MapOfHeads:
    """The map of heads of the first entries of a log. Its tree is a value: a kept one does not change."""

    __slots__ = ("_changed", "_frontiers", "tree")

    def __init__(self, entries: Iterable[tuple[str, bytes]] = ()) -> None:
        """Make the map of these entries, given as order id and leaf hash (32 bytes), in the order of the log."""
        self._frontiers: dict[str, Frontier] = {}
        self._changed: set[str] = set()  # orders whose heads are not in the tree yet
        self.tree = PatriciaTree()
        self.extend(entries)

    def extend(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Add the next entries of the log; each order among them gets one new head in the tree."""
        leaves: dict[str, list[bytes]] = {}
        for order, leaf in entries:
            leaves.setdefault(order, []).append(leaf)
        self.append(leaves)
        self.settle()

    def append(self, leaves: Mapping[str, Iterable[bytes]]) -> None:
        """Add the next entries of these orders; `settle` then puts the new heads into the tree."""
        for order, its in leaves.items():
            self._frontiers.setdefault(order, Frontier()).extend(its)
        self._changed.update(leaves)

    def settle(self) -> None:
        """Put the new heads of all orders into the tree that `append` has added entries to."""
        begins = self.tree.top is None
        heads = {order_key(order): self._frontiers[order].root() for order in self._changed}
        self._changed.clear()
        if begins:
            self.tree = PatriciaTree(heads)
        else:
            for key, head in heads.items():
                self.tree = self.tree.put(key, head)

    def root(self) -> bytes:
        """Return the root over all entries so far: 32 bytes."""
        self.settle()
        return self.tree.root()

    def add(self, order: str, leaf: bytes) -> None:
        """Add the next entry of the log, by its order id and leaf hash."""
        self.extend([(order, leaf)])

    def __len__(self) -> int:
        """Return the number of orders."""
        return len(self._frontiers)

    def frontiers(self) -> Iterable[tuple[str, Frontier]]:
        """Return each order id with the frontier of its entries."""
        return self._frontiers.items()

    def count(self, order: str) -> int:
        """Return the number of entries of an order; 0 if the log has no such order."""
        frontier = self._frontiers.get(order)
        return frontier.size if frontier else 0


def roots_at(entries: Iterable[tuple[int, str, bytes]], sizes: Collection[int]) -> dict[int, bytes]:
    """Return the root of the map of the first entries, for each of these sizes.

    Entries are index, order id and leaf hash, by index; they are read once.
    """
    roots = RootsBySize(sizes)
    for index, order, leaf in entries:
        roots.follow({order: [index]}, index, [leaf])
    return roots.all()


class RootsBySize:
    """The roots of the map of heads at some sizes, computed while the entries of a log are added, from the first.

    `heads` is an empty map to which they are added. Without one, the map is in memory: about 1 kB for each order.
    """

    def __init__(self, sizes: Collection[int], heads: Heads | None = None) -> None:
        self._left = sorted(set(sizes), reverse=True)
        self._heads = MapOfHeads() if heads is None else heads
        self._roots: dict[int, bytes] = {}

    def follow(self, orders: Mapping[str, Sequence[int]], start: int, leaves: Sequence[bytes]) -> None:
        """Add the entries from index `start` on: their leaf hashes, and the indexes of each order, rising."""
        first, stop = start, start + len(leaves)
        while self._left:
            until = min(self._left[-1], stop)
            if first < until:
                parts = {order: its[bisect_left(its, first) : bisect_left(its, until)] for order, its in orders.items()}
                self._heads.append({order: [leaves[i - start] for i in its] for order, its in parts.items() if its})
                first = until
            if stop < self._left[-1]:
                return
            self._reach()

    def all(self) -> dict[int, bytes]:
        """Return the roots by size; a size beyond the last entry has the root of all."""
        while self._left:
            self._reach()
        return self._roots

    def _reach(self) -> None:
        self._roots[self._left.pop()] = self._heads.root()

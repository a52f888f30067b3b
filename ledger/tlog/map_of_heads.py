r"""Map each order of a log to the root over its own entries: the map of heads.

The key of an order is SHA-256("comity/order\n" || order id). Its value is the RFC 6962 root over the leaf hashes of
the order's entries, in the order of the log. The registry, the access order and every other reserved order are
orders like any other. Keys are made of order ids, which are random, and never of case numbers, which can be guessed.

A reader with all entries of a log can compute its map at every size, and so detect a wrong root.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256

from ledger.tlog.patricia_tree import PatriciaTree
from ledger.tlog.tree import Frontier


def order_key(order: str) -> bytes:
    """Return the key of an order id in a map of heads: 32 bytes."""
    return sha256(b"comity/order\n" + order.encode("ascii")).digest()


class MapOfHeads:
    """The map of heads of the first entries of a log. Its tree is a value: a kept one does not change."""

    __slots__ = ("_frontiers", "tree")

    def __init__(self, entries: Iterable[tuple[str, bytes]] = ()) -> None:
        """Make the map of these entries, given as order id and leaf hash (32 bytes), in the order of the log."""
        self._frontiers: dict[str, Frontier] = {}
        self.tree = PatriciaTree()
        self.extend(entries)

    def extend(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Add the next entries of the log; each order among them gets one new head in the tree."""
        begins = not self._frontiers
        changed = {}
        for order, leaf in entries:
            changed[order] = frontier = self._frontiers.setdefault(order, Frontier())
            frontier.add(leaf)
        heads = {order_key(order): frontier.root() for order, frontier in changed.items()}
        if begins:
            self.tree = PatriciaTree(heads)
        else:
            for key, head in heads.items():
                self.tree = self.tree.put(key, head)

    def add(self, order: str, leaf: bytes) -> None:
        """Add the next entry of the log, by its order id and leaf hash."""
        self.extend([(order, leaf)])

    def count(self, order: str) -> int:
        """Return the number of entries of an order; 0 if the log has no such order."""
        frontier = self._frontiers.get(order)
        return frontier.size if frontier else 0


def roots_at(entries: Iterable[tuple[int, str, bytes]], sizes: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """Yield each of these sizes, rising, with the root of the map of so many first entries.

    Entries are index, order id and leaf hash, by index; they are read once.
    """
    heads, rest = MapOfHeads(), iter(entries)
    ahead = next(rest, None)

    def below(size: int) -> Iterator[tuple[str, bytes]]:
        nonlocal ahead
        while ahead is not None and ahead[0] < size:
            yield ahead[1:]
            ahead = next(rest, None)

    for size in sorted(set(sizes)):
        heads.extend(below(size))
        yield size, heads.tree.root()

"""Append sealed entries in one transaction: the same steps for SQLite and PostgreSQL.

The steps are: take the write lock, read the size of the log, compare the versions that the caller relied on, compute
the Merkle hashes, store.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, IntegrityError, StoredEvent

from ledger.adapters.storage import statements
from ledger.adapters.storage.entry_reader import Ciphertext, read_hashes
from ledger.adapters.storage.statements import Statement
from ledger.adapters.storage.subscription import PollingSubscription
from ledger.errors import LedgerError
from ledger.tlog.tree import EMPTY_ROOT, Frontier, indexes_for_root, root, roots, siblings, stored_count

_FAR = 5_000  # entries of other writers: reading the peaks anew costs less than adding more leaves
REFERENCES = "references"  # a key of `expected` as ids of orders are; its value is the number of references


class StaleVersion(Exception):
    """An order that the caller relied on, such as the registry, has a newer entry. Seal the entries again.

    Also raised where the caller relied on the references of all orders (`REFERENCES`) and there are more by now.
    """


@dataclass(frozen=True)
class EntryRow(StoredEvent):
    """One sealed entry to be stored, with its columns in other tables.

    The four fields of the library are: originator_id, the order; originator_version, the number of the entry in its
    order, from 1; topic, the kind of fact; state, the envelope. `entry_id` has 16 bytes, `leaf` 32. `reference` is a
    new reference of the order. `links` are the orders that the entry names as before or after its own.
    """

    entry_id: bytes
    leaf: bytes
    ciphertexts: tuple[Ciphertext, ...] = ()
    reference: str | None = None
    links: tuple[str, ...] = ()


class CommittedTree:
    """The Merkle tree after the last commit of this process, and what its last page added to it.

    `peaks` are the hashes of the `start` entries before that page, `added` the hashes that the page stored, by their
    stored index.
    """

    __slots__ = ("_added", "_known", "_peaks", "_roots", "frontier", "start")

    def __init__(self, frontier: Frontier, start: int, peaks: Sequence[bytes], added: Sequence[bytes]) -> None:
        self.frontier = frontier
        self.start = start
        self._peaks = peaks
        self._added = added
        self._known: dict[int, bytes] = {}  # of both, when the first path needs them
        self._roots: dict[tuple[int, int], bytes] = {}  # of subtrees, which the paths of a page have in common

    def inclusion_path(self, index: int) -> list[bytes]:
        """Return the path of an entry of the last page, from `start` on, without a query.

        Each sibling on the path was complete before the page, and is one of its peaks, or the page completed it.
        """
        if index == self.start == self.frontier.size - 1:  # the only entry of the page
            return list(reversed(self._peaks))
        if not self._known:
            self._known.update(zip(indexes_for_root(self.start), self._peaks, strict=True))
            self._known.update(enumerate(self._added, stored_count(self.start)))
        return [self._root(subtree) for subtree in siblings(index, self.frontier.size)]

    def _root(self, subtree: tuple[int, int]) -> bytes:
        found = self._roots.get(subtree)
        if found is None:
            (found,) = roots([subtree], lambda positions: [self._known[n] for n in positions])
            self._roots[subtree] = found
        return found


class EntryRecorder(ApplicationRecorder):
    """An application recorder of `eventsourcing` that stores sealed entries; each database has a subclass."""

    committed: CommittedTree | None = None
    # size and root of the newest signed checkpoint: a log that does not begin with it gets no new entry
    signed: tuple[int, bytes] = (0, EMPTY_ROOT)
    _connection: object = None  # by which the tree is known

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]:
        """Return a transaction that is durable when it ends, or has no effect; its value is a cursor."""

    def write_by(self, connection: object) -> None:
        """Forget the tree if this is another connection: it may lead to another server or file with other entries."""
        if connection is not self._connection:
            self.committed, self._connection = None, connection

    @abstractmethod
    def query(self, c: Any, statement: Statement, params: Sequence[Any]) -> list[Any]:
        """Return the rows of a statement within a transaction."""

    @abstractmethod
    def begin(self, c: Any, rows: Sequence[EntryRow]) -> int:
        """Take the write lock, and return the size of the log before these rows."""

    @abstractmethod
    def finish(self, c: Any, rows: Sequence[EntryRow], first: int, nodes: list[bytes]) -> None:
        """Store what `begin` has not stored.

        `first` is the index of the first row; `nodes` has the hashes that each leaf completes, joined.
        """

    @abstractmethod
    def wait_until_durable(self) -> None:
        """Wait until every entry that can be read is as durable as one that this process stores."""

    def sealed(self, stored_events: Sequence[StoredEvent]) -> list[EntryRow]:
        """Return the events as sealed entries. Raises TypeError for any other event: it has no leaf."""
        rows = [event for event in stored_events if isinstance(event, EntryRow)]
        if len(rows) != len(stored_events):
            raise TypeError("a ledger stores sealed entries only: an event without a leaf is refused")
        return rows

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Store sealed entries in one transaction, and return their notification ids (leaf index + 1).

        `expected` maps orders to the versions that the caller relied on. Raises `StaleVersion` where one has changed,
        IntegrityError where an entry is not the next one of its order, TypeError for an event that is not sealed.
        """
        expected: Mapping[str, int] = kwargs.pop("expected", {})
        if kwargs:
            raise TypeError(f"unknown arguments: {', '.join(sorted(kwargs))}")
        rows = self.sealed(stored_events)
        return list(self.insert_pages([rows], expected)) if rows else []

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """Subscribe to the entries with a notification id above `gt`; `topics` are kinds of facts."""
        return PollingSubscription(self, gt, topics)

    def insert_pages(self, pages: Iterable[Sequence[EntryRow]], expected: Mapping[str, int]) -> range:
        """Store page after page in one transaction, and return the notification ids; raises as `insert_events` does."""
        tree: Frontier | None = None
        committed: CommittedTree | None = None
        ids = range(0)
        before: CommittedTree | None = None
        try:
            with self.writing() as c:
                # Set back after the commit: other threads sign by it, and the transaction can still be rolled back.
                before, self.committed = self.committed, None
                if before:
                    tree = Frontier(before.frontier.size, before.frontier.peaks)
                for rows in pages:
                    first = self.begin(c, rows)
                    for order, version in expected.items():
                        if self._version(c, order, first) != version:
                            raise StaleVersion(order)
                    expected = {}
                    tree = self._tree_at(c, tree, first)
                    peaks = tuple(tree.peaks)
                    added = [tree.add(row.leaf) for row in rows]
                    self.finish(c, rows, first, [b"".join(hashes[1:]) for hashes in added])
                    ids = range(ids.start or first + 1, first + 1 + len(rows))
                    committed = CommittedTree(tree, first, peaks, [each for hashes in added for each in hashes])
        except (IntegrityError, StaleVersion):  # the database has rolled back, and the tree before is in it
            self.committed = self.committed or before
            raise
        self.committed = committed
        return ids

    def _version(self, c: Any, order: str, size: int) -> int:
        """Return the version of an order among the first `size` entries, or the number of all references."""
        if order == REFERENCES:
            return int(self.query(c, statements.REFERENCE_COUNT, ())[0][0])
        return int(self.query(c, statements.VERSION_OF_ORDER_AT, (order, size))[0][0])

    def _tree_at(self, c: Any, tree: Frontier | None, size: int) -> Frontier:
        """Return the tree of the stored entries: `tree` of this process with the leaves that others added since.

        Raises `LedgerError` LOG-ROLLBACK unless the tree that was signed last is among the trees on the way.
        """
        if tree is None or not tree.size <= size <= tree.size + _FAR:
            return self._read_tree(c, size)
        signed, expected = self.signed
        for (leaf,) in self.query(c, statements.LEAVES_BETWEEN, (tree.size, size)) if tree.size < size else ():
            tree.add(leaf)
            if tree.size == signed and tree.root() != expected:
                raise _rolled_back(signed, size)
        if tree.size != size or signed > size:
            raise _rolled_back(signed, size)
        return tree

    def _read_tree(self, c: Any, size: int) -> Frontier:
        """Return the tree over the stored hashes.

        Raises `LedgerError` LOG-ROLLBACK unless it begins with the signed tree: after a failover the store may be
        another server with fewer entries.
        """

        def read(positions: Sequence[int]) -> list[bytes]:
            return read_hashes(lambda statement, params: self.query(c, statement, params), positions)

        signed, expected = self.signed
        if size < signed or root(signed, read) != expected:
            raise _rolled_back(signed, size)
        return Frontier.at(size, read)


def _rolled_back(signed: int, size: int) -> LedgerError:
    return LedgerError(
        "LOG-ROLLBACK",
        f"{signed} entries were signed, and the {size} that are there do not begin with them",
        "an older copy was put in place; restore the newest one, or comity succeed",
    )

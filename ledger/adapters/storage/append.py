"""How the log grows in one transaction, whatever database it is in: entries get their places, the tree its hashes.

A recorder of `eventsourcing` with `AppendTransaction` before it stores `Row`s. The order of things is the same
everywhere: take the turn, learn the size, see that nobody moved what had to stand still, hash, store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from eventsourcing.persistence import StoredEvent

from ledger.adapters.storage.entry_reader import Ciphertext, read_hashes
from ledger.errors import LedgerError
from ledger.tlog.tree import EMPTY_ROOT, Frontier, root

REFERENCES = "references"  # in `still`, beside ids of orders: how many references the orders of this log have


class StaleVersion(Exception):
    """An order that had to stand still, such as the registry, grew while the entries were sealed. Seal them again.

    So did the references of all orders, where the entries were checked against them (`REFERENCES`).
    """


@dataclass(frozen=True)
class Row(StoredEvent):
    """One sealed entry on its way to the shelf.

    To the library's four (originator_id: the order, originator_version: its number in it, topic: the kind, state: the
    sealed line) come its id (16 bytes), its leaf hash (32), its ciphertexts, the reference that names its order,
    and the orders it names as before or after its own.
    """

    entry_id: bytes
    leaf: bytes
    ciphertexts: tuple[Ciphertext, ...] = ()
    reference: str | None = None
    links: tuple[str, ...] = ()


class AppendTransaction(ABC):
    """The insert path of a recorder."""

    # the tree as the last batch of this process left it, and the path from that batch's last leaf to the root
    grown: tuple[Frontier, list[bytes]] | None = None
    # size and root of what was signed: nothing is stored behind anything else
    signed: tuple[int, bytes] = (0, EMPTY_ROOT)

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]:
        """A transaction that ends durable, or not at all; its cursor."""

    @abstractmethod
    def ask(self, c: Any, statement: str, params: Sequence[Any]) -> list[Any]:
        """Ask the shelf's questions within a transaction."""

    @abstractmethod
    def begin(self, c: Any, rows: Sequence[Row]) -> int:
        """Take the turn, and the size of the log before these rows."""

    @abstractmethod
    def finish(self, c: Any, rows: Sequence[Row], first: int, nodes: list[bytes]) -> None:
        """Store what `begin` has not; `nodes` are the hashes that each leaf completes, joined."""

    @abstractmethod
    def settle(self) -> None:
        """See to it that all that can be read is as durable as what this process stores."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **given: Any) -> Sequence[int] | None:
        """Store `Row`s in one transaction; `still` has orders with their newest entries, else `StaleVersion`."""
        still: Mapping[str, int] = given.pop("still", {})
        rows = [row for row in stored_events if isinstance(row, Row)]
        if given or len(rows) != len(stored_events):
            raise TypeError(f"an entry is stored with its leaf, and nothing else is understood: {sorted(given)}")
        return self.insert_pages([rows], still)

    def insert_pages(self, pages: Iterable[Sequence[Row]], still: Mapping[str, int]) -> range:
        """Store page after page of rows, all in one transaction; their notification ids, which are index + 1."""
        grown: tuple[Frontier, list[bytes]] | None = None
        ids = range(0)
        with self.writing() as c:
            # taken out, and put back when it is committed: until then it may all be rolled back, and others sign by it
            before = vars(self).pop("grown", None)
            tree = Frontier(before[0].size, before[0].peaks) if before else None
            for rows in pages:
                first = self.begin(c, rows)
                for order, seq in still.items():
                    if (self._quoted(c) if order == REFERENCES else self._head(c, order, first)) != seq:
                        raise StaleVersion(order)
                still = {}
                if tree is None or tree.size != first:  # else nobody wrote since: what is there never changes
                    tree = self._tree(c, first)
                nodes = [b"".join(tree.add(row.leaf)[1:]) for row in rows[:-1]]
                path = tree.peaks[::-1]  # all that is to the left of the last leaf; to its right is nothing
                nodes.append(b"".join(tree.add(rows[-1].leaf)[1:]))
                self.finish(c, rows, first, nodes)
                ids = range(ids.start or first + 1, first + 1 + len(rows))
                grown = tree, path
        self.grown = grown
        return ids

    def _quoted(self, c: Any) -> int:
        """How many references orders have; none is ever taken away."""
        return int(self.ask(c, "SELECT count(*) FROM order_reference", ())[0][0])

    def _tree(self, c: Any, size: int) -> Frontier:
        """The tree on the shelf, which begins with what was signed: another server may have taken this one's place."""

        def read(positions: Sequence[int]) -> list[bytes]:
            return read_hashes(lambda *asked: self.ask(c, *asked), positions)

        signed, expected = self.signed
        if size < signed or root(signed, read) != expected:
            raise LedgerError(
                "LOG-ROLLBACK",
                f"{signed} entries were signed, and the {size} that are there do not begin with them",
                "an older copy was put in place; restore the newest one, or comity succeed",
            )
        return Frontier.at(size, read)

    def _head(self, c: Any, order: str, size: int) -> int:
        statement = "SELECT max(originator_version) FROM stored_events WHERE originator_id = ? AND rowid <= ?"
        return int(self.ask(c, statement, (order, size))[0][0] or 0)

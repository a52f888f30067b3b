"""The state of a ledger that a writer needs: the newest entry of each order, and the keys that may sign.

Kept between calls and never trusted when entries are stored: the store refuses a second entry at the same place, and
stores nothing if the registry has grown since it was read here. Then `forget`, and try again.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping, Sequence, Set
from typing import Any

from msgspec import UNSET

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.case_reader import CaseReader
from ledger.entries.condition import Found, check_condition, opposing
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import Condition
from ledger.entries.placement import Link, check_commits, check_place, check_reserved
from ledger.entries.replacement import check_replacement
from ledger.errors import RecordError

_MOST_ORDERS = 10_000  # remembered at a time


class WritePosition:
    """The newest entries and the keyring of one ledger, as this process has read them."""

    def __init__(self, origin: str, registrar: Registrar, cases: CaseReader, store: EntryReader) -> None:
        self.origin = origin
        self.registry = cases.registry
        self._cases = cases
        self._store = store
        self._heads: dict[str, Link | None] = {}
        self._keyring = Keyring(self.registry, registrar)
        self._registered = 0  # registry entries the keyring has folded
        self._behind = True  # there may be more
        self.next_index = 0  # behind every registry entry read here; to the keyring all such positions are alike

    def head(self, order: str) -> Link | None:
        """Return the newest entry of an order; None if it has none."""
        if order not in self._heads:
            self.look_up({order})
        return self._heads[order]

    def look_up(self, orders: Set[str]) -> None:
        """Read the newest entries of these orders with one query, unless they were read before."""
        if len(self._heads) >= _MOST_ORDERS:
            self._heads.clear()
        unknown = orders - self._heads.keys()
        if unknown:
            newest = [open_(raw, verify=False) for raw in self._store.newest_of(unknown)]
            self._heads |= dict.fromkeys(unknown)
            self._heads |= {opened.payload.order: _link(opened) for opened in newest}

    def entry(self, leaf: str) -> tuple[OpenedEntry, Mapping[str, Any]] | None:
        """Return the entry with a leaf hash and its sealed values that can be opened; None if there is none."""
        row = self._store.by_leaf(bytes.fromhex(leaf))
        if row is None:
            return None
        opened = open_(row[1], verify=False)
        return opened, self._cases.values(row[0], opened)

    @property
    def keyring(self) -> Keyring:
        """The keys and offices after the registry entries read so far."""
        if self._behind:
            for index, opened in self._cases.opened_registry()[self._registered :]:
                self._keyring.admit(opened, index)
                self._registered += 1
                self.next_index = index + 1
            self._behind = False
        return self._keyring

    @property
    def still(self) -> Mapping[str, int]:
        """The id of the register with the number of its newest entry read here, which the store compares."""
        return {self.registry: self._registered}

    def opposing(self, condition: Condition) -> Found | None:
        """Return the first stored entry that a condition excludes; None if there is none."""
        return self._store.first_of_kinds_in(condition.orders, condition.kinds, condition.after, sys.maxsize)

    def size(self) -> int:
        """Return the number of stored entries."""
        return self._store.size()

    def versions(self, orders: Sequence[str]) -> dict[str, int]:
        """Return the number of stored entries of each order, as read here, which the store compares."""
        self.look_up({*orders})
        return {order: link.seq if (link := self._heads[order]) else 0 for order in orders}

    def learn(self, heads: Mapping[str, Link]) -> None:
        """Remember the newest entries that have just been stored."""
        self._heads.update(heads)
        self._behind = self._behind or self.registry in heads

    def forget(self) -> None:
        """Forget what was read, because another process has written."""
        self._heads.clear()
        self._behind = True


class PendingBatch:
    """Entries that will be stored together: each must follow the stored and the pending entries before it.

    A batch behind another batch has the entries of one request of a group: `adopt` adds them to the other one.
    """

    def __init__(self, past: WritePosition | PendingBatch) -> None:
        self._past = past
        self.origin: str = past.origin
        self.registry: str = past.registry
        self.keyring: Keyring = past.keyring
        self.next_index: int = past.next_index
        self.group: PendingBatch = past.group if isinstance(past, PendingBatch) else self
        self._entries: set[str] = set()
        self._told: dict[str, tuple[OpenedEntry, Mapping[str, Any]]] = {}  # by leaf, with the sealed values known here
        self.still: Mapping[str, int] = past.still
        self.heads: dict[str, Link] = {}

    def head(self, order: str) -> Link | None:
        """Return the newest entry of an order, stored or pending."""
        return self.heads.get(order) or self._past.head(order)

    def look_up(self, orders: Set[str]) -> None:
        """Read the newest entries of these orders in advance."""
        self._past.look_up(orders)

    def entry(self, leaf: str) -> tuple[OpenedEntry, Mapping[str, Any]] | None:
        """Return the stored or pending entry with a leaf hash, and its sealed values."""
        return self._told.get(leaf) or self._past.entry(leaf)

    def opposing(self, condition: Condition) -> Found | None:
        """Return the first entry, stored or pending, that a condition excludes; None if there is none."""
        pending = ((None, opened.payload.order, opened.payload.kind) for opened, _ in self._told.values())
        return opposing(condition, pending) or self._past.opposing(condition)

    def size(self) -> int:
        """Return the number of stored entries."""
        return self._past.size()

    def versions(self, orders: Sequence[str]) -> dict[str, int]:
        """Return the number of stored entries of each order, without the pending ones."""
        return self._past.versions(orders)

    def admit(self, opened: OpenedEntry, values: Mapping[str, Any]) -> None:
        """Add an entry with the sealed values that can be opened; `RecordError`: CTX-*, KEY-*, FORM-*."""
        p = opened.payload
        check_place(opened, self.origin, self.head(p.order))
        if p.entry in self._entries:
            raise RecordError("CTX-REPLAY", f"entry id {p.entry} comes twice")
        if p.order == self.registry and self.keyring is self._past.keyring:
            self.keyring = copy.deepcopy(self.keyring)  # whether it will be stored is not decided yet
        self.keyring.admit(opened, self.next_index)
        self.keyring.check_role(p.signer, self.next_index)
        check_reserved(self.origin, p.order, p.kind)
        check_commits(p)
        old = None if p.replaces is UNSET else self.entry(p.replaces)
        check_replacement(p, values, old and old[0].payload, old[1] if old else {})
        if p.unless is not UNSET:
            self.still = {**self.still, **self.versions(p.unless.orders)}  # before the look at what is stored
            check_condition(p.unless, self.size(), self.opposing(p.unless))
        self._told[opened.leaf] = opened, values
        self.next_index += 1
        self._entries.add(p.entry)
        self.heads[p.order] = _link(opened)

    def adopt(self, part: PendingBatch) -> None:
        """Add the entries of a batch behind this one, and what it expects of the stored entries."""
        self._told |= part._told
        self._entries |= part._entries
        self.heads |= part.heads
        self.still = {**self.still, **part.still}
        self.keyring, self.next_index = part.keyring, part.next_index


def _link(opened: OpenedEntry) -> Link:
    return Link(opened.payload.seq, opened.leaf, opened.payload.instrument)

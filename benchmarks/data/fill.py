"""Fill a ledger quickly: entries are sealed, and their values encrypted, on every core; one process stores them.

The ledger is a real one, with the rows of a ledger that received these entries. What is spared is a second look at
signatures that were made a moment before. The next call goes on with the ledger that a killed process leaves: a page of
orders is the same every time, and the file `filling` says which page is next.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from math import ceil
from operator import itemgetter
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import msgspec
from nacl.secret import Aead

from benchmarks.data.generate import TOGETHER, entry_id, lived, order_id
from benchmarks.measure import CORES, say
from ledger.adapters.storage import sqlite_recorder
from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.subject_keys.key_store import SubjectKeyStore, encrypt_value
from ledger.adapters.subject_keys.value_index import SearchForm
from ledger.application.find_subject import forms_of_value, index_values
from ledger.application.journal import Journal
from ledger.application.worker_pool import without_cycles
from ledger.application.write.draft import target_of
from ledger.application.write.encrypt import ISSUED
from ledger.application.write.parallel_open import end_with_parent

FILLING = "filling"  # the file that says which page is next
TRANSACTION = 50_000  # entries, at least: a smaller one changes as many pages of the indexes
SHARE = 20  # at most so many transactions for a large ledger
MOST = 250_000  # entries of a transaction, about
CACHE_KIB = 512_000  # of the writing connection, for the pages that a transaction changes
AHEAD = 2  # pages that may be ready, for each core
SHORTEST = 7  # entries of an order

_Form = tuple[str, str]  # as a `SearchForm`
_Packed = tuple[str, int, str, bytes, bytes, bytes, str | None, list[Ciphertext], list[_Form]]
_Keys = dict[str, tuple[str, bytes]]  # by order: the id of its key, and the key
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Packed]).decode


class Plan(msgspec.Struct, frozen=True):
    """What a ledger holds besides its register.

    `size` entries of orders from `first` on. `middle` is an order with its number of entries that is stored whole after
    half of them. `long` is one whose entries lie between those of others, one after `every`.
    """

    size: int
    first: int
    middle: tuple[int, int]
    long: tuple[int, int]
    every: int


def large_cache() -> AbstractContextManager[object]:
    """Give each connection that a block opens memory for the pages that a large transaction changes."""
    return patch.object(sqlite_recorder, "_CACHE_KIB", CACHE_KIB)


class Progress(msgspec.Struct, frozen=True):
    """How far a ledger is filled once it has `size` entries.

    `page` is the next page of orders, `others` and `woven` how many entries of orders and of the long one are stored.
    """

    size: int
    page: int = 0
    others: int = 0
    woven: int = 0

    @classmethod
    def read(cls, path: Path) -> list[Progress]:
        """Return every progress that was written, oldest first."""
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [msgspec.json.decode(line, type=cls) for line in lines if line.endswith(b"}")]

    def write(self, path: Path) -> None:
        """Add a line, before the entries are committed: it holds if the ledger then has `size` of them."""
        with path.open("ab") as file:
            file.write(msgspec.json.encode(self) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def fill(journal: Journal, plan: Plan, path: Path) -> None:
    """Store what a plan says behind the register, or what is left of it; `path` is the file that keeps the progress.

    Open the journal under `large_cache`. `ValueError` if the ledger has entries that are not of this plan.
    """
    size = journal.store.size()
    known = Progress.read(path)
    if not known:
        known = [Progress(size)]
        known[0].write(path)
    if known[-1].others == plan.size and known[-1].size <= size:
        return
    done = next((each for each in known if each.size == size), None)
    if done is None:
        raise ValueError(f"{path} does not say what the {size} entries of this ledger are")
    keys = journal.subject_keys
    assert keys is not None
    index_values(journal.store, keys, journal.cases.reserved)  # those of a page whose index a killed process left out
    with ProcessPoolExecutor(CORES, initializer=_begin) as pool, without_cycles():
        filling = _Filling(journal, keys, plan, pool, done)
        while filling.done.others < plan.size:
            with journal.signing():
                journal.log.ready()
                stored = journal.store.append_pages(filling.transaction(path), expected={})
                journal.log.acknowledge(stored[-1])
            keys.index.add(filling.found, stored[-1] + 1)
            say(f"    {filling.done.others:,} of {plan.size:,}")
    journal.read_keyring()  # what the journal knows of its orders is read anew


def _begin() -> None:
    Thread(target=end_with_parent, daemon=True).start()


class _Filling:
    """Entries of a plan, from a progress on."""

    def __init__(
        self, journal: Journal, keys: SubjectKeyStore, plan: Plan, pool: ProcessPoolExecutor, done: Progress
    ) -> None:
        self._journal = journal
        self._subject_keys = keys
        self._plan = plan
        self._pool = pool
        self._going: deque[Future[bytes]] = deque()
        self._asked = done.page  # pages that are being made, or were
        self._middle, self._long = (
            _decode(_sealed([(number, entries)], self._keys([number]))) if entries else []
            for number, entries in (plan.middle, plan.long)
        )
        self.done = done
        self.found: list[tuple[SearchForm, str]] = []  # the forms of the last transaction, each with its key

    def transaction(self, path: Path) -> Iterator[list[EntryRow]]:
        """Yield pages to be stored together; at the end, add the progress that they make."""
        most = min(max(TRANSACTION, self._plan.size // SHARE), MOST)
        stored = 0
        self.found = []
        while stored < most and self.done.others < self._plan.size:
            page = self._woven(_decode(self._next()))
            stored += len(page)
            self.found += ((SearchForm(*form), each[7][0].key_id) for each in page for form in each[8])
            yield [_row(each) for each in page]
        self.done = msgspec.structs.replace(self.done, size=self.done.size + stored)
        self.done.write(path)

    def _next(self) -> bytes:
        left = self._plan.size - self.done.others
        while len(self._going) < min(AHEAD * CORES, ceil(left / (SHORTEST * TOGETHER))):
            first = self._plan.first + TOGETHER * self._asked
            numbers = list(range(first, first + TOGETHER))
            self._going.append(self._pool.submit(_sealed, [(n, None) for n in numbers], self._keys(numbers)))
            self._asked += 1
        return self._going.popleft().result()

    def _keys(self, numbers: list[int]) -> _Keys:
        whose = [(target_of(order_id(number)), order_id(number)) for number in numbers]
        self._journal.prepare(whose)
        return {order: (i, bytes(box)) for (_, order), (i, box) in self._subject_keys.keys_for(whose).items()}

    def _woven(self, page: list[_Packed]) -> list[_Packed]:
        """Return a page, cut at the size of the plan, with the order of the middle and a part of the long one."""
        rows = []
        others, woven = self.done.others, self.done.woven
        for row in page[: self._plan.size - others]:
            rows.append(row)
            others += 1
            if others == self._plan.size // 2:
                rows += self._middle
            if others % self._plan.every == 0 and woven < len(self._long):
                rows.append(self._long[woven])
                woven += 1
        if others == self._plan.size:
            rows += self._long[woven:]
            woven = len(self._long)
        self.done = Progress(self.done.size, self.done.page + 1, others, woven)
        return rows


def _sealed(orders: list[tuple[int, int | None]], keys: _Keys) -> bytes:
    """Return the entries of some orders by time, packed, each order with so many entries if a number is given."""
    entries: list[tuple[datetime, _Packed]] = []
    with without_cycles():
        for number, length in orders:
            order = order_id(number)
            key_id, secret = keys[order]
            box = Aead(secret)
            for seq, (on, step, sealed) in enumerate(lived(number, length), 1):
                entry = entry_id(order, seq)
                closed = [encrypt_value(entry.hex(), d, key_id, box) for d in sealed.disclosures]
                forms = [(f.how, f.text) for d in sealed.disclosures for f in forms_of_value(d.name, d.value)]
                reference = step.public["reference"] if step.kind == ISSUED else None
                leaf = bytes.fromhex(sealed.leaf)
                entries.append((on, (order, seq, step.kind, sealed.raw, entry, leaf, reference, closed, forms)))
        entries.sort(key=itemgetter(0))
        return _encode([packed for _, packed in entries])


def _row(packed: _Packed) -> EntryRow:
    order, seq, kind, raw, entry, leaf, reference, closed, _ = packed
    return EntryRow(order, seq, kind, raw, entry, leaf, tuple(closed), reference)

"""Read sealed entries, their leaf indices and the stored hashes of the Merkle tree.

A query costs O(log n) or the size of its result. This module has its own connection and does not import
`eventsourcing`: that import would take a tenth of the time that a command needs to start (docs/adr/0042).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, Self

import orjson
from msgspec import Struct

from ledger.adapters.storage import statements
from ledger.adapters.storage.connection import ReadableLocation, open_connection, translate_errors
from ledger.adapters.storage.statements import Statement
from ledger.errors import LedgerError
from ledger.tlog.tree import stored_count


class Ciphertext(Struct, frozen=True):
    """The encrypted form of one sealed value.

    `digest` is the RFC 9901 digest of its disclosure, `key_id` the id of the key of a data subject. `ciphertext` is
    None after the erasure of that key.
    """

    field: str
    digest: str
    key_id: str
    ciphertext: bytes | None


class EntryReader:
    """The read side of one event store. Several threads and processes may use it at once."""

    def __init__(self, location: ReadableLocation, *, writable: bool = False) -> None:
        """Open an existing store for reading; `writable` as in `open_connection`.

        Raises `LedgerError`: NO-LEDGER, LEDGER-VERSION, LOG-CORRUPT, and what `postgres.connect` raises.
        """
        self.location = location
        self._lock = Lock()
        self._errors = translate_errors(location)
        self._c = open_connection(location, writable=writable)
        try:
            self._check_schema()
        except BaseException:
            self._c.close()
            raise

    def _check_schema(self) -> None:
        version, events, size = self._first(statements.SCHEMA_VERSION_AND_SIZES)
        if version != 1:  # there is no earlier version, and `connect` refuses a later one
            raise LedgerError("LOG-CORRUPT", f"{self.location} is of version {version}, which no program has made")
        if events != size:
            raise LedgerError("LOG-CORRUPT", f"{events} entries and {size} leaves do not fit together")

    def close(self) -> None:
        """Close every connection."""
        self._c.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the log ------------------------------------------------------------------------------------------------------

    def size(self) -> int:
        """Return the number of entries in the log."""
        return int(self._first(statements.SIZE)[0])

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        """Return stored Merkle hashes by their linear position (`tlog.tree.stored_index`).

        Raises `LedgerError` LOG-CORRUPT if one is missing.
        """
        return read_hashes(self.rows, positions)

    def page(self, start: int, limit: int = 500, stop: int | None = None) -> list[tuple[int, bytes]]:
        """Return up to `limit` entries from index `start` on and below `stop`, as (index, envelope)."""
        return self.rows(statements.PAGE, (start, sys.maxsize if stop is None else stop, limit))

    def pages(self, start: int = 0, limit: int = 500, stop: int | None = None) -> Iterator[list[tuple[int, bytes]]]:
        """Iterate over all entries from index `start` on and below `stop`, in pages of (index, envelope)."""
        while page := self.page(start, limit, stop):
            yield page
            start = page[-1][0] + 1

    def leaves_between(self, start: int, stop: int, limit: int = 5_000) -> Iterator[tuple[str, bytes]]:
        """Iterate over the entries from index `start` on and below `stop`, as (order, leaf hash)."""
        for first in range(start, stop, limit):
            yield from self.rows(statements.HEADS_BETWEEN, (first, min(first + limit, stop)))

    # -- orders and entries -------------------------------------------------------------------------------------------

    def first(self, order: str) -> bytes | None:
        """Return the envelope of the first entry of an order; None if the order has none."""
        row = self._first(statements.FIRST_OF_ORDER, (order,))
        return row[0] if row else None

    def order(self, order: str, after: int = 0) -> list[tuple[int, bytes]]:
        """Return the entries of an order with a version above `after`, as (index, envelope)."""
        return self.rows(statements.OF_ORDER, (order, after))

    def of_orders(self, orders: Iterable[str]) -> list[tuple[str, bytes]]:
        """Return the entries of several orders as (order, envelope), unsorted."""
        rows: list[tuple[str, bytes]] = self.rows(statements.OF_ORDERS, (_json_array(orders),))
        return rows

    def newest(self, order: str) -> tuple[int, bytes] | None:
        """Return the newest entry of an order as (index, envelope); None if the order has none."""
        row: tuple[int, bytes] | None = self._first(statements.NEWEST_OF_ORDER, (order,))
        return row

    def newest_of(self, orders: Iterable[str]) -> list[bytes]:
        """Return the envelope of the newest entry of each order that has entries."""
        return [raw for (raw,) in self.rows(statements.NEWEST_OF_ORDERS, (_json_array(orders),))]

    def head(self, order: str) -> int:
        """Return the version of an order, which is the number of its newest entry; 0 if it has none."""
        return int(self._first(statements.VERSION_OF_ORDER, (order,))[0])

    def by_entry(self, entry: bytes) -> tuple[int, bytes] | None:
        """Return the entry with this id (16 bytes) as (index, envelope)."""
        row: tuple[int, bytes] | None = self._first(statements.BY_ENTRY_ID, (entry,))
        return row

    def by_leaf(self, leaf: bytes) -> tuple[int, bytes] | None:
        """Return the entry with this leaf hash (32 bytes) as (index, envelope)."""
        row: tuple[int, bytes] | None = self._first(statements.BY_LEAF, (leaf,))
        return row

    def of_kind(self, kind: str) -> list[tuple[int, bytes]]:
        """Return every entry of one kind as (index, envelope); reads the kinds of the whole log."""
        return self.rows(statements.OF_KIND, (kind,))

    def of_kind_in(self, kind: str, orders: Iterable[str]) -> list[tuple[int, bytes]]:
        """Return every entry of one kind in these orders as (index, envelope)."""
        return self.rows(statements.OF_KIND_IN_ORDERS, (kind, _json_array(orders)))

    def first_of_kinds_in(
        self, orders: Iterable[str], kinds: Iterable[str], start: int, stop: int
    ) -> tuple[int, str, str] | None:
        """Return the first entry of these kinds in these orders, from index `start` on and below `stop`.

        It is (index, order, kind); None if there is none.
        """
        asked = (_json_array(orders), _json_array(kinds), start, stop)
        row: tuple[int, str, str] | None = self._first(statements.FIRST_OF_KINDS_IN_ORDERS, asked)
        return row

    def at(self, index: int) -> bytes | None:
        """Return the envelope at a leaf index; None beyond the end of the log."""
        row: tuple[bytes] | None = self._first(statements.AT_INDEX, (index,))
        return row[0] if row else None

    def orders(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Iterate over the orders whose id begins with `prefix`, as (id, kind of the first entry), sorted by id.

        Each step costs O(log n).
        """
        after = prefix
        while row := self._first(statements.NEXT_ORDER, (after,)):
            order, kind = row
            if not order.startswith(prefix):
                return
            yield order, kind
            after = order + " "  # sorts after this id and before every other one

    def begun(self, start: int, stop: int, limit: int) -> list[tuple[int, str, str]]:
        """Return up to `limit` orders whose first entry is from index `start` on and below `stop`.

        Each is (index, order, kind) of its first entry, by index.
        """
        return self.rows(statements.ORDERS_BEGUN, (start, stop, limit))

    def first_kind(self, order: str) -> str | None:
        """Return the kind of the first entry of an order; None if there is no such order."""
        row = self._first(statements.FIRST_KIND, (order,))
        return row[0] if row else None

    def referenced(self, reference: str) -> list[str]:
        """Return the ids of the orders that have this reference."""
        return [order for (order,) in self.rows(statements.ORDERS_OF_REFERENCE, (reference,))]

    def references(self) -> list[tuple[str, str]]:
        """Return every reference with the id of its order."""
        return self.rows(statements.REFERENCES)

    def reference_count(self) -> int:
        """Return the number of references of all orders."""
        return int(self._first(statements.REFERENCE_COUNT)[0])

    def naming(self, order: str) -> list[str]:
        """Return the ids of the orders with an entry that names this order as one before or after it."""
        return [other for (other,) in self.rows(statements.ORDERS_NAMING, (order,))]

    # -- ciphertexts --------------------------------------------------------------------------------------------------

    def ciphertexts(self, order: str) -> dict[int, list[Ciphertext]]:
        """Return the ciphertexts of an order by the index of their entry."""
        ciphertexts: dict[int, list[Ciphertext]] = {}
        for idx, *rest in self.rows(statements.CIPHERTEXTS_OF_ORDER, (order,)):
            ciphertexts.setdefault(idx, []).append(Ciphertext(*rest))
        return ciphertexts

    def encrypted_with(self, key_id: str) -> list[tuple[int, str, str, str]]:
        """Return (index, order, field, digest) of every value that is encrypted with this key."""
        return self.rows(statements.ENCRYPTED_WITH, (key_id,))

    def sealed_between(self, start: int, stop: int) -> list[tuple[str, str, Ciphertext]]:
        """Return the values of the entries from index `start` on and below `stop`, as (order, entry id, ciphertext)."""
        rows = self.rows(statements.SEALED_BETWEEN, (start, stop))
        return [(order, bytes(entry).hex(), Ciphertext(*rest)) for order, entry, *rest in rows]

    def orders_with(self, kind: str) -> list[str]:
        """Return the ids of the orders with an entry of this kind; reads the kinds of the whole log."""
        return [order for (order,) in self.rows(statements.ORDERS_WITH_KIND, (kind,))]

    def is_emptied(self, key_id: str) -> bool:
        """Return True if the ciphertexts of this key were removed. All of one key are removed together."""
        row = self._first(statements.IS_EMPTIED, (key_id,))
        return bool(row and row[0])

    def newest_sealed(self) -> list[tuple[int, str]]:
        """Return (index, key id) of each value of the newest entry that still has ciphertexts."""
        return self.rows(statements.NEWEST_SEALED)

    def ever_sealing(self) -> set[str]:
        """Return the ids of the keys of all ciphertexts in the ledger, removed ones too."""
        return {key_id for (key_id,) in self.rows(statements.EVER_SEALING)}

    def still_sealing(self, key_ids: Iterable[str]) -> set[str]:
        """Return which of these keys a ciphertext remains under."""
        return {key_id for (key_id,) in self.rows(statements.STILL_SEALING, (_json_array(key_ids),))}

    def sealing_keys(self, orders: Iterable[str]) -> list[str]:
        """Return the ids of the keys of all remaining ciphertexts in these orders."""
        return [key_id for (key_id,) in self.rows(statements.SEALING_KEYS_OF_ORDERS, (_json_array(orders),))]

    def rows(self, statement: Statement, params: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a statement; errors of the database are translated."""
        with self._errors, self._lock:
            rows: list[Any] = self._c.execute(statement, params).fetchall()
        return rows

    def _first(self, statement: Statement, params: Sequence[Any] = ()) -> Any:
        rows = self.rows(statement, params)
        return rows[0] if rows else None


def read_hashes(query: Callable[[Statement, Sequence[Any]], list[Any]], positions: Sequence[int]) -> list[bytes]:
    """Return stored Merkle hashes in the order of `positions`; `query` returns the rows of a statement.

    Raises `LedgerError` LOG-CORRUPT if a hash is missing.
    """
    places = [_completed_by(n) for n in positions]
    rows = query(statements.LEAVES, (orjson.dumps([leaf for leaf, _ in places]).decode(),))
    stored: dict[int, bytes] = {idx: leaf + nodes for idx, leaf, nodes in rows}
    hashes = [stored.get(leaf, b"")[32 * height : 32 * height + 32] for leaf, height in places]
    if any(len(value) != 32 for value in hashes):
        raise LedgerError("LOG-CORRUPT", "a stored Merkle hash is missing", "comity fsck derives the tree again")
    return hashes


def _completed_by(position: int) -> tuple[int, int]:
    """Return the leaf that completes a stored hash, and the height of that hash: the inverse of `stored_index`."""
    leaf = position // 2
    while stored_count(leaf + 1) <= position:
        leaf += 1
    return leaf, position - stored_count(leaf)


def _json_array(texts: Iterable[str]) -> str:
    return orjson.dumps(list(texts)).decode()

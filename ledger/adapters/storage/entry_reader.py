"""The shelf, for reading: sealed entries as they were signed, their leaf index, and the tree over them.

Questions cost O(log n), or what they bring. A connection of its own and SQL: whoever only reads imports nothing of
`eventsourcing`, which would be a tenth of what a person waits for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, Self

import orjson
from msgspec import Struct

from ledger.adapters.storage.connection import Readable, faults, line
from ledger.errors import LedgerError
from ledger.tlog.tree import stored_count


class Ciphertext(Struct, frozen=True):
    """A sealed value, encrypted: field, RFC 9901 digest, id of the key; None where it was emptied."""

    field: str
    digest: str
    key_id: str
    ciphertext: bytes | None


class EntryReader:
    """What stands on the shelf of one ledger. Safe to use from several threads and processes."""

    def __init__(self, place: Readable, *, writable: bool = False) -> None:
        """Open an existing shelf, as one that is written beside it where `writable`; nothing is written here.

        `LedgerError`: NO-LEDGER, LEDGER-VERSION, LOG-CORRUPT; of a database also what `postgres.connect` raises.
        """
        self.place = place
        self._reading = Lock()
        self._faults = faults(place)
        self._c = line(place, writable=writable)
        try:
            self._look()
        except BaseException:
            self._c.close()
            raise

    def _look(self) -> None:
        version, events, size = self._first(
            "SELECT (SELECT user_version FROM pragma_user_version),"
            " (SELECT ifnull(max(rowid), 0) FROM stored_events), (SELECT ifnull(max(idx) + 1, 0) FROM log_leaf)"
        )
        if version != 1:  # there was never another one, and a newer one is not opened
            raise LedgerError("LOG-CORRUPT", f"{self.place} is of version {version}, which no program has made")
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
        """The number of entries in the log."""
        return int(self._first("SELECT ifnull(max(idx) + 1, 0) FROM log_leaf")[0])

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        """Stored Merkle hashes by linear position (`tlog.stored_index`), for `tlog`'s proofs; LOG-CORRUPT if absent."""
        return read_hashes(self._all, positions)

    def page(self, start: int, limit: int = 500, stop: int | None = None) -> list[tuple[int, bytes]]:
        """Up to `limit` entries as (index, sealed line), from index `start` on and below `stop`."""
        end = sys.maxsize if stop is None else stop
        return self._all(
            "SELECT rowid - 1, state FROM stored_events WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?",
            (start, end, limit),
        )

    def pages(self, start: int = 0, limit: int = 500, stop: int | None = None) -> Iterator[list[tuple[int, bytes]]]:
        """Every entry from `start` on, below `stop`, page by page."""
        while page := self.page(start, limit, stop):
            yield page
            start = page[-1][0] + 1

    # -- orders and entries -------------------------------------------------------------------------------------------

    def first(self, order: str) -> bytes | None:
        """The sealed line of the first entry of an order; None if it has none."""
        found = self._first(
            "SELECT state FROM stored_events WHERE originator_id = ? ORDER BY originator_version LIMIT 1", (order,)
        )
        return found[0] if found else None

    def order(self, order: str, after: int = 0) -> list[tuple[int, bytes]]:
        """The entries of an order with a number above `after`, as (index, sealed line)."""
        return self._all(
            "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version > ?"
            " ORDER BY originator_version",
            (order, after),
        )

    def of_orders(self, orders: Iterable[str]) -> list[tuple[str, bytes]]:
        """The entries of these orders, as (order, sealed line), in no order of their own."""
        found: list[tuple[str, bytes]] = self._all(
            "SELECT originator_id, state FROM json_each(?) JOIN stored_events ON originator_id = value",
            (orjson.dumps(list(orders)).decode(),),
        )
        return found

    def newest(self, order: str) -> tuple[int, bytes] | None:
        """The newest entry of an order as (index, sealed line); None if it has none."""
        found: tuple[int, bytes] | None = self._first(
            "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ?"
            " ORDER BY originator_version DESC LIMIT 1",
            (order,),
        )
        return found

    def newest_of(self, orders: Iterable[str]) -> list[bytes]:
        """The newest entries of these orders, as far as they have any."""
        found = self._all(
            "SELECT state FROM json_each(?) JOIN stored_events e ON e.rowid = (SELECT rowid FROM stored_events"
            " WHERE originator_id = value ORDER BY originator_version DESC LIMIT 1)",
            (orjson.dumps(list(orders)).decode(),),
        )
        return [raw for (raw,) in found]

    def head(self, order: str) -> int:
        """The number of the newest entry of an order, 0 if it has none."""
        found = self._first("SELECT max(originator_version) FROM stored_events WHERE originator_id = ?", (order,))
        return found[0] or 0 if found else 0

    def by_entry(self, entry: bytes) -> tuple[int, bytes] | None:
        """The entry with this 16-byte id as (index, sealed line)."""
        found: tuple[int, bytes] | None = self._first(
            "SELECT idx, state FROM log_leaf JOIN stored_events e ON e.rowid = idx + 1 WHERE entry_id = ?", (entry,)
        )
        return found

    def by_leaf(self, leaf: bytes) -> tuple[int, bytes] | None:
        """The entry with this 32-byte leaf hash as (index, sealed line)."""
        found: tuple[int, bytes] | None = self._first(
            "SELECT idx, state FROM log_leaf JOIN stored_events e ON e.rowid = idx + 1 WHERE leaf = ?", (leaf,)
        )
        return found

    def of_kind(self, kind: str) -> list[tuple[int, bytes]]:
        """Every entry of one kind as (index, sealed line); looks at the whole log."""
        return self._all("SELECT rowid - 1, state FROM stored_events WHERE topic = ? ORDER BY rowid", (kind,))

    def of_kind_in(self, kind: str, orders: Iterable[str]) -> list[tuple[int, bytes]]:
        """Every entry of one kind in these orders, as (index, sealed line)."""
        return self._all(
            "SELECT rowid - 1, state FROM stored_events WHERE topic = ?"
            " AND originator_id IN (SELECT value FROM json_each(?)) ORDER BY rowid",
            (kind, orjson.dumps(list(orders)).decode()),
        )

    def at(self, index: int) -> bytes | None:
        """The sealed line at a leaf index; None beyond the end."""
        found: tuple[bytes] | None = self._first("SELECT state FROM stored_events WHERE rowid = ? + 1", (index,))
        return found[0] if found else None

    def orders(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Every order whose id begins with `prefix`, as (id, kind of its first entry), by id; O(log n) for each."""
        after = prefix
        while found := self._first(
            "SELECT originator_id, topic FROM stored_events WHERE originator_id >= ?"
            " ORDER BY originator_id, originator_version LIMIT 1",
            (after,),
        ):
            order, kind = found
            if not order.startswith(prefix):
                return
            yield order, kind
            after = order + " "  # sorts behind this id and before every other

    def first_kind(self, order: str) -> str | None:
        """The kind of an order's first entry; None if there is no such order."""
        found = self._first(
            "SELECT topic FROM stored_events WHERE originator_id = ? AND originator_version = 1", (order,)
        )
        return found[0] if found else None

    def referenced(self, reference: str) -> list[str]:
        """The orders that people quote by this reference."""
        found = self._all("SELECT order_id FROM order_reference WHERE reference = ? ORDER BY order_id", (reference,))
        return [order for (order,) in found]

    def references(self) -> list[tuple[str, str]]:
        """Every reference by which people quote orders, each with the id of its order."""
        return self._all("SELECT reference, order_id FROM order_reference", ())

    def quoted(self) -> int:
        """Return how many references orders have."""
        return int(self._all("SELECT count(*) FROM order_reference", ())[0][0])

    def naming(self, order: str) -> list[str]:
        """The orders with an entry that names this one as before or after their own."""
        found = self._all("SELECT order_id FROM order_link WHERE named = ? ORDER BY order_id", (order,))
        return [other for (other,) in found]

    # -- ciphertexts --------------------------------------------------------------------------------------------------

    def ciphertexts(self, order: str) -> dict[int, list[Ciphertext]]:
        """What encrypts the sealed values of an order, by index of the entry."""
        found: dict[int, list[Ciphertext]] = {}
        for idx, *rest in self._all(
            "SELECT idx, field, digest, key_id, ciphertext FROM ciphertext WHERE idx IN"
            " (SELECT rowid - 1 FROM stored_events WHERE originator_id = ?) ORDER BY idx, field",
            (order,),
        ):
            found.setdefault(idx, []).append(Ciphertext(*rest))
        return found

    def closed_by(self, key_id: str) -> list[tuple[int, str, str, str]]:
        """What a key opens: (index, order, field, digest) of every sealed value encrypted with it."""
        return self._all(
            "SELECT c.idx, e.originator_id, c.field, c.digest FROM ciphertext c"
            " JOIN stored_events e ON e.rowid = c.idx + 1 WHERE c.key_id = ? ORDER BY c.idx, c.field",
            (key_id,),
        )

    def orders_with(self, kind: str) -> list[str]:
        """The orders with an entry of a kind; reads the whole column of kinds."""
        found = self._all("SELECT DISTINCT originator_id FROM stored_events WHERE topic = ? ORDER BY 1", (kind,))
        return [order for (order,) in found]

    def is_emptied(self, key_id: str) -> bool:
        """True if the values under a key were dropped, as all of them are at once."""
        found = self._first("SELECT ciphertext IS NULL FROM ciphertext WHERE key_id = ? LIMIT 1", (key_id,))
        return bool(found and found[0])

    def newest_sealed(self) -> list[tuple[int, str]]:
        """The values of the newest entry that has any left: (index, key id) of each; empty if no entry has."""
        return self._all(
            "SELECT idx, key_id FROM ciphertext WHERE ciphertext IS NOT NULL AND idx ="
            " (SELECT idx FROM ciphertext WHERE ciphertext IS NOT NULL ORDER BY idx DESC LIMIT 1) ORDER BY key_id"
        )

    def sealing_keys(self, orders: Iterable[str] | None = None) -> list[str]:
        """The ids of the keys of all sealed values that were not emptied, in these orders or in the whole ledger."""
        if orders is None:
            found = self._all("SELECT DISTINCT key_id FROM ciphertext WHERE ciphertext IS NOT NULL ORDER BY key_id")
        else:
            found = self._all(
                "SELECT DISTINCT c.key_id FROM stored_events e JOIN ciphertext c ON c.idx = e.rowid - 1"
                " WHERE e.originator_id IN (SELECT value FROM json_each(?)) AND c.ciphertext IS NOT NULL"
                " ORDER BY c.key_id",
                (orjson.dumps(list(orders)).decode(),),
            )
        return [key_id for (key_id,) in found]

    def _all(self, statement: str, params: Sequence[Any] = ()) -> list[Any]:
        with self._faults, self._reading:
            found: list[Any] = self._c.execute(statement, params).fetchall()
        return found

    def _first(self, statement: str, params: Sequence[Any] = ()) -> Any:
        found = self._all(statement, params)
        return found[0] if found else None


def read_hashes(ask: Callable[[str, Sequence[Any]], list[Any]], positions: Sequence[int]) -> list[bytes]:
    """Merkle hashes by stored index, in the order asked for, as rows of `ask`; LOG-CORRUPT if one is missing."""
    places = [_completed_by(n) for n in positions]
    rows = ask(
        "SELECT idx, leaf, nodes FROM log_leaf WHERE idx IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        (orjson.dumps([leaf for leaf, _ in places]).decode(),),
    )
    stored: dict[int, bytes] = {idx: leaf + nodes for idx, leaf, nodes in rows}
    found = [stored.get(leaf, b"")[32 * height : 32 * height + 32] for leaf, height in places]
    if any(len(value) != 32 for value in found):
        raise LedgerError("LOG-CORRUPT", "a stored Merkle hash is missing", "comity fsck derives the tree again")
    return found


def _completed_by(position: int) -> tuple[int, int]:
    """The leaf that completes a stored hash, and the height of that hash: `tlog.stored_index` turned round."""
    leaf = position // 2
    while stored_count(leaf + 1) <= position:
        leaf += 1
    return leaf, position - stored_count(leaf)

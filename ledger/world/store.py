"""The shelf: sealed entries as they were signed, their leaf index, and the tree over them.

The row is the commit: an entry, its place in the log, the Merkle hashes it completes and the ciphertexts of its sealed
values become durable together or not at all. Questions cost O(log n), or what they bring.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from eventsourcing.persistence import IntegrityError

from ledger.refusal import Refused
from ledger.tlog import root
from ledger.world.fault import LedgerFault
from ledger.world.recorder import SCHEMA, Ciphertext, Row, read_hashes, recorder
from ledger.world.sqlite import connect, create, faults


class Conflict(Refused):
    """Somebody else wrote to this order first, or used this entry id. Read it again, then decide again."""

    def __init__(self, says: str, *, where: str = "") -> None:
        super().__init__("CONFLICT", says, where=where, hint="read the order again, then decide again")


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an entry stands in the log (from 0), and whether it stood there before this call."""

    index: int
    already: bool = False


class Store:
    """The shelf of one ledger. Safe to use from several threads and processes."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        """Open an existing shelf; `LedgerFault` NO-LEDGER, LOG-CORRUPT."""
        self.path = path
        self._recorder = recorder(path, writable=writable)
        try:
            self._look()
        except BaseException:
            self.close()
            raise

    def _look(self) -> None:
        version, events, size = self._first(
            "SELECT (SELECT user_version FROM pragma_user_version),"
            " (SELECT ifnull(max(rowid), 0) FROM stored_events), (SELECT ifnull(max(idx) + 1, 0) FROM log_leaf)"
        )
        if version != 1:
            raise LedgerFault(
                "LEDGER-VERSION", f"{self.path} is of version {version}, this program reads 1", "update comity"
            )
        if events != size:
            raise LedgerFault("LOG-CORRUPT", f"{events} entries and {size} leaves do not fit together")

    @classmethod
    def create(cls, path: Path) -> Store:
        """Make an empty shelf; FileExistsError if there is one."""
        create(path, SCHEMA)
        return cls(path)

    def close(self) -> None:
        """Close every connection."""
        self._recorder.datastore.close()

    # -- writing ------------------------------------------------------------------------------------------------------

    def append(self, rows: Sequence[Row], *, still: Mapping[str, int] | None = None) -> list[Stored]:
        """Put sealed entries on the shelf, all or none, in one durable transaction; their places in the same order.

        A row that stands there already, byte for byte, keeps its place (`already`). Raises `Conflict` if its place in
        the order or its entry id is taken by another, `Moved` if an order of `still` has another newest entry than the
        number given there, and `LedgerFault` (BUSY, DISK-FULL).
        """
        places: dict[int, Stored] = {}
        while fresh := [i for i in range(len(rows)) if i not in places]:
            try:
                with faults(self.path):
                    ids = self._recorder.insert_events([rows[i] for i in fresh], still=still or {})
            except IntegrityError as error:
                known = {i: self._known(rows[i]) for i in fresh}
                if not any(known.values()):
                    raise Conflict(f"not the next entry of its order: {error}") from error
                places |= {i: stored for i, stored in known.items() if stored is not None}
            else:
                places |= {i: Stored(n - 1) for i, n in zip(fresh, ids or (), strict=True)}
        return [places[i] for i in range(len(rows))]

    def append_pages(self, pages: Iterable[Sequence[Row]], *, still: Mapping[str, int]) -> range:
        """Put page after page of sealed entries on the shelf, all or none, in one transaction; their log indices.

        Raises `Conflict` if the place or the id of one of them is taken, whoever took it, and else what `append` does.
        """
        try:
            with faults(self.path):
                ids = self._recorder.insert_pages(pages, still)
        except IntegrityError as error:
            raise Conflict(f"not the next entry of its order: {error}") from error
        return range(ids.start - 1, ids.stop - 1)

    def _known(self, row: Row) -> Stored | None:
        """The place of this very entry; None if nothing of it is there; `Conflict` if another took its place or id."""
        found = self._all(
            "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version = ?"
            " UNION SELECT l.idx, e.state FROM log_leaf l JOIN stored_events e ON e.rowid = l.idx + 1"
            " WHERE l.entry_id = ? OR l.leaf = ?",
            (row.originator_id, row.originator_version, row.entry_id, row.leaf),
        )
        if not found:
            return None
        if len(found) > 1 or found[0][1] != row.state:
            where = f"{row.originator_id} entry {row.originator_version}"
            raise Conflict("this place in the order, or the entry's id, is taken by another entry", where=where)
        return Stored(found[0][0], already=True)

    def empty(self, key_id: str) -> None:
        """Drop the ciphertexts made under a key that was destroyed; which fields they were stays known."""
        with faults(self.path), self._recorder.datastore.transaction(commit=True) as c:
            c.execute("UPDATE ciphertext SET ciphertext = NULL WHERE key_id = ?", (key_id,))

    # -- the log ------------------------------------------------------------------------------------------------------

    def size(self) -> int:
        """The number of entries in the log."""
        return int(self._first("SELECT ifnull(max(idx) + 1, 0) FROM log_leaf")[0])

    def tip(self, index: int) -> tuple[int, bytes]:
        """A size that covers entry `index`, and the root there: the newest that costs nothing to know."""
        tree = self._recorder.tree
        if tree is not None and tree.size > index:
            return tree.size, tree.root()  # a tree that was once on the shelf is for ever the beginning of what is
        size = self.size()
        return size, root(size, self.hashes)

    def path_at_tip(self, index: int, size: int) -> list[bytes] | None:
        """The inclusion path of the entry this process stored last, where it is the last of `size`; else None."""
        tree = self._recorder.tree
        return self._recorder.path if tree is not None and tree.size == size == index + 1 else None

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        """Stored Merkle hashes by linear position (`tlog.stored_index`), for `tlog`'s proofs; LOG-CORRUPT if absent."""
        with faults(self.path), self._recorder.datastore.transaction(commit=False) as c:
            return read_hashes(c, positions)

    def page(self, start: int, limit: int = 500, stop: int | None = None) -> list[tuple[int, bytes]]:
        """Up to `limit` entries as (index, sealed line), from index `start` on and below `stop`."""
        with faults(self.path):
            found = self._recorder.select_notifications(start + 1, limit, stop)
        return [(n.id - 1, n.state) for n in found]

    def pages(self, start: int = 0, limit: int = 500, stop: int | None = None) -> Iterator[list[tuple[int, bytes]]]:
        """Every entry from `start` on, below `stop`, page by page."""
        while page := self.page(start, limit, stop):
            yield page
            start = page[-1][0] + 1

    # -- orders and entries -------------------------------------------------------------------------------------------

    def order(self, order: str, after: int = 0) -> list[tuple[int, bytes]]:
        """The entries of an order with a number above `after`, as (index, sealed line)."""
        return self._all(
            "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version > ?"
            " ORDER BY originator_version",
            (order, after),
        )

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

    def closed_by(self, key_id: str) -> list[tuple[int, str, str]]:
        """What a key opens: (index, order, digest) of every sealed value encrypted with it."""
        return self._all(
            "SELECT c.idx, e.originator_id, c.digest FROM ciphertext c JOIN stored_events e ON e.rowid = c.idx + 1"
            " WHERE c.key_id = ? ORDER BY c.idx, c.field",
            (key_id,),
        )

    # -- copies -------------------------------------------------------------------------------------------------------

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the whole shelf to a new file, whatever others write meanwhile."""
        source = connect(self.path, writable=False)
        with faults(self.path), closing(source), closing(sqlite3.connect(path)) as copy:
            source.backup(copy)

    def _all(self, statement: str, params: Sequence[Any] = ()) -> list[Any]:
        with faults(self.path), self._recorder.datastore.transaction(commit=False) as c:
            c.execute(statement, params)
            return [tuple(row) for row in c.fetchall()]

    def _first(self, statement: str, params: Sequence[Any] = ()) -> Any:
        found = self._all(statement, params)
        return found[0] if found else None

"""Store sealed entries.

The row is the commit: an entry, its leaf, the Merkle hashes that it completes and the ciphertexts of its sealed values
become durable together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventsourcing.persistence import IntegrityError

from ledger.adapters.storage import postgres, sqlite, sqlite_recorder, statements
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.entry_recorder import EntryRow, StaleVersion
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite_recorder import SQLiteEntryRecorder
from ledger.errors import RecordError
from ledger.tlog.tree import root

if TYPE_CHECKING:
    from ledger.adapters.storage.postgres_recorder import PostgresEntryRecorder


class Conflict(RecordError):
    """Another process wrote to this order first, or used this entry id. Read the order again, then decide again."""

    def __init__(self, says: str, *, where: str = "") -> None:
        super().__init__("CONFLICT", says, where=where, hint="read the order again, then decide again")


@dataclass(frozen=True, slots=True)
class Stored:
    """The index of an entry in the log, from 0; `already` is True if it was stored before this call."""

    index: int
    already: bool = False


class EntryStore(EntryReader):
    """The event store of one ledger; a recorder of `eventsourcing` writes to it."""

    location: Location

    def __init__(self, location: Location, *, writable: bool = True) -> None:
        """Open an existing store; raises what `EntryReader` raises."""
        super().__init__(location, writable=writable)
        with self._errors:
            self.recorder = _open_recorder(location, writable)

    @classmethod
    def create(cls, location: Location, founder: bytes = b"") -> EntryStore:
        """Create an empty store for the log with the public key `founder`.

        Raises FileExistsError, or `LedgerError` LEDGER-EXISTS, if there is one.
        """
        if isinstance(location, Address):
            postgres.create(location, founder)
        else:
            sqlite.create(location, SCHEMA)
        return cls(location)

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self.recorder.datastore.close()

    def append(self, rows: Sequence[EntryRow], *, expected: Mapping[str, int] | None = None) -> list[Stored]:
        """Store sealed entries in one durable transaction, all or none, and return their indices in the same order.

        An entry that is stored already, byte for byte, keeps its index (`already`). Raises `Conflict` if another entry
        has its place in the order or its id, `StaleVersion` if an order of `expected` has another version than stated
        there, and `LedgerError` (BUSY, DISK-FULL).
        """
        places: dict[int, Stored] = {}
        while fresh := [i for i in range(len(rows)) if i not in places]:
            try:
                with self._errors:
                    ids = self.recorder.insert_events([rows[i] for i in fresh], expected=expected or {})
            except (IntegrityError, StaleVersion) as error:  # also after an own commit whose answer was lost
                matches = {i: self._find(rows[i]) for i in fresh}
                if not any(matches.values()):
                    if isinstance(error, StaleVersion):
                        raise
                    raise Conflict(f"not the next entry of its order: {error}") from error
                with self._errors:
                    self.recorder.wait_until_durable()
                places |= {i: stored for i, stored in matches.items() if stored is not None}
            else:
                places |= {i: Stored(n - 1) for i, n in zip(fresh, ids or (), strict=True)}
        return [places[i] for i in range(len(rows))]

    def append_pages(self, pages: Iterable[Sequence[EntryRow]], *, expected: Mapping[str, int]) -> range:
        """Store page after page in one transaction, all or none, and return their indices.

        Raises `Conflict` if the place or the id of an entry is taken, also by the same entry; else as `append`.
        """
        try:
            with self._errors:
                ids = self.recorder.insert_pages(pages, expected)
        except IntegrityError as error:
            raise Conflict(f"not the next entry of its order: {error}") from error
        return range(ids.start - 1, ids.stop - 1)

    def _find(self, row: EntryRow) -> Stored | None:
        """Return the index of this entry, or None. Raises `Conflict` if another entry has its place or its id."""
        rows = self.rows(
            statements.SAME_PLACE_OR_ID, (row.originator_id, row.originator_version, row.entry_id, row.leaf)
        )
        if not rows:
            return None
        if len(rows) > 1 or rows[0][1] != row.state:
            where = f"{row.originator_id} entry {row.originator_version}"
            raise Conflict("this place in the order, or the entry's id, is taken by another entry", where=where)
        return Stored(rows[0][0], already=True)

    def remove_ciphertexts(self, key_id: str) -> None:
        """Remove the ciphertexts of a destroyed key; the names of their fields stay."""
        with self._errors:
            self.recorder.remove_ciphertexts(key_id)

    def require_signed_tree(self, size: int, root: bytes) -> None:
        """Require that the log begins with this signed tree; `append` raises LOG-ROLLBACK for any other log."""
        self.recorder.signed = size, root

    def tree_covering(self, index: int) -> tuple[int, bytes]:
        """Return size and root of a tree that covers entry `index`: the newest that is known without a query, if any.

        The size is below `index` + 1 if there is no such entry.
        """
        committed = self.recorder.committed
        if committed is not None and committed.frontier.size > index:
            return committed.frontier.size, committed.frontier.root()  # every later tree begins with a committed one
        size = self.size()
        with self._errors:
            self.recorder.wait_until_durable()
        return size, root(size, self.hashes)

    def known_inclusion_path(self, index: int, size: int) -> list[bytes] | None:
        """Return the inclusion path of an entry among the last that this process stored, if they end at `size`."""
        committed = self.recorder.committed
        if committed is not None and committed.start <= index < committed.frontier.size == size:
            return committed.inclusion_path(index)
        return None


def _open_recorder(location: Location, writable: bool) -> SQLiteEntryRecorder | PostgresEntryRecorder:
    if isinstance(location, Address):
        from ledger.adapters.storage import postgres_recorder

        return postgres_recorder.open_recorder(location, writable=writable)
    return sqlite_recorder.open_recorder(location, writable=writable)

"""The shelf, for writing. The row is the commit: an entry, its place in the log, the Merkle hashes it completes and the
ciphertexts of its sealed values become durable together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventsourcing.persistence import IntegrityError

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.append import Row, StaleVersion
from ledger.adapters.storage.connection import Place
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite_recorder import Recorder, recorder
from ledger.errors import RecordError
from ledger.tlog.tree import root

if TYPE_CHECKING:
    from ledger.adapters.storage.postgres_recorder import PostgresRecorder


class Conflict(RecordError):
    """Somebody else wrote to this order first, or used this entry id. Read it again, then decide again."""

    def __init__(self, says: str, *, where: str = "") -> None:
        super().__init__("CONFLICT", says, where=where, hint="read the order again, then decide again")


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an entry stands in the log (from 0), and whether it stood there before this call."""

    index: int
    already: bool = False


class EntryStore(EntryReader):
    """The shelf of one ledger, with the recorder of `eventsourcing` that writes to it."""

    place: Place

    def __init__(self, place: Place, *, writable: bool = True) -> None:
        """Open an existing shelf; raises what `EntryReader` raises."""
        super().__init__(place, writable=writable)
        with self._faults:
            self._recorder = _recorder(place, writable)

    @classmethod
    def create(cls, place: Place, founder: bytes = b"") -> EntryStore:
        """Make an empty shelf, for the log with the public key `founder`.

        FileExistsError or LEDGER-EXISTS if there is one.
        """
        if isinstance(place, Address):
            postgres.create(place, founder)
        else:
            sqlite.create(place, SCHEMA)
        return cls(place)

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self._recorder.datastore.close()

    def append(self, rows: Sequence[Row], *, still: Mapping[str, int] | None = None) -> list[Stored]:
        """Put sealed entries on the shelf, all or none, in one durable transaction; their places in the same order.

        A row that stands there already, byte for byte, keeps its place (`already`). Raises `Conflict` if its place in
        the order or its entry id is taken by another, `StaleVersion` if an order of `still` has another newest entry
        than the number given there, and `LedgerError` (BUSY, DISK-FULL).
        """
        places: dict[int, Stored] = {}
        while fresh := [i for i in range(len(rows)) if i not in places]:
            try:
                with self._faults:
                    ids = self._recorder.insert_events([rows[i] for i in fresh], still=still or {})
            except (IntegrityError, StaleVersion) as error:  # by others, or by ourselves where the answer was lost
                known = {i: self._known(rows[i]) for i in fresh}
                if not any(known.values()):
                    if isinstance(error, StaleVersion):
                        raise
                    raise Conflict(f"not the next entry of its order: {error}") from error
                with self._faults:
                    self._recorder.settle()
                places |= {i: stored for i, stored in known.items() if stored is not None}
            else:
                places |= {i: Stored(n - 1) for i, n in zip(fresh, ids or (), strict=True)}
        return [places[i] for i in range(len(rows))]

    def append_pages(self, pages: Iterable[Sequence[Row]], *, still: Mapping[str, int]) -> range:
        """Put page after page of sealed entries on the shelf, all or none, in one transaction; their log indices.

        Raises `Conflict` if the place or the id of one of them is taken, whoever took it, and else what `append` does.
        """
        try:
            with self._faults:
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
        with self._faults:
            self._recorder.empty(key_id)

    def begins_with(self, size: int, root: bytes) -> None:
        """What was signed: from now on a shelf that does not begin with it takes nothing in, but is LOG-ROLLBACK."""
        self._recorder.signed = size, root

    def tip(self, index: int) -> tuple[int, bytes]:
        """A size that covers entry `index`, and the root there: the newest that costs nothing to know."""
        grown = self._recorder.grown
        if grown is not None and grown[0].size > index:
            return grown[0].size, grown[0].root()  # a tree that was once on the shelf for ever begins what is there
        size = self.size()
        with self._faults:
            self._recorder.settle()
        return size, root(size, self.hashes)

    def path_at_tip(self, index: int, size: int) -> list[bytes] | None:
        """The inclusion path of the entry this process stored last, where it is the last of `size`; else None."""
        grown = self._recorder.grown
        return grown[1] if grown is not None and grown[0].size == size == index + 1 else None


def _recorder(place: Place, writable: bool) -> Recorder | PostgresRecorder:
    if isinstance(place, Address):
        from ledger.adapters.storage.postgres_recorder import recorder as in_database

        return in_database(place, writable=writable)
    return recorder(place, writable=writable)

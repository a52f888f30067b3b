"""Store every head that this log has published, by the digest of its note, and the time stamps over these heads.

Tiles can be rebuilt from the entries. A note with cosignatures cannot, and neither can one that a time stamp
or another log names. So heads are backed up and none is ever removed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.adapters.log import head_database as database
from ledger.adapters.log.head_database import SCHEMA, HeadDatabase, PostgresHeads, Row, SQLiteHeads, create_file
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.foreign_file import ForeignFile, connect_foreign
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import SQLiteErrors, stored_instant, typed
from ledger.adapters.storage.statements import Statement
from ledger.entries.case import wire
from ledger.tlog.note import note_digest


class PublishedHead(Struct, frozen=True):
    """Hold a published head: tree size, published note, the log's clock then (UTC), earliest cosignature.

    `cosigned` is in seconds since 1970, None without a cosignature.
    """

    size: int
    note: bytes
    at: datetime
    cosigned: int | None

    @property
    def digest(self) -> str:
        """Return the hex SHA-256 of the note, which is its key in the store."""
        return note_digest(self.note)


class TimeStampToken(Struct, frozen=True):
    """Hold an authority's raw reply (RFC 3161) over the head with this digest, and the log's clock then (UTC)."""

    head: str
    authority: str
    reply: bytes
    at: datetime

    @property
    def digest(self) -> str:
        """Return the hex SHA-256 of the reply, which is its key in the store."""
        return sha256(self.reply).hexdigest()


class CheckpointStore:
    """Store the published heads of one ledger: in its file, or in the database that machines share.

    In the database, `log` is empty for the log of the ledger, else the origin hash of another log. `moved` also reads a
    place whose content has moved.
    """

    def __init__(self, place: Location, *, writable: bool = True, log: str = "", moved: bool = False) -> None:
        self._c: HeadDatabase
        if isinstance(place, Address):
            self._c = PostgresHeads(place, log, writable=writable, moved=moved)
        else:
            self._c = SQLiteHeads(place, writable=writable, moved=moved)

    @classmethod
    def create(cls, path: Path) -> CheckpointStore:
        """Make an empty file and open it; FileExistsError if it exists."""
        create_file(path)
        return cls(path)

    def close(self) -> None:
        """Close the file, or the connection."""
        self._c.close()

    def keep(self, head: PublishedHead, *, durable: bool = True) -> None:
        """Store a head; a head that is stored already stays unchanged.

        Without `durable` a power cut may take it, and the heads that were stored after the last durable one.
        """
        self._c.keep([_row_of(head)], durable=durable)

    def add(self, heads: Iterable[PublishedHead], tokens: Iterable[TimeStampToken] = ()) -> None:
        """Store heads and time stamps from another place, durably; stored ones stay unchanged."""
        self._c.keep([_row_of(head) for head in heads], durable=True)
        self._c.stamp([_token_row(token) for token in tokens])

    def copy(self, path: Path) -> None:
        """Write the heads and time stamps to a new file, without a write-ahead log; FileExistsError if it exists."""
        create_file(path)
        with closing(SQLiteHeads(path, writable=True, keeping=False)) as c:
            c.keep([_row_of(head) for head in self.all()], durable=True)
            c.stamp([_token_row(token) for token in self.tokens()])

    def get(self, digest: str) -> PublishedHead | None:
        """Return the head with a digest; None if it is not stored."""
        return self._one(database.BY_DIGEST, digest)

    def newest(self) -> PublishedHead | None:
        """Return the head of the largest size; of several, the one with the newest cosignature."""
        return self._one(database.NEWEST)

    def newest_cosigned(self) -> PublishedHead | None:
        """Return the newest head that a witness has signed, which an entry may cite as `seen`."""
        return self._one(database.NEWEST_COSIGNED)

    def known_at(self, moment: datetime) -> PublishedHead | None:
        """Return the largest head dated `moment` or earlier, by its cosignature, or without one by the log's clock."""
        return self._one(database.KNOWN_AT, int(moment.timestamp()))

    def all(self) -> list[PublishedHead]:
        """Return every stored head, in the order of publication."""
        return self._c.read(database.ALL, (), lambda rows: [_kept(*row) for row in rows])

    def dating(self, indexes: Collection[int], cited: Iterable[str], size: int) -> list[PublishedHead]:
        """Return the heads up to `size` that date entries: the `cited` ones, and up to two for each index.

        The two are the first cosigned head and the first time-stamped head that contain the entry.
        """
        wanted = {digest: head for digest in cited if (head := self.get(digest)) is not None}
        published = sorted((head for head in self.all() if head.size <= size), key=lambda kept: kept.size)
        stamped = {token.head for token in self.tokens()}
        cosigned = [head for head in published if head.cosigned is not None]
        for dated in (cosigned, [head for head in published if head.digest in stamped]):
            sizes = [head.size for head in dated]
            for index in indexes:
                if (at := bisect_right(sizes, index)) < len(dated):
                    wanted[dated[at].digest] = dated[at]
        return list(wanted.values())

    def stamp(self, token: TimeStampToken) -> None:
        """Store a time stamp over a stored head durably; one that is stored already stays unchanged."""
        self._c.stamp([_token_row(token)])

    def tokens(self) -> list[TimeStampToken]:
        """Return every stored time stamp, in the order of arrival."""
        return self._c.tokens(lambda rows: [_token(*row) for row in rows])

    def _one(self, statement: Statement, *params: object) -> PublishedHead | None:
        return self._c.read(statement, params, lambda rows: _kept(*rows[0]) if rows else None)


def other_logs(place: Address) -> list[str]:
    """Return the origin hashes of the other logs of which a database has heads."""
    with closing(PostgresHeads(place, "", writable=False, moved=True)) as c:
        return c.read(database.OTHER_LOGS, (), lambda rows: [str(log) for (log,) in rows])


def notes_in(path: Path) -> tuple[dict[str, bytes], list[tuple[str, bytes]]]:
    """Read the heads of another party's ledger: notes by their stored digest, and (head, raw time stamp).

    The columns are not trusted: sizes and moments are those in the notes and stamps. Raises the errors of
    `connect_foreign`.
    """
    with SQLiteErrors(path), closing(connect_foreign(ForeignFile(path, SCHEMA))) as c:
        notes = {str(digest): _raw(note) for digest, note in c.execute("SELECT digest, note FROM head ORDER BY n")}
        if not c.execute("SELECT 1 FROM sqlite_schema WHERE name = 'token'").fetchone():
            return notes, []
        return notes, [
            (str(head), _raw(reply)) for head, reply in c.execute("SELECT head, reply FROM token ORDER BY n")
        ]


def _raw(cell: object) -> bytes:
    """Return a cell that has to hold bytes; empty if a damaged file holds another type."""
    return cell if isinstance(cell, bytes) else b""


def _kept(size: object, note: object, at: object, cosigned: object) -> PublishedHead:
    seen = None if cosigned is None else typed(cosigned, int)
    return PublishedHead(typed(size, int), typed(note, bytes), stored_instant(at), seen)


def _row_of(head: PublishedHead) -> Row:
    return head.digest, head.size, head.note, wire(head.at), head.cosigned


def _token(head: object, authority: object, reply: object, at: object) -> TimeStampToken:
    return TimeStampToken(typed(head, str), typed(authority, str), typed(reply, bytes), stored_instant(at))


def _token_row(token: TimeStampToken) -> Row:
    return token.head, token.authority, token.digest, token.reply, wire(token.at)

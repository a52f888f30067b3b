"""Store every head that this log has published, by the digest of its note, and the time stamps over these heads.

Tiles can be rebuilt from the entries. A note with cosignatures cannot, and neither can one that a time stamp
or another log names. So `heads.db` is backed up and nothing is ever removed from it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.adapters.storage.foreign_file import ForeignFile, connect_foreign
from ledger.adapters.storage.sqlite import (
    SQLiteErrors,
    connect,
    create,
    delete_stale_wal,
    keep_wal,
    stored_instant,
    transaction,
    typed,
)
from ledger.entries.case import wire
from ledger.tlog.note import note_digest

# Raw replies of time-stamp authorities; head: the digest of the stamped note, at: the log's clock then.
TOKENS = (
    """CREATE TABLE IF NOT EXISTS token (
        n INTEGER PRIMARY KEY, head TEXT NOT NULL, authority TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
        reply BLOB NOT NULL, at TEXT NOT NULL) STRICT""",
    """CREATE TRIGGER IF NOT EXISTS token_update BEFORE UPDATE ON token
        BEGIN SELECT RAISE(ABORT, 'tokens are kept'); END""",
    """CREATE TRIGGER IF NOT EXISTS token_delete BEFORE DELETE ON token
        BEGIN SELECT RAISE(ABORT, 'tokens are kept'); END""",
)
SCHEMA = (
    *TOKENS,
    # at: the log's clock; cosigned: the earliest time a witness gives, in seconds since 1970
    """CREATE TABLE head (
        n INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, note BLOB NOT NULL,
        at TEXT NOT NULL, cosigned INTEGER) STRICT""",
    "CREATE INDEX head_size ON head (size)",
    "CREATE INDEX head_cosigned ON head (size, cosigned) WHERE cosigned IS NOT NULL",
    "CREATE TRIGGER head_update BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'heads are kept'); END",
    "CREATE TRIGGER head_delete BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'heads are kept'); END",
    """CREATE TRIGGER head_twice BEFORE INSERT ON head
        WHEN EXISTS (SELECT 1 FROM head WHERE digest = NEW.digest OR n = NEW.n)
        BEGIN SELECT RAISE(ABORT, 'heads are kept'); END""",
)


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
    """Store the published heads of one ledger."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self._c = connect(path, writable=writable)
        self._keeper = keep_wal(path) if writable else None

    @classmethod
    def create(cls, path: Path) -> CheckpointStore:
        """Make an empty file and open it; FileExistsError if it exists."""
        delete_stale_wal(path)
        create(path, SCHEMA)
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        self._c.close()
        if self._keeper is not None:
            self._keeper.close()

    def keep(self, head: PublishedHead, *, durable: bool = True) -> None:
        """Store a head; a head that is stored already stays unchanged.

        Without `durable` a power cut may take it, and the heads that were stored after the last durable one.
        """
        with SQLiteErrors(self.path):
            self._c.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        with transaction(self._c, self.path) as c:
            c.execute(
                "INSERT INTO head (digest, size, note, at, cosigned) SELECT ?1, ?2, ?3, ?4, ?5"
                " WHERE NOT EXISTS (SELECT 1 FROM head WHERE digest = ?1)",
                (head.digest, head.size, head.note, wire(head.at), head.cosigned),
            )

    def get(self, digest: str) -> PublishedHead | None:
        """Return the head with a digest; None if it is not stored."""
        return self._one("WHERE digest = ?", digest)

    def newest(self) -> PublishedHead | None:
        """Return the head of the largest size; of several, the one with the newest cosignature."""
        return self._one("ORDER BY size DESC, cosigned DESC, n DESC LIMIT 1")

    def newest_cosigned(self) -> PublishedHead | None:
        """Return the newest head that a witness has signed, which an entry may cite as `seen`."""
        return self._one("WHERE cosigned IS NOT NULL ORDER BY size DESC, cosigned DESC LIMIT 1")

    def known_at(self, moment: datetime) -> PublishedHead | None:
        """Return the largest head dated `moment` or earlier, by its cosignature, or without one by the log's clock."""
        return self._one(
            "WHERE ifnull(cosigned, CAST(strftime('%s', at) AS INTEGER)) <= ?"
            " ORDER BY size DESC, cosigned DESC, n DESC LIMIT 1",
            int(moment.timestamp()),
        )

    def all(self) -> list[PublishedHead]:
        """Return every stored head, in the order of publication."""
        with SQLiteErrors(self.path):
            return [_kept(*row) for row in self._c.execute("SELECT size, note, at, cosigned FROM head ORDER BY n")]

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
        with SQLiteErrors(self.path):
            self._c.execute("PRAGMA synchronous=FULL")  # the stamped head becomes durable as well
        with transaction(self._c, self.path) as c:
            for statement in TOKENS:  # a ledger may be older than the table of tokens
                c.execute(statement)
            c.execute(
                "INSERT INTO token (head, authority, digest, reply, at) SELECT ?1, ?2, ?3, ?4, ?5"
                " WHERE NOT EXISTS (SELECT 1 FROM token WHERE digest = ?3)",
                (token.head, token.authority, token.digest, token.reply, wire(token.at)),
            )

    def tokens(self) -> list[TimeStampToken]:
        """Return every stored time stamp, in the order of arrival."""
        with SQLiteErrors(self.path):
            if not self._c.execute("SELECT 1 FROM sqlite_schema WHERE name = 'token'").fetchone():
                return []
            rows = self._c.execute("SELECT head, authority, reply, at FROM token ORDER BY n").fetchall()
            return [
                TimeStampToken(typed(head, str), typed(authority, str), typed(reply, bytes), stored_instant(at))
                for head, authority, reply, at in rows
            ]

    def _one(self, where: str, *params: object) -> PublishedHead | None:
        with SQLiteErrors(self.path):
            row = self._c.execute(f"SELECT size, note, at, cosigned FROM head {where}", params).fetchone()  # noqa: S608
            return _kept(*row) if row else None


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

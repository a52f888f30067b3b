"""The links of files to entries: `files.db` of the ledger's folder, or tables next to the entries in PostgreSQL.

A link has no digest, name or key in clear: what it knows of a file is encrypted under the key of a data subject, and
cannot be read once that is destroyed, also in an older copy of these tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import FILES_DB, Folder
from ledger.adapters.storage import postgres
from ledger.adapters.storage.postgres import Address, PostgresErrors
from server.identity.database import Database, PostgresDatabase, SQLiteDatabase
from server.identity.move import Moved
from server.tables import Tables

# Times are seconds since 1970. `received` counts pieces. `kept` is 0 until the digest of the whole file was compared.
_STATEMENTS = (
    """CREATE TABLE link (
        object TEXT PRIMARY KEY, order_id TEXT NOT NULL, entry TEXT NOT NULL, office TEXT NOT NULL,
        key_id TEXT NOT NULL, sealed TEXT NOT NULL, pieces INTEGER NOT NULL, received INTEGER NOT NULL,
        seen INTEGER NOT NULL, kept INTEGER NOT NULL) STRICT""",
    "CREATE INDEX link_order ON link (order_id)",
    "CREATE INDEX link_key ON link (key_id)",
    # objects without a link that are to be deleted
    "CREATE TABLE gone (object TEXT PRIMARY KEY) STRICT",
    # who may read an object until when, by the id of the access entry that says so
    """CREATE TABLE opened (
        access TEXT NOT NULL, object TEXT NOT NULL, caller TEXT NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (access, object)) STRICT""",
    # where the objects are, without credentials: for commands that have no configuration
    "CREATE TABLE place (one INTEGER PRIMARY KEY, stated TEXT NOT NULL) STRICT",
)
TABLES = Tables("comity_files", _STATEMENTS)
MOVED = Moved(TABLES, ("link", "gone", "opened", "place"), FILES_DB, "links of kept files")
_COLUMNS = "object, order_id, entry, office, key_id, sealed, pieces, received, seen, kept"


class Link(Struct, frozen=True):
    """One file of an entry (leaf hash) of an order: its object, and what is known of it, encrypted under a subject key.

    `office` has sent it. `sealed` is hexadecimal. `received` of `pieces` are stored; `kept` is when its digest was
    found to be the stated one, 0 before.
    """

    object: str
    order: str
    entry: str
    office: str
    key_id: str
    sealed: str
    pieces: int
    received: int
    seen: int
    kept: int


def has_links(folder: Folder) -> bool:
    """Return True if files were kept for a ledger: there are tables of links, in its folder or its database."""
    if not isinstance(folder.entries, Address):
        return (folder.path / FILES_DB).exists()
    place = folder.entries
    with closing(postgres.connect_schema(place, "comity", writable=False)) as c, PostgresErrors(place):
        found: bool = c.execute("SELECT to_regclass('comity_files.version')").fetchone() != (None,)
        return found


def open_links(folder: Folder, now: Callable[[], float] = time.time) -> Links:
    """Open the links of a ledger where its entries are, and make the tables if there are none."""
    return Links(database_at(folder.entries, folder.path), now)


def database_at(place: Path | Address, folder: Path) -> Database:
    """Open the tables of links for entries at a place; `folder` has the file for entries that are in a file."""
    return PostgresDatabase(place, TABLES) if isinstance(place, Address) else SQLiteDatabase(folder / FILES_DB, TABLES)


class Links:
    """The links of one ledger; several threads may call it at once."""

    def __init__(self, db: Database, now: Callable[[], float] = time.time) -> None:
        self._db = db
        self._now = now

    def close(self) -> None:
        """Close the file, or the connection."""
        self._db.close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def of_order(self, order: str) -> list[Link]:
        """Return the links of an order, in the order in which they changed."""
        return self._links("order_id = ? ORDER BY seen, object", order)

    def of(self, name: str) -> Link | None:
        """Return the link of an object; None if there is none."""
        return next(iter(self._links("object = ?", name)), None)

    def under(self, key_ids: Collection[str]) -> list[Link]:
        """Return the links under some keys of data subjects."""
        return [link for key_id in sorted(key_ids) for link in self._links("key_id = ?", key_id)]

    def every(self) -> list[Link]:
        """Return every link."""
        return self._links("object > ? ORDER BY object", "")

    def unfinished(self, office: str) -> list[Link]:
        """Return the links of an office whose files are not whole yet."""
        return self._links("office = ? AND kept = 0", office)

    def keys(self) -> list[str]:
        """Return the ids of the keys under which there are links."""
        return [key_id for (key_id,) in self._db.rows("SELECT DISTINCT key_id FROM link")]

    def pieces(self) -> int:
        """Return the number of pieces that all files have or will have."""
        return int(self._db.rows("SELECT coalesce(sum(pieces), 0) FROM link")[0][0])

    def _links(self, where: str, *values: str | int) -> list[Link]:
        return [Link(*row) for row in self._db.rows(f"SELECT {_COLUMNS} FROM link WHERE {where}", values)]  # noqa: S608 - conditions of this module

    # -- uploads ------------------------------------------------------------------------------------------------------

    def begin(self, link: Link) -> None:
        """Keep a new link, durably and before its first piece is stored."""
        values = (link.object, link.order, link.entry, link.office, link.key_id, link.sealed, link.pieces)
        now = int(self._now())
        self._db.change("INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, 0)", (*values, now))

    def received(self, name: str, number: int) -> bool:
        """Count a piece that was stored, if it is the next one; return whether it was.

        A power cut may take the last counts, as it may take pieces that are not settled.
        """
        text = "UPDATE link SET received = ?, seen = ? WHERE object = ? AND received = ? AND kept = 0"
        return self._db.change(text, (number + 1, int(self._now()), name, number), quick=True) == 1

    def back(self, name: str, number: int) -> None:
        """Count only the pieces before one, which is missing or not what was stored."""
        text = "UPDATE link SET received = ? WHERE object = ? AND received > ? AND kept = 0"
        self._db.change(text, (number, name, number))

    def keep(self, name: str) -> bool:
        """State that the whole file is there and has its digest; return False if the link is gone meanwhile."""
        return self._db.change("UPDATE link SET kept = ? WHERE object = ? AND kept = 0", (int(self._now()), name)) == 1

    def expired(self, seconds: float) -> list[Link]:
        """Return the links whose files are not whole, and of which no piece came for so many seconds."""
        return self._links("kept = 0 AND seen < ?", int(self._now() - seconds))

    # -- reading files ------------------------------------------------------------------------------------------------

    def open(self, access: str, names: Collection[str], caller: str, seconds: int) -> int:
        """Let a caller read objects for so many seconds, by the id of an access entry; return the end."""
        until = int(self._now()) + seconds
        with self._db.transaction():
            self._db.change("DELETE FROM opened WHERE until < ?", (int(self._now()),))
            for name in names:
                self._db.change("DELETE FROM opened WHERE access = ? AND object = ?", (access, name))
                self._db.change("INSERT INTO opened VALUES (?, ?, ?, ?)", (access, name, caller, until))
        return until

    def may_read(self, name: str, caller: str) -> bool:
        """Return True if an access entry lets a caller read an object now."""
        text = "SELECT 1 FROM opened WHERE object = ? AND caller = ? AND until >= ?"
        return bool(self._db.rows(text, (name, caller, int(self._now()))))

    # -- deleting -----------------------------------------------------------------------------------------------------

    def remove(self, names: Collection[str]) -> None:
        """Remove links durably; their objects are `gone` until `deleted`."""
        with self._db.transaction():
            for name in names:
                if self._db.change("DELETE FROM link WHERE object = ?", (name,)):
                    self._db.change("INSERT INTO gone VALUES (?) ON CONFLICT DO NOTHING", (name,))
                    self._db.change("DELETE FROM opened WHERE object = ?", (name,))

    def gone(self) -> list[str]:
        """Return the objects that have no link any more and are to be deleted."""
        return [name for (name,) in self._db.rows("SELECT object FROM gone ORDER BY object")]

    def deleted(self, name: str) -> None:
        """Note that an object is deleted."""
        self._db.change("DELETE FROM gone WHERE object = ?", (name,))

    # -- the place ----------------------------------------------------------------------------------------------------

    def place(self) -> str | None:
        """Return where the objects are, as it was stated last; None before."""
        return next((stated for (stated,) in self._db.rows("SELECT stated FROM place")), None)

    def state_place(self, stated: str) -> None:
        """State where the objects are."""
        if self.place() != stated:
            with self._db.transaction():
                self._db.change("DELETE FROM place")
                self._db.change("INSERT INTO place VALUES (1, ?)", (stated,))

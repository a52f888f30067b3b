"""Store what a mirror knows of each log: the checkpoints that it accepted, how many entries it has, what it cosigned.

The head of `Memory` is the pending checkpoint of c2sp.org/tlog-mirror: signed by the log, and not cosigned. The entries
are files; the number of entries here never exceeds what is durable there.
"""

from __future__ import annotations

from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.adapters.witness.witness_state import SCHEMA, CosignedHead, Memory

MOST_PENDING = 16  # accepted checkpoints of each log up to which an upload may still go


class MirrorState(Memory):
    """Hold the state of one mirror. Threads and processes take turns."""

    role = "mirror"
    schema = (
        *SCHEMA,
        # the newest accepted checkpoints; note: with the lines of the log
        """CREATE TABLE pending (
            origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL CHECK (length(root) = 32),
            note BLOB NOT NULL, PRIMARY KEY (origin, size)) STRICT, WITHOUT ROWID""",
        "CREATE TABLE entries (origin TEXT PRIMARY KEY, next INTEGER NOT NULL CHECK (next >= 0)) STRICT",
        """CREATE TRIGGER entries_forward BEFORE UPDATE ON entries WHEN NEW.next < OLD.next OR NEW.origin <> OLD.origin
            BEGIN SELECT RAISE(ABORT, 'a mirror keeps all entries'); END""",
        "CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are kept'); END",
        # the largest cosigned checkpoint; note: with the lines of the log and ours
        """CREATE TABLE mirrored (
            origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0),
            root BLOB NOT NULL CHECK (length(root) = 32), time INTEGER NOT NULL CHECK (time > 0),
            note BLOB NOT NULL) STRICT""",
        """CREATE TRIGGER mirrored_forward BEFORE UPDATE ON mirrored
            WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
                OR NEW.time < OLD.time
            BEGIN SELECT RAISE(ABORT, 'a mirror goes only forward'); END""",
        "CREATE TRIGGER mirrored_stays BEFORE DELETE ON mirrored BEGIN SELECT RAISE(ABORT, 'heads are kept'); END",
    )

    def store(self, origin: str, seen: CosignedHead) -> None:
        """Store a pending checkpoint, within a turn; WITNESS-BACK if it would be a step back."""
        super().store(origin, seen)
        self._c.execute("INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?)", (origin, seen.size, seen.root, seen.note))
        self._c.execute(
            "DELETE FROM pending WHERE origin = ?1 AND size NOT IN"
            " (SELECT size FROM pending WHERE origin = ?1 ORDER BY size DESC LIMIT ?2)",
            (origin, MOST_PENDING),
        )

    def accepted(self, origin: str, size: int) -> CosignedHead | None:
        """Return the checkpoint of a size up to which entries can be sent: a pending or the cosigned one."""
        with self._turn, SQLiteErrors(self.path):
            row = self._c.execute(
                "SELECT size, root, 0, note FROM pending WHERE origin = ?1 AND size = ?2"
                " UNION ALL SELECT size, root, 0, note FROM mirrored WHERE origin = ?1 AND size = ?2 LIMIT 1",
                (origin, size),
            ).fetchone()
        return CosignedHead(*row) if row else None

    def mirrored(self, origin: str) -> CosignedHead | None:
        """Return the largest checkpoint of a log that this mirror has cosigned; None if there is none."""
        return self._head_in("mirrored", origin)

    def next_entry(self, origin: str) -> int:
        """Return the index of the first entry of a log that is not stored, which is the number of stored entries."""
        with self._turn, SQLiteErrors(self.path):
            row = self._c.execute("SELECT next FROM entries WHERE origin = ?", (origin,)).fetchone()
        return int(row[0]) if row else 0

    def count_entries(self, origin: str, next_entry: int) -> None:
        """Store that the entries before `next_entry` are durable."""
        with self.turn():
            self._c.execute(
                "INSERT INTO entries VALUES (?1, ?2) ON CONFLICT (origin) DO UPDATE SET next = ?2 WHERE next < ?2",
                (origin, next_entry),
            )

    def cosigned(self, origin: str, head: CosignedHead) -> None:
        """Store a cosigned checkpoint, within a turn; WITNESS-BACK if it would be a step back."""
        self._store_head_in("mirrored", origin, head)

"""Store what a witness has seen: for each log the largest cosigned head, and refused heads that the log signed.

The comparison with the stored head, the cosignature and the new state are one transaction under the write
lock, durable before the reply is sent. A witness that has lost its memory can be made to contradict itself.
So the file is made once, together with the key, and without it nothing is cosigned: the name is retired.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import SQLiteErrors, connect, create, transaction
from ledger.command_line import quoted
from ledger.errors import LedgerError
from ledger.tlog.note import note_digest

MOST_EVIDENCE = 100  # rows for each log: its key can sign more contradictions than a disk holds, and one proves it

SCHEMA = (
    "CREATE TABLE witness (one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL) STRICT",
    """CREATE TABLE head (
        origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0),
        root BLOB NOT NULL CHECK (length(root) = 32), time INTEGER NOT NULL CHECK (time > 0),
        note BLOB NOT NULL) STRICT""",
    """CREATE TRIGGER head_forward BEFORE UPDATE ON head
        WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
            OR NEW.time < OLD.time
        BEGIN SELECT RAISE(ABORT, 'a witness goes only forward'); END""",
    "CREATE TRIGGER head_stays BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'a witness forgets nothing'); END",
    # at: seconds since 1970; refused: the log's own lines only, so that other signers cannot cause a second row
    """CREATE TABLE evidence (
        n INTEGER PRIMARY KEY, origin TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL,
        says TEXT NOT NULL, old INTEGER NOT NULL, cosigned BLOB NOT NULL, refused BLOB NOT NULL, proof BLOB NOT NULL,
        UNIQUE (origin, digest)) STRICT""",
    "CREATE TRIGGER evidence_update BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is kept'); END",
    "CREATE TRIGGER evidence_delete BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is kept'); END",
)


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """Hold the largest head cosigned for a log: `note` has the log's lines and ours, `time` is that of ours.

    `time` is in seconds since 1970.
    """

    size: int
    root: bytes
    time: int
    note: bytes


@dataclass(frozen=True, slots=True)
class ConflictEvidence:
    """Hold a head that its log signed and this witness refused, with the cosigned head and the given proof."""

    origin: str
    at: int
    status: int
    says: str
    old: int
    cosigned: bytes
    refused: bytes
    proof: tuple[bytes, ...]


class Memory:
    """Hold the memory of one witness. Threads and processes take turns."""

    role = "witness"
    schema: tuple[str, ...] = SCHEMA

    def __init__(self, path: Path, vkey: str) -> None:
        """Open the memory of the witness `vkey`; `LedgerError` WITNESS-LOST if it is missing or another witness's."""
        if not path.exists():
            raise LedgerError(
                "WITNESS-LOST",
                f"{path} is missing, so nothing says what this {self.role} has cosigned before",
                f"comity {quoted(self.role)} new makes another {self.role}, under another name; this one is retired",
            )
        self.path = path
        self._c = connect(path)
        self._turn = threading.RLock()  # so that no thread reads a state that another may still roll back
        try:
            with SQLiteErrors(path):
                row = self._c.execute("SELECT vkey FROM witness").fetchone()
        except LedgerError:
            self._c.close()
            raise
        if row is None or row["vkey"] != vkey:
            self._c.close()
            raise LedgerError("WITNESS-LOST", f"{path} is the memory of another {self.role}, not of {vkey}")

    @classmethod
    def create(cls, path: Path, vkey: str) -> Self:
        """Make the memory of a witness that has cosigned nothing yet; FileExistsError if it exists."""
        private_folder(path.parent)
        create(path, (*cls.schema, ("INSERT INTO witness VALUES (1, ?)", (vkey,))))
        return cls(path, vkey)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Lock the memory: what is read inside stays true until the end, where what is stored becomes durable."""
        with self._turn, transaction(self._c, self.path):
            yield

    def seen(self, origin: str) -> CosignedHead | None:
        """Return the largest head cosigned for a log; None if there is none."""
        return self._head_in("head", origin)

    def store(self, origin: str, seen: CosignedHead) -> None:
        """Store a head, within a turn; WITNESS-BACK if it would be a step back."""
        self._store_head_in("head", origin, seen)

    def _head_in(self, table: str, origin: str) -> CosignedHead | None:
        sql = f"SELECT size, root, time, note FROM {table} WHERE origin = ?"  # noqa: S608 -- a table of the schema
        with self._turn, SQLiteErrors(self.path):
            row = self._c.execute(sql, (origin,)).fetchone()
        return CosignedHead(*row) if row else None

    def _store_head_in(self, table: str, origin: str, head: CosignedHead) -> None:
        sql = (
            f"INSERT INTO {table} (origin, size, root, time, note) VALUES (?1, ?2, ?3, ?4, ?5)"  # noqa: S608 -- as above
            " ON CONFLICT (origin) DO UPDATE SET size = ?2, root = ?3, time = ?4, note = ?5"
        )
        try:
            self._c.execute(sql, (origin, head.size, head.root, head.time, head.note))
        except sqlite3.IntegrityError as error:
            raise LedgerError("WITNESS-BACK", f"size {head.size} of {origin} would be a step back: {error}") from error

    def keep(self, evidence: ConflictEvidence) -> None:
        """Keep a refused head, within a turn; once for each head, up to a limit."""
        self._c.execute(
            "INSERT OR IGNORE INTO evidence (origin, digest, at, status, says, old, cosigned, refused, proof)"
            " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
            " WHERE (SELECT count(*) FROM evidence WHERE origin = ?1) < ?10",
            (
                evidence.origin,
                note_digest(evidence.refused),
                evidence.at,
                evidence.status,
                evidence.says,
                evidence.old,
                evidence.cosigned,
                evidence.refused,
                b"".join(evidence.proof),
                MOST_EVIDENCE,
            ),
        )

    def evidence(self) -> list[ConflictEvidence]:
        """Return all refused heads that were kept, oldest first."""
        with self._turn, SQLiteErrors(self.path):
            rows = self._c.execute(
                "SELECT origin, at, status, says, old, cosigned, refused, proof FROM evidence ORDER BY n"
            ).fetchall()
        return [ConflictEvidence(**{**row, "proof": _hashes(row["proof"])}) for row in map(dict, rows)]


def _hashes(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[at : at + 32] for at in range(0, len(data), 32))

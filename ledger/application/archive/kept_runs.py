"""Keep the results of the checked segments until an audit ends, so that a killed audit can continue.

The file is in the state folder of the auditor, never in the archive. A result counts only for the same program, trust,
register, states and bytes of the segment, which are read and compared with their digest again. The file is deleted at
the end, so that the next audit checks every segment.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

import msgspec

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import SQLiteErrors, open_or_create, transaction
from ledger.application.archive.check_segment import SegmentRun
from ledger.application.archive.manifest import Segment
from ledger.errors import LedgerError

_SCHEMA = (
    "CREATE TABLE context (one INTEGER PRIMARY KEY CHECK (one = 1), digest BLOB NOT NULL) STRICT",
    "CREATE TABLE run (start INTEGER PRIMARY KEY, segment TEXT NOT NULL, result BLOB NOT NULL) STRICT",
    "INSERT INTO context VALUES (1, x'')",
)


class KeptRuns:
    """The results of an unfinished audit, in an open file. A missing file is made."""

    def __init__(self, path: Path) -> None:
        """Open the file; `LedgerError` LOG-CORRUPT if it is damaged."""
        private_folder(path.parent)
        self._path = path
        self._c = open_or_create(path, tuple((statement, ()) for statement in _SCHEMA))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._c.close()

    def begin(self, context: bytes) -> None:
        """Delete the results of another context. A context has all inputs of a result except the segment."""
        digest = sha256(context).digest()
        with transaction(self._c, self._path) as c:
            if c.execute("SELECT digest FROM context").fetchone() != (digest,):
                c.execute("DELETE FROM run")
                c.execute("UPDATE context SET digest = ?", (digest,))

    def get(self, segment: Segment) -> SegmentRun | None:
        """Return the kept result of a segment with the same digest, or None; `LedgerError` LOG-CORRUPT."""
        with SQLiteErrors(self._path):
            row = self._c.execute("SELECT segment, result FROM run WHERE start = ?", (segment.start,)).fetchone()
        if row is None or row[0] != segment.sha256:
            return None
        try:
            return msgspec.msgpack.decode(row[1], type=SegmentRun)
        except msgspec.DecodeError as error:
            raise LedgerError("LOG-CORRUPT", f"{self._path}: {error}", "move the file away") from None

    def put(self, segment: Segment, run: SegmentRun) -> None:
        """Keep the result of a segment, durably."""
        row = (segment.start, segment.sha256, msgspec.msgpack.encode(run))
        with transaction(self._c, self._path) as c:
            c.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?)", row)

    def end(self) -> None:
        """Delete the file: the audit is complete."""
        self._c.close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(f"{self._path.name}{suffix}").unlink()

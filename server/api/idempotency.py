"""Answer a repeated request with the first answer: the header Idempotency-Key, kept in `requests.db` of the ledger.

The file is no part of the record and can be deleted. Entries are recorded once because of their ids, whatever happens
to the file: it only lets a repeated request have the same bytes as answer. Source:
draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock

from ledger.adapters.storage.sqlite import SQLiteErrors, connect, create
from ledger.errors import LedgerError, RecordError

logger = logging.getLogger(__name__)

KEPT = 7 * 86_400  # seconds
MOST = 100_000  # answers
LONGEST = 200  # characters of a key
_PRUNED = 1_000  # answers between two deletions of old ones
_SCHEMA = (
    """CREATE TABLE answer (
        sender TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (sender, key)) STRICT""",
    "CREATE INDEX answer_at ON answer (at)",
)


class AnswerStore:
    """The answers to requests that were done, by sender and key."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        if not path.exists():
            with suppress(FileExistsError):  # another process has just made it
                create(path, _SCHEMA)
        self.path = path
        self._now = now
        self._lock = Lock()
        self._running: set[tuple[str, str]] = set()
        self._written = 0
        self._c = connect(path)
        self._c.execute("PRAGMA synchronous=NORMAL")  # a power cut may take answers, and no entries
        self._c.row_factory = None

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    def once(self, sender: str, key: str, request: bytes, do: Callable[[], bytes]) -> bytes:
        """Return the answer of `do`, or the kept one if the same request came before.

        `RecordError`: API-KEY-REUSED for another request with the same key, API-IN-FLIGHT while the first one runs.
        """
        if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise RecordError("API-REQUEST", f"a key has 1 to {LONGEST} letters", where="Idempotency-Key")
        digest, name = sha256(request).digest(), (sender, key)
        with self._lock:
            kept = self._kept(name)
            if kept is not None:
                if kept[0] != digest:
                    says = "this key was used with another request"
                    raise RecordError("API-KEY-REUSED", says, where="Idempotency-Key", hint="use a new key")
                return kept[1]
            if name in self._running:
                raise RecordError("API-IN-FLIGHT", "the first request with this key runs", hint="ask again later")
            self._running.add(name)
        try:
            body = do()
            try:
                with self._lock:
                    self._keep(name, digest, body)
            except LedgerError as fault:  # what was asked is done, and is answered
                logger.warning("an answer was not kept: %s", fault)
            return body
        finally:
            with self._lock:
                self._running.discard(name)

    def _kept(self, name: tuple[str, str]) -> tuple[bytes, bytes] | None:
        with SQLiteErrors(self.path):
            row: tuple[bytes, bytes] | None = self._c.execute(
                "SELECT request, body FROM answer WHERE sender = ? AND key = ?", name
            ).fetchone()
            return row

    def _keep(self, name: tuple[str, str], digest: bytes, body: bytes) -> None:
        now = int(self._now())
        with SQLiteErrors(self.path):
            self._c.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", (*name, digest, body, now))
            self._written += 1
            if self._written % _PRUNED == 0:
                self._c.execute("DELETE FROM answer WHERE at < ?", (now - KEPT,))
                self._c.execute(
                    "DELETE FROM answer WHERE rowid IN (SELECT rowid FROM answer ORDER BY at DESC LIMIT -1 OFFSET ?)",
                    (MOST,),
                )

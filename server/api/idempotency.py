"""Answer a repeated request with the first answer: the header Idempotency-Key.

Entries are recorded once because of their ids, whatever happens to the answers: these only let a repeated request have
the same bytes as answer. Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message
from server.api.answers import Answers, Kept, Name

logger = logging.getLogger(__name__)

LONGEST = 200  # characters of a key
_PRUNED = 1_000  # answers between two deletions of old ones


class AnswerStore:
    """The answers to requests that were done, by sender and key."""

    def __init__(self, answers: Answers, now: Callable[[], float] = time.time) -> None:
        self._answers = answers
        self._now = now
        self._lock = Lock()
        self._running: set[Name] = set()
        self._written = 0

    def close(self) -> None:
        """Close the answers."""
        self._answers.close()

    def once(self, sender: str, key: str, request: bytes, do: Callable[[], bytes]) -> bytes:
        """Return the answer of `do`, or the kept one if the same request came before.

        `RecordError`: API-KEY-REUSED for another request with the same key, API-IN-FLIGHT while the first one runs.
        """
        if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise RecordError("API-REQUEST", f"a key has 1 to {LONGEST} letters", where="Idempotency-Key")
        digest, name = sha256(request).digest(), (sender, key)
        with self._lock:
            mine = name not in self._running and self._answers.claim(name)
            try:
                kept = self._answers.kept(name)  # after the claim: the server that had it before has kept its answer
            except BaseException:
                if mine:
                    self._answers.release(name)
                raise
            if mine and kept is None:
                self._running.add(name)
            elif mine:
                self._answers.release(name)
        if kept is not None:
            return _same(kept, digest)
        if not mine:
            raise RecordError(
                "API-IN-FLIGHT", Message("the first request with this key runs"), hint=Message("ask again later")
            )
        try:
            body = do()
            try:
                with self._lock:
                    self._keep(name, (digest, body))
            except LedgerError as fault:  # what was asked is done, and is answered
                logger.warning("an answer was not kept: %s", fault)
            return body
        finally:
            with self._lock:
                self._running.discard(name)
                self._answers.release(name)

    def _keep(self, name: Name, kept: Kept) -> None:
        now = int(self._now())
        self._answers.keep(name, kept, now)
        self._written += 1
        if self._written % _PRUNED == 0:
            self._answers.prune(now)


def _same(kept: Kept, digest: bytes) -> bytes:
    """Return the kept answer to a request with this digest; API-KEY-REUSED if it is to another request."""
    if kept[0] != digest:
        says = "this key was used with another request"
        raise RecordError("API-KEY-REUSED", says, where="Idempotency-Key", hint="use a new key")
    return kept[1]

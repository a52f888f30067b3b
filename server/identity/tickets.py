"""Make challenges that expire and are used once, and store only the used ones."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from hashlib import sha256

from ledger.errors import RecordError
from ledger.messages import Message

_RANDOM, _TIME = 24, 8  # bytes
LENGTH = _TIME + _RANDOM + 32

Spend = Callable[[str, str, int], bool]


class Tickets:
    """Tickets under one secret, which all servers of a ledger share.

    A ticket has its end, random bytes and an HMAC-SHA256 over both and its purpose. `spend` keeps a used one until its
    end, and returns False for one that was used before.
    """

    def __init__(self, secret: bytes, spend: Spend, now: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._spend = spend
        self._now = now

    def make(self, purpose: str, seconds: int) -> bytes:
        """Return a ticket for a purpose, `LENGTH` bytes."""
        body = int(self._now() + seconds).to_bytes(_TIME, "big") + secrets.token_bytes(_RANDOM)
        return body + self._mac(purpose, body)

    def check(self, purpose: str, ticket: bytes) -> None:
        """Return if a ticket is of this purpose and has not expired; `RecordError` API-SIGN-IN."""
        body, mac = ticket[: _TIME + _RANDOM], ticket[_TIME + _RANDOM :]
        if len(ticket) != LENGTH or not hmac.compare_digest(mac, self._mac(purpose, body)):
            raise refused("the challenge is not one of this server")
        if int.from_bytes(body[:_TIME], "big") < self._now():
            raise refused("the challenge has expired")

    def use(self, ticket: bytes) -> None:
        """Use a checked ticket; `RecordError` API-SIGN-IN if it was used before."""
        if not self._spend("ticket", sha256(ticket).hexdigest(), int.from_bytes(ticket[:_TIME], "big")):
            raise refused("the challenge was used before")

    def derive(self, name: str, ticket: bytes) -> bytes:
        """Return a secret value of a ticket, 32 bytes."""
        return self._mac(f"derived {name}", ticket)

    def _mac(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._secret, purpose.encode() + b"\0" + body, sha256)


def refused(says: str) -> RecordError:
    """Return the error of a sign-in that does not hold."""
    return RecordError("API-SIGN-IN", says, hint=Message("begin again; an administrator can make a new code"))

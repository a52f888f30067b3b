"""Encode the value of a guard: the state that a log signed last, and where the guard has gone since, if it has.

The value is one JSON object, so that every backend compares and replaces it as bytes:

    {"size": 3, "root": "<base64>", "note": "<signed note>", "at": "2027-03-01T12:00:00Z"}
    {..., "closed": "moved to etcd://one.example:2379"}      nothing is signed with this guard any more
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

import msgspec

from ledger.entries.case import instant, wire
from ledger.errors import LedgerError
from ledger.tlog.note import b64, unb64


@dataclass(frozen=True, slots=True)
class Signed:
    """Hold the last checkpoint of a log: size, root (32 bytes), signed note, and the log's clock then (UTC)."""

    size: int
    root: bytes
    note: bytes
    at: datetime


class SignedState(msgspec.Struct, frozen=True):
    """Hold a `Signed` as it is sent and stored: root in base64, note as text, time in UTC."""

    size: int
    root: str
    note: str
    at: str

    @classmethod
    def of(cls, signed: Signed) -> SignedState:
        return cls(signed.size, b64(signed.root), signed.note.decode(), wire(signed.at))

    def signed(self) -> Signed:
        return Signed(self.size, unb64(self.root), self.note.encode(), instant(self.at))


class GuardValue(SignedState, frozen=True, omit_defaults=True):
    """Hold the value of a guard; `closed` says why nothing is signed with it any more, empty for an open guard."""

    closed: str = ""


class GuardBackend(Protocol):
    """Define where the value of one guard is kept. Every method is durable on return; none takes a lock.

    Errors: `LedgerError` GUARD-AWAY, STORE-AWAY, STORE-UNSAFE, BUSY, READ-ONLY, DISK-*, LOG-CORRUPT.
    """

    def fetch(self) -> bytes | None:
        """Return the value; None if there is none."""
        ...

    def replace(self, old: bytes, new: bytes) -> bool:
        """Replace `old` by `new`; return False if the value is another one."""
        ...

    def create(self, new: bytes) -> bool:
        """Store the first value; return False if there is one."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


@lru_cache(maxsize=4)
def encode(signed: Signed, closed: str = "") -> bytes:
    """Return the value for a signed state; equal states have equal bytes. Each step of a guard asks for both thrice."""
    stored = SignedState.of(signed)
    return msgspec.json.encode(GuardValue(stored.size, stored.root, stored.note, stored.at, closed))


@lru_cache(maxsize=4)
def decode(value: bytes, place: Hashable) -> tuple[Signed, str]:
    """Return the signed state and why the guard is closed, if it is. LOG-CORRUPT if the value is no such state."""
    try:
        stored = msgspec.json.decode(value, type=GuardValue)
        signed = stored.signed()
        if stored.size < 0 or len(signed.root) != 32:
            raise ValueError("a size below 0, or a root that is none")
    except (ValueError, RecursionError) as error:  # `msgspec.DecodeError` is a ValueError
        raise LedgerError("LOG-CORRUPT", f"the guard in {place} holds no signed state: {error}") from None
    return signed, stored.closed

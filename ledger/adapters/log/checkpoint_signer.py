"""Sign the checkpoints of a log, with its key and its guard, in this process or in a separate one.

Each size is signed once: the guard is advanced before the signature is returned. The key of a size is
`log.key`, or `log.<n>.key` from size n on. The first checkpoint under a new key is signed by both keys, so
that a verifier that trusts the old key sees the new one begin.

The key signs one thing besides checkpoints: the root of the checkpoint that it signed last, as the payload of
receipts (RFC 9942). The caller names no root, so the guard decides which tree is signed.

Another key is next to it: `heads.key`, and after it `heads.2.key` and so on, with which the ledger itself signs the
entries that commit the heads of its orders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ledger.adapters.keys import key_files
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from ledger.adapters.log.sign_once_guard import Guard, Signed, signing_time
from ledger.errors import LedgerError
from ledger.tlog.cose_receipt import SignedRoot, signed_bytes
from ledger.tlog.note import Checkpoint, Vkey, format_checkpoint, log_vkey, parse_vkey, sign_note_with

Prove = Callable[[], Sequence[bytes]]  # returns the consistency proof from the old tree to the new one
Say = Callable[[str], None]

_FIRST = "log.key"
_LATER = re.compile(r"log\.([1-9][0-9]{0,15})\.key")
_HEADS = re.compile(r"heads(?:\.([1-9][0-9]{0,5}))?\.key")


class Signatory(Protocol):
    """Define what a log needs from its signer."""

    def last(self) -> Signed:
        """Return the state that was signed last; `LedgerError` GUARD-MISSING."""
        ...

    def step(self, before: Signed, size: int, root: bytes, prove: Prove, now: datetime, say: Say) -> Signed | None:
        """Sign the tree of `size` entries as the successor of `before`; durable on return.

        None if another process has signed since `before`. `LedgerError`: LOG-ROLLBACK, LOG-FORKED,
        CLOCK-BACK, KEY-*.
        """
        ...

    def sign_root(self) -> SignedRoot:
        """Sign the root of the state that was signed last, for receipts.

        `LedgerError`: GUARD-MISSING, KEY-*, NO-CBOR.
        """
        ...

    def heads_key(self, *, make: bool = False) -> Key:
        """Return the newest key that commits heads; with `make` a new one. `LedgerError` KEY-*."""
        ...

    def ready(self, last: Signed, now: datetime) -> None:
        """Raise the errors that `step` would raise for any tree: clock, key."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


class LocalSigner:
    """Sign in this process, with the guard and the keys in `state`; with `known`, by these keys alone."""

    def __init__(self, origin: str, state: Path, known: Sequence[Vkey] = ()) -> None:
        self._origin = origin
        self._state = state
        self._known = tuple(known)
        self._guard: Guard | None = None
        self._opened: dict[str, Key] = {}

    @property
    def guard(self) -> Guard:
        """Return the guard; `LedgerError` GUARD-MISSING, and nothing is signed."""
        if self._guard is None:
            self._guard = Guard(self._state / "guard.db")
        return self._guard

    def last(self) -> Signed:
        """Return the state that was signed last."""
        return self.guard.last()

    def step(self, before: Signed, size: int, root: bytes, prove: Prove, now: datetime, say: Say) -> Signed | None:
        """Sign as `Signatory.step` says; `prove` is not called, because the tree comes from our own event store."""
        at = signing_time(before.at, now, say)
        note = self._note(before.size, Checkpoint(self._origin, size, root))
        after = Signed(size, root, note, at.replace(microsecond=0))
        return after if self.guard.advance(before, after) else None

    def sign_root(self) -> SignedRoot:
        """Sign as `Signatory.sign_root` says, by the key of that size."""
        last = self.last()
        key = self._key(_name(later_keys(self._state), last.size))
        signature = key.sign(signed_bytes(self._origin, key.public, last.root))
        return SignedRoot(last.size, last.root, key.public, signature)

    def heads_key(self, *, make: bool = False) -> Key:
        """Return a key as `Signatory.heads_key` says, from the folder of the log key."""
        numbers = sorted(int(match[1] or 1) for match in map(_HEADS.fullmatch, _names(self._state)) if match)
        last = numbers[-1] if numbers else 0
        if make:
            return key_files.new(self._state / _heads_name(last + 1))
        if not last:
            says = "this ledger has no key that commits its heads"
            raise LedgerError("KEY-MISSING", says, "comity log commit --enrol makes one")
        return open_key(str(self._state / _heads_name(last)))

    def ready(self, last: Signed, now: datetime) -> None:
        """Raise the errors that `Signatory.ready` lists."""
        signing_time(last.at, now, lambda _: None)
        self._key(_name(later_keys(self._state), last.size))

    def close(self) -> None:
        """Close the guard."""
        if self._guard is not None:
            self._guard.close()

    def vkey(self, size: int) -> Vkey:
        """Return the verifier key under which a checkpoint of `size` entries is signed here."""
        return self._vkey(self._key(_name(later_keys(self._state), size)))

    def _note(self, before: int, checkpoint: Checkpoint) -> bytes:
        text = format_checkpoint(checkpoint)
        starts = later_keys(self._state)
        names = dict.fromkeys(_name(starts, size) for size in (before, checkpoint.size))  # two at a change of key
        keys = [self._key(name) for name in names]
        notes = [sign_note_with(text, self._vkey(key), key.sign) for key in keys]
        return (notes[0] + "".join(note.removeprefix(f"{text}\n") for note in notes[1:])).encode()

    def _key(self, name: str) -> Key:
        if name not in self._opened:
            key = open_key(str(self._state / name))
            if self._known and self._vkey(key) not in self._known:
                raise LedgerError("KEY-FORMAT", f"{self._state / name} is not the key of {self._origin}")
            self._opened[name] = key
        return self._opened[name]

    def _vkey(self, key: Key) -> Vkey:
        return parse_vkey(log_vkey(self._origin, key.public))


def later_keys(state: Path) -> dict[int, str]:
    """Return the keys that followed the first one: first size -> file name."""
    return {int(match[1]): match[0] for match in map(_LATER.fullmatch, _names(state)) if match}


def _name(starts: Mapping[int, str], size: int) -> str:
    """Return the file name of the key that signs a size; `starts` are the keys that followed the first."""
    return next((starts[n] for n in sorted(starts, reverse=True) if n <= size), _FIRST)


def _names(state: Path) -> list[str]:
    try:
        return os.listdir(state)
    except FileNotFoundError:
        return []


def _heads_name(number: int) -> str:
    return "heads.key" if number == 1 else f"heads.{number}.key"

"""Sign the checkpoints of a log, with its key and its guard, in this process or in a separate one.

Each size is signed once: the guard is advanced before the signature is returned. The Ed25519 key of a size is
`log.key`, or `log.<n>.key` from size n on. If the log has an ML-DSA-44 key as well, `log.mldsa.<n>.key` makes a
second line from size n on, with the time of signing (type 0x06). The first checkpoint under a new key is signed
by the old one too, so that a verifier that trusts the old key sees the new one begin.

The Ed25519 key signs one thing besides checkpoints: the root of the checkpoint that it signed last, as the
payload of receipts (RFC 9942). The caller names no root, so the guard decides which tree is signed.

Another key is next to it: `heads.key`, and after it `heads.2.key` and so on, with which the ledger itself signs the
entries that commit the heads of its orders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.guard.sign_once_guard import Guard, signing_time
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys import key_files, mldsa
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from ledger.errors import LedgerError, RecordError
from ledger.tlog.cose_receipt import SignedRoot, signed_bytes
from ledger.tlog.note import (
    ED25519,
    MLDSA44,
    Checkpoint,
    Vkey,
    cosign_mldsa,
    format_checkpoint,
    format_line,
    open_checkpoint,
    signed_with,
)

Prove = Callable[[], Sequence[bytes]]  # returns the consistency proof from the old tree to the new one
Say = Callable[[str], None]

_FIRST = "log.key"
_HEADS = re.compile(r"heads(?:\.([1-9][0-9]{0,5}))?\.key")
_LATER = {
    ED25519: re.compile(r"log\.([1-9][0-9]{0,15})\.key"),
    MLDSA44: re.compile(r"log\.mldsa\.([1-9][0-9]{0,15})\.key"),
}


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
        self._opened: dict[str, Key] = {}  # by the name of their file
        self._seen = b""  # the note that was verified or signed last
        self._single = b""  # the last note that is known to have no ML-DSA-44 line

    @property
    def guard(self) -> Guard:
        """Return the guard; `LedgerError` GUARD-MISSING, and nothing is signed."""
        if self._guard is None:
            self._guard = Guard(place_in(self._state))
        return self._guard

    def last(self) -> Signed:
        """Return the state that was signed last; KEY-MISSING if another machine signed it by a key that is not here."""
        last = self.guard.last()
        if self._known and last.note != self._seen:
            self._check(last)
            self._seen = last.note
        return last

    def _check(self, last: Signed) -> None:
        """Verify a note that another machine may have stored in the guard."""
        try:
            head = open_checkpoint(last.note, self._origin, self._known, (), mldsa=mldsa.verify).checkpoint
        except RecordError as wrong:
            says = f"the guard in {self.guard.place} has a checkpoint that the keys of {self._origin} did not sign"
            hint = "was the key of the log replaced on another machine? Copy trust/policy and log.<n>.key from there"
            raise LedgerError("KEY-MISSING", f"{says}: {wrong.says}", hint) from None
        if (head.size, head.root) != (last.size, last.root):
            raise LedgerError("LOG-CORRUPT", f"the guard in {self.guard.place} has a checkpoint of another tree")

    def step(self, before: Signed, size: int, root: bytes, prove: Prove, now: datetime, say: Say) -> Signed | None:
        """Sign as `Signatory.step` says; `prove` is not called, because the tree comes from our own event store."""
        at = signing_time(before.at, now, say)
        at = at.replace(microsecond=0)
        after = Signed(size, root, self._note(before, Checkpoint(self._origin, size, root), at), at)
        if not self.guard.advance(before, after):
            return None
        self._seen = after.note  # by our own keys: nothing to verify
        return after

    def sign_root(self) -> SignedRoot:
        """Sign as `Signatory.sign_root` says, by the key of that size."""
        last = self.last()
        (key,) = self._keys(ED25519, _starts(tuple(_names(self._state))), last.size)
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
        self._keys_of(last, last.size + 1)

    def close(self) -> None:
        """Close the guard."""
        if self._guard is not None:
            self._guard.close()

    def _note(self, before: Signed, checkpoint: Checkpoint, at: datetime) -> bytes:
        text = format_checkpoint(checkpoint)
        note = f"{text}\n"
        first, second = self._keys_of(before, checkpoint.size)
        for key in first:
            note += format_line(Vkey.of(self._origin, ED25519, key.public), key.sign(text.encode()))
        for key in second:
            note += cosign_mldsa(note.encode(), self._origin, key.public, key.sign, int(at.timestamp()))
        made = note.encode()
        if not second:
            self._single = made
        return made

    def _is_single(self, note: bytes) -> bool:
        """Return True if a note has no ML-DSA-44 line; the last one of these is not parsed again."""
        if note != self._single and not signed_with(note, self._origin, MLDSA44):
            self._single = note
        return note == self._single

    def _keys_of(self, before: Signed, size: int) -> tuple[list[Key], list[Key]]:
        """Return the Ed25519 and the ML-DSA-44 keys of a size; KEY-MISSING if one that signed `before` is gone."""
        starts = _starts(tuple(_names(self._state)))
        second = self._keys(MLDSA44, starts, before.size, size)
        if not second and not self._is_single(before.note):
            raise LedgerError(
                "KEY-MISSING",
                f"{self._state} has no ML-DSA-44 key, and this log signed its last checkpoint with one",
                "put log.mldsa.<n>.key back; only if it is lost for good: comity key add-log makes another",
            )
        return self._keys(ED25519, starts, before.size, size), second

    def _keys(self, kind: int, starts: Mapping[int, Mapping[int, str]], *sizes: int) -> list[Key]:
        """Return the keys of one signature type that sign these sizes: two at a change of key."""
        begun = [max((n for n in starts[kind] if n <= size), default=None) for size in sizes]
        return [self._key(kind, starts[kind][n]) for n in dict.fromkeys(begun) if n is not None]

    def _key(self, kind: int, name: str) -> Key:
        if name not in self._opened:
            path = self._state / name
            key = open_key(str(path)) if kind == ED25519 else mldsa.load(path)
            if self._known and Vkey.of(self._origin, kind, key.public) not in self._known:
                raise LedgerError("KEY-FORMAT", f"{path} is not the key of {self._origin}")
            self._opened[name] = key
        return self._opened[name]


@lru_cache(maxsize=8)  # asked twice for each checkpoint
def _starts(names: tuple[str, ...]) -> Mapping[int, Mapping[int, str]]:
    """Return by signature type the first size and the file of each key, of the files of a folder."""
    return {ED25519: {0: _FIRST} | _later(names, ED25519), MLDSA44: _later(names, MLDSA44)}


def later_keys(state: Path, kind: int = ED25519) -> dict[int, str]:
    """Return the keys of one signature type that followed the first: first size -> file name."""
    return _later(_names(state), kind)


def _later(names: Sequence[str], kind: int) -> dict[int, str]:
    return {int(match[1]): match[0] for match in map(_LATER[kind].fullmatch, names) if match}


def _names(state: Path) -> list[str]:
    try:
        return os.listdir(state)
    except FileNotFoundError:
        return []


def _heads_name(number: int) -> str:
    return "heads.key" if number == 1 else f"heads.{number}.key"

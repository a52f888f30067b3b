"""Who signs the checkpoints of a log: the key and the guard together, in this process or in one of their own.

Each size is signed once: the guard takes the step before the signature leaves. The key of a size is the one of
`log.key`, or of `log.<n>.key` from size n on; the first checkpoint under a new key is signed by both, so that whoever
trusts the old one sees the new one begin.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from ledger.adapters.log.sign_once_guard import Guard, Signed, signing_time
from ledger.errors import LedgerError
from ledger.tlog.note import Checkpoint, Vkey, format_checkpoint, log_vkey, parse_vkey, sign_note_with

Prove = Callable[[], Sequence[bytes]]  # the proof that the new tree begins with the old one, made when it is asked for
Say = Callable[[str], None]

_FIRST = "log.key"
_LATER = re.compile(r"log\.([1-9][0-9]{0,15})\.key")


class Signatory(Protocol):
    """What a log needs of whoever signs for it."""

    def last(self) -> Signed:
        """What was signed last; `LedgerError` GUARD-MISSING."""
        ...

    def step(self, before: Signed, size: int, root: bytes, prove: Prove, now: datetime, say: Say) -> Signed | None:
        """Sign the tree of `size` entries as what follows `before`; durable on return.

        None if `before` is not what was signed last: somebody else has signed meanwhile. `LedgerError`: LOG-ROLLBACK,
        LOG-FORKED, CLOCK-BACK, KEY-*.
        """
        ...

    def ready(self, last: Signed, now: datetime) -> None:
        """Raise now what `step` would raise whatever is signed: clock, key."""
        ...

    def close(self) -> None:
        """Let go of files or connections."""
        ...


class LocalSigner:
    """Signs in this process, with the guard and the keys in `state`; with `known`, by these keys alone."""

    def __init__(self, origin: str, state: Path, known: Sequence[Vkey] = ()) -> None:
        self._origin = origin
        self._state = state
        self._known = tuple(known)
        self._guard: Guard | None = None
        self._opened: dict[str, Key] = {}

    @property
    def guard(self) -> Guard:
        """The guard; `LedgerError` GUARD-MISSING, and nothing is signed."""
        if self._guard is None:
            self._guard = Guard(self._state / "guard.db")
        return self._guard

    def last(self) -> Signed:
        """What was signed last."""
        return self.guard.last()

    def step(self, before: Signed, size: int, root: bytes, prove: Prove, now: datetime, say: Say) -> Signed | None:
        """As `Signatory.step`; the tree comes from this process's own shelf, so no proof is asked for."""
        at = signing_time(before.at, now, say)
        note = self._note(before.size, Checkpoint(self._origin, size, root))
        after = Signed(size, root, note, at.replace(microsecond=0))
        return after if self.guard.advance(before, after) else None

    def ready(self, last: Signed, now: datetime) -> None:
        """As `Signatory.ready`."""
        signing_time(last.at, now, lambda _: None)
        self._key(_name(later_keys(self._state), last.size))

    def close(self) -> None:
        """Close the guard."""
        if self._guard is not None:
            self._guard.close()

    def vkey(self, size: int) -> Vkey:
        """The verifier key under which a checkpoint of `size` entries is signed here."""
        return self._vkey(self._key(_name(later_keys(self._state), size)))

    def _note(self, before: int, checkpoint: Checkpoint) -> bytes:
        text = format_checkpoint(checkpoint)
        starts = later_keys(self._state)
        names = dict.fromkeys(_name(starts, size) for size in (before, checkpoint.size))  # two at the change, else one
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
    """The keys that have followed the first one: from which size on -> file."""
    try:
        names = os.listdir(state)
    except FileNotFoundError:
        return {}
    return {int(match[1]): match[0] for match in map(_LATER.fullmatch, names) if match}


def _name(starts: Mapping[int, str], size: int) -> str:
    """The file of the key that signs a size, given those that have followed the first."""
    return next((starts[n] for n in sorted(starts, reverse=True) if n <= size), _FIRST)

"""Remember the largest verified head of a log, and how far its orders went, so that a server cannot go back unnoticed.

The state of one log is one JSON file in a folder of the user. What contradicts it is kept in the same folder, in
`evidence`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.errors import LedgerError
from ledger.tlog.note import parse_checkpoint


class Seen(Struct, frozen=True):
    """The newest verified entry of an order: its number (from 1) and its leaf hash."""

    seq: int
    leaf: str


class Memory(Struct):
    """What was verified before: the note of the largest head (None if there is none), and the newest entries."""

    note: str | None = None
    orders: dict[str, Seen] = {}


class MemoryFile:
    """The memory of one log in a folder."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.folder = private_folder(folder / sha256(origin.encode()).hexdigest())
        self._path = self.folder / "verified.json"
        self._waits = False  # a file is written for many orders together
        self.memory = self._read()

    def _read(self) -> Memory:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Memory)
        except FileNotFoundError:
            return Memory()
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            says = f"{self._path} cannot be read, so nothing shows what was verified before: {wrong}"
            raise LedgerError("LOG-CORRUPT", says, "delete it only if you accept any head of this log") from None

    def newest(self) -> str | None:
        """Return the note of the largest head that this process or another one has verified."""
        return self._read().note

    def head(self, note: str) -> None:
        """Remember the note of a larger verified head."""
        self.memory.note = note
        self._write()

    def order(self, order: str, newest: Seen) -> None:
        """Remember the newest verified entry of an order."""
        if self.memory.orders.get(order) != newest:
            self.memory.orders[order] = newest
            if not self._waits:
                self._write()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Remember the orders that are verified in a block when it ends: one write for a list."""
        known, self._waits = dict(self.memory.orders), True
        try:
            yield
        finally:
            self._waits = False
            if self.memory.orders != known:
                self._write()

    def keep(self, evidence: bytes, ending: str) -> Path:
        """Keep evidence durably, under its digest; return its path."""
        folder = private_folder(self.folder / "evidence")
        path = folder / f"{sha256(evidence).hexdigest()[:32]}.{ending}"
        replace_file(path, evidence)
        return path

    def _write(self) -> None:
        """Write what this process and others have verified: of each head and order the larger one."""
        with (self.folder / "lock").open("wb") as lock:
            flock(lock, LOCK_EX)
            stored, own = self._read(), self.memory
            if size_of(stored.note) > size_of(own.note):
                own.note = stored.note
            own.orders |= {o: s for o, s in stored.orders.items() if o not in own.orders or s.seq > own.orders[o].seq}
            replace_file(self._path, msgspec.json.encode(own))


def size_of(note: str | None) -> int:
    """Return the size of the tree in a note that was verified; -1 without one."""
    return -1 if note is None else parse_checkpoint(note.partition("\n\n")[0] + "\n").size

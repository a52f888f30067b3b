"""Where the entries of a ledger are: a file of its own folder, one that somebody else made, or a database.

The same questions go to each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import HandedFile

Place = Path | Address
Readable = Place | HandedFile


class Line(Protocol):
    """A connection for questions, in SQLite's words; rows come as tuples."""

    def execute(self, statement: str, params: Sequence[Any] = ..., /) -> Any:
        """Ask one question; its rows are in the cursor that comes back."""

    def close(self) -> None:
        """Hang up."""


def line(place: Readable, *, writable: bool = False) -> Line:
    """A connection for questions; as one that is written beside it where `writable`. Raises what `connect` raises."""
    if isinstance(place, Address):
        return postgres.Line(place, writable=writable)
    if isinstance(place, HandedFile):
        return sqlite.connect_handed(place)
    c = sqlite.connect(place, writable=writable)
    c.row_factory = None
    return c


def faults(place: Readable) -> AbstractContextManager[None]:
    """Turns what the database says into a `LedgerError` about `place`; broken constraints pass through."""
    if isinstance(place, Address):
        return postgres.faults(place)
    return sqlite.faults(place.path if isinstance(place, HandedFile) else place)

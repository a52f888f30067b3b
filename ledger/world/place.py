"""Where the entries of a ledger are: a file of its own folder, or a database. The same questions go to either."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from ledger.world import postgres, sqlite
from ledger.world.postgres import Address

Place = Path | Address


class Line(Protocol):
    """A connection for questions, in SQLite's words; rows come as tuples."""

    def execute(self, statement: str, params: Sequence[Any] = ..., /) -> Any:
        """Ask one question; its rows are in the cursor that comes back."""

    def close(self) -> None:
        """Hang up."""


def line(place: Place, *, writable: bool = False) -> Line:
    """A connection for questions; as one that is written beside it where `writable`. Raises what `connect` raises."""
    if isinstance(place, Address):
        return postgres.Line(place, writable=writable)
    c = sqlite.connect(place, writable=writable)
    c.row_factory = None
    return c


def faults(place: Place) -> AbstractContextManager[None]:
    """Turns what the database says into a `LedgerFault` about `place`; broken constraints pass through."""
    return postgres.faults(place) if isinstance(place, Address) else sqlite.faults(place)

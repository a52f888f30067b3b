"""The receipt of a recorded entry."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Receipt(msgspec.Struct, frozen=True, eq=False, gc=False):
    """The place of a recorded entry, and whether the entry was there before this call; ids and hashes are hex."""

    index: int
    leaf: str
    entry: str
    order: str
    seq: int
    already: bool
    _prove: Callable[[int], bytes]

    @property
    def proof(self) -> bytes:
        """The c2sp.org/tlog-proof file of the entry, under the newest checkpoint of the log."""
        return self._prove(self.index)

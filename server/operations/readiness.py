"""Decide whether a server can take requests now: a load balancer asks before it sends any."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from ledger.errors import LedgerError

LEAST_FREE = 64 << 20  # bytes of a disk
_MIB = 1 << 20


class Readiness(Struct, frozen=True):
    """The conditions under which a server takes requests.

    `health` returns for how many seconds the log could not be signed, and the code of the last failure (empty after a
    success); `store` reads the entries; `ending` is True once the server was asked to end. The server writes to
    `folders`; `within` is in seconds and `least_free` in bytes.
    """

    health: Callable[[], tuple[float, str]]
    store: Callable[[], object]
    ending: Callable[[], bool]
    folders: Sequence[Path]
    within: float
    least_free: int = LEAST_FREE

    def check(self) -> None:
        """Return if the server is ready; `LedgerError` API-UNREADY, or what reading the store raises."""
        if self.ending():
            raise _unready("the server ends")
        seconds, says = self.health()
        if says or seconds > self.within:
            raise _unready(f"the log could not be signed for {seconds:.0f} seconds: {says}")
        self.store()
        for folder in self.folders:
            try:
                free = shutil.disk_usage(folder).free
            except OSError:
                raise _unready("a folder of the server cannot be reached") from None
            if free < self.least_free:
                raise _unready(f"a disk of the server has {free // _MIB} MiB left")


def _unready(says: str) -> LedgerError:
    return LedgerError("API-UNREADY", says)

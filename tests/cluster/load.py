"""Writers that record over HTTPS through HAProxy, and keep every receipt that they were ever given."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import comity
from comity.remote.ledger import RemoteLedger
from comity.remote.recording import RecordedEntry
from ledger.errors import LedgerError, RecordError

WRITERS = 3
LENGTH = 12  # entries of an order
SENT = {"addressee": "skylark", "channel": "provider-portal"}
TRANSIENT = {"HTTP-SILENT", "BUSY", "API-UNREADY", "API-RATE", "STORE-AWAY", "GUARD-AWAY", "SIGNER-AWAY"}
_PAUSE = 0.2  # seconds after a failure


@dataclass
class Taken:
    """The answers to the writers: receipts, ids that are on record already, the time of each, and all failures."""

    receipts: list[RecordedEntry] = field(default_factory=list)
    on_record: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    slowest: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)


class Load:
    """Writers as threads of this process; each has its own connection, memory and orders."""

    def __init__(self, url: str, ca: Path, key: Path, trust: Path, state: Path) -> None:
        self._connect: dict[str, Any] = {"url": url, "ca": str(ca), "key": str(key), "trust": str(trust)}
        self._state = state
        self._lock = Lock()
        self._stopped = Event()
        self._threads: list[Thread] = []
        self.taken = Taken()

    def start(self) -> None:
        """Begin to write."""
        self._stopped.clear()
        self._threads = [Thread(target=self._write, args=(n,), daemon=True) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each writer finish the entry that it records, and end."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a writer got no answer within two minutes"

    def last(self) -> float:
        """Return when the last receipt came, in seconds of the monotonic clock."""
        return self.taken.moments[-1]

    def gap(self, since: float) -> float:
        """Return the longest time without a receipt after a moment, in seconds."""
        moments = [since, *(each for each in self.taken.moments if each > since), time.monotonic()]
        return max(after - before for before, after in pairwise(moments))

    def _write(self, number: int) -> None:
        with comity.connect(**self._connect, state=self._state / str(number)) as ledger:
            while not self._stopped.is_set():
                begun = self._record(ledger, "order-issued", _order())
                for _ in range(LENGTH):
                    if begun is None or self._stopped.is_set():
                        break
                    self._record(ledger, "order-transmitted", SENT, begun.order)

    def _record(
        self, ledger: RemoteLedger, kind: str, fields: dict[str, Any], order: str | None = None
    ) -> RecordedEntry | None:
        """Record one entry, and repeat it under its id until there is a receipt or the entry is on record."""
        entry, begun = secrets.token_hex(16), time.monotonic()
        while True:
            try:
                got = ledger.record(kind, fields, order, role="ISS", entry=entry)
            except (LedgerError, RecordError) as error:
                with self._lock:
                    self.taken.failures[f"{error.code}: {error.says}"[:160]] += 1
                    if error.code == "CONFLICT":
                        self.taken.on_record.append(entry)
                        return None
                if error.code not in TRANSIENT and not self._stopped.is_set():
                    time.sleep(_PAUSE)
                if self._stopped.is_set():
                    return None
                time.sleep(_PAUSE)
                continue
            with self._lock:
                now = time.monotonic()
                self.taken.receipts.append(got)
                self.taken.moments.append(now)
                self.taken.slowest = max(self.taken.slowest, now - begun)
            return got


def _order() -> dict[str, Any]:
    """Return an order with a sealed value."""
    return {
        "instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "issuing_authority": "ilves",
        "providers": ["skylark"], "data_categories": ["subscriber"], "identifiers": [f"skyl-{secrets.token_hex(4)}"],
    }  # fmt: skip

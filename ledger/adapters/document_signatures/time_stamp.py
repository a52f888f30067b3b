"""Obtain a time stamp over a signature from the authorities of a ledger (RFC 3161)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ledger.adapters.timestamps.rfc3161 import authorities, need, obtain, trusted
from ledger.errors import LedgerError

WITHOUT = "--no-time-stamp signs without one"
TimeStamper = Callable[[bytes], bytes]  # a signature -> the raw reply of an authority


def time_stamper(tsa: Path, now: Callable[[], datetime]) -> TimeStamper:
    """Return a function that asks the authorities of a trust folder (`trust/tsa`), in order, until one answers.

    Its reply is verified as `rfc3161.obtain` does it. `LedgerError`: NO-TSA without the extra, TSA-UNNAMED if
    the ledger names no authority; of the function TSA-REFUSED if none answers, CLOCK-AHEAD.
    """
    need()
    urls = authorities(tsa)
    if not urls:
        hint = f"comity stamp add NAME URL --root FILE; {WITHOUT}"
        raise LedgerError("TSA-UNNAMED", "this ledger names no time-stamp authority", hint)

    def stamp(signature: bytes) -> bytes:
        faults = []
        for name, url in urls.items():
            try:
                return obtain(url, signature, trusted(tsa), now())
            except LedgerError as fault:
                if fault.code == "CLOCK-AHEAD":
                    raise
                faults.append(f"{name}: {fault}")
        raise LedgerError("TSA-REFUSED", f"no authority gave a time stamp; {'; '.join(faults)}", WITHOUT)

    return stamp

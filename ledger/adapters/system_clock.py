"""Check whether the clock of this machine can be trusted, because its time is signed and kept for ever.

A program cannot know the true time, only whether clocks agree. The clock is compared with the time of the
newest head, and with the times that witnesses and time-stamp authorities give while a command runs. The
commands decide, and they skip the check for a simulated clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ledger.entries.case import wire
from ledger.errors import LedgerError

IDLE = timedelta(days=31)  # limit by which the clock may be ahead of the newest head
AWAY = timedelta(minutes=10)  # limit by which the clock may differ from a time given from outside

HINT = "look at the clock of this machine; only if it is right: --clock-is-right"


def ahead(now: datetime, head: datetime) -> LedgerError | None:
    """Return CLOCK-AHEAD if the clock is more than 31 days ahead of the newest head; None if not."""
    if now - head <= IDLE:
        return None
    days = (now - head).days
    says = (
        f"the clock says {wire(now)}, {days} days after the newest head of this log ({wire(head)}); nothing was signed"
    )
    return LedgerError("CLOCK-AHEAD", says, HINT)


def away(now: datetime, given: Iterable[tuple[str, datetime]], liars: int = 0) -> LedgerError | None:
    """Return CLOCK-AHEAD if the clock differs by more than ten minutes from times given from outside; None if not.

    `given` names the source of each time. Up to `liars` sources may be wrong: the error needs one more.
    """
    far = [(who, at) for who, at in given if abs(now - at) > AWAY]
    if len(far) <= liars:
        return None
    who, at = far[0]
    says = f"the clock says {wire(now)}, and {who} says {wire(at)}; nothing was signed"
    return LedgerError("CLOCK-AHEAD", says, HINT)

"""Whether the clock of this machine can be believed: what it says is signed and stays for ever.

A program cannot know what time it is, only whether clocks agree. What is compared: the time of the newest head,
and the times that witnesses and time-stamp authorities give while a command runs. Nothing here is asked of a simulated
clock; the commands decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ledger.entries.case import wire
from ledger.errors import LedgerError

IDLE = timedelta(days=31)  # by which a clock may be ahead of the newest head
AWAY = timedelta(minutes=10)  # by which it may be away from a time given from outside

HINT = "look at the clock of this machine; only if it is right: --clock-is-right"


def ahead(now: datetime, head: datetime) -> LedgerError | None:
    """CLOCK-AHEAD if the clock is more than 31 days ahead of the newest head; None if not."""
    if now - head <= IDLE:
        return None
    days = (now - head).days
    says = (
        f"the clock says {wire(now)}, {days} days after the newest head of this log ({wire(head)}); nothing was signed"
    )
    return LedgerError("CLOCK-AHEAD", says, HINT)


def away(now: datetime, given: Iterable[tuple[str, datetime]], liars: int = 0) -> LedgerError | None:
    """CLOCK-AHEAD if the clock is more than ten minutes away from times given from outside; None if not.

    `given` names who gives each time. Of `liars` it is expected that they may be wrong: only one more counts.
    """
    far = [(who, at) for who, at in given if abs(now - at) > AWAY]
    if len(far) <= liars:
        return None
    who, at = far[0]
    says = f"the clock says {wire(now)}, and {who} says {wire(at)}; nothing was signed"
    return LedgerError("CLOCK-AHEAD", says, HINT)

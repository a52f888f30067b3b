"""Compare the clock of this machine with the one of a shared guard.

A machine whose clock is wrong must not date a signature: no other machine could sign after a date that is ahead.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.entries.case import wire

SKEW = 120.0  # seconds; far below the five minutes after which other machines sign nothing any more


class ClockDiffers(Exception):
    """Report a guard with another time than this machine."""


def check_clock(given: float, asked: float, answered: float) -> None:
    """Raise `ClockDiffers` if an answer is dated far from the time in which it was made; seconds since 1970."""
    if not asked - SKEW <= given <= answered + SKEW:
        here, there = (datetime.fromtimestamp(int(each), UTC) for each in (answered, given))
        raise ClockDiffers(f"says that it is {wire(there)}, and the clock of this machine says {wire(here)}")

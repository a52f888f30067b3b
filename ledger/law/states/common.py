"""The rows of every machine: three come before those of the instrument, three after them."""

from __future__ import annotations

from ledger.law.states.conditions import after_a_withdrawal, confirmed
from ledger.law.states.machine import ANY, OTHER, STAYS, Machine, Move, TimedMove

BEFORE_ALL = (
    Move("-", "order-drafted", "DRAFT"),
    Move("- DRAFT", "order-supervised order-validated", "DRAFT"),
    Move(OTHER, "order-supervised order-validated", STAYS),
)
AFTER_ALL = (
    Move(ANY, "withdrawal-confirmed", STAYS, when=after_a_withdrawal),
    Move(ANY, "order-repudiated", "REPUDIATED"),
    Move(OTHER, "deadline-lapsed", STAYS, when=confirmed),
)


def machine(*instruments: str, rows: tuple[Move, ...], alone: tuple[TimedMove, ...] = ()) -> Machine:
    """Return the machine of these instruments: their own rows between the rows of every machine."""
    return Machine(*instruments, rows=(*BEFORE_ALL, *rows, *AFTER_ALL), alone=alone)

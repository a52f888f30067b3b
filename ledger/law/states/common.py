"""The rows of every machine: three stand before those of the instrument, three after them."""

from __future__ import annotations

from ledger.law.states.conditions import after_a_withdrawal, confirmed
from ledger.law.states.machine import ANY, OTHER, STAYS, Alone, Machine, Row

BEFORE_ALL = (
    Row("-", "order-drafted", "DRAFT"),
    Row("- DRAFT", "order-supervised order-validated", "DRAFT"),
    Row(OTHER, "order-supervised order-validated", STAYS),
)
AFTER_ALL = (
    Row(ANY, "withdrawal-confirmed", STAYS, when=after_a_withdrawal),
    Row(ANY, "order-repudiated", "REPUDIATED"),
    Row(OTHER, "deadline-lapsed", STAYS, when=confirmed),
)


def machine(*instruments: str, rows: tuple[Row, ...], alone: tuple[Alone, ...] = ()) -> Machine:
    """The machine of these instruments: their own rows, with the rows of every machine around them."""
    return Machine(*instruments, rows=(*BEFORE_ALL, *rows, *AFTER_ALL), alone=alone)

"""Say after a reception or an import which orders may be one order."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING

from cli.terminal import output
from ledger.command_line import command_line

if TYPE_CHECKING:
    from ledger.application.journal import Journal

MOST = 3  # pairs that are named one by one


def tell_same_orders(journal: Journal, orders: Collection[str]) -> None:
    """Say which of these orders may be an order that is on record in another way."""
    from ledger.application.intake.same_orders import SameOrders

    found = list(SameOrders(journal.cases, journal.store).offered_for(orders)) if orders else []
    for each in islice(found, MOST):
        confirm = command_line("order", "join", each.order[:8], each.imported[:8])
        says = f"{each.reference} of {each.office} is on record twice: it arrived, and it was imported"
        output.tell(f"{says}; if it is one order: {confirm} --as OFFICE")
    if len(found) > MOST:
        output.tell(f"and {len(found) - MOST} more; `comity order join` lists all of them")

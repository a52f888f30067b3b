"""`comity orders`: every order and the state it is in."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.docket import docket_rows
from cli.session.options import AS_OF
from cli.terminal import output
from cli.terminal.answer import CommandAnswer


class OrderItem(Struct, frozen=True):
    """One order; `name` is the name it was given by `comity order rename`, `label` the name in a story."""

    ref: str | None
    order: str
    label: str | None
    name: str | None
    instrument: str
    state: str


class OrdersAnswer(CommandAnswer, tag="comity.orders/1"):
    """The orders of a ledger."""

    orders: list[OrderItem]


@command("comity orders", "comity orders --json", refused=Exit.UNDECIDABLE)
@AS_OF
def orders(as_of: datetime | None) -> None:
    """Every order and the state it is in."""
    found, names, _ = docket_rows(as_of)
    items = [OrderItem(o.ref, o.order, o.label, names.get(o.order), o.instrument, o.state) for o in found]
    rows = [(i.name or i.ref or i.label or "", i.order, i.instrument, i.state) for i in items]
    output.emit(OrdersAnswer(items), ("ref", "order", "instrument", "state"), rows)

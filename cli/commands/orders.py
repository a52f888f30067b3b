"""`comity orders`: list every order with its state, its open deadlines and its findings."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.lists.docket import opened_docket
from cli.lists.paging import (
    AFTER,
    KIND,
    LIMIT,
    PROVIDER,
    STATE,
    by,
    cursor,
    cursor_of,
    order_filter,
    party,
    since,
    sort,
)
from cli.session.options import AS_OF
from cli.terminal import output
from cli.terminal.answer import ServedAnswer
from ledger.adapters.storage.orders.order_lists import order_page
from ledger.adapters.storage.orders.order_row import Due


class OrderItem(Struct, frozen=True):
    """One order.

    `name` is the name it was given by `comity order rename`, `label` the name in a story, `authority` the office that
    issued it. `last_on` is the newest date of an entry, `entries` their number, `due` the open deadlines, soonest
    first. `findings` counts the findings of each level: V violation, W remark, G gap.
    """

    ref: str | None
    order: str
    label: str | None
    name: str | None
    instrument: str
    state: str
    case_ref: str | None
    authority: str | None
    from_: str | None = field(name="from")
    to: str | None
    providers: list[str]
    issued_on: str | None
    last_on: str | None
    entries: int
    due: list[Due]
    findings: dict[str, int]


class OrdersAnswer(ServedAnswer, tag="comity.orders/1"):
    """Orders of a ledger; `of` is the number that match, `next` the cursor of the page that follows."""

    orders: list[OrderItem]
    of: int
    next: str | None


SORTS = ("order", "ref", "state", "issued", "last")


@command(
    "comity orders",
    "comity orders --state DISCLOSED --provider skylark --sort -issued",
    "comity orders --party XV --since 2027-03-01T00:00:00Z --json",
    "comity orders --limit 100 --json          (and on: --after CURSOR, the `next` of that answer)",
    refused=Exit.UNDECIDABLE,
)
@STATE
@PROVIDER
@party("orders from or to an authority or provider")
@by("orders issued")
@KIND
@since("orders with an entry dated")
@sort(*SORTS)
@LIMIT
@AFTER
@AS_OF
def orders(
    state: str | None,
    provider: str | None,
    party: str | None,
    by: str | None,
    kind: str | None,
    since: datetime | None,
    sort: str,
    limit: int | None,
    after: str | None,
    as_of: datetime | None,
) -> None:
    """Every order and the state it is in; --json has its parties, dates, open deadlines and findings too."""
    start = None if after is None else cursor(after, sort, 1 if sort.endswith("order") else 2)
    with opened_docket(as_of) as docket:
        wanted = order_filter(docket.orders, state=state, provider=provider, party=party, by=by, kind=kind, since=since)
        shown, of, last = order_page(docket.orders, wanted, sort, start, limit)
        server = docket.server
    names, following = docket.names, cursor_of(sort, last)
    items = [
        OrderItem(
            ref=o.ref,
            order=o.order,
            label=o.label,
            name=names.get(o.order),
            instrument=o.instrument,
            state=o.state,
            case_ref=o.case_ref,
            authority=o.authority,
            from_=o.from_party,
            to=o.to_party,
            providers=o.providers,
            issued_on=o.issued_on,
            last_on=o.last_on,
            entries=o.entries,
            due=o.due,
            findings=o.findings,
        )
        for o in shown
    ]
    rows = [(i.name or i.ref or i.label or "", i.order, i.instrument, i.state) for i in items]
    output.emit(OrdersAnswer(items, of, following, server=server), ("ref", "order", "instrument", "state"), rows)
    output.tell_next(following)

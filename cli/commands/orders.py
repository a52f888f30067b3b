"""`comity orders`: list every order with its state, its open deadlines and its findings; find orders by words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import click
from msgspec import UNSET, Struct, UnsetType, field

from cli.access.persons import PERSON
from cli.access.purposes import PURPOSE
from cli.access.recorded_access import Stated
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
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
from cli.session.options import AS_ACTOR, AS_OF, BECAUSE
from cli.terminal import output
from cli.terminal.answer import ServedAnswer
from ledger.adapters.storage.orders.order_lists import order_page
from ledger.adapters.storage.orders.order_row import Due
from ledger.command_line import quoted


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
    """Orders of a ledger; `of` is the number that match, `next` the cursor of the page that follows.

    `entry` is the log index of the entry that records the search, where sealed values were searched too.
    """

    orders: list[OrderItem]
    of: int
    next: str | None
    entry: int | UnsetType = UNSET


SEARCH = "comity orders WORDS --because TEXT --purpose CODE --as ACTOR"
NEAR = 4  # names that a message has
SORTS = ("order", "ref", "state", "issued", "last")


@command(
    "comity orders",
    "comity orders 1187/26",
    "comity orders lena@skylark.example --because 'request of 3 May' --purpose rights-request --as ilves",
    "comity orders --state DISCLOSED --provider skylark --sort -issued",
    "comity orders --party XV --since 2027-03-01T00:00:00Z --json",
    "comity orders --limit 100 --json          (and on: --after CURSOR, the `next` of that answer)",
    refused=Exit.UNDECIDABLE,
)
@click.argument("words", nargs=-1)
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
@BECAUSE
@PURPOSE
@PERSON
@AS_ACTOR
def orders(
    words: tuple[str, ...],
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
    because: str | None,
    purpose: str | None,
    person: str | None,
    actor: str | None,
) -> Exit:
    """Every order and the state it is in; --json has its parties, dates, open deadlines and findings too.

    With WORDS only orders that have all of them, in any case, each from its beginning: in a reference, a name, a number
    of a case, an id, an office, a Party or the name of an office. With --because, --purpose and --as also orders in
    which something is sealed for the person with this account, address, number or name: that search is recorded before
    its answer is shown, as by `comity subject find`; exit 4 if some values could not be searched.
    """
    typed = " ".join(words) if words else None
    sealed = _sealed(typed, Stated(because, purpose, person), actor)
    start = None if after is None else cursor(after, sort, 1 if sort.endswith("order") else 2)
    with opened_docket(as_of) as docket:
        found = (*(sealed.found if sealed else ()), *_named(docket.names, words))
        wanted = order_filter(
            docket.orders,
            state=state,
            provider=provider,
            party=party,
            by=by,
            kind=kind,
            since=since,
            words=typed,
            found=found,
        )
        shown, of, last = order_page(docket.orders, wanted, sort, start, limit)
        near = [] if typed is None or of else docket.reader.near(typed)
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
    rows = [(i.name or i.ref or i.label or i.order[:8], i.order, i.instrument, i.state) for i in items]
    entry = UNSET if sealed is None else sealed.entry
    columns = ("ref", "order", "instrument", "state")
    output.emit(OrdersAnswer(items, of, following, entry, server=server), columns, rows)
    output.tell_next(following)
    if typed is not None and not of:
        output.tell("no order has these words" + f"; near: {', '.join(map(quoted, near[:NEAR]))}" * bool(near))
        if sealed is None and server is UNSET:
            output.tell("sealed values were not searched: --because TEXT --purpose CODE --as ACTOR")
    return Exit.UNDECIDABLE if sealed is not None and sealed.elsewhere else Exit.DONE


class SealedSearch(NamedTuple):
    """The orders found by their sealed values, the log index of the entry of the search, and how many keys lack."""

    found: tuple[str, ...]
    entry: int
    elsewhere: int


def _sealed(words: str | None, stated: Stated, actor: str | None) -> SealedSearch | None:
    """Search the sealed values, where a reason is stated; `Stop` where it is stated in part, or without words."""
    if not (stated.because or stated.purpose or actor):  # COMITY_PERSON is no reason
        return None
    if words is None:
        raise Stop("--because, --purpose and --as are for a search in sealed values", hint=SEARCH)
    from cli.commands.subject import search

    entry, items, missing = search(words, stated, actor)
    if missing:
        output.tell(f"values under {missing} keys that are not in this keys.db were not searched")
    return SealedSearch(tuple(item.order for item in items), entry, missing)


def _named(names: Mapping[str, str], words: Sequence[str]) -> Iterator[str]:
    """Yield the ids of the orders whose local name has all of these words."""
    parts = [word.casefold() for word in words]
    yield from (order for order, name in names.items() if parts and all(part in name.casefold() for part in parts))

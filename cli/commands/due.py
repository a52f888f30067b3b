"""`comity due`: list every open deadline, soonest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.reports.timeline_text import left
from cli.session.docket import docket_rows
from cli.session.options import AS_OF
from cli.session.paging import AFTER, LIMIT, PROVIDER, STATE, Key, at_or_after, by, page, party, selected, since, sort
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from ledger.adapters.storage.order_index import Due, OrderRow


class DueItem(Struct, frozen=True):
    """One open deadline of an order, with `due` null where it could not be computed."""

    order: str
    label: str | None
    instrument: str
    state: str
    id: str
    due: str | None
    policy: str
    verdict: str
    cite: str
    entries: list[str]
    ref: str | None


class DueAnswer(CommandAnswer, tag="comity.due/1"):
    """Open deadlines; `of` is the number that match, `next` the cursor of the page that follows."""

    as_of: Time
    due: list[DueItem]
    of: int
    next: str | None


class _Duty(NamedTuple):
    left: timedelta | None
    row: OrderRow
    clock: Due
    place: int


# Two deadlines of one order may have the same end and the same rule; their place in the row makes the key unique.
SORTS: dict[str, Callable[[_Duty], Key]] = {
    "due": lambda d: (d.clock.due or "", d.row.order, f"{d.place:03}"),
    "order": lambda d: (d.row.order, d.clock.due or "", f"{d.place:03}"),
}


@command(
    "comity due",
    "comity due --within P14D",
    "comity due --provider skylark --party XV --sort order",
    "comity due --limit 100 --json          (and on: --after CURSOR, the `next` of that answer)",
    refused=Exit.UNDECIDABLE,
)
@STATE
@PROVIDER
@party("orders from or to an authority or provider")
@by("orders issued")
@since("deadlines that end")
@sort(*SORTS)
@LIMIT
@AFTER
@AS_OF
@click.option("--within", metavar="DAYS", help="Only what ends within so many days, as 14 or P14D.")
def due(
    state: str | None,
    provider: str | None,
    party: str | None,
    by: str | None,
    since: datetime | None,
    sort: str,
    limit: int | None,
    after: str | None,
    as_of: datetime | None,
    within: str | None,
) -> Exit:
    """List every open deadline, soonest first, with its article; exit 3 if one is over or could not be computed.

    The exit code covers every deadline that matches, also on the next pages.
    """
    from ledger.entries.case import instant

    longest = _days(within)
    every, names, moment = docket_rows(as_of)
    duties = []
    for order in selected(every, state, provider, party, by):
        for place, d in enumerate(order.due):
            span = None if d.due is None else instant(d.due) - moment
            if (longest is None or span is None or span <= longest) and at_or_after(since, d.due):
                duties.append(_Duty(span, order, d, place))
    shown, following = page(duties, SORTS, sort, after=after, limit=limit)
    columns = ("order", "clock", "due", "left", "verdict", "policy", "cite")
    rows = [
        (names.get(o.order) or o.ref or o.label or o.order[:8], d.id, d.due, left(span), d.verdict, d.policy, d.cite)
        for span, o, d, _ in shown
    ]
    items = [
        DueItem(o.order, o.label, o.instrument, o.state, d.id, d.due, d.policy, d.verdict, d.cite, d.entries, o.ref)
        for _, o, d, _ in shown
    ]
    output.emit(DueAnswer(moment, items, len(duties), following), columns, rows)
    output.tell_next(following)
    if unknown := [(o.ref or o.label or o.order[:8], d.id) for span, o, d, _ in duties if span is None]:
        called, id = unknown[0]
        says = f"{output.counted(len(unknown), 'clock')} could not be computed"
        output.tell(f"{says}: `comity law deadline {id} {called}` says what is missing")
    return Exit.FINDINGS if any(d.left is None or d.left <= timedelta(0) for d in duties) else Exit.DONE


def _days(within: str | None) -> timedelta | None:
    if within is None:
        return None
    digits = within.removeprefix("P").removesuffix("D")
    if not digits.isdecimal():
        raise click.UsageError(f"--within {within!r}: a number of days, as 14 or P14D")
    return timedelta(days=int(digits))

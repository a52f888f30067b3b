"""`comity due`: every open deadline, soonest first."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.reports.timeline_text import left
from cli.session.docket import docket_rows
from cli.session.options import AS_OF
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time


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


class DueAnswer(CommandAnswer, tag="comity.due/1"):
    """The open deadlines of all orders, soonest first."""

    as_of: Time
    due: list[DueItem]


@command("comity due", "comity due --within P14D", "comity due --json", refused=Exit.UNDECIDABLE)
@AS_OF
@click.option("--within", metavar="DAYS", help="Only what ends within so many days, as 14 or P14D.")
def due(as_of: datetime | None, within: str | None) -> Exit:
    """Every open clock, soonest first, and the article that set it; exit 3 if one is over or could not be computed."""
    from ledger.entries.case import instant

    limit = _days(within)
    found, names, moment = docket_rows(as_of)
    duties = []
    for order in found:
        for d in order.due:
            span = None if d.due is None else instant(d.due) - moment
            if limit is None or span is None or span <= limit:
                duties.append((span, order, d))
    duties.sort(key=lambda x: (x[0] is not None, x[0] or timedelta(0), x[1].order))
    columns = ("order", "clock", "due", "left", "verdict", "policy", "cite")
    rows = [
        (
            names.get(o.order) or o.ref or o.label or o.order[:8],
            d.id,
            d.due,
            left(span),
            d.verdict,
            d.policy,
            d.cite,
        )
        for span, o, d in duties
    ]
    items = [
        DueItem(o.order, o.label, o.instrument, o.state, d.id, d.due, d.policy, d.verdict, d.cite, d.entries)
        for _, o, d in duties
    ]
    output.emit(DueAnswer(moment, items), columns, rows)
    if unknown := [(o.ref or o.label or o.order[:8], d.id) for span, o, d in duties if span is None]:
        called, id = unknown[0]
        says = f"{output.counted(len(unknown), 'clock')} could not be computed"
        output.tell(f"{says}: `comity law deadline {id} {called}` says what is missing")
    return Exit.FINDINGS if any(span is None or span <= timedelta(0) for span, _, _ in duties) else Exit.DONE


def _days(within: str | None) -> timedelta | None:
    if within is None:
        return None
    digits = within.removeprefix("P").removesuffix("D")
    if not digits.isdecimal():
        raise click.UsageError(f"--within {within!r}: a number of days, as 14 or P14D")
    return timedelta(days=int(digits))

"""`comity due`: list every open deadline, soonest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import click
from msgspec import UNSET, Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.invocation import said
from cli.lists.docket import opened_docket
from cli.lists.paging import (
    AFTER,
    LIMIT,
    PROVIDER,
    STATE,
    by,
    cursor,
    cursor_of,
    known_deadline,
    order_filter,
    party,
    since,
    sort,
)
from cli.reports.timeline_text import left
from cli.session.ledger_reader import LedgerReader
from cli.session.local_time import typed_period
from cli.session.options import AS_OF
from cli.terminal import output
from cli.terminal.answer import ServedAnswer, Time
from cli.terminal.next_commands import at_ledger
from ledger.adapters.storage.orders.order_lists import DeadlineFilter, Duty, duty_page
from ledger.adapters.storage.orders.order_row import Due
from ledger.command_line import quoted, quoted_order
from ledger.entries.case import instant
from ledger.law import judge
from ledger.law.next_steps.clocks import who_acts
from ledger.law.next_steps.step import NextStep
from ledger.law.terms.calendar import duration
from ledger.law.terms.periods import PERIODS
from ledger.law.terms.rule import ClockVerdict
from projections.sentences.local_time import until

if TYPE_CHECKING:
    from cli.remote.remote_reader import RemoteReader
    from ledger.law.next_steps.lookup import NextSteps


class DueItem(Struct, frozen=True):
    """One open deadline of an order; `due` is null where its start is not known.

    `last_day` is the last local day that still counts, null for a period that ends within a day. `who` must act. `next`
    names what a deadline lacks that could not be computed, and the command that records it; else it is empty.
    """

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
    last_day: str | None
    who: str
    next: tuple[NextStep, ...]


class DueAnswer(ServedAnswer, tag="comity.due/1"):
    """Open deadlines; `of` is the number that match, `next` the cursor of the page that follows."""

    as_of: Time
    due: list[DueItem]
    of: int
    next: str | None


SORTS = ("due", "order")
ONLY = ("overdue", "undetermined", "running", "week")
WEEK = timedelta(days=7)


@command(
    "comity due",
    "comity due --within 7d",
    "comity due --only overdue --json          (for a script: exit 3 only if one is over)",
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
@click.option("--kind", metavar="NAME", help="Only deadlines of this name, as D-7-7.")
@click.option("--within", metavar="PERIOD", help="Only what ends within this time, as 7d, 2w, 36h, '7 days', P7D.")
@click.option(
    "--only", type=click.Choice(ONLY), help="Only what is over, cannot be computed, still runs, or ends in 7 days."
)
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
    kind: str | None,
    within: str | None,
    only: str | None,
) -> Exit:
    """List every open deadline, soonest first, with its article; exit 3 if one is over or could not be computed.

    The exit code covers every deadline that matches, also on the next pages, and none that --only or another option
    leaves out.
    """
    longest, name = _longest(within), None if kind is None else known_deadline(kind)
    if only == "week":
        only, longest = "running", WEEK if longest is None else min(longest, WEEK)
    start = None if after is None else cursor(after, sort, 3)
    with opened_docket(as_of) as docket:
        wanted = order_filter(docket.orders, state=state, provider=provider, party=party, by=by)
        which = DeadlineFilter(docket.moment, name, longest, since, only)
        try:
            page = duty_page(docket.orders, wanted, which, sort, start, limit)
        except ValueError as error:
            raise click.UsageError(f"--after {after}: it is no `next` of a page of deadlines") from error
        every_step = said().format == "json"  # else only those of the first are printed
        unknown = [d for d in page.duties if d.clock.verdict == ClockVerdict.UNDETERMINED]
        steps = _next_steps(docket.reader, unknown[: None if every_step else 1], docket.moment)
        server = docket.server
    names, moment, following = docket.names, docket.moment, cursor_of(sort, page.last)
    columns = ("order", "clock", "due", "left", "verdict", "policy", "cite", "period", "who", "until")
    rows = [
        (
            *(names.get(o.order) or o.ref or o.label or o.order[:8], d.id, d.due),
            *(left(None if d.due is None else instant(d.due) - moment), d.verdict, d.policy, d.cite),
            *(PERIODS.get(d.id, ""), who_acts(d.id), _until(d)),
        )
        for o, d, _ in page.duties
    ]
    items = [
        DueItem(
            order=o.order,
            label=o.label,
            instrument=o.instrument,
            state=o.state,
            id=d.id,
            due=d.due,
            policy=d.policy,
            verdict=d.verdict,
            cite=d.cite,
            entries=d.entries,
            ref=o.ref,
            last_day=d.last_day,
            who=who_acts(d.id),
            next=steps.get((o.order, d.id, place), ()),
        )
        for o, d, place in page.duties
    ]
    output.emit(DueAnswer(moment, items, page.of, following, server=server), columns, rows)
    output.tell_next(following)
    if page.first_unknown is not None:
        first, clock, _ = page.first_unknown
        called = quoted_order(first.order, names.get(first.order), first.ref, first.label)
        says = f"{output.counted(page.unknown, 'clock')} could not be computed"
        where = f"comity law deadline {quoted(clock.id)} {called}" if server is UNSET else f"comity judge {called}"
        output.tell(f"{says}: `{at_ledger(where)}` says what is missing")
        for step in next(iter(steps.values()), ()):
            output.tell(step.lacks if step.command is None else f"{step.lacks}: {at_ledger(step.command)}")
    return Exit.FINDINGS if page.unknown or page.over else Exit.DONE


def _until(one: Due) -> str:
    """Return the end of a deadline in words; empty where it could not be computed."""
    if one.due is None:
        return ""
    return until(instant(one.due), one.zone, None if one.last_day is None else date.fromisoformat(one.last_day))


def _next_steps(
    reader: LedgerReader | RemoteReader, unknown: Iterable[Duty], moment: datetime
) -> dict[tuple[str, str, int], tuple[NextStep, ...]]:
    """Return what deadlines lack that could not be computed, by order, id and place. Each order is judged again."""
    from cli.terminal.judgement_text import next_steps
    from projections.views.due import due as due_of

    found = {}
    orders: dict[str, list[Duty]] = {}
    for duty in unknown:
        orders.setdefault(duty.row.order, []).append(duty)
    for order, duties in orders.items():
        case = reader.case(order)
        judgement = judge(case, moment)
        steps: NextSteps = next_steps(case, judgement)
        clocks = due_of(judgement, moment)
        for d in duties:
            if d.place < len(clocks) and clocks[d.place].clock.id == d.clock.id:  # else it has just been met
                found[order, d.clock.id, d.place] = steps.of_clock(clocks[d.place].clock)
    return found


def _longest(within: str | None) -> timedelta | None:
    """Return the time that is left at most; `click.UsageError` for months and years, which differ in length."""
    if within is None:
        return None
    if within.isdecimal():
        return timedelta(days=int(within))
    period = duration(typed_period(within, "--within"))
    if period is None or period.months:
        raise click.UsageError(f"--within {within!r}: days, weeks or hours, as 7d, 2w, 36h, '7 days' or P7D")
    return timedelta(days=period.days, seconds=period.seconds)

"""`comity timeline`: show every step of an order and of the orders linked with it."""

from __future__ import annotations

from datetime import datetime

import click
from msgspec import structs

from cli.access.recorded_access import Stated, opened_in, revealing
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.invocation import said
from cli.records.linked_orders import LinkedOrderItem, began, matter, member
from cli.records.source import RecordSource, from_bundle, item, server_item
from cli.remote.servers import only_in_a_folder
from cli.reports.timeline_text import BRACKET, _stood_in, _tabbed, left, linked_paragraphs
from cli.session.options import ANY_ORDER, AS_OF, ONLY
from cli.session.proven_times import Bracket, brackets
from cli.terminal import output
from cli.terminal.answer import RecordAnswer, Time
from ledger.command_line import quoted
from projections.documents.timeline import TimelineItem, timeline_item
from projections.views.linked_orders import merged
from projections.views.timeline import TimelineEntry


class TimelineAnswer(RecordAnswer, tag="comity.timeline/1"):
    """Every step of an order and of those linked with it, in the order in which they happened."""

    order: str
    label: str | None
    as_of: Time
    orders: list[LinkedOrderItem]
    elsewhere: list[str]
    timeline: list[TimelineItem]


@command(
    "comity timeline PPO-2026-123",
    "comity timeline main --only --format csv",
    "comity timeline --bundle court.evidence.zip --trust trust/ --brackets",
    "comity timeline main --reveal --because 'hearing on Monday' --as ilves",
    refused=Exit.UNDECIDABLE,
)
@ANY_ORDER
@AS_OF
@ONLY
@revealing
@click.option("--brackets", "bracketed", is_flag=True, help="When each entry was signed, as proven from outside.")
@from_bundle
def timeline(
    order: str | None,
    as_of: datetime | None,
    only: bool,
    reveal: bool,
    stated: Stated,
    actor: str | None,
    bracketed: bool,
    source: RecordSource,
) -> None:
    """Show what happened in an order and in the orders linked with it, in the order in which it happened.

    Sealed values show as [sealed] unless they are revealed. Times are claims; --brackets adds what witnesses
    and time-stamp authorities prove.
    """
    with source.reading_anywhere() as reader:
        moment = as_of or reader.now()
        shares, elsewhere = matter(reader, source.order(order, reader), moment, only=only)
        reveal = opened_in(reader, [s.case.order for s in shares], "timeline", reveal, stated, actor)
        if bracketed and source.server:
            raise only_in_a_folder("--brackets")
        proven = brackets(reader, _stood_in(shares)) if bracketed else {}
    case = shares[0].case
    lines = merged(shares, reveal=reveal)
    columns: tuple[str, ...] = ("entry", "on", "kind", "who", "says", "state", "written", "replaced", "fields", "order")
    columns += BRACKET if bracketed else ()
    rows = [
        (
            f"#{x.entry.number}",
            x.entry.on,
            x.entry.kind,
            x.who,
            x.says,
            x.moved[1] if x.moved else "",
            f"{left(x.late)} later" if x.late else f"{left(x.early)} before" if x.early else "",
            "" if x.replaced is None else x.replaced.line(f"#{x.replaced.entry.number}"),
            x.fields,
            share.name,
            *proven.get(x.entry.index, ()),
        )
        for share, x in lines
    ]
    answer = TimelineAnswer(
        order=case.order,
        label=case.label,
        as_of=moment,
        orders=[member(s) for s in sorted(shares, key=began)],
        elsewhere=elsewhere,
        timeline=[_item(share.case.order, x, proven.get(x.entry.index)) for share, x in lines],
        bundle=item(source.bundle),
        server=server_item(source.server),
    )
    output.emit(
        answer,
        columns,
        rows,
        text=lambda: (
            linked_paragraphs(shares, reveal=reveal, proven=proven)
            if output.terminal()
            else _tabbed(rows, reveal=reveal, named=len(shares) > 1)
        ),
    )
    if order is not None and said().format == "table" and output.terminal():
        output.tell_lines(line.format(quoted(order)) for line in CORRECTIONS)


CORRECTIONS = (
    "Its signer puts an entry right: comity record KIND {0} --replaces 7 --why TEXT ...",
    "Another office disputes it: comity record event-disputed {0} -f about=7 ...",
)


def _item(order: str, x: TimelineEntry, bracket: Bracket | None) -> TimelineItem:
    if bracket is None:
        return timeline_item(order, x)
    return structs.replace(timeline_item(order, x), not_before=bracket[0], not_after=bracket[1])

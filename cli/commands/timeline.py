"""`comity timeline`: every step of one order."""

from __future__ import annotations

from datetime import datetime

import click

from cli.access.recorded_access import Stated, revealed, revealing
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.reports.timeline_text import BRACKET, _line, _stood_in, _tabbed, left, matter_told
from cli.session.ledger_reader import reading
from cli.session.options import AS_OF, ONLY, ORDER
from cli.terminal import output


@command(
    "comity timeline PPO-2026-123",
    "comity timeline main --only --format csv",
    "comity timeline main --reveal --because 'hearing on Monday' --as ilves",
    refused=Exit.UNDECIDABLE,
)
@ORDER
@AS_OF
@ONLY
@revealing
@click.option("--brackets", "bracketed", is_flag=True, help="When each entry was signed, as proven from outside.")
def timeline(
    order: str,
    as_of: datetime | None,
    only: bool,
    reveal: bool,
    stated: Stated,
    actor: str | None,
    bracketed: bool,
) -> None:
    """The story of an order and of those that are one matter with it, in the order in which it happened.

    Sealed values show as [sealed] unless they are revealed. Times are claims; with --brackets what witnesses and
    time-stamp authorities prove stands beside them.
    """
    from cli.session.linked_orders import began, matter, member
    from cli.session.proven_times import brackets
    from projections.views.linked_orders import merged

    with reading() as reader:
        moment = as_of or reader.now()
        shares, elsewhere = matter(reader, order, moment, only=only)
        revealed([s.case.order for s in shares], "timeline", reveal, stated, actor)
        proven = brackets(reader, _stood_in(shares)) if bracketed else {}
    asked = shares[0].case
    lines = merged(shares, reveal=reveal)
    columns: tuple[str, ...] = ("entry", "on", "kind", "who", "says", "state", "written", "replaced", "fields", "order")
    columns += BRACKET if bracketed else ()
    rows = [
        (
            f"#{x.entry.seq}",
            x.entry.on,
            x.entry.kind,
            x.who,
            x.says,
            x.moved[1] if x.moved else "",
            f"{left(x.late)} later" if x.late else f"{left(x.early)} before" if x.early else "",
            "" if x.replaced is None else x.replaced.told(f"#{x.replaced.entry.seq}"),
            x.fields,
            share.name,
            *proven.get(x.entry.index, ()),
        )
        for share, x in lines
    ]
    document = {
        "order": asked.order,
        "label": asked.label,
        "as_of": moment,
        "orders": [member(s) for s in sorted(shares, key=began)],
        "elsewhere": elsewhere,
        "timeline": [
            {**_line(x), "order": share.case.order, **dict(zip(BRACKET, proven.get(x.entry.index, ()), strict=False))}
            for share, x in lines
        ],
    }
    output.emit(
        "timeline",
        document,
        columns,
        rows,
        text=lambda: (
            matter_told(shares, reveal=reveal, proven=proven)
            if output.terminal()
            else _tabbed(rows, reveal=reveal, named=len(shares) > 1)
        ),
    )

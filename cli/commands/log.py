"""The log as git shows one: the newest entries, of the whole ledger or of one matter, as a list or as a graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from cli.commands.orders import ONLY
from cli.exit_codes import Exit
from cli.session.ledger_reader import Reader, reading
from cli.terminal import output
from cli.terminal.table import wrapped

if TYPE_CHECKING:
    from ledger.entries.case import Entry


@output.command(
    "comity log", "comity log -n 5", "comity log --order main --graph", "comity log --order main --only --json",
    refused=Exit.UNDECIDABLE,
)  # fmt: skip
@click.option("-n", "--number", type=click.IntRange(1), default=20, show_default=True, help="How many entries.")
@click.option("--order", help="Only the entries of this order and of those that are one matter with it.")
@ONLY
@click.option("--graph", "drawn", is_flag=True, help="Draw a line for each order, joined where one led to the other.")
def log(number: int, order: str | None, only: bool, drawn: bool) -> None:
    """The entries of the log, newest first: who signed what, and when."""
    from cli.commands.judge import put_right
    from ledger.entries.case import Case
    from projections.views.log_graph import graph
    from projections.views.replaced import numbered, replaced
    from projections.views.timeline import says

    if only and order is None:
        raise click.UsageError("--only is of one order: --order NAME")
    with reading() as reader:
        entries, orders, of = _newest(reader, number, order, only)
        label = {e.order: reader.label(reader.main_of(e.order) or e.order) for e in entries}
        label |= {reader.cases.registry: "register", reader.cases.access: "access"}
        beside = {e.order: main for e in entries if (main := reader.main_of(e.order))}
        gone = replaced(Case("", "", tuple(reversed(entries)), reader.cases.register()))
    columns = ("index", "leaf", "order", "seq", "kind", "by", "role", "on", "signed_at", "replaced")
    rows = [
        (e.index, e.leaf, e.order, e.seq, e.kind, e.by, e.role, e.on, e.at, numbered(gone, e.leaf)) for e in entries
    ]
    document = {
        "of": of,  # entries there are; `log` has the newest
        "log": [
            {**dict(zip(columns, row, strict=True)), "replaces": e.replaces, **put_right(gone.get(e.leaf))}
            for e, row in zip(entries, rows, strict=True)
        ],
    }

    def paragraphs() -> Iterator[list[str]]:
        for e in entries:
            where = label[e.order] or (beside.get(e.order) or e.order)[:8]
            where += " (companion)" if e.order in beside else ""
            yield [
                f"{output.paint(f'entry {e.index}', 'yellow')} {e.leaf[:16]}  {where} #{e.seq}",
                f"Signed: {e.by} as {e.role} of {e.party}, {output.plain(e.at)}",
                f"Event:  {output.plain(e.on)}",
                "",
                f"    {output.paint(e.kind, 'bold strike' if e.leaf in gone else 'bold')}",
                *wrapped(says(e.kind), " ", 72),
                *(wrapped(f"{gone[e.leaf].told(f'#{gone[e.leaf].entry.seq}')}", " ", 72) if e.leaf in gone else ()),
                "",
            ]

    def text() -> str:
        if drawn or orders > 1:
            return "\n".join(graph(entries, list(paragraphs()), beside))
        return "\n".join(line for lines in paragraphs() for line in lines)

    output.emit("log", document, columns, rows, text=text if drawn or output.terminal() else None)


def _newest(reader: Reader, number: int, order: str | None, only: bool) -> tuple[list[Entry], int, int]:
    """The newest entries, of all orders or of one matter; of how many orders that is, and of how many entries."""
    from cli.session.linked_orders import matter
    from ledger.entries.envelope import entry_of, open_

    if order is not None:
        shares, _ = matter(reader, order, reader.now(), only=only)
        entries = sorted((e for s in shares for e in s.case.entries), key=lambda e: e.index)
        return list(reversed(entries))[:number], len(shares), len(entries)
    size = reader.store.size()
    page = reader.store.page(max(0, size - number), number)
    return [entry_of(open_(raw, verify=False), index) for index, raw in reversed(page)], 1, size

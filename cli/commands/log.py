"""`comity log`: list the entries of the log, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click
from msgspec import UNSET, Struct

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.lists.paging import by, known_kind, order_filter, party, since
from cli.session.ledger_reader import LedgerReader, reading_anywhere
from cli.session.options import ONLY
from cli.terminal import output
from cli.terminal.answer import ServedAnswer, Time
from cli.terminal.table import wrapped
from ledger.entries.case import Case, Entry
from ledger.entries.placement import access_of, map_of, registry_of
from projections.documents.timeline import put_right
from projections.sentences.names import Names
from projections.sentences.sentence import sentence
from projections.views.log_graph import graph
from projections.views.replaced import numbered, replaced

if TYPE_CHECKING:
    from cli.remote.remote_reader import RemoteReader


class LogItem(Struct, frozen=True):
    """One entry: its position in the log (`index`, from 0) and in its order (`seq`), and who signed it, when.

    `replaced` to `why`: the entry that replaced it, in words and as leaf hash, when it was signed, by whom and why.
    """

    index: int
    leaf: str
    order: str
    seq: int
    kind: str
    by: str
    role: str
    on: Time
    signed_at: Time
    replaced: str | None
    replaces: str | None
    replaced_by: str | None
    replaced_at: Time | None
    replaced_who: str | None
    why: str | None
    party: str


class LogAnswer(ServedAnswer, tag="comity.log/1"):
    """Entries of the log; `of` is the number of all, `next` the cursor of the page that follows.

    A list that is oldest first can be continued later, when there are more entries: with `--after OF`.
    """

    of: int
    log: list[LogItem]
    next: str | None


PAGE = 100  # entries read at a time


@command(
    "comity log",
    "comity log -n 5",
    "comity log --kind data-disclosed --by skylark --since 2027-03-01T00:00:00Z",
    "comity log --after 33 --json          (from entry 33 on, oldest first: 33 entries were read before)",
    "comity log --order main --graph",
    "comity log --order main --only --json",
    refused=Exit.UNDECIDABLE,
)
@click.option(
    "-n",
    "--number",
    "--limit",
    "number",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many entries.",
)
@click.option("--order", help="Only the entries of this order and of those that are one matter with it.")
@ONLY
@click.option("--graph", "drawn", is_flag=True, help="Draw a line for each order, joined where one led to the other.")
@click.option("--kind", metavar="KIND", help="Only entries of this kind.")
@click.option("--state", metavar="STATE", help="Only entries of orders in this state now, as DISCLOSED.")
@click.option("--provider", metavar="P", help="Only entries of orders to this provider.")
@by("entries signed")
@party("entries signed by an office")
@since("entries signed")
@click.option(
    "--sort", type=click.Choice(["newest", "oldest"]), help="Default: newest first; with --after N oldest first."
)
@click.option("--after", metavar="N|CURSOR", help="Go on behind N entries, or behind the page before: its `next`.")
def log(
    number: int,
    order: str | None,
    only: bool,
    drawn: bool,
    kind: str | None,
    state: str | None,
    provider: str | None,
    by: str | None,
    party: str | None,
    since: datetime | None,
    sort: str | None,
    after: str | None,
) -> None:
    """The entries of the log, newest first: who signed what, and when.

    --after N begins with entry N, as `ledger.entries(after=N)` of the Python interface does: N entries were read
    before. The `next` of a list with the newest first is another cursor, `..N`: the entries before entry N.
    """
    if only and order is None:
        raise click.UsageError("--only is of one order: --order NAME")
    bound, oldest = _bound(after, sort)
    if drawn and oldest:
        raise click.UsageError("--graph draws the newest entry first: no --sort oldest, no --after N")
    with reading_anywhere() as reader:
        inside = None
        if state is not None or provider is not None:
            from cli.lists.docket import listed
            from ledger.adapters.storage.orders.order_lists import order_ids

            with listed(reader, reader.now()) as every:
                inside = order_ids(every, order_filter(every, state=state, provider=provider))
        wanted = _Wanted(None if kind is None else known_kind(kind), by, party, since, inside)
        source, orders, of = _entries(reader, order, only, bound, oldest)
        entries = list(islice((e for e in source if wanted.takes(e, reader.main_of)), number + 1))
        more, entries = len(entries) > number, entries[:number]
        label = {e.order: reader.label(reader.main_of(e.order) or e.order) for e in entries}
        reserved = {registry_of: "register", access_of: "access", map_of: "map"}
        label |= {order_of(reader.origin): name for order_of, name in reserved.items()}
        companions = {e.order: main for e in entries if (main := reader.main_of(e.order))}
        registry = tuple(reader.register())
        replacements = replaced(Case("", "", tuple(sorted(entries, key=lambda e: e.index)), registry))
        server = UNSET if isinstance(reader, LedgerReader) else reader.item()
    following = None
    if more:
        following = f"{entries[-1].index + 1}" if oldest else f"..{entries[-1].index}"
    items = [
        LogItem(
            index=e.index,
            leaf=e.leaf,
            order=e.order,
            seq=e.seq,
            kind=e.kind,
            by=e.by,
            role=e.role,
            on=e.on,
            signed_at=e.at,
            replaces=e.replaces,
            party=e.party,
            **put_right(replacements.get(e.leaf)),
        )
        for e in entries
    ]
    columns = ("index", "leaf", "order", "seq", "kind", "by", "role", "on", "signed_at", "replaced")
    rows = [(*(getattr(i, c) for c in columns[:-1]), numbered(replacements, i.leaf)) for i in items]

    def paragraphs() -> Iterator[list[str]]:
        names = Names(registry)
        for e in entries:
            where = label[e.order] or (companions.get(e.order) or e.order)[:8]
            where += " (companion)" if e.order in companions else ""
            yield [
                f"{output.paint(f'entry {e.index}', 'yellow')} {e.leaf[:16]}  {where} #{e.seq}",
                f"Signed: {e.by} as {e.role} of {e.party}, {output.plain(e.at)}",
                f"Event:  {output.plain(e.on)}",
                "",
                f"    {output.paint(e.kind, 'bold strike' if e.leaf in replacements else 'bold')}",
                *wrapped(sentence(e, names), " ", 72),
                *(
                    wrapped(f"{replacements[e.leaf].line(f'#{replacements[e.leaf].entry.seq}')}", " ", 72)
                    if e.leaf in replacements
                    else ()
                ),
                "",
            ]

    def text() -> str:
        if drawn or (orders > 1 and not oldest):
            return "\n".join(graph(entries, list(paragraphs()), companions))
        return "\n".join(line for lines in paragraphs() for line in lines)

    answer = LogAnswer(of, items, following, server=server)
    output.emit(answer, columns, rows, text=text if drawn or output.terminal() else None)
    if after is not None or sort is not None or any((kind, state, provider, by, party, since)):
        output.tell_next(following)


@dataclass(frozen=True)
class _Wanted:
    kind: str | None
    by: str | None
    party: str | None
    since: datetime | None
    orders: set[str] | None

    def takes(self, e: Entry, main_of: Callable[[str], str | None]) -> bool:
        return (
            (self.kind is None or e.kind == self.kind)
            and (self.by is None or e.by == self.by)
            and (self.party is None or e.party == self.party)
            and (self.since is None or e.at >= self.since)
            and (self.orders is None or (main_of(e.order) or e.order) in self.orders)
        )


def _bound(after: str | None, sort: str | None) -> tuple[int | None, bool]:
    """Return the log index that a cursor stands for, and True if the list is oldest first."""
    if after is None:
        return None, sort == "oldest"
    digits = after.removeprefix("..")
    oldest = digits == after
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise click.UsageError(f"--after {after}: a number of entries, or the `next` of the page before")
    if sort not in (None, "oldest" if oldest else "newest"):
        raise click.UsageError(f"--after {after} goes on in a list that is {'oldest' if oldest else 'newest'} first")
    return int(digits), oldest


def _entries(
    reader: LedgerReader | RemoteReader, order: str | None, only: bool, bound: int | None, oldest: bool
) -> tuple[Iterator[Entry], int, int]:
    """Return the entries from `bound` on, or below it, the number of their orders, and the number of all entries."""
    from cli.records.linked_orders import matter

    if order is not None:
        shares, _ = matter(reader, order, reader.now(), only=only)
        entries = sorted((e for s in shares for e in s.case.entries), key=lambda e: e.index, reverse=not oldest)
        inside = (e for e in entries if bound is None or (e.index >= bound if oldest else e.index < bound))
        return inside, len(shares), len(entries)
    size = reader.size()
    if oldest:
        return reader.entries(bound or 0, size), 1, size
    return _backwards(reader, size if bound is None else min(bound, size)), 1, size


def _backwards(reader: LedgerReader | RemoteReader, stop: int) -> Iterator[Entry]:
    while stop > 0:
        start = max(0, stop - PAGE)
        yield from reversed(list(reader.entries(start, stop)))
        stop = start

"""List every order with its state and deadlines, from views.db; judge an order again only where it may have changed.

An order is judged again when an entry of it was recorded, when one of its clocks or a stated day ended, and when the
register, or a received register of another log, got an entry on an office or a Party that the order names. A row holds
no sealed value.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET, UnsetType

from cli.lists.judge_pool import CORES, Judge, judge_pool, judged
from cli.lists.judged_row import shown
from cli.session.ledger_reader import LedgerReader, reading_anywhere
from cli.terminal import prompts
from cli.terminal.answer import ServerItem
from ledger.adapters.folders.received_files import REGISTERS
from ledger.adapters.folders.user_folders import lock_file
from ledger.adapters.storage.orders.order_index import OrderIndex, SeenRegisters
from ledger.adapters.storage.orders.order_row import OrderRow, read_row
from ledger.adapters.storage.orders.remade_index import remade, view_in
from ledger.adapters.storage.views import ViewRow
from ledger.entries.envelope import open_
from ledger.law.parties.register_reach import reach, reach_of_received
from ledger.law.provisions import rules_digest

if TYPE_CHECKING:
    from cli.remote.remote_reader import RemoteReader

EDITION = 11  # raise it when `judged_row.shown` changes
MANY = 20_000  # new entries, or ten times the stale orders, for which processes are started
TOGETHER = 500  # stale orders judged between two commits


Report = Callable[[int, int], None]  # how many of how many are done


def silent(done: int, total: int) -> None:
    """Report nothing."""


class Docket(NamedTuple):
    """The orders of a ledger at a moment, and the names given to them, by id; `reader` has read them."""

    orders: OrderIndex
    names: dict[str, str]
    moment: datetime
    reader: LedgerReader | RemoteReader

    @property
    def server(self) -> ServerItem | UnsetType:
        """The office server that the orders were read from; UNSET for a folder."""
        return UNSET if isinstance(self.reader, LedgerReader) else self.reader.item()


@contextmanager
def opened_docket(as_of: datetime | None = None) -> Iterator[Docket]:
    """Open the list of the orders of the chosen ledger, now or as of a moment."""
    with reading_anywhere() as reader:
        moment = as_of or reader.now()
        with listed(reader, moment, now=as_of is None) as orders:
            yield Docket(orders, reader.names(), moment, reader)


@contextmanager
def listed(reader: LedgerReader | RemoteReader, moment: datetime, *, now: bool = True) -> Iterator[OrderIndex]:
    """Open the list of every main order at `moment`.

    If that is `now`, the view of the ledger is brought up to date; else all orders are judged into a temporary list,
    also those behind an office server.
    """
    if now and isinstance(reader, LedgerReader) and keeps_view(reader):
        with ExitStack() as opened:
            with prompts.progress("judging") as report:
                view = opened.enter_context(closing(board(reader, report)))
                bring_up(reader, view, moment, report)
            yield view
        return
    with TemporaryDirectory() as folder, closing(OrderIndex(Path(folder) / "views.db", "at a moment")) as view:
        cases = (case for case in reader.all() if case.known(moment).entries)
        while some := list(islice(cases, TOGETHER)):
            view.apply({case.order: shown(case, moment) for case in some})
        yield view


def keeps_view(reader: LedgerReader) -> bool:
    """Return True if the folder of a ledger can be written; a ledger on a read-only medium keeps no view."""
    return os.access(reader.folder.path, os.W_OK)


def docket(reader: LedgerReader, moment: datetime) -> list[OrderRow]:
    """Return every main order as it is at `moment`, which is now."""
    with listed(reader, moment) as orders:
        return [read_row(body) for _, body in orders.rows()]


def board_name() -> str:
    """Return the name of the view of orders under the rules in force."""
    return f"docket {EDITION} {rules_digest()[:16]}"


def board(reader: LedgerReader, report: Report = silent) -> OrderIndex:
    """Return the view of orders under the rules in force.

    If the file has that of other rules, it answers programs of these rules until the new one is made.
    """
    if view_in(reader.folder.views) not in (None, board_name()):
        remake(reader, report, anew=False)
    return OrderIndex(reader.folder.views, board_name())


def remake(reader: LedgerReader, report: Report = silent, *, anew: bool = True) -> None:
    """Make the view of orders again from the entries; the present one answers until it is made.

    It waits for another process that makes it. Without `anew`, a view that one has made meanwhile is taken.
    """
    path, name = reader.folder.views, board_name()
    with lock_file(path.with_name(f"{path.name}.lock"), None):
        if not anew and view_in(path) == name:
            return
        with remade(path, name) as view:
            bring_up(reader, view, reader.now(), report)


def bring_up(
    reader: LedgerReader,
    view: OrderIndex,
    moment: datetime,
    report: Report = silent,
    *,
    most: int | None = None,
) -> None:
    """Judge the entries that the view lacks, and every order that time or the register has changed.

    If more than `most` orders are stale, they stay stale.
    """
    size = reader.store.size()
    _doubt_received(reader, view)
    with ExitStack() as opened:
        judge: Judge = partial(judged, reader)
        if CORES > 1 and (size - view.size > MANY or MANY // 10 < view.stale_count(moment) <= (most or sys.maxsize)):
            judge = opened.enter_context(judge_pool(reader))

        def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow | None]:
            orders = [(index, open_(raw, verify=False).payload.order) for index, raw in page]
            touched = dict.fromkeys(order for _, order in orders)
            if reader.cases.registry in touched and page[0][0] > 0:
                _doubt(reader, view, {index for index, order in orders if order == reader.cases.registry})
            report(page[-1][0] + 1, size)
            main = dict.fromkeys(_main_orders(reader, touched))
            gone: dict[str, ViewRow | None] = {order: None for order in main if reader.cases.joins.joined_into(order)}
            return gone | judge((order for order in main if order not in gone), moment)

        view.catch_up(reader.store, fold)
        left = doubtful = view.stale_count(moment)
        if most is not None and doubtful > most:
            return
        while stale := view.stale(moment, TOGETHER):
            view.apply(judge(stale, moment))
            left -= len(stale)
            report(doubtful - left, doubtful)


def _doubt(reader: LedgerReader, view: OrderIndex, fresh: Collection[int]) -> None:
    """Make the orders stale that entries of the register, by index, can change."""
    registry = reader.cases.register()
    reached = reach([e for e in registry if e.index in fresh], registry)
    if reached is None:
        view.mark_all_stale()
    else:
        view.mark_stale(reached)


def _doubt_received(reader: LedgerReader, view: OrderIndex) -> None:
    """Make the orders stale that the registers of other logs can change, as far as these grew since the last time."""
    mark, seen = repr(reader.cases.received.mark(REGISTERS)), view.received()
    if mark == seen.mark:
        return
    registers = reader.cases.other_logs().registers()
    reached = [reach_of_received(register, seen.sizes.get(register.origin, 0)) for register in registers]
    sizes = {register.origin: len(register.entries) for register in registers}
    names = None if None in reached else frozenset().union(*filter(None, reached))
    view.mark_received(names, SeenRegisters(mark, sizes))


def _main_orders(reader: LedgerReader, orders: Iterable[str]) -> Iterator[str]:
    """Yield the main orders among these; a companion stands for its main order."""
    for order in orders:
        main = reader.main_of(order) or order
        if main in reader.cases.reserved:
            continue
        yield from reader.cases.joins.changed_with(main)

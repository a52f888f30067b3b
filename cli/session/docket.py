"""List every order with its state and deadlines, from views.db; judge an order again only where it may have changed.

An order is judged again when an entry of it was recorded, when one of its clocks or a stated day ended,
and when the register got an entry on an office or a Party that the order names. A row holds no sealed value.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from cli.records.judge_pool import CORES, Judge, judge_pool, judged
from cli.session.ledger_reader import LedgerReader, reading
from cli.terminal import prompts
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_row import Due, OrderRow, read_row
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import Case, Entry, wire
from ledger.entries.envelope import open_
from ledger.law import judge, read_order
from ledger.law.instruments.notice import DELAYS
from ledger.law.parties.register_reach import names_of, reach
from ledger.law.provisions import rules_digest

DAY = timedelta(hours=24)  # E-10-2 with a silent authority is judged until 24 hours after its end (decision 28)
EDITION = 7  # raise it when the content of a row changes
MANY = 20_000  # new entries, or ten times the stale orders, for which processes are started
TOGETHER = 500  # stale orders judged between two commits


class Docket(NamedTuple):
    """The orders of a ledger at a moment, and the names given to them, by id."""

    orders: OrderIndex
    names: dict[str, str]
    moment: datetime


@contextmanager
def opened_docket(as_of: datetime | None = None) -> Iterator[Docket]:
    """Open the list of the orders of the chosen ledger, now or as of a moment."""
    with reading() as reader:
        moment = as_of or reader.now()
        with listed(reader, moment, now=as_of is None) as orders:
            yield Docket(orders, reader.names(), moment)


@contextmanager
def listed(reader: LedgerReader, moment: datetime, *, now: bool = True) -> Iterator[OrderIndex]:
    """Open the list of every main order at `moment`.

    If that is `now`, the view of the ledger is brought up to date; else all orders are judged into a temporary list.
    """
    if now and os.access(reader.folder.path, os.W_OK):  # a ledger on a read-only medium keeps no view
        with closing(board(reader)) as view:
            with prompts.progress("judging") as report:
                bring_up(reader, view, moment, report)
            yield view
        return
    with TemporaryDirectory() as folder, closing(OrderIndex(Path(folder) / "views.db", "at a moment")) as view:
        cases = (case for case in reader.all() if case.known(moment).entries)
        while some := list(islice(cases, TOGETHER)):
            view.apply({case.order: shown(case, moment) for case in some})
        yield view


def docket(reader: LedgerReader, moment: datetime) -> list[OrderRow]:
    """Return every main order as it is at `moment`, which is now."""
    with listed(reader, moment) as orders:
        return [read_row(body) for _, body in orders.rows()]


def board(reader: LedgerReader) -> OrderIndex:
    """Return the view of orders under the rules in force."""
    return OrderIndex(reader.folder.views, f"docket {EDITION} {rules_digest()[:16]}")


def bring_up(
    reader: LedgerReader,
    view: OrderIndex,
    moment: datetime,
    report: Callable[[int, int], None] = lambda done, total: None,
    *,
    most: int | None = None,
) -> None:
    """Judge the entries that the view lacks, and every order that time or the register has changed.

    If more than `most` orders are stale, they stay stale.
    """
    size = reader.store.size()
    with ExitStack() as opened:
        judge: Judge = partial(judged, reader)
        if CORES > 1 and (size - view.size > MANY or MANY // 10 < view.stale_count(moment) <= (most or sys.maxsize)):
            judge = opened.enter_context(judge_pool(reader))

        def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow]:
            orders = [(index, open_(raw, verify=False).payload.order) for index, raw in page]
            touched = dict.fromkeys(order for _, order in orders)
            if reader.cases.registry in touched and page[0][0] > 0:
                _doubt(reader, view, {index for index, order in orders if order == reader.cases.registry})
            report(page[-1][0] + 1, size)
            return judge(_main_orders(reader, touched), moment)

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


def _main_orders(reader: LedgerReader, orders: Iterable[str]) -> Iterator[str]:
    """Yield the main orders among these; a companion stands for its main order."""
    for order in orders:
        main = reader.main_of(order) or order
        if main not in reader.cases.reserved:
            yield main


@lru_cache(maxsize=8)  # every order of a ledger is judged over one register
def _still_to_come(registry: tuple[Entry, ...], moment: datetime) -> list[tuple[datetime, frozenset[str] | None]]:
    """Return the entries of the register that are dated after a moment: when, and which names they reach."""
    return [(e.on, reach((e,), registry)) for e in registry if e.on > moment]


def _stated_days(case: Case, moment: datetime) -> Iterator[datetime]:
    """Yield the turns of days that entries state and that may be in no clock: a delay's review, a general notice."""
    delays = [e for e in case.entries if e.kind in DELAYS and e.get("review_on")]
    notices = [e for e in (*case.entries, *case.registry) if e.kind == "notice-published" and e.get("valid_from")]
    if delays or notices:
        days_of = read_order(case, moment).parties.days_of
        for e in delays:
            yield days_of(e.party).end_of(date.fromisoformat(e.get("review_on")))
        for e in notices:
            yield days_of(e.party).end_of(date.fromisoformat(e.get("valid_from")) - timedelta(days=1))


def shown(case: Case, moment: datetime) -> ViewRow:
    """Return the row of one order, and the next moment at which time alone changes it."""
    from projections.reports.data_protection.dpo_questions import open_points
    from projections.reports.data_protection.register_rows import kept_until, short_answers
    from projections.views.due import due
    from projections.views.state import view
    from projections.views.timeline import office_names

    judgement = judge(case, moment)
    v = view(case.known(moment), judgement)
    issued = next((e for e in case.entries if e.kind == "order-issued"), None)
    public: Mapping[str, Any] = {} if issued is None else issued.public
    authority = public.get("issuing_authority")
    names, rests_on = office_names(case.registry), names_of(case)
    row = OrderRow(
        order=v.order,
        ref=v.ref,
        label=v.label,
        instrument=v.instrument,
        state=v.state,
        due=[
            Due(
                id=d.clock.id,
                due=None if d.clock.due is None else wire(d.clock.due),
                policy=d.clock.policy,
                verdict=str(d.clock.verdict),
                cite=", ".join(d.clock.cite),
                entries=list(d.clock.entries),
            )
            for d in due(judgement, moment)
        ],
        number=min((e.index for e in case.entries if e.order == case.order), default=-1),
        case_ref=public.get("case_ref"),
        from_party=v.from_party,
        to_party=v.to_party,
        authority=authority,
        providers=list(v.providers),
        names=[names[actor] for actor in (authority, *v.providers) if actor in names],
        issued_on=None if v.issued_on is None else wire(v.issued_on),
        last_on=None if v.last_on is None else wire(v.last_on),
        entries=v.entries,
        kinds=sorted({e.kind for e in case.known(moment).entries}),
        findings=dict(sorted(Counter(f.level.value for f in judgement.findings).items())),
        answers=short_answers(case.known(moment), judgement),
        open=[(duty.question, duty.says) for duty in open_points(judgement)],
        kept_until=kept_until(judgement),
        rests_on=sorted(rests_on),
    )
    turns = [end for c in judgement.deadlines if c.due for end in (c.due, c.due + DAY) if end > moment]
    later = [t for e in case.entries for t in (e.at, e.on) if t > moment]  # recorded or dated after `moment`
    later += [t for t, reached in _still_to_come(case.registry, moment) if reached is None or reached & rests_on]
    later += [t for t in _stated_days(case, moment) if t > moment]
    return ViewRow(msgspec.json.encode(row), min([*turns, *later], default=None))

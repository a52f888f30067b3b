"""The docket: every order with its state and what is due, kept in views.db and judged again only where it may differ.

An order is judged again when an entry of it was recorded, when one of its clocks came to an end, and when the register
grew, because a declaration or an office may bear on any order. What it shows holds no sealed value.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from cli.session.ledger_reader import reading
from cli.terminal import prompts
from ledger.adapters.storage.order_index import Due, OrderIndex, OrderRow, read_row
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import Case, Entry, wire
from ledger.entries.envelope import open_
from ledger.law import judge
from ledger.law.provisions import rules_digest

if TYPE_CHECKING:
    from cli.session.ledger_reader import Reader
    from ledger.entries.case import Case

DAY = timedelta(hours=24)  # E-10-2 with a silent authority is judged until 24 hours after its end (decision 28)
EDITION = 3  # raised when a row comes to hold something else
TOGETHER = 500  # doubtful orders judged between two commits


def docket(reader: Reader, moment: datetime) -> list[OrderRow]:
    """Every order people ask about as it stands at `moment`, which is now: from the view, brought up to date first."""
    if not os.access(reader.folder.path, os.W_OK):
        return at_moment(reader, moment)  # a ledger on a medium that cannot be written keeps no view
    with closing(board(reader)) as view:
        with prompts.progress("judging") as report:
            bring_up(reader, view, moment, report)
        return [read_row(body) for _, body in view.rows()]


def board(reader: Reader) -> OrderIndex:
    """The docket as it is kept, under the rules in force."""
    return OrderIndex(reader.folder.views, f"docket {EDITION} {rules_digest()[:16]}")


def bring_up(
    reader: Reader,
    view: OrderIndex,
    moment: datetime,
    report: Callable[[int, int], None] = lambda done, total: None,
    *,
    most: int | None = None,
) -> None:
    """Judge what the log has and the view has not, and every order that time or the register has changed.

    Where more than `most` orders are in doubt they are left so.
    """
    size = reader.store.size()

    def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow]:
        touched = dict.fromkeys(open_(raw, verify=False).payload.order for _, raw in page)
        if reader.cases.registry in touched and page[0][0] > 0:
            view.mark_all_stale()
        report(page[-1][0] + 1, size)
        return _judged(reader, _listed(reader, touched), moment)

    view.catch_up(reader.store, fold)
    left = doubtful = view.stale_count(moment)
    if most is not None and doubtful > most:
        return
    while stale := view.stale(moment, TOGETHER):
        view.apply(_judged(reader, stale, moment))
        left -= len(stale)
        report(doubtful - left, doubtful)


def at_moment(reader: Reader, moment: datetime) -> list[OrderRow]:
    """The same for any moment: every order judged for it, as far as it was recorded then."""
    known = (case for case in reader.all() if case.known(moment).entries)
    return [read_row(shown(case, moment).body) for case in known]


def _listed(reader: Reader, orders: Iterable[str]) -> Iterator[str]:
    """The orders people ask about among these; a companion stands for the order it belongs to."""
    for order in orders:
        main = reader.main_of(order) or order
        if main not in (reader.cases.registry, reader.cases.access):
            yield main


def _judged(reader: Reader, orders: Iterable[str], moment: datetime) -> dict[str, ViewRow]:
    return {
        order: shown(reader.cases.case(order, label=reader.label(order)), moment) for order in dict.fromkeys(orders)
    }


@lru_cache(maxsize=8)  # every order of a ledger is judged over one register
def _still_to_come(registry: tuple[Entry, ...], moment: datetime) -> list[datetime]:
    return [e.on for e in registry if e.on > moment]


def shown(case: Case, moment: datetime) -> ViewRow:
    """The row of one order, and when time alone changes it."""
    from projections.views.due import due
    from projections.views.state import view
    from projections.views.timeline import office_names

    judgement = judge(case, moment)
    v = view(case.known(moment), judgement)
    issued = next((e for e in case.entries if e.kind == "order-issued"), None)
    public: Mapping[str, Any] = {} if issued is None else issued.public
    authority = public.get("issuing_authority")
    names = office_names(case.registry)
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
        findings=dict(sorted(Counter(f.level.value for f in judgement.findings).items())),
    )
    turns = [end for c in judgement.deadlines if c.due for end in (c.due, c.due + DAY) if end > moment]
    later = [t for e in case.entries for t in (e.at, e.on) if t > moment]  # not known yet, or said to be still to come
    later += _still_to_come(case.registry, moment)
    return ViewRow(msgspec.json.encode(row), min([*turns, *later], default=None))


def docket_rows(as_of: datetime | None) -> tuple[list[OrderRow], dict[str, str], datetime]:
    """Return every order as it stands now, from the view, or judged for another moment; the names given; the moment."""
    with reading() as reader:
        moment = as_of or reader.now()
        found = docket(reader, moment) if as_of is None else at_moment(reader, moment)
        return found, reader.names(), moment

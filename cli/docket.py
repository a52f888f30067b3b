"""The docket: every order with its state and what is due, kept in views.db and judged again only where it may differ.

An order is judged again when an entry of it was recorded, when one of its clocks came to an end, and when the register
grew, because a declaration or an office may bear on any order. What it shows holds no sealed value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli import ui
from ledger.envelope import open_
from ledger.law import judge
from ledger.law.provisions import rules_digest
from ledger.order import Case, wire
from ledger.world.views import Shown, View

if TYPE_CHECKING:
    from cli.reading import Reader

DAY = timedelta(hours=24)  # E-10-2 with a silent authority is judged until 24 hours after its end (decision 28)


def docket(reader: Reader, moment: datetime) -> list[dict[str, Any]]:
    """Every order people ask about as it stands at `moment`, which is now: from the view, brought up to date first."""
    if not os.access(reader.folder.path, os.W_OK):
        return at_moment(reader, moment)  # a ledger on a medium that cannot be written keeps no view
    view = View(reader.folder.views, f"docket {rules_digest()[:16]}")
    try:
        with ui.progress("judging") as report:
            size = reader.store.size()

            def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, Shown]:
                report(page[-1][0] + 1, size)
                return _judged(reader, _touched(reader, page), moment)

            view.catch_up(reader.store, fold)
            stale = view.stale(moment)
            if stale:
                view.apply(_judged(reader, stale, moment))
        return [json.loads(body) for _, body in view.rows()]
    finally:
        view.close()


def at_moment(reader: Reader, moment: datetime) -> list[dict[str, Any]]:
    """The same for any moment: every order judged for it, as far as it was recorded then."""
    known = (case for case in reader.all() if case.known(moment).entries)
    return [json.loads(shown(case, moment).body) for case in known]


def _touched(reader: Reader, page: Sequence[tuple[int, bytes]]) -> Iterator[str]:
    """The listed orders that entries of a page may change."""
    orders = dict.fromkeys(open_(raw, verify=False).payload.order for _, raw in page)
    if reader.cases.registry in orders and page[0][0] > 0:
        yield from reader.cases.orders()
        return
    for order in orders:
        main = reader.main_of(order) or order
        if main not in (reader.cases.registry, reader.cases.access):
            yield main


def _judged(reader: Reader, orders: Sequence[str] | Iterator[str], moment: datetime) -> dict[str, Shown]:
    return {
        order: shown(reader.cases.case(order, label=reader.label(order)), moment) for order in dict.fromkeys(orders)
    }


def shown(case: Case, moment: datetime) -> Shown:
    """The row of one order, and when time alone changes it."""
    from projections.due import due
    from projections.state import view

    judgement = judge(case, moment)
    v = view(case.known(moment), judgement)
    row = {
        "order": v.order,
        "ref": v.ref,
        "label": v.label,
        "instrument": v.instrument,
        "state": v.state,
        "due": [
            {
                "id": d.clock.id,
                "due": None if d.clock.due is None else wire(d.clock.due),
                "policy": d.clock.policy,
                "verdict": str(d.clock.verdict),
                "cite": ", ".join(d.clock.cite),
                "entries": list(d.clock.entries),
            }
            for d in due(judgement, moment)
        ],
    }
    turns = [end for c in judgement.deadlines if c.due for end in (c.due, c.due + DAY) if end > moment]
    later = [e.at for e in case.entries if e.at > moment]  # signed with a clock that was ahead: not known yet
    return Shown(json.dumps(row).encode(), min([*turns, *later], default=None))

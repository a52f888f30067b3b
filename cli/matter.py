"""Which orders of a ledger belong to one matter: found by a view of the links, so that no order is read for nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from cli import ui
from cli.reading import Reader
from ledger.envelope import open_
from ledger.law import judge
from ledger.order import Case
from ledger.world.views import Shown, View
from projections.matter import Pair, Share, connected, pair, pairs
from projections.state import name_of, view


def matter(reader: Reader, name: str, moment: datetime, *, only: bool = False) -> tuple[list[Share], list[str]]:
    """The order people mean by `name` first, then those linked with it, oldest first, as known at `moment`; and the ids
    of orders that are named and not here. With `only`, the order alone.

    A link counts once the entry that makes it is on record, and an order once one of its entries is.
    """
    asked = reader.case(name)
    known = asked.known(moment)
    if only:
        return [_share(known, moment)], []
    found = connected(asked.order, links(reader)) - {asked.order}
    here = [reader.cases.case(o, label=reader.label(o)).known(moment) for o in found if reader.store.head(o)]
    told = [case for case in here if case.entries]
    together = connected(asked.order, (p for case in (known, *told) for p in pairs(case)))
    beside = sorted((c for c in told if c.order in together), key=lambda c: c.entries[0].index)
    elsewhere = sorted(o for o in together if not reader.store.head(o))
    return [_share(case, moment) for case in (known, *beside)], elsewhere


def _share(case: Case, moment: datetime) -> Share:
    return Share(name_of(case), case, judge(case, moment))


def links(reader: Reader) -> Iterable[Pair]:
    """Every pair of orders that some entry of this ledger joins."""
    if not os.access(reader.folder.path, os.W_OK):
        return [p for page in reader.store.pages() for p in _pairs(page)]
    with closing(View(reader.folder.views, "links")) as view, ui.progress("looking for linked orders") as report:
        size = reader.store.size()

        def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, Shown]:
            report(page[-1][0] + 1, size)
            return {" ".join(p): Shown(json.dumps(p).encode()) for p in _pairs(page)}

        view.catch_up(reader.store, fold)
        return [(before, after) for before, after in (json.loads(body) for _, body in view.rows())]


def _pairs(page: Sequence[tuple[int, bytes]]) -> Iterable[Pair]:
    for _, raw in page:
        payload = open_(raw, verify=False).payload
        found = pair(payload.order, payload.public)
        if found is not None:
            yield found


def began(share: Share) -> int:
    """The place of an order's first entry in the log; one of which nothing is known yet comes last."""
    return share.case.entries[0].index if share.case.entries else sys.maxsize


def member(share: Share) -> dict[str, Any]:
    """One order of a matter, as JSON."""
    v = view(share.case, share.judgement)
    return {"order": v.order, "ref": v.ref, "label": v.label, "instrument": v.instrument, "state": v.state}

"""Responses of the desk: a page in its frame, a file, a row of the order index as a line of a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from cli.reports.timeline_text import left
from ledger.adapters.storage.orders.order_row import OrderRow
from ledger.entries.case import instant
from ledger.facts.vocabulary import INSTRUMENTS
from projections.render.desk_pages import BoardRow, Frame, OrderListRow, desk_page, policy
from projections.reports.front_page import words

HTML = "text/html; charset=utf-8"


def page(
    template: str, frame: Frame, title: str, here: str, *, status: int = 200, again: int | None = None, **values: Any
) -> Response:
    """Return a page of the desk; the browser reloads it after `again` seconds."""
    html = desk_page(template, frame, title, here, **values)
    headers = {"content-security-policy": policy(), **({} if again is None else {"refresh": str(again)})}
    return Response(html, status, headers, HTML)


def document(text: str | bytes, media: str, name: str | None = None) -> Response:
    """Return a complete document that states its own content policy; a `name` makes it a download."""
    headers = {"content-security-policy": "frame-ancestors 'none'"}
    if name is not None:
        safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
        headers["content-disposition"] = f'attachment; filename="{safe}"'
    return Response(text, 200, headers, media)


def called(row: OrderRow) -> str:
    """Return what people call an order: the number of its case, else its own number, its label or a part of its id."""
    return row.case_ref or row.ref or row.label or row.order[:8]


def ending(row: OrderRow, clock: str, cite: str, due: str | None, now: datetime, names: Mapping[str, str]) -> BoardRow:
    """Return a clock of an order as a line of the board."""
    end = None if due is None else instant(due)
    span = None if end is None else end - now
    return BoardRow(
        order=row.order,
        name=called(row),
        number=row.ref if row.case_ref else None,
        instrument=INSTRUMENTS.get(row.instrument, row.instrument),
        state=words(row.state),
        provider=", ".join(names.get(p, p) for p in row.providers),
        clock=clock,
        cite=cite,
        due=end,
        left=left(span),
        over=span is not None and span <= timedelta(0),
    )


def item(row: OrderRow, now: datetime, names: Mapping[str, str], states: Mapping[str, str]) -> OrderListRow:
    """Return an order as a line of the list of orders; `names` are those of offices, `states` those of Parties."""
    ends = [instant(d.due) for d in row.due if d.due is not None]
    due = min(ends, default=None)
    span = None if due is None else due - now
    return OrderListRow(
        order=row.order,
        name=called(row),
        number=row.ref if row.case_ref else None,
        instrument=INSTRUMENTS.get(row.instrument, row.instrument),
        state=words(row.state),
        between=" and ".join(states.get(p, p) for p in (row.from_party, row.to_party) if p) or "not stated",
        provider=", ".join(names.get(p, p) for p in row.providers),
        issued_on=None if row.issued_on is None else instant(row.issued_on),
        last_on=None if row.last_on is None else instant(row.last_on),
        due=due,
        left=left(span) if span is not None else "not known" if row.due else "no clock runs",
        over=span is not None and span <= timedelta(0),
    )

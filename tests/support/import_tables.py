"""Tables to import: a story's facts as the rows of a spreadsheet, and the common parts of two records of one order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cli.stories.model import Story, StoryFact, on_the_wire
from ledger.application.journal import Journal
from ledger.entries.case import Case, Entry, Unread, wire
from ledger.facts import kind_of

HEAD = "order,kind,occurred,instrument,from_party,to_party,addressee,channel,identifiers\n"


def opening(reference: str, *, identifiers: str = "acct-1", at: str = "2026-03-01T09:40:00Z") -> str:
    """Return a row of `HEAD` that opens an order."""
    return f"{reference},order-issued,{at},2AP-7,XO,XV,,,{identifiers}\n"


def sending(reference: str, *, at: str = "2026-03-02T08:00:00Z", to: str = "skylark", channel: str = "mail") -> str:
    """Return a row of `HEAD` that sends it."""
    return f"{reference},order-transmitted,{at},,,,{to},{channel},\n"


def sheet_of(source: Story, called: str = "again-") -> str:
    """Return the facts of a story's orders as CSV; each order's reference is `called` and its name."""
    rows = [_row(source, fact, called) for fact in source.facts if fact.order is not None]
    table = io.StringIO()
    writer = csv.DictWriter(table, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()


def _row(source: Story, fact: StoryFact, called: str) -> dict[str, str]:
    assert fact.order is not None
    order = source.orders[fact.order]
    row = {
        "order": called + fact.order,
        "kind": fact.type,
        "occurred": wire(fact.on),
        "signer": fact.by,
        "role": fact.role,
        "speaks": fact.speaks,
        "actor": fact.whose or "",
        "on_source": fact.on_source,
        "label": fact.label or "",
        "replaces": fact.replaces or "",
        "why": "put right in the story" if fact.replaces else "",
        "audience": "\n".join(f"{name}={','.join(roles)}" for name, roles in fact.audience.items()),
        "instrument": order.instrument,
        "unregistered": "yes",  # a story names offices that its register does not have
    }
    if fact.type == "order-issued":
        row |= {"from_party": order.sent_from, "to_party": order.to}
    fields = kind_of(fact.type).fields()
    for name, value in {**fact.public, **fact.sealed}.items():
        other = fields[name].type in ("order", "list[order]")
        row[name] = _cell(on_the_wire(value), called if other else "")
    return row


def _cell(value: Any, before: str) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "\n".join(_cell(each, before) for each in value)
        case dict():
            return json.dumps(value)
        case _:
            return f"{before}{value}"


def alike(case: Case, names: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Return the timeline of an order without ids: entries by their place, orders by `names` (id -> name)."""
    entries = sorted(case.entries, key=lambda e: (e.on, e.index))
    places = {e.leaf: n for n, e in enumerate(entries)}
    return [
        (
            e.on,
            e.kind,
            e.by,
            e.role,
            e.speaks,
            e.whose,
            e.on_source,
            places.get(e.replaces or ""),
            _said(e, places, names),
        )
        for e in entries
    ]


def _said(e: Entry, places: Mapping[str, int], names: Mapping[str, str]) -> dict[str, Any]:
    known = {**places, **names}

    def plain(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return known.get(value, value) if isinstance(value, str) else value

    sealed = {name: value for name, value in e.sealed.items() if value is not None and not isinstance(value, Unread)}
    source = {name: plain(value) for name, value in {**e.public, **sealed}.items() if name != "reference"}
    return {**source, "audience": {name: tuple(roles) for name, roles in e.audience.items()}}


def entries(ledger: Path) -> list[tuple[int, bytes]]:
    """Return every sealed line of a ledger."""
    with Journal.open(ledger, writable=False) as journal:
        return [pair for page in journal.store.pages() for pair in page]


def written(path: Path, rows: Iterable[str], head: str = HEAD) -> Path:
    """Write a table to a file."""
    path.write_text(head + "".join(rows), encoding="utf-8")
    return path

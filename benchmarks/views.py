"""The cost of rebuilding a view, against feeding it one event at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.measure import Figure, say, seconds
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.views import PAGE, View, ViewRow
from ledger.formats.dsse import EVENT_TYPE, parts

SINGLY = 1_000  # events fed one by one; a whole ledger would take minutes


class Newest(msgspec.Struct):
    """Hold what the view shows of an order: its newest entry. The other members of the payload are ignored."""

    order: str
    seq: int
    kind: str
    on: str


_decode = msgspec.json.Decoder(Newest).decode


def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow]:
    """Return the newest entry of every order in a page; the entries were verified when they were recorded."""
    rows = {}
    for _, raw in page:
        newest = _decode((parts(raw, EVENT_TYPE) or (b"",))[0])
        rows[newest.order] = ViewRow(f"{newest.seq} {newest.kind} {newest.on}".encode())
    return rows


def view_figure(ledger: Path) -> Figure:
    """Divide the entries a second of a rebuild by those with one transaction for each event and its position."""
    say("rebuilding a view")
    store = EntryReader(ledger / "entries.db")
    with tempfile.TemporaryDirectory(dir=ledger.parent) as place:
        view = View(Path(place) / "pages.db", "newest")
        paged = seconds(lambda: view.catch_up(store, fold)) / store.size()
        singly = View(Path(place) / "events.db", "newest")
        events = list(islice((entry for page in store.pages() for entry in page), SINGLY))

        def feed() -> None:
            for index, raw in events:
                singly.apply(fold([(index, raw)]), index + 1)

        single = seconds(feed) / len(events)
        view.close()
        singly.close()
    store.close()
    return Figure(
        single / paged,
        {"rebuilt_per_second": round(1 / paged), "fed_per_second": round(1 / single), "page": PAGE},
        at_least=15,
    )

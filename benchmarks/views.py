"""What it costs to make a view again: a page of entries a transaction, against one transaction for each entry."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Figure, say, seconds
from ledger.envelope import open_
from ledger.world.store import Store
from ledger.world.views import PAGE, Shown, View

ONE_BY_ONE = 2_000  # entries fed one transaction each; the rate does not depend on how many


def view_figure(ledger: Path) -> Figure:
    """Entries in a second of the newest entry of every order, rebuilt in pages against one transaction per event."""
    say("making a view again")
    store = Store(ledger / "entries.db", writable=False)
    with tempfile.TemporaryDirectory(dir=ledger.parent) as folder:
        paged, single = View(Path(folder) / "paged.db", "newest"), View(Path(folder) / "single.db", "newest")
        rebuilt = store.size() / seconds(lambda: paged.catch_up(store, newest))
        few = store.page(0, ONE_BY_ONE)

        def one_by_one() -> None:
            for entry in few:
                single.apply(newest([entry]), entry[0] + 1)

        fed = len(few) / seconds(one_by_one)
        paged.close()
        single.close()
    store.close()
    return Figure(
        rebuilt / fed, {"rebuilt_per_second": round(rebuilt), "fed_per_second": round(fed), "page": PAGE}, at_least=15
    )


def newest(page: Sequence[tuple[int, bytes]]) -> Mapping[str, Shown]:
    """The newest entry of each order of a page: its number, kind and moment."""
    rows = {}
    for _, raw in page:
        p = open_(raw, verify=False).payload
        rows[p.order] = Shown(f"{p.seq} {p.kind} {p.on}".encode())
    return rows

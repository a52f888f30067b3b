"""The cost of writing where the entries are in PostgreSQL, against the library's recorder on the same server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from benchmarks.data.generate import ORIGIN, entries
from benchmarks.measure import Figure, in_turn, say
from benchmarks.writing import recording, stock_recorder
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.postgres import address
from ledger.entries.envelope import open_
from tests.postgres.server import OWNER, Server

BATCH = 2_500
THEIRS = 250  # in one batch of the library's: with 500 of these entries its pipeline waits for ever (psycopg 3.3.9)
BATCHES = 4
RUNS = 3


def postgres_figures(folder: Path) -> dict[str, Figure]:
    """Measure single records, and the insertion of batches of rows that were sealed and verified before."""
    say("recording into PostgreSQL")
    server = Server.new()
    try:
        server.database("stock")
        settings = {"POSTGRES_DBNAME": "stock", "POSTGRES_HOST": str(server.folder), "POSTGRES_PORT": "5432"}
        stock = stock_recorder("postgres", POSTGRES_USER=OWNER, POSTGRES_PASSWORD="", **settings)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            single = recording(Path(place) / "ledger", stock, server.database("single"))
        return {"postgres_record": single, "postgres_batch": _batches(server, stock)}
    finally:
        server.gone()


def _batches(server: Server, stock: ApplicationRecorder) -> Figure:
    rows = [_row(sealed.raw) for sealed in entries(BATCH * BATCHES * RUNS)]
    store = EntryStore.create(address(server.database("batch"), ORIGIN))
    ours, theirs = _chunks(rows, BATCH), _chunks(rows, THEIRS)
    orders = count()

    def append() -> None:
        store.append_pages((next(ours) for _ in range(BATCHES)), expected={})

    def insert() -> None:
        for _ in range(BATCHES * BATCH // THEIRS):
            order = f"order-{next(orders)}"  # the library's own keys, so that its conflicts are none of ours
            stock.insert_events(
                [
                    StoredEvent(originator_id=order, originator_version=n, topic=row.topic, state=row.state)
                    for n, row in enumerate(next(theirs), 1)
                ]
            )

    mine, library = in_turn([append, insert], RUNS)
    store.close()
    many = BATCH * BATCHES
    made_of = {"entries_per_second": round(many / mine), "stock_recorder_per_second": round(many / library)}
    return Figure(library / mine, made_of, at_least=1.0)


def _chunks(rows: Sequence[EntryRow], size: int) -> Iterator[Sequence[EntryRow]]:
    return iter([rows[at : at + size] for at in range(0, len(rows), size)])


def _row(raw: bytes) -> EntryRow:
    opened = open_(raw, verify=False)
    p = opened.payload
    return EntryRow(p.order, p.seq, p.kind, raw, bytes.fromhex(p.entry), bytes.fromhex(opened.leaf))

"""The cost of writing: one record, many writers at once, received batches, copies, and a git commit for comparison."""

from __future__ import annotations

import io
import statistics
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from threading import Barrier, Thread
from time import perf_counter
from typing import Any
from uuid import uuid4

from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment
from msgspec.structs import replace

from benchmarks.data.generate import BEGIN, entries, order, registry, signer
from benchmarks.data.ledgers import new, receive
from benchmarks.measure import CORES, Figure, cpu_seconds, in_turn, say, seconds
from benchmarks.peers.git import commit_and_verify
from benchmarks.peers.postgres import raw_postgres
from benchmarks.peers.raw import SAMPLE, Cost, Yardstick
from benchmarks.peers.umadb import umadb_server
from benchmarks.split.receiving import split_of_receiving
from benchmarks.split.steps import among_processes
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.backup.copy_ledger import back_up
from ledger.application.backup.later_entries import root_at
from ledger.application.backup.manifest import NAME, format_manifest, read_manifest
from ledger.application.journal import Journal
from ledger.application.write.sequencer import Sequencer
from ledger.entries.envelope import Circumstances, Sealed
from ledger.facts import build
from tests.postgres.server import Server

RECORDS = 50  # in one run of the single-record figure
RUNS = 9
RECEIVED = 20_000
ROUNDS = 3  # of receiving
COMMITS = 30
NEW_ENTRIES = 1_000  # behind the copy before
ONE, SOME, MANY = 1, 8, 64  # writers
ENTRIES = {ONE: 1_000, SOME: 400, MANY: 125}  # of one writer in one round; each writes to its own orders
TURNS = 5  # in which one writer and many are measured
AT_LEAST = {SOME: 4.0, MANY: 8.0}

Take = Callable[[bytes], object]  # stores one sealed entry durably


def record_figure(folder: Path) -> Figure:
    """Measure durable records in a second against the library's SQLite recorder, one event a transaction."""
    say("recording one by one")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        stock = stock_recorder("sqlite", SQLITE_DBNAME=str(Path(place) / "stock.db"))
        return recording(Path(place) / "ledger", stock)


def recording(ledger: Path, recorder: ApplicationRecorder, store: str = "") -> Figure:
    """Return durable records in a second of a new ledger, and one-event transactions of the library's recorder."""
    with new(ledger, store) as journal:
        receive(journal, registry())
        start = journal.store.size()
        records = _records(journal)

        def record() -> None:
            for _ in range(RECORDS):
                next(records)

        record()  # once for what is read only once
        states = [raw for _, raw in journal.store.page(start, RECORDS)]
        stock = _one_by_one(recorder)

        def insert() -> None:
            for state in states:
                stock(state)

        insert()
        ours, theirs = in_turn([record, insert], RUNS)
    return Figure(
        theirs / ours,
        {"records_per_second": round(RECORDS / ours), "stock_recorder_per_second": round(RECORDS / theirs)},
        at_least=0.25,
    )


def receive_figure(folder: Path) -> Figure:
    """Measure sealed entries received in a second, everything verified, against raw verifications of the signatures."""
    say("receiving in batches")
    sealed = list(entries(RECEIVED))
    runs: list[Cost] = []

    def run() -> Cost:
        runs.append(_receiving(folder, sealed, disclosures=False))
        return runs[-1]

    with Yardstick([one.raw for one in sealed[:SAMPLE]]) as raw:
        bare = raw.against(run, ROUNDS)
    split = split_of_receiving(folder, sealed)
    whole = _receiving(folder, sealed, disclosures=True)
    return Figure(
        bare.least,
        {**bare.made_of(), "entries_per_second_with_disclosures": round(whole.rate)},
        at_least=0.5,
        split=among_processes(split, statistics.median(received.cpu for received in runs)),
    )


def git_figures(folder: Path, recording: Figure, auditing: Figure) -> dict[str, Figure]:
    """Return how many times as fast as a signed git commit per event: recording it, and verifying it."""
    say("committing to git")
    states = [sealed.raw for number in islice(count(1), COMMITS) for _, sealed in order(number)][:COMMITS]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        commit, verify = commit_and_verify(Path(place) / "git", states)
    record, audit = recording.made_of["records_per_second"], auditing.made_of["entries_per_second"]
    return {
        "git_recording": Figure(record * commit, {"commits_per_second": round(1 / commit, 1)}, at_least=10),
        "git_verification": Figure(audit * verify, {"verified_per_second": round(1 / verify, 1)}, at_least=100),
    }


def _receiving(folder: Path, sealed: list[Sealed], *, disclosures: bool) -> Cost:
    before = cpu_seconds()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        with new(Path(place) / "ledger") as journal:
            receive(journal, registry())
            taken = seconds(lambda: receive(journal, sealed, disclosures=disclosures))
        return Cost(len(sealed) / taken, (cpu_seconds() - before) / len(sealed))


def _records(journal: Journal) -> Iterator[bytes]:
    """Record one fact of an order after another, some with sealed values, each with its receipt."""
    order_id, by = str(uuid4()), signer("iss-0", "ISS", "XO")
    facts: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("order-transmitted", {"addressee": "sp-0", "channel": "provider-portal"}, {}),
        ("confidentiality-requested", {"until": "2027-01-01"}, {"reasons": "Others are still being looked for."}),
        ("notification-sent", {"notified_authority": "not-0", "includes": ["order"]}, {}),
    ]
    issued = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "reference": "PPO-1"}
    for number in count():
        kind, public, sealed = facts[number % 3] if number else ("order-issued", issued, {"identifiers": ["acct-1"]})
        on = BEGIN + timedelta(minutes=number)
        instrument = {} if number else {"instrument": "2AP-7"}
        said = Circumstances(on, on)
        yield journal.record(build(kind, public, sealed), order_id, by, said, **instrument).proof


def stock_recorder(engine: str, **settings: str) -> ApplicationRecorder:
    """Return the recorder of the library on a database; on SQLite with WAL and synchronous=FULL."""
    given = {"PERSISTENCE_MODULE": f"eventsourcing.{engine}", "ORIGINATOR_ID_TYPE": "text", **settings}
    return InfrastructureFactory.construct(Environment("stored", given)).application_recorder()


def _one_by_one(recorder: ApplicationRecorder) -> Callable[[bytes], object]:
    versions = count(1)

    def insert(state: bytes) -> object:
        event = StoredEvent(
            originator_id="6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            originator_version=next(versions),
            topic="order-issued",
            state=state,
        )
        return recorder.insert_events([event])

    return insert


def concurrent_figures(folder: Path) -> dict[str, Figure]:
    """Measure eight and 64 writers against one, with the entries in SQLite and in PostgreSQL."""
    figures = {}
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for name, store, raw in _stores():
            say(f"writing from several threads at once, {name}")
            rates = _rates(Path(place) / name, store)
            peers = {}
            if name == "postgres":
                with umadb_server(Path(place)) as append, raw_postgres(raw) as insert:
                    takes = {"umadb": append, "raw_postgres": insert}
                    peers = {n: _medians([_round(t, Work()) for _ in range(TURNS)]) for n, t in takes.items() if t}
            for writers, limit in AT_LEAST.items():
                made_of = {
                    "entries_per_second": round(rates[writers]),
                    "one_writer_per_second": round(rates[ONE]),
                    **{f"{peer}_per_second": round(each[writers]) for peer, each in peers.items()},
                    **{f"one_{peer}_per_second": round(each[ONE]) for peer, each in peers.items()},
                }
                bound = limit if name == "postgres" else 1.0
                figures[f"{name}_writers_{writers}"] = Figure(rates[writers] / rates[ONE], made_of, at_least=bound)
    return figures


def _stores() -> Iterator[tuple[str, str, str]]:
    """Yield name and address of each store, and the address of a database on the same server for a peer."""
    yield "sqlite", "", ""
    server = Server.new()
    try:
        server.stop()
        server.set(max_connections="100")  # a peer has one for each writer
        server.start()
        yield "postgres", server.database("writers"), server.database("raw")
    finally:
        server.gone()


def _rates(ledger: Path, store: str) -> dict[int, float]:
    with new(ledger, store) as journal:
        receive(journal, registry())
        with Sequencer(journal) as sequencer:
            work = Work()

            def take(raw: bytes) -> object:
                return sequencer.receive([raw])[0].proof

            _round(take, work)  # once for what is read only once
            return _medians([_round(take, work) for _ in range(TURNS)])


class Work:
    """Sealed entries that no round has written yet; every writer gets a separate order."""

    def __init__(self) -> None:
        self._orders = count()

    def share(self, writers: int) -> list[list[bytes]]:
        """Return the entries of each writer, sealed in advance on every core."""
        numbers = [next(self._orders) for _ in range(writers)]
        with ProcessPoolExecutor(CORES) as pool:
            return list(pool.map(_sealed, numbers, [ENTRIES[writers]] * writers))


def _sealed(number: int, entries: int) -> list[bytes]:
    return [sealed.raw for _, sealed in order(number, entries)]


def _round(take: Take, work: Work) -> dict[int, float]:
    """Return entries in a second by number of writers, all measured in turn."""
    return {writers: _rate(take, work.share(writers)) for writers in (ONE, SOME, MANY)}


def _rate(take: Take, shares: Sequence[Sequence[bytes]]) -> float:
    """Return entries in a second while every writer writes: until the first of them has written its share."""
    barrier = Barrier(len(shares) + 1)
    written = [0] * len(shares)
    done: list[float] = []

    def write(number: int) -> None:
        barrier.wait()
        for raw in shares[number]:
            take(raw)
            written[number] += 1
            if done:
                return
        done.append(perf_counter())

    threads = [Thread(target=write, args=(number,)) for number in range(len(shares))]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = perf_counter()
    for thread in threads:
        thread.join()
    return sum(written) / (perf_counter() - start)


def _medians(rounds: Sequence[dict[int, float]]) -> dict[int, float]:
    return {writers: statistics.median(each[writers] for each in rounds) for writers in rounds[0]}


def later_copy_figure(large: Path, folder: Path) -> Figure:
    """Measure a copy of the last thousand entries against a whole copy, in seconds."""
    say("copying what is new")
    whole, before, later = (folder / f"{name}.tar" for name in ("whole", "before", "later"))
    for file in (whole, before, later):
        file.unlink(missing_ok=True)
    taken = seconds(lambda: back_up(large, str(whole)))
    bytes_of_whole = whole.stat().st_size
    _without_newest(large, whole, before)
    whole.unlink()

    def copy() -> None:
        later.unlink(missing_ok=True)
        back_up(large, str(later), str(before))

    (again,) = in_turn([copy], ROUNDS)
    made_of = {"seconds": round(again, 3), "whole_seconds": round(taken, 2), "entries": NEW_ENTRIES}
    made_of |= {"kibibytes": later.stat().st_size >> 10, "whole_kibibytes": bytes_of_whole >> 10}
    return Figure(again / taken, made_of, at_most=0.5)


def _without_newest(ledger: Path, whole: Path, before: Path) -> None:
    """Write the list of a copy that was made before the newest entries."""
    manifest = read_manifest(str(whole))
    size = manifest.size - NEW_ENTRIES
    with closing(EntryReader(ledger / "entries.db")) as reader:
        data = format_manifest(replace(manifest, size=size, root=root_at(reader, size), published=size))
    with tarfile.open(before, "w") as tar:
        member = tarfile.TarInfo(NAME)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))

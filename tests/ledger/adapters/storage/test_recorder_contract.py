"""The recorders for SQLite are recorders of `eventsourcing`: its contract cases pass, on tables without triggers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from eventsourcing.persistence import ConnectionUnavailableError, StoredEvent
from eventsourcing.sqlite import SQLiteDatastore

from ledger.adapters.storage import sqlite
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite_recorder import SQLiteEntryRecorder, SQLitePool
from ledger.adapters.storage.views import View
from ledger.errors import LedgerError
from tests.ledger.adapters.storage import recorder_contract
from tests.ledger.adapters.storage.test_entry_store import ORDER, row

# The cases store one state many times, and count versions from 0: triggers and the unique leaf would refuse both.
SCRATCH = [s.replace("leaf BLOB NOT NULL UNIQUE", "leaf BLOB NOT NULL") for s in SCHEMA if "TRIGGER" not in s]


class ScratchRecorder(recorder_contract.AnyEvent, SQLiteEntryRecorder):
    """The recorder of a ledger over tables without triggers."""


class TestApplicationRecorder(recorder_contract.ApplicationRecorderContract):
    def create_recorder(self) -> ScratchRecorder:
        folder = TemporaryDirectory(prefix="comity-")
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "scratch.db"
        sqlite.create(path, SCRATCH)
        datastore = SQLiteDatastore(str(path), originator_id_type="text")
        datastore.pool = SQLitePool(path, writable=True)
        self.addCleanup(datastore.close)
        return ScratchRecorder(datastore)


class TestTrackingRecorder(recorder_contract.TrackingRecorderContract):
    def create_recorder(self) -> View:
        folder = TemporaryDirectory(prefix="comity-")
        self.addCleanup(folder.cleanup)
        view = View(Path(folder.name) / "views.db", "contract")
        self.addCleanup(view.close)
        return view


def test_a_ledger_stores_sealed_entries_only(tmp_path: Path) -> None:
    with EntryStore.create(tmp_path / "entries.db") as store:
        sealed, other = row(ORDER, 1), StoredEvent(ORDER, 2, "order-closed", b"{}")
        for events in ([other], [sealed, other]):
            with pytest.raises(TypeError, match="sealed entries only"):
                store.recorder.insert_events(events)
        assert store.size() == 0
        assert store.recorder.max_notification_id() is None
        store.recorder.writing = None  # type: ignore[assignment, method-assign]
        assert store.recorder.insert_events([]) == [], "without a transaction"


def test_a_recorder_knows_the_tables_of_a_ledger_and_takes_no_unknown_argument(tmp_path: Path) -> None:
    with EntryStore.create(tmp_path / "entries.db") as store:
        assert isinstance(store.recorder, SQLiteEntryRecorder)
        assert store.recorder.create_table_statements == list(SCHEMA)
        with pytest.raises(TypeError, match="unknown arguments: awaited, other"):
            store.recorder.insert_events([row(ORDER, 1)], other=1, awaited=2)
        assert store.size() == 0


def test_a_writer_that_cannot_connect_keeps_no_lock_from_the_next(tmp_path: Path) -> None:
    path = tmp_path / "entries.db"
    EntryStore.create(path).close()
    path.rename(tmp_path / "away.db")
    pool = SQLitePool(path, writable=True)
    for is_writer in (True, True, False, None):
        with pytest.raises(LedgerError) as found:
            pool.get_connection(0.2, is_writer=is_writer)
        assert (found.value.code, pool._num_writers) == ("NO-LEDGER", 0)
    (tmp_path / "away.db").rename(path)
    writer = pool.get_connection(0.2, is_writer=True)
    with pytest.raises(ConnectionUnavailableError):
        pool.get_connection(0.01, is_writer=True)
    pool.put_connection(writer)
    pool.close()


def test_a_writer_copies_the_log_of_sqlite_at_16_mb_and_keeps_as_much_in_memory(tmp_path: Path) -> None:
    EntryStore.create(tmp_path / "entries.db").close()
    pool = SQLitePool(tmp_path / "entries.db", writable=True)
    c, found = pool.get_connection().cursor(), []
    for name in ("wal_autocheckpoint", "cache_size"):
        c.execute(f"PRAGMA {name}")
        found.append(c.fetchone()[0])
    assert found == [4_000, -16_000]
    assert (pool.lock_timeout, pool.pool_timeout) == (30, 30)
    pool.close()

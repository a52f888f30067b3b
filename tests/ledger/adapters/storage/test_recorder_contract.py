"""The recorders for SQLite are recorders of `eventsourcing`: its contract cases pass, on tables without triggers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteDatastore

from ledger.adapters.storage import sqlite
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.sqlite_recorder import SQLiteEntryRecorder, SQLitePool
from ledger.adapters.storage.views import View
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
        assert store.recorder.insert_events([]) == []

"""The recorder for PostgreSQL is a recorder of `eventsourcing`.

The contract cases of the library pass, without some constraints; its reads, notification log and projections run on the
entries of a ledger.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.copy_entries import copy, move_in
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.postgres import Address, address, create
from ledger.adapters.storage.postgres_recorder import PostgresEntryRecorder, open_recorder
from tests.ledger.adapters.storage import recorder_contract
from tests.ledger.adapters.storage.test_entry_store import ORDER, row
from tests.postgres.server import Server
from tests.support import library_reads
from tests.support.cli import ORIGIN, ledger_of

pytestmark = pytest.mark.postgres
_numbers = count()

# The cases store one state many times, and count versions from 0.
SCRATCH = """
    ALTER TABLE comity.stored_events DROP CONSTRAINT stored_events_originator_version_check;
    ALTER TABLE comity.stored_events DISABLE TRIGGER no_gap;
    ALTER TABLE comity.log_leaf DROP CONSTRAINT log_leaf_leaf_key;
"""


class ScratchRecorder(recorder_contract.AnyEvent, PostgresEntryRecorder):
    """The recorder of a ledger in a database without these constraints."""


class TestApplicationRecorder(recorder_contract.ApplicationRecorderContract):
    @pytest.fixture(autouse=True)
    def _on(self, server: Server) -> None:
        self.server = server

    def create_recorder(self) -> ScratchRecorder:
        name = f"contract{next(_numbers)}"
        location = address(self.server.database(name), ORIGIN)
        create(location)
        with self.server.boss(name) as c:
            c.execute(SCRATCH.encode())
        datastore = open_recorder(location, writable=True).datastore
        self.addCleanup(datastore.close)
        return ScratchRecorder(datastore)


def test_a_ledger_in_a_database_stores_sealed_entries_only(place: Address) -> None:
    with EntryStore.create(place) as store:
        sealed, other = row(ORDER, 1), StoredEvent(ORDER, 2, "order-closed", b"{}")
        for events in ([other], [sealed, other]):
            with pytest.raises(TypeError, match="sealed entries only"):
                store.recorder.insert_events(events)
        assert store.size() == 0
        assert store.recorder.max_notification_id() is None


def test_reads_notification_log_and_projections_of_the_library_run_on_a_database(
    place: Address, tmp_path: Path
) -> None:
    copy(read_folder(ledger_of("S3", tmp_path)).entries, tmp_path / "copy.db")
    move_in(tmp_path / "copy.db", place)
    with EntryStore(place) as store:
        library_reads.check_reads(store)
        library_reads.check_notification_log(store)
        library_reads.check_projection(store, tmp_path)

"""Read a ledger with what `eventsourcing` itself has: reads, notification log and a projection."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from eventsourcing.application import Application, LocalNotificationLog
from eventsourcing.persistence import ApplicationRecorder, Mapper, StoredEvent, Tracking
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.system import NotificationLogReader

from ledger.adapters.storage.entry_store import EntryStore
from ledger.entries.envelope import OpenedEntry, open_


def check_reads(store: EntryStore) -> None:
    """Compare each read of the library with the same read of ours."""
    recorder, size = store.recorder, store.size()
    assert recorder.max_notification_id() == size
    notifications = recorder.select_notifications(start=None, limit=size + 1)
    assert [(n.id - 1, n.state) for n in notifications] == store.page(0, size + 1)
    for order, _ in store.orders():
        events = recorder.select_events(order)
        assert [e.state for e in events] == [raw for _, raw in store.order(order)]
        assert [e.originator_version for e in events] == list(range(1, store.head(order) + 1))
        assert recorder.select_events(order, desc=True, limit=1)[0].state == store.newest(order)[1]  # type: ignore[index]
    for kind in {n.topic for n in notifications}:
        assert [n.id - 1 for n in recorder.select_notifications(None, size, topics=[kind])] == [
            index for index, _ in store.of_kind(kind)
        ]


def check_notification_log(store: EntryStore) -> None:
    """Read all sections of a notification log of the library, one after the other."""
    log = LocalNotificationLog(store.recorder, section_size=10)
    ids = [n.id for n in NotificationLogReader(log).read(start=1)]
    assert ids == list(range(1, store.size() + 1))
    assert log["1,10"].next_id == "11,20"


class EntryMapper(Mapper[str]):
    """Open the envelope of a stored event. A topic is a kind, so no class is looked up by it."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return open_(stored_event.state)


class LedgerApplication(Application[str]):
    """An application of the library over the recorder of a ledger."""

    recorder_of_ledger: ClassVar[ApplicationRecorder]

    def construct_recorder(self) -> ApplicationRecorder:
        return self.recorder_of_ledger

    def construct_mapper(self) -> Mapper[str]:
        return EntryMapper(self.construct_transcoder())


class KindCounts(Projection[SQLiteTrackingRecorder]):
    """Count the entries of each kind, with the tracking recorder of the library."""

    counts: ClassVar[Counter[str]]

    def process_event(self, domain_event: OpenedEntry, tracking: Tracking) -> None:
        self.view.insert_tracking(tracking)  # raises where an entry comes twice
        self.counts[domain_event.payload.kind] += 1


def check_projection(store: EntryStore, folder: Path) -> None:
    """Run a projection of the library to the end of the log, and once more from its position."""
    size = store.size()
    application = type("LedgerApplication", (LedgerApplication,), {"recorder_of_ledger": store.recorder})
    for processed in (size, 0):
        KindCounts.counts = Counter()
        runner: ProjectionRunner[Any, Any] = ProjectionRunner(
            application_class=application,
            projection_class=KindCounts,
            view_class=SQLiteTrackingRecorder,
            env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "projection.db")},
        )
        with closing(runner.view.datastore), runner:
            runner.wait(size, timeout=20)
        assert KindCounts.counts.total() == processed
        if processed:
            assert KindCounts.counts == Counter(open_(raw).payload.kind for _, raw in store.page(0, size))

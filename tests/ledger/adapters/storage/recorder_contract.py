"""Adapt our recorders to the contract cases of `eventsourcing`, which store events without a signature."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, TrackingRecorderTestCase

from ledger.adapters.storage.entry_recorder import EntryRecorder, EntryRow
from ledger.tlog.tree import leaf_hash


class AnyEvent(EntryRecorder):
    """A recorder that gives each event a random entry id and the leaf hash of its state."""

    def sealed(self, stored_events: Sequence[StoredEvent]) -> list[EntryRow]:
        return [
            EntryRow(
                e.originator_id, e.originator_version, e.topic, e.state, secrets.token_bytes(16), leaf_hash(e.state)
            )
            for e in stored_events
        ]


class ApplicationRecorderContract(ApplicationRecorderTestCase[Any]):
    """The cases of the library, except the cases that measure speed."""

    test_performance = None  # type: ignore[assignment]
    test_concurrent_throughput = None  # type: ignore[assignment]

    def setUp(self) -> None:
        super().setUp()
        self._threads = set(threading.enumerate())

    def tearDown(self) -> None:
        """Wait for the readers that a case leaves running: SQLite crashes where a connection in use is closed."""
        for thread in set(threading.enumerate()) - self._threads:
            thread.join(60)
        super().tearDown()

    def new_originator_id(self) -> str:
        return str(uuid4())

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


TrackingRecorderContract = TrackingRecorderTestCase

"""Subscribe to entries as they are stored, by polling.

SQLite has no notifications between processes. In PostgreSQL a NOTIFY in each write transaction would take a lock on the
whole server at commit, and a writer that does not send it would be missed. Polling costs one query on an index.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Thread
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription

INTERVAL = 0.2  # seconds between two queries


class PollingSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """An iterator over notifications that blocks after the newest one until the next is stored."""

    def __init__(self, recorder: ApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt, topics)
        self._poll_thread = Thread(target=self._poll)
        self._poll_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._poll_thread.join()

    def _poll(self) -> None:
        while not self._has_been_stopped:
            self._has_been_notified.set()
            time.sleep(INTERVAL)

"""A subscription has ended its thread when it is left, also by an error."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.storage import subscription
from ledger.adapters.storage.entry_store import EntryStore


@pytest.mark.parametrize("error", [None, ValueError])
def test_the_thread_of_a_subscription_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception] | None
) -> None:
    monkeypatch.setattr(subscription, "INTERVAL", 0.05)
    store = EntryStore.create(tmp_path / "entries.db")
    before = set(threading.enumerate())

    def follow() -> None:
        with store.recorder.subscribe():
            assert set(threading.enumerate()) > before
            if error is not None:
                raise error

    if error is None:
        follow()
    else:
        with pytest.raises(error):
            follow()
    assert set(threading.enumerate()) == before
    store.close()


def test_a_subscription_asks_five_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    notified: list[float] = []
    polled: Any = SimpleNamespace(_has_been_stopped=False, _has_been_notified=SimpleNamespace(set=lambda: None))

    def sleep(seconds: float) -> None:
        notified.append(seconds)
        polled._has_been_stopped = len(notified) == 3

    monkeypatch.setattr(time, "sleep", sleep)
    subscription.PollingSubscription._poll(polled)
    assert notified == [0.2] * 3

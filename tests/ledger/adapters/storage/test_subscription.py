"""A subscription has ended its thread when it is left, also by an error."""

from __future__ import annotations

import threading
from pathlib import Path

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

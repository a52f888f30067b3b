"""What another office shows of our own log is compared with it, in whatever part of a bundle it comes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.foreign import arrivals
from ledger.application.foreign.arrivals import _compare_ours
from ledger.bundle.layout import Arranged
from tests.support.memory_ledger import small


def test_each_head_of_our_log_that_they_have_seen_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = small()
    other, _ = small(origin=f"{ledger.origin}/else")
    shown: list[bytes] = []
    monkeypatch.setattr(arrivals, "check_shown", lambda log, note, evidence: shown.append(note))
    journal: Any = SimpleNamespace(origin=ledger.origin, log=None, folder=SimpleNamespace(evidence=Path()))
    name = "ab" * 32
    older, newer = ledger.checkpoint(3), ledger.checkpoint()
    foreign = {
        name: ledger.entries[4],
        f"{name}.tlog-proof": ledger.proof(2, older),
        "cd" * 32: newer,
        "ef" * 32: other.checkpoint(),
    }
    _compare_ours(journal, Arranged(foreign=foreign))
    assert shown == [older, newer]

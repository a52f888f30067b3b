"""That no entry of an order was left out is said if the ledger committed its heads within the checkpoint."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports import integrity
from cli.reports.integrity import _left_out
from ledger.errors import RecordError


@pytest.mark.parametrize(("size", "entry"), [(10, 9), (9, 5), (6, 5), (5, None), (0, None)])
def test_the_newest_commitment_within_the_checkpoint_counts(
    size: int, entry: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries 5 and 9 commit the heads of 4 and 8 entries; the entry 7 is by another key."""

    def check(opened: Any, index: int, origin: str, keyring: Any) -> tuple[int, bytes]:
        assert (origin, keyring) == ("log.example", "keyring")
        if index == 7:
            raise RecordError("KEY-OTHER", "of another key")
        return index - 1, b"root"

    rows = {"map": [(5, b"a"), (7, b"b"), (9, b"c")], "order-1": [(n, b"") for n in (1, 3, 6, 8)]}
    monkeypatch.setattr(integrity, "map_of", lambda origin: "map")
    monkeypatch.setattr(integrity, "open_", lambda raw: raw)
    monkeypatch.setattr(integrity, "check_commit", check)
    reader: Any = SimpleNamespace(
        registers={"key": ("keyring", None)}, store=SimpleNamespace(order=lambda name: rows[name]),
        folder=SimpleNamespace(origin="log.example"),
    )  # fmt: skip
    says = " ".join(_left_out(reader, "order-1", size))
    if entry is None:
        assert "commits the ledger" not in says
        return
    count = {9: 3, 5: 2}[entry]
    assert f"entry {entry} of the log commits the ledger to {count} of them among the first {entry - 1} entries" in says

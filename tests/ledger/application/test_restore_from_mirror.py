"""The entries of a mirror are taken only if they make the tree that the log has signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.application.restore_from_mirror import _pages, _Sealed
from ledger.entries.envelope import open_
from ledger.errors import LedgerError
from ledger.tlog.note import Head, open_checkpoint
from ledger.tlog.tree import Frontier
from tests.support.files.published_tiles import fetched, files_of
from tests.support.memory_ledger import Ledger, small


def head(ledger: Ledger, root: bytes | None = None) -> Head:
    return open_checkpoint(ledger.checkpoint(root=root), ledger.origin, ledger.trust().policy.logs, ())


def taken(ledger: Ledger, start: int, root: bytes | None = None) -> tuple[list[Any], int]:
    counted = _Sealed()
    tree = Frontier.at(start, ledger.read)
    rows = [row for page in _pages(fetched(files_of(ledger)), head(ledger, root), tree, counted) for row in page]
    return rows, counted.values


def test_only_the_entries_after_the_own_ones_are_taken_and_their_sealed_values_are_counted(tmp_path: Path) -> None:
    ledger, _ = small()
    for start in range(ledger.size + 1):
        rows, values = taken(ledger, start)
        assert [row.state for row in rows] == ledger.entries[start:]
        assert values == sum(len(open_(raw).payload.sealed) for raw in ledger.entries[start:])


def test_entries_that_make_another_tree_than_the_signed_one_are_not_taken() -> None:
    ledger, _ = small()
    with pytest.raises(LedgerError, match=f"not the {ledger.size} that the log has signed") as raised:
        taken(ledger, 1, bytes(32))
    assert raised.value.code == "LOG-CORRUPT"


def test_what_is_no_entry_is_named_by_its_place_in_the_log() -> None:
    ledger, _ = small()
    ledger.append(b"no entry")
    with pytest.raises(LedgerError, match=f"entry {ledger.size - 1} of the mirror") as raised:
        taken(ledger, 1)
    assert raised.value.code == "LOG-CORRUPT"

"""Every entry behind an earlier copy is checked before it is copied: its bytes, its place, its leaf, its hashes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.adapters.storage.copy_entries import copy_later
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.backup.later_entries import check_later, root_at
from ledger.application.backup.manifest import LATER, Manifest
from ledger.errors import LedgerError
from ledger.tlog.tree import EMPTY_ROOT
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.memory_ledger import small

SIZE = 5


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EntryReader]:
    ledger, _ = small()
    assert ledger.size == SIZE
    with closing(EntryReader(shelf_of(ledger, tmp_path_factory.mktemp("copied") / "entries.db"))) as opened:
        yield opened


def base_of(reader: EntryReader, size: int) -> Manifest:
    """Return the list of an earlier copy of so many entries."""
    return Manifest(origin="x", since=0, since_root="", size=size, root=root_at(reader, size), published=size, files={})


def later(reader: EntryReader, start: int, folder: Path, *changes: str) -> Path:
    """Copy the entries from `start` on, and change the copy."""
    path = folder / LATER
    assert isinstance(reader.location, Path)
    copy_later(reader.location, start, path)
    with closing(sqlite3.connect(path)) as c, c:
        for change in changes:
            c.execute(change)
    return path


@pytest.mark.parametrize("start", range(SIZE + 1))
def test_the_entries_behind_a_copy_give_the_size_and_the_root_of_the_ledger(
    start: int, reader: EntryReader, tmp_path: Path
) -> None:
    whole = (SIZE, root_at(reader, SIZE))
    assert check_later(later(reader, start, tmp_path), base_of(reader, start), reader) == whole


def test_no_entries_have_the_root_of_an_empty_tree(reader: EntryReader) -> None:
    assert root_at(reader, 0) == EMPTY_ROOT.hex()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE log_leaf SET leaf = zeroblob(32) WHERE idx = 3", "the hashes stored with entry 3 are not its own"),
        ("UPDATE log_leaf SET nodes = zeroblob(32) WHERE idx = 3", "the hashes stored with entry 3 are not its own"),
        ("UPDATE log_leaf SET nodes = x'' WHERE idx = 3", "the hashes stored with entry 3 are not its own"),
        ("UPDATE log_leaf SET nodes = zeroblob(32) WHERE idx = 4", "the hashes stored with entry 4 are not its own"),
        ("DELETE FROM log_leaf WHERE idx = 4", "the hashes stored with entry 4 are not its own"),
        ("UPDATE stored_events SET rowid = 9 WHERE rowid = 5", "the hashes stored with entry 4 are not its own"),
        ("DELETE FROM stored_events WHERE rowid = 4", "the hashes stored with entry 3 are not its own"),
        ("UPDATE stored_events SET state = x'7b7d' WHERE rowid = 4", "entry 3: "),
        ("UPDATE stored_events SET state = CAST(state || ' ' AS BLOB) WHERE rowid = 5", "entry 4: "),
    ],
)
def test_an_entry_whose_bytes_place_leaf_or_hashes_are_wrong_is_not_copied(
    change: str, says: str, reader: EntryReader, tmp_path: Path
) -> None:
    with pytest.raises(LedgerError, match=f"LOG-CORRUPT.*{says}"):
        check_later(later(reader, 3, tmp_path, change), base_of(reader, 3), reader)


def test_an_entry_moved_with_its_hashes_to_another_place_is_not_copied(reader: EntryReader, tmp_path: Path) -> None:
    moves = ("UPDATE stored_events SET rowid = 9 WHERE rowid = 5", "UPDATE log_leaf SET idx = 8 WHERE idx = 4")
    with pytest.raises(LedgerError, match="the hashes stored with entry 4 are not its own"):
        check_later(later(reader, 3, tmp_path, *moves), base_of(reader, 3), reader)


@pytest.mark.parametrize("changes", [{"root": "0" * 64}, {"size": 2}, {"size": SIZE + 1}])
def test_a_copy_of_other_entries_or_of_more_than_there_are_is_not_followed(
    changes: dict[str, object], reader: EntryReader, tmp_path: Path
) -> None:
    base = replace(base_of(reader, 3), **changes)
    with pytest.raises(LedgerError, match=f"LOG-FORKED.*the first {base.size} entries here are not those"):
        check_later(later(reader, 3, tmp_path), base, reader)

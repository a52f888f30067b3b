"""Every entry behind an earlier copy is checked before it is copied: its bytes, its place, its leaf, its hashes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.storage.copy_entries import copy_later
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.backup import later_entries
from ledger.application.backup.later_entries import add_later, check_later, erase_destroyed, root_at
from ledger.application.backup.manifest import LATER, NAME, Manifest, format_manifest
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


# -- put back ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an event store with the first three entries."""
    ledger, _ = small()
    del ledger.entries[3:]
    return shelf_of(ledger, tmp_path_factory.mktemp("first") / "entries.db")


@pytest.fixture
def restored(first_three: Path, tmp_path: Path) -> Path:
    """Return a folder with the entries of the copies before."""
    (tmp_path / "ledger").mkdir()
    shutil.copy(first_three, tmp_path / "ledger" / "entries.db")
    return tmp_path / "ledger"


def unpacked(reader: EntryReader, folder: Path, **changes: Any) -> Path:
    """Write what a copy of the entries behind the first three unpacks to."""
    (folder / "trust" / "tsa").mkdir(parents=True)
    (folder / "trust" / "tsa" / "a.pem").write_text("a")
    (folder / "TEST").write_text("newer")
    later(reader, 3, folder)
    manifest = replace(base_of(reader, SIZE), since=3, since_root=root_at(reader, 3))
    (folder / NAME).write_bytes(format_manifest(replace(manifest, **changes)))
    return folder


def refused(there: Path, folder: Path) -> str:
    with pytest.raises(LedgerError) as found:
        add_later(there, folder, "b.tar")
    return f"{found.value.code} {found.value.says}"


def test_a_copy_that_follows_gives_its_entries_and_its_files(
    reader: EntryReader, restored: Path, tmp_path: Path
) -> None:
    (restored / "TEST").write_text("older")
    there = unpacked(reader, tmp_path / "there")
    assert add_later(there, restored, "b.tar").size == SIZE
    with closing(EntryReader(restored / "entries.db")) as store:
        assert (store.size(), root_at(store, SIZE)) == (SIZE, root_at(reader, SIZE))
    files = {path.relative_to(restored).as_posix() for path in restored.rglob("*") if path.is_file()}
    assert files - {"entries.db-wal", "entries.db-shm"} == {"entries.db", "TEST", "trust/tsa/a.pem"}
    assert (restored / "TEST").read_text() == "newer"
    assert (restored / "trust" / "tsa").stat().st_mode & 0o777 == 0o700
    assert [path for path in there.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("change", ["no list", "no entries", "whole"])
def test_only_the_first_of_several_copies_is_a_whole_one(
    change: str, reader: EntryReader, restored: Path, tmp_path: Path
) -> None:
    there = unpacked(reader, tmp_path / "there")
    if change == "whole":
        (there / "entries.db").touch()
    else:
        (there / (NAME if change == "no list" else LATER)).unlink()
    says = "b.tar is not an incremental copy: only the first of several is a whole one"
    assert refused(there, restored) == f"COPY-FORMAT {says}"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"since": 2}, "COPY-FORMAT b.tar follows 2 entries, and the copies before it have 3"),
        ({"since": 4}, "COPY-FORMAT b.tar follows 4 entries, and the copies before it have 3"),
        (
            {"since_root": "ab" * 32},
            "COPY-FORMAT b.tar follows 3 entries of another history, and the copies before it have 3",
        ),
        ({"size": SIZE + 1}, "LOG-CORRUPT b.tar: its entries are not those of its list"),
        ({"root": "ab" * 32}, "LOG-CORRUPT b.tar: its entries are not those of its list"),
    ],
)
def test_a_copy_follows_the_entries_and_gives_the_entries_that_it_lists(
    changes: dict[str, Any], says: str, reader: EntryReader, restored: Path, tmp_path: Path
) -> None:
    assert refused(unpacked(reader, tmp_path / "there", **changes), restored) == says


def test_only_values_whose_keys_are_stated_as_destroyed_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[str] = []

    class Store:
        def __init__(self, entries: object) -> None: ...

        def still_sealing(self, key_ids: Iterable[str]) -> set[str]:
            return {"k2", "k3", "k4"} & set(key_ids)

        def remove_ciphertexts(self, key_id: str) -> None:
            removed.append(key_id)

        def close(self) -> None:
            removed.append("closed")

    class Cases:
        def __init__(self, *_: object) -> None: ...

        def destroyed_keys(self) -> dict[str, int]:
            return {"k1": 1, "k2": 2, "k4": 3, "k5": 4}

    class Folder:
        entries = None

    for name, stand_in in (("EntryStore", Store), ("CaseReader", Cases), ("read_folder", lambda folder: Folder)):
        monkeypatch.setattr(later_entries, name, stand_in)
    assert erase_destroyed(Path("there")) == 2
    assert (sorted(removed[:-1]), removed[-1]) == (["k2", "k4"], "closed")

"""Entries and keys move from one file to another, whole; a store that has moved goes to no third place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.migration import move_keys as move_keys_module
from ledger.adapters.migration.close_store import ENTRIES, KEYS, Store, moved_to
from ledger.adapters.migration.move_entries import move_entries, take_back
from ledger.adapters.migration.move_keys import move_keys
from ledger.adapters.storage.entry_store import EntryStore
from ledger.errors import LedgerError
from tests.support.cli import ledger_of
from tests.support.files.system_calls import synced

Move = Callable[[Path, Path], None]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("moved"))


def entries(here: Path, to: Path) -> None:
    work = to.parent / "work"
    work.mkdir(exist_ok=True)
    move_entries(here, to, work, lambda place: EntryStore(Path(str(place))).close())


@pytest.mark.parametrize(("move", "store", "name"), [(entries, ENTRIES, "entries.db"), (move_keys, KEYS, "keys.db")])
def test_a_store_that_has_moved_goes_to_the_same_place_again_and_to_no_other(
    move: Move, store: Store, name: str, ledger: Path, tmp_path: Path
) -> None:
    here, there, third = tmp_path / name, tmp_path / f"there-{name}", tmp_path / f"third-{name}"
    here.write_bytes((ledger / name).read_bytes())
    assert moved_to(here, store) == ""
    move(here, there)
    assert (moved_to(here, store), moved_to(there, store)) == (str(there), "")
    before = there.read_bytes()
    move(here, there)
    assert len(there.read_bytes()) == len(before)
    with pytest.raises(LedgerError, match="STORE-MOVED"):
        move(here, third)
    assert not third.exists()
    move(there, here)
    assert (moved_to(here, store), moved_to(there, store)) == ("", str(here))


@pytest.mark.parametrize(("move", "name"), [(entries, "entries.db"), (move_keys, "keys.db")])
def test_a_store_takes_no_place_that_is_taken(move: Move, name: str, ledger: Path, tmp_path: Path) -> None:
    here, taken = tmp_path / name, tmp_path / f"taken-{name}"
    for each in (here, taken):
        each.write_bytes((ledger / name).read_bytes())
    with pytest.raises(LedgerError, match="PATH-TAKEN"):
        move(here, taken)
    assert taken.read_bytes() == (ledger / name).read_bytes()


def test_a_move_is_taken_back_as_long_as_nothing_is_at_the_other_place(ledger: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "entries.db", tmp_path / "there.db"
    here.write_bytes((ledger / "entries.db").read_bytes())
    take_back(here)  # it has not moved
    entries(here, there)
    with pytest.raises(LedgerError, match="STORE-MOVED"):
        take_back(here)
    there.unlink()
    take_back(here)
    with closing(EntryStore(here)) as store:
        assert store.size() > 0


def test_keys_that_were_copied_wrongly_are_no_copy(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "keys.db", tmp_path / "there.db"
    here.write_bytes((ledger / "keys.db").read_bytes())
    original = move_keys_module._write_file

    def lose(rows: dict[str, list[Any]], to: Path) -> None:
        assert rows["subject_key"]
        original({**rows, "subject_key": rows["subject_key"][1:]}, to)

    monkeypatch.setattr(move_keys_module, "_write_file", lose)
    with pytest.raises(LedgerError, match="KEYS-OTHER"):
        move_keys(here, there)
    monkeypatch.undo()
    there.unlink()
    move_keys(here, there)
    assert moved_to(there, KEYS) == ""


def test_keys_that_are_overwritten_leave_zeros_and_then_no_file(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []
    for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
        (tmp_path / name).write_bytes(b"secret " + name.encode())
        (tmp_path / f"kept-{name}").hardlink_to(tmp_path / name)
    with synced() as names:
        move_keys_module.overwrite_file(tmp_path / "keys.db")
    assert names == ["keys.db-wal", "keys.db-shm", "keys.db", tmp_path.name]
    for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
        seen.append((name, (tmp_path / f"kept-{name}").read_bytes()))
    assert seen == [(name, bytes(7 + len(name))) for name, _ in seen]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"kept-{name}" for name, _ in seen)


def test_a_store_is_not_replaced_by_entries_that_do_not_begin_with_its_own(ledger: Path, tmp_path: Path) -> None:
    """Each was moved to the other's place; the one that comes back is of another history."""
    here, there = tmp_path / "entries.db", tmp_path / "there.db"
    here.write_bytes((ledger / "entries.db").read_bytes())
    entries(here, there)  # what is here is closed, and goes on there
    other = tmp_path / "other.db"
    other.write_bytes((ledger_of("S1", tmp_path / "s1") / "entries.db").read_bytes())
    with pytest.raises(LedgerError, match="LEDGER-EXISTS"):
        entries(other, here)
    assert moved_to(here, ENTRIES) == str(there)
    assert [path.name for path in (tmp_path / "work").rglob("*.db")] == []

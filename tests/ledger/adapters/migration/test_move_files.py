"""Entries and keys move from one file to another, whole; a store that has moved goes to no third place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.migration.close_store import ENTRIES, KEYS, Store, moved_to
from ledger.adapters.migration.move_entries import move_entries, take_back
from ledger.adapters.migration.move_keys import move_keys
from ledger.adapters.storage.entry_store import EntryStore
from ledger.errors import LedgerError
from tests.support.cli import ledger_of

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

"""Files whose content has moved are set aside whole, heads.db last, and one process at a time moves a ledger."""

from __future__ import annotations

import os
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.migration.close_store import ENTRIES, KEYS, close
from ledger.adapters.storage.postgres import Address
from ledger.application.migration import migrate, move_shared
from ledger.application.migration.move_shared import _files_of_heads, _received, set_aside, take_back_files
from ledger.errors import LedgerError
from tests.support.cli import ledger_of
from tests.support.files.system_calls import open_below, synced

AT = Address("postgresql://user@127.0.0.1:1/base", "ledger.test/xo")


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_the_files_of_heads_are_those_of_each_log_and_not_the_copies_of_entries(tmp_path: Path) -> None:
    assert list(_files_of_heads(tmp_path)) == []
    files(tmp_path, "others/bb.db", "others/aa.db", "others/cc.db")
    files(tmp_path, "others/aa.entries.db", "others/aa.db-wal", "others/notes.txt")
    others = [(tmp_path / "others" / f"{log}.db", log) for log in ("aa", "bb", "cc")]
    assert list(_files_of_heads(tmp_path)) == others
    files(tmp_path, "heads.db")
    assert list(_files_of_heads(tmp_path)) == [(tmp_path / "heads.db", ""), *others]


def test_of_what_was_received_a_damaged_entry_stays_behind(tmp_path: Path) -> None:
    whole = sha256(b"entry").hexdigest()
    files(tmp_path, "foreign/damaged", "foreign/damaged.tlog-proof", "registers/aa/3", "others/x")
    (tmp_path / "foreign" / whole).write_bytes(b"entry")
    assert [(top, name) for top, name, _ in _received(tmp_path)] == [
        *sorted([("foreign", "damaged.tlog-proof"), ("foreign", whole)], key=lambda each: each[1]),
        ("registers", "aa/3"),
    ]
    assert {name: content for _, name, content in _received(tmp_path)}[whole] == b"entry"


def test_a_folder_without_heads_keeps_its_files(tmp_path: Path) -> None:
    files(tmp_path, "others/aa.db", "foreign/a", "identity.db")
    before = tree(tmp_path)
    set_aside(tmp_path, "identity.db")
    assert tree(tmp_path) == before


def test_what_has_moved_is_set_aside_heads_last_and_what_an_earlier_move_left_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = ["heads.db", "heads.db-wal", "heads.db-shm", "others/aa.db", "others/aa.db-wal"]
    moving += ["foreign/a", "registers/bb/1", "identity.db", "identity.db-wal"]
    staying = ["entries.db", "others/aa.entries.db", "files.db", "policy"]
    files(tmp_path, *moving, *staying, "moved/heads.db", "moved/foreign/old")
    order: list[str] = []
    original = os.replace

    def replace(old: Path, new: Path) -> None:
        order.append(Path(old).name)
        original(old, new)

    monkeypatch.setattr("os.replace", replace)
    with synced() as names:
        set_aside(tmp_path, "identity.db", "other.db")
    assert tree(tmp_path) == sorted([*staying, *(f"moved/{name}" for name in moving)])
    assert order[-5:] == ["aa.db-wal", "aa.db", "heads.db-shm", "heads.db-wal", "heads.db"]
    assert names == [tmp_path.name, "moved"]
    assert (tmp_path / "moved").stat().st_mode & 0o777 == 0o700


def test_a_move_that_was_cut_before_its_heads_goes_on_with_what_it_has_set_aside(tmp_path: Path) -> None:
    files(tmp_path, "heads.db", "moved/foreign/a")
    set_aside(tmp_path)
    assert tree(tmp_path) == ["moved/foreign/a", "moved/heads.db"]


def test_heads_that_a_move_has_closed_are_opened_again(tmp_path: Path) -> None:
    take_back_files(tmp_path)  # there are none
    ledger = ledger_of("S1", tmp_path)
    path = ledger / "heads.db"
    with closing(CheckpointStore(path)) as heads:
        before = heads.all()
    close(path, move_shared._FILES, str(AT))
    with pytest.raises(LedgerError, match="STORE-MOVED"):
        CheckpointStore(path)
    take_back_files(ledger)
    with closing(CheckpointStore(path)) as heads:
        assert heads.all() == before != []


def test_one_process_at_a_time_moves_a_ledger_and_leaves_nothing(tmp_path: Path) -> None:
    files(tmp_path, ".migrating/left", ".migrating/old/left")
    with migrate._work(tmp_path) as work:
        assert tree(tmp_path) == []
        with pytest.raises(LedgerError, match="BUSY"), migrate._work(tmp_path):
            pass
        files(work, "copy")
    assert list(tmp_path.iterdir()) == []

    def stopped() -> None:
        with migrate._work(tmp_path):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert open_below(tmp_path) == []
    with migrate._work(tmp_path):
        pass


def test_the_file_that_names_a_database_is_durable_when_it_is_written_and_when_it_goes(tmp_path: Path) -> None:
    pointer = tmp_path / "store"
    with synced() as names:
        migrate._point(pointer, AT)
        assert pointer.read_text() == f"{AT.uri}\n"
        migrate._point(pointer, tmp_path / "entries.db")
        migrate._point(pointer, tmp_path / "entries.db")
    assert not pointer.exists()
    assert names == [".store.new", *[tmp_path.name] * 3]


def test_keys_that_stay_are_not_moved_and_missing_ones_are_said(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    folder = read_folder(ledger)
    migrate._move_keys(folder, ledger / "keys.db")
    (ledger / "keys.db").unlink()
    with pytest.raises(LedgerError, match="KEYS-MISSING"):
        migrate._move_keys(folder, AT)
    assert not (ledger / "keys-store").exists()


def test_a_closed_store_is_not_removed_unless_the_folder_says_where_it_is(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    close(ledger / "keys.db", KEYS, str(AT))
    close(ledger / "entries.db", ENTRIES, str(AT))
    files(ledger, "moved/heads.db")
    before = tree(ledger)
    assert migrate.remove_left(ledger) == []
    assert tree(ledger) == before
    (ledger / "keys-store").write_text(f"{AT.uri}\n")
    assert migrate.remove_left(ledger) == ["keys.db"]
    assert migrate.remove_left(ledger) == []


def test_only_files_whose_content_has_moved_are_removed(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    assert migrate.remove_left(ledger) == []
    files(ledger, "moved/heads.db")
    for name in ("store", "keys-store"):
        (ledger / name).write_text(f"{AT.uri}\n")
    assert migrate.remove_left(ledger) == []  # nothing has moved: the stores are open, and the heads are here
    close(ledger / "keys.db", KEYS, str(AT))
    (ledger / "entries.db-wal").touch()
    with synced() as names:
        assert migrate.remove_left(ledger) == ["keys.db"]
    assert names[-2:] == ["keys.db", ledger.name]  # overwritten, and its name gone for good
    close(ledger / "entries.db", ENTRIES, str(AT))
    with synced() as names:
        assert migrate.remove_left(ledger) == ["entries.db"]
    assert (sorted(ledger.glob("entries.db*")), names) == ([], [ledger.name])
    for left in ledger.glob("heads.db*"):
        left.unlink()
    assert migrate.remove_left(ledger) == ["moved"]
    assert not (ledger / "moved").exists()
    assert migrate.remove_left(ledger) == []

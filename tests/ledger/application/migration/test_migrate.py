"""A guard moves to a file of the state folder, or to an address that machines share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.folders.ledger_folder import FILES_DB, HEADS_DB, IDENTITY_DB, KEYS_DB, KEYS_STORE, STORE
from ledger.adapters.guard.guard_place import GUARD_DB, Place, SharedPlace
from ledger.adapters.log.remote_signer import POINTER
from ledger.adapters.storage.postgres import Address
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.migration import migrate
from ledger.errors import LedgerError, RecordError
from ledger.verify.report import Reason

ORIGIN = "ledger.test/xo"
SHARED = "etcd://one.example:2379"


def test_a_guard_moves_to_the_file_of_its_state_folder_or_to_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[tuple[Path, Place]] = []
    monkeypatch.setattr(migrate, "use_guard", lambda state, place: moved.append((state, place)))
    folder: Any = SimpleNamespace(origin=ORIGIN)
    home: Any = SimpleNamespace(log=lambda origin: tmp_path)
    for to in (migrate.FILE, SHARED):
        migrate._move_guard(folder, home, to)
    assert moved == [(tmp_path, tmp_path / GUARD_DB), (tmp_path, SharedPlace(SHARED, ORIGIN))]
    (tmp_path / POINTER).write_text("elsewhere")
    with pytest.raises(LedgerError, match="GUARD-EXISTS"):
        migrate._move_guard(folder, home, migrate.FILE)
    assert len(moved) == 2


def test_a_part_that_stays_or_goes_to_a_file_needs_no_database() -> None:
    there = "postgres://db.example/comity"
    assert migrate._databases(migrate.Places(entries=there, keys=there, guard=SHARED)) == [
        ("entries", there),
        ("keys", there),
    ]
    assert migrate._databases(migrate.Places(entries=migrate.FILE, keys=there)) == [("keys", there)]
    assert migrate._databases(migrate.Places(guard=SHARED)) == []


def test_a_copy_that_is_wrong_is_not_used_and_the_first_contradiction_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Any] = []
    wrong: list[Reason] = []

    def check_own(folder: Any, now: datetime, progress: object) -> Any:
        checked.append((folder.store, folder.shared))
        return SimpleNamespace(wrong=wrong)

    monkeypatch.setattr(migrate, "check_own", check_own)
    monkeypatch.setattr(migrate, "replace", lambda folder, **given: SimpleNamespace(**given))
    folder: Any = SimpleNamespace()
    now = datetime(2027, 3, 1, tzinfo=UTC)
    migrate._verify(folder, tmp_path, now, lambda *_: None)
    migrate._verify(folder, Address("postgres://db.example/comity", ORIGIN), now, lambda *_: None)
    assert checked == [("", False), ("postgres://db.example/comity", False)]
    wrong += [Reason("LOG-CORRUPT", "entry 3", "its leaf differs"), Reason("LOG-FORKED", "head", "another")]
    with pytest.raises(LedgerError, match=f"{tmp_path}: entry 3: its leaf differs") as found:
        migrate._verify(folder, tmp_path, now, lambda *_: None)
    assert found.value.code == "LOG-CORRUPT"


DATABASE = Address("postgres://db.example/comity", ORIGIN)


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Record the moves of keys, and make none."""
    made: list[tuple[object, object]] = []
    monkeypatch.setattr(migrate, "move_keys", lambda here, to: made.append((here, to)))
    return made


def keys_at(folder: Path, place: Path | Address, *, there: bool = True) -> Any:
    return SimpleNamespace(path=folder, subject_keys=place, has_subject_keys=there)


def test_keys_move_between_the_file_and_a_database_and_the_folder_says_where_they_are(
    tmp_path: Path, moves: list[tuple[object, object]]
) -> None:
    file, pointer = tmp_path / KEYS_DB, tmp_path / KEYS_STORE
    SubjectKeyStore.create(file).close()
    migrate._move_keys(keys_at(tmp_path, file), DATABASE)
    assert pointer.read_text() == f"{DATABASE.uri}\n"
    migrate._move_keys(keys_at(tmp_path, DATABASE), file)  # nothing opens the database here: there is none
    assert not pointer.exists()
    assert moves == [(file, DATABASE), (DATABASE, file)]


def test_keys_that_are_where_they_should_be_or_are_missing_are_not_moved(
    tmp_path: Path, moves: list[tuple[object, object]]
) -> None:
    file, pointer = tmp_path / KEYS_DB, tmp_path / KEYS_STORE
    for place in (file, DATABASE):
        migrate._move_keys(keys_at(tmp_path, place), place)
    with pytest.raises(LedgerError, match="KEYS-MISSING"):
        migrate._move_keys(keys_at(tmp_path, file, there=False), DATABASE)
    assert (moves, pointer.exists(), file.exists()) == ([], False, False)


# -- entries -----------------------------------------------------------------------------------------------------------


class Entries:
    """A move of entries of which each step is noted instead of done."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.done = folder, list[Any]()
        for name in ("take_back", "take_back_files", "set_aside"):
            monkeypatch.setattr(migrate, name, lambda *given, name=name: self.done.append((name, *given)))
        for name in ("from_database", "to_database"):
            monkeypatch.setattr(migrate, name, lambda one, two, name=name: self.done.append((name, one, two)))
        monkeypatch.setattr(migrate, "move_entries", self.move)
        monkeypatch.setattr(
            migrate, "_verify", lambda folder, place, now, progress: self.done.append(("verified", place))
        )

    def move(self, here: object, to: object, work: Path, verify: Any) -> None:
        self.done.append(("moved", here, to))
        verify(to)

    def run(self, here: object, to: Any) -> list[Any]:
        self.done.clear()
        folder: Any = SimpleNamespace(entries=here, path=self.folder)
        migrate._move_entries(
            folder, to, NOW, lambda *_: None, lambda one, two: self.done.append(("carried", one, two))
        )
        return self.done


NOW = datetime(2027, 3, 1, tzinfo=UTC)


def test_entries_move_with_their_heads_before_the_folder_says_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries, file, work = Entries(tmp_path, monkeypatch), tmp_path / "entries.db", tmp_path / ".migrating"
    assert entries.run(file, DATABASE) == [
        ("moved", file, DATABASE),
        ("verified", DATABASE),
        ("to_database", tmp_path, DATABASE),
        ("to_database", work, DATABASE),
        ("carried", file, DATABASE),
        ("set_aside", tmp_path, IDENTITY_DB, FILES_DB),
    ]
    assert (tmp_path / STORE).read_text() == f"{DATABASE.uri}\n"
    assert entries.run(DATABASE, file) == [
        ("moved", DATABASE, file),
        ("verified", file),
        ("from_database", DATABASE, tmp_path),
        ("carried", DATABASE, file),
    ]
    assert not (tmp_path / STORE).exists()
    assert not work.exists()


def test_entries_that_are_where_they_should_be_are_opened_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries, file = Entries(tmp_path, monkeypatch), tmp_path / "entries.db"
    assert entries.run(file, file) == [("take_back", file), ("take_back_files", tmp_path)]
    assert entries.run(DATABASE, DATABASE) == [("take_back", DATABASE)]
    (tmp_path / HEADS_DB).touch()
    shared = [("take_back", DATABASE), ("to_database", tmp_path, DATABASE), ("set_aside", tmp_path)]
    assert entries.run(DATABASE, DATABASE) == shared


def test_only_the_parts_that_are_named_move_and_the_guard_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Any] = []
    folder = SimpleNamespace(origin=ORIGIN)
    home: Any = None
    monkeypatch.setattr(migrate, "read_folder", lambda path: folder)
    monkeypatch.setattr(migrate, "_move_guard", lambda folder, home, to: moved.append(("guard", to)))
    monkeypatch.setattr(migrate, "_move_keys", lambda folder, to: moved.append(("keys", to)))
    monkeypatch.setattr(migrate, "_move_entries", lambda folder, to, *_: moved.append(("entries", to)))

    def migrated(**places: str) -> list[Any]:
        moved.clear()
        migrate.migrate(tmp_path, home, migrate.Places(**places), NOW)
        return [*moved]

    there = DATABASE.uri
    assert migrated() == []
    assert migrated(guard=SHARED) == [("guard", SHARED)]
    assert migrated(keys=migrate.FILE) == [("keys", tmp_path / KEYS_DB)]
    assert migrated(entries=migrate.FILE) == [("entries", tmp_path / "entries.db")]
    everything = migrated(entries=there, keys=there, guard=migrate.FILE)
    assert [(name, str(to)) for name, to in everything] == [
        ("guard", migrate.FILE),
        ("keys", str(DATABASE)),
        ("entries", str(DATABASE)),
    ]
    with pytest.raises(RecordError, match="STORE-ADDRESS"):
        migrated(entries="mysql://db.example/comity", guard=SHARED)
    assert moved == []

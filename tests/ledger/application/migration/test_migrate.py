"""A guard moves to a file of the state folder, or to an address that machines share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.guard.guard_place import GUARD_DB, Place, SharedPlace
from ledger.adapters.log.remote_signer import POINTER
from ledger.adapters.storage.postgres import Address
from ledger.application.migration import migrate
from ledger.errors import LedgerError
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

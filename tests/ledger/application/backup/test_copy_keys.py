"""A copy of the keys is whole, private, durable and new, and nothing else is left in its folder."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.storage import sqlite
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.backup.copy_keys import copy_keys
from ledger.application.backup.copy_ledger import work_folder
from ledger.errors import LedgerError
from tests.support.cli import ledger_of
from tests.support.files.system_calls import open_below, synced


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("keys"))


def code(ledger: Path, file: Path) -> str:
    with pytest.raises(LedgerError) as raised:
        copy_keys(ledger, str(file))
    return raised.value.code


def test_a_copy_has_the_keys_that_are_in_use(ledger: Path, tmp_path: Path) -> None:
    with closing(SubjectKeyStore(ledger / "keys.db")) as used, synced() as names:
        assert copy_keys(ledger, str(tmp_path / "copy")) == len(used.subjects()) > 0
        with closing(SubjectKeyStore(tmp_path / "copy", writable=False)) as copied:
            assert copied.subjects() == used.subjects()
    assert names[-2:] == ["keys", tmp_path.name]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert {each.name for each in tmp_path.iterdir()} <= {"copy", "copy-wal", "copy-shm"}
    assert open_below(tmp_path) == []


def test_a_copy_is_never_overwritten_and_what_cannot_be_copied_makes_no_file(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    assert code(ledger, tmp_path / "taken") == "PATH-TAKEN"
    copy = ledger_of("S1", tmp_path / "led")
    (copy / "keys.db").unlink()
    assert code(copy, tmp_path / "copy") == "KEYS-MISSING"
    (copy / "keys-store").write_text("postgresql://user@127.0.0.1:1/base\n")
    assert code(copy, tmp_path / "copy") == "KEYS-MISSING"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["led", "taken"]


def test_keys_of_a_damaged_file_are_not_copied(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path / "led")
    data = bytearray((ledger / "keys.db").read_bytes())
    with closing(sqlite.connect(ledger / "keys.db", newest=99)) as c:
        page, size = (c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    data[size * (page - 1) : size * page] = bytes(b ^ 0x5A for b in data[size * (page - 1) : size * page])
    (ledger / "keys.db").write_bytes(data)
    assert code(ledger, tmp_path / "copy") == "LOG-CORRUPT"
    assert not (tmp_path / "copy").exists()


def test_one_process_at_a_time_makes_a_file_and_removes_what_was_left(tmp_path: Path) -> None:
    file = tmp_path / "copy"
    (tmp_path / ".copy.part").mkdir()
    (tmp_path / ".copy.part" / "left").touch()
    with work_folder(file) as work:
        assert (work, list(work.iterdir())) == (tmp_path / ".copy.part", [])
        with pytest.raises(LedgerError, match="BUSY"), work_folder(file):
            pass
        (work / "part").touch()
    assert list(tmp_path.iterdir()) == []
    assert open_below(tmp_path) == []
    with pytest.raises(FileNotFoundError, match="none'"), work_folder(tmp_path / "none" / "copy"):
        pass


def test_a_folder_that_another_process_removes_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    original, turns = fcntl.flock, []

    def lock(fd: int, how: int) -> None:
        turns.append(fd)
        if len(turns) <= 2:
            (tmp_path / ".copy.part").rmdir()
        if len(turns) == 2:
            (tmp_path / ".copy.part").mkdir()
        original(fd, how)

    monkeypatch.setattr(fcntl, "flock", lock)
    with work_folder(tmp_path / "copy") as work:
        assert (work.is_dir(), len(turns), len(open_below(tmp_path))) == (True, 3, 1)

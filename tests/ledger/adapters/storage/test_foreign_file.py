"""The SQLite file of another person is read as it is: its tables are known, and nothing is written next to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.storage import foreign_file
from ledger.adapters.storage.foreign_file import (
    LARGEST_VALUE,
    LARGEST_WAL,
    ForeignFile,
    connect_foreign,
    file_state,
    without_wal,
)
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below

SCHEMA = ("CREATE TABLE IF NOT EXISTS kept (one INTEGER,\n    two BLOB)", "CREATE INDEX kept_one ON kept (one)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as c:
        c.execute("PRAGMA journal_mode=WAL")
        for statement in SCHEMA:
            c.execute(statement)
        c.execute("INSERT INTO kept VALUES (7, x'01')")
    return tmp_path / "a.db"


def code(call: Callable[..., Any], *given: object) -> str:
    with pytest.raises(LedgerError) as refused:
        call(*given)
    return refused.value.code


def entered(path: Path) -> object:
    with without_wal(path) as file:
        return file


def rows(path: Path) -> list[tuple[int]]:
    with closing(connect_foreign(ForeignFile(path, SCHEMA))) as c:
        return c.execute("SELECT one FROM kept").fetchall()


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        for statement in statements:
            c.execute(statement)


def test_a_file_of_the_known_tables_is_read_only(path: Path) -> None:
    before = sorted(path.parent.iterdir())
    with closing(connect_foreign(ForeignFile(path, SCHEMA))) as c:
        assert c.execute("SELECT * FROM kept").fetchall() == [(7, b"\x01")]
        assert c.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == LARGEST_VALUE == 1 << 20
        settings = [c.execute(f"PRAGMA {name}").fetchone() for name in ("trusted_schema", "cell_size_check")]
        assert settings == [(0,), (1,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            c.execute("DELETE FROM kept")
    assert sorted(path.parent.iterdir()) == before
    assert str(ForeignFile(path, SCHEMA)) == "a.db"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("CREATE VIEW seen AS SELECT 1", "LOG-CORRUPT"),
        ("CREATE TABLE more (one INTEGER)", "LOG-CORRUPT"),
        ("CREATE INDEX other ON kept (two)", "LOG-CORRUPT"),
        ("CREATE TRIGGER t BEFORE INSERT ON kept BEGIN SELECT 1; END", "LOG-CORRUPT"),
        ("ALTER TABLE kept ADD COLUMN three", "LOG-CORRUPT"),
        ("DROP INDEX kept_one", ""),
        ("PRAGMA user_version = 1", ""),
        ("PRAGMA user_version = 2", "LEDGER-VERSION"),
    ],
)
def test_a_file_with_anything_else_is_refused_and_closed(path: Path, statement: str, fault: str) -> None:
    changed(path, statement)
    if fault:
        assert code(rows, path) == fault
    else:
        assert rows(path) == [(7,)]
    assert open_below(path.parent) == []


@pytest.mark.parametrize("call", [entered, rows, file_state])
def test_only_a_regular_file_is_read(path: Path, call: Callable[[Path], object]) -> None:
    folder = path.parent
    (folder / "link.db").symlink_to(path)
    os.mkfifo(folder / "pipe.db")
    assert [code(call, folder / name) for name in ("link.db", "pipe.db", "none.db")] == [
        "NOT-A-FILE",
        "NOT-A-FILE",
        "NO-LEDGER",
    ]
    assert code(call, folder) == "NOT-A-FILE"


def test_a_file_without_a_log_is_read_in_its_place(path: Path) -> None:
    for with_empty_log in (False, True):
        if with_empty_log:
            path.with_name("a.db-wal").touch()
        with without_wal(path) as file:
            assert file == path
        assert file_state(path)[-1] == b""


def test_a_file_with_a_log_is_read_as_a_copy_with_what_the_log_has(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        c.execute("INSERT INTO kept VALUES (8, x'02')")
        before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
        with without_wal(path) as copy:
            assert (copy.name, copy.parent == path.parent) == ("a.db", False)
            assert rows(copy) == [(7,), (8,)]
        assert not copy.exists()
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_file_of_a_terabyte_with_a_log_takes_no_more_room_than_its_content(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        c.execute("INSERT INTO kept VALUES (8, x'02')")
        os.truncate(path, 1 << 40)
        with without_wal(path) as copy:
            assert rows(copy) == [(7,), (8,)]
        foreign_file._copy(str(path), str(path.with_name("copy")))
    status = path.with_name("copy").stat()
    assert status.st_size == 1 << 40
    assert status.st_blocks * 512 < 1 << 20


PIECES = st.lists(st.tuples(st.integers(0, 40), st.binary(min_size=1, max_size=9000)), max_size=4)


@given(PIECES, st.integers(0, 300_000), st.sampled_from([1000, 4096, 1 << 20]))
def test_a_copy_has_the_bytes_of_its_file(pieces: list[tuple[int, bytes]], size: int, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(foreign_file, "_PIECE", piece)
        source, target = Path(folder) / "a", Path(folder) / "b"
        with source.open("wb") as file:
            file.truncate(size)
            for page, content in pieces:
                file.seek(page * 4096)
                file.write(content)
        foreign_file._copy(str(source), str(target))
        assert target.read_bytes() == source.read_bytes()


def test_a_file_that_became_a_link_is_not_copied_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic links"):
        foreign_file._copy(str(tmp_path / "link"), str(tmp_path / "copy"))
    foreign_file._copy(str(tmp_path / "pipe"), str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == b""


def test_a_log_that_is_a_link_or_too_large_is_not_followed(path: Path) -> None:
    wal = path.with_name("a.db-wal")
    wal.symlink_to(path.parent / "none")
    assert [code(call, path) for call in (entered, file_state)] == ["NOT-A-FILE"] * 2
    wal.unlink()
    for size, fits in ((LARGEST_WAL, True), (LARGEST_WAL + 1, False)):
        wal.touch()
        os.truncate(wal, size)
        if fits:
            assert foreign_file._has_wal(path)
        else:
            with pytest.raises(LedgerError, match=f"has {size} bytes") as refused:
                foreign_file._has_wal(path)
            assert refused.value.code == "NOT-A-FILE"
    assert LARGEST_WAL == 1 << 30


def test_the_state_of_a_file_changes_with_its_content_its_time_and_its_log(path: Path) -> None:
    states = [file_state(path)]
    assert states[0] == file_state(path)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    states.append(file_state(path))
    path.with_name("a.db-wal").write_bytes(b"h" * 32 + b"more")
    states.append(file_state(path))
    assert states[-1][-1] == b"h" * 32
    path.with_name("a.db-wal").write_bytes(b"h" * 31 + b"x")
    states.append(file_state(path))
    os.truncate(path, status.st_size + 1)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    states.append(file_state(path))
    path.rename(path.with_name("b.db"))
    path.write_bytes(path.with_name("b.db").read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    states.append(file_state(path))
    assert len(set(states)) == len(states) == 6

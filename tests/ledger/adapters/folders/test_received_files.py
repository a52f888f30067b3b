"""What came from another log is kept under its path, durably; an earlier file stays unless it is to be replaced."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.received_files import FilesIn, received_files
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.shared.received_rows import ReceivedRows
from tests.support.cli import ledger_of
from tests.support.files.system_calls import synced

PATHS = {"foreign/a": b"A", "foreign/b.tlog-proof": b"B", "registers/0f/3.entry": b"3", "registers/0f/10": b"10"}


def test_what_is_kept_is_read_by_path_and_listed_sorted(tmp_path: Path) -> None:
    files = FilesIn(tmp_path)
    assert (files.read("foreign/a"), files.names("foreign"), files.under("foreign")) == (None, [], {})
    files.keep(PATHS)
    assert {path: files.read(path) for path in PATHS} == PATHS
    (tmp_path / "foreign" / ".b.new").touch()  # left by a crash
    assert files.names("foreign") == ["a", "b.tlog-proof"]
    assert files.names("registers") == ["0f/10", "0f/3.entry"]
    assert files.under("registers") == {"0f/10": b"10", "0f/3.entry": b"3"}
    assert files.read("registers/0f") is None  # a folder


def test_an_earlier_file_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    files = FilesIn(tmp_path)
    files.keep({"foreign/a": b"first"})
    files.keep({"foreign/a": b"second", "foreign/b": b"new"})
    assert (files.read("foreign/a"), files.read("foreign/b")) == (b"first", b"new")
    files.keep({"foreign/a": b"second"}, replacing=True)
    assert files.read("foreign/a") == b"second"


def test_each_file_and_then_each_folder_is_synced_even_if_the_file_was_there(tmp_path: Path) -> None:
    files = FilesIn(tmp_path)
    with synced() as names:
        files.keep({"foreign/a": b"A", "foreign/b": b"B", "registers/0f/1": b"1"})
    assert names == [".a.new", ".b.new", ".1.new", "foreign", "0f"]
    with synced() as names:
        files.keep({"foreign/a": b"A"})  # the process that wrote it may have ended before it synced the folder
    assert names == ["foreign"]
    assert (tmp_path / "foreign" / "a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "registers" / "0f").stat().st_mode & 0o777 == 0o700


def test_the_mark_changes_with_each_file_that_is_kept_and_with_nothing_else(tmp_path: Path) -> None:
    files = FilesIn(tmp_path)
    empty = files.mark("registers")
    files.keep({"registers/0f/1": b"1", "registers/aa/1": b"1"})
    first = files.mark("registers")
    assert first != empty
    assert files.mark("registers") == first
    (tmp_path / "registers" / "lone").touch()  # no folder of a log
    assert files.mark("registers") == first
    os.utime(tmp_path / "registers" / "aa", ns=(1, 1))
    assert files.mark("registers") != first
    os.utime(tmp_path / "registers" / "0f", ns=(1, 1))
    assert files.mark("registers") == (("0f", 1), ("aa", 1))


@pytest.mark.parametrize(
    ("store", "shared", "rows"), [("", 0, 0), ("", 1, 0), ("postgresql:///x", 0, 0), ("postgresql:///x", 1, 1)]
)
def test_what_was_received_is_in_the_database_where_heads_are_and_else_in_the_folder(
    tmp_path: Path, store: str, shared: int, rows: int
) -> None:
    folder = read_folder(ledger_of("S1", tmp_path))
    with closing(EntryStore(folder.path / "entries.db", writable=False)) as entries:
        asked = msgspec.structs.replace(folder, store=store, shared=bool(shared))
        received = received_files(asked, entries)
        assert type(received) is (ReceivedRows if rows else FilesIn)
        if not rows:
            received.keep({"foreign/a": b"A"})
            assert (folder.path / "foreign" / "a").read_bytes() == b"A"

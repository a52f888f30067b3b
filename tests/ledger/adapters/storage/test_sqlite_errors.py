"""Each error of SQLite has a code of ours, and no error of the disk calls a file damaged."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.adapters.storage import sqlite
from ledger.adapters.storage.sqlite import ledger_error, stored_instant, typed

CODES = {
    "SQLITE_BUSY": "BUSY",
    "SQLITE_BUSY_SNAPSHOT": "BUSY",
    "SQLITE_LOCKED": "BUSY",
    "SQLITE_CANTOPEN": "NO-LEDGER",
    "SQLITE_PERM": "NO-LEDGER",
    "SQLITE_AUTH": "NO-LEDGER",
    "SQLITE_READONLY": "READ-ONLY",
    "SQLITE_READONLY_DBMOVED": "READ-ONLY",
    "SQLITE_FULL": "DISK-FULL",
    "SQLITE_IOERR_READ": "DISK-ERROR",
    "SQLITE_NOMEM": "DISK-ERROR",
    "SQLITE_CORRUPT": "LOG-CORRUPT",
    "SQLITE_NOTADB": "LOG-CORRUPT",
    "SQLITE_FORMAT": "LOG-CORRUPT",
    "SQLITE_SCHEMA": "LOG-CORRUPT",
    "SQLITE_ERROR": "LOG-CORRUPT",
    "SQLITE_CONSTRAINT_CHECK": "LOG-CORRUPT",
    None: "LOG-CORRUPT",
}
DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT", "SQLITE_SCHEMA", "SQLITE_ERROR"}


def error(name: str | None) -> sqlite3.OperationalError:
    said = sqlite3.OperationalError("in the words of SQLite")
    if name is not None:
        said.sqlite_errorname = name
    return said


@pytest.mark.parametrize("name", CODES)
def test_an_error_of_sqlite_has_a_code(name: str | None, tmp_path: Path) -> None:
    fault = ledger_error(error(name), tmp_path / "entries.db")
    assert (fault.code, "is damaged" in fault.says) == (CODES[name], name in DAMAGED)


@pytest.mark.parametrize("name", CODES)
def test_only_errors_of_reading_and_of_memory_ask_whether_the_disk_is_full(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_FREE_BYTES", 1 << 62)
    code = "DISK-FULL" if CODES[name] == "DISK-ERROR" else CODES[name]
    assert ledger_error(error(name), tmp_path / "entries.db").code == code
    assert ledger_error(error(name), tmp_path / "none" / "entries.db").code == CODES[name]  # no such folder to ask


@pytest.mark.parametrize(("blocks", "code"), [(63, "DISK-FULL"), (64, "DISK-ERROR"), (65, "DISK-ERROR")])
def test_a_disk_with_less_than_a_quarter_of_a_megabyte_is_full(
    blocks: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=blocks, f_bfree=99, f_frsize=4096))
    assert ledger_error(error("SQLITE_IOERR_WRITE"), tmp_path / "entries.db").code == code


def test_a_stored_value_has_the_type_of_its_column() -> None:
    assert typed(b"x", bytes) == b"x"
    with pytest.raises(sqlite3.DataError, match="str where bytes is stored"):
        typed("x", bytes)
    assert stored_instant("2027-03-01T12:00:00Z") == datetime(2027, 3, 1, 12, tzinfo=UTC)
    for value in ("2027-03-01", "", 7, None, b"2027-03-01T12:00:00Z"):
        with pytest.raises(sqlite3.DataError):
            stored_instant(value)

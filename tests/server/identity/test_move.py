"""Accounts move whole."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from server.identity.database import SQLiteDatabase
from server.identity.move import accounts_at


def test_the_rows_of_every_table_move(tmp_path: Path) -> None:
    with closing(SQLiteDatabase(tmp_path / "identity.db")) as file:
        tables = {name for (name,) in file.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    moved = accounts_at(tmp_path / "entries.db", tmp_path)
    assert moved is not None
    assert moved.keys() == tables

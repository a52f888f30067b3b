"""A store at an address is in PostgreSQL, whatever part of a ledger it is: nothing of it is looked for in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("psycopg", reason="needs the extra `postgres`")

import psycopg

from ledger.adapters.migration.close_store import ENTRIES, moved_to
from ledger.adapters.migration.move_entries import _check_target as check_entries
from ledger.adapters.migration.move_entries import snapshot
from ledger.adapters.migration.move_keys import _check_target as check_keys
from ledger.adapters.migration.move_keys import _rows
from ledger.adapters.storage.connection import open_connection, translate_errors
from ledger.adapters.storage.copy_entries import copy
from ledger.adapters.storage.entry_store import EntryStore, _open_recorder
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.sqlite import SQLiteErrors
from ledger.adapters.subject_keys.key_database import create_keys, open_keys

AT = Address("postgresql://user@127.0.0.1:1/base", "ledger.test/xo")


class AskedError(Exception):
    """A connection to the server was asked for."""


OPENS: dict[str, Callable[[Path], Any]] = {
    "entries to read": lambda folder: open_connection(AT),
    "entries to write": lambda folder: _open_recorder(AT, writable=True),
    "new entries": lambda folder: EntryStore.create(AT),
    "a copy of entries": lambda folder: copy(AT, folder / "copy.db"),
    "a snapshot of entries": lambda folder: snapshot(AT, folder).__enter__(),
    "where entries go": lambda folder: check_entries(AT, resumed=False),
    "a closed store": lambda folder: moved_to(AT, ENTRIES),
    "keys": lambda folder: open_keys(AT, writable=True, secret=bytes),
    "new keys": lambda folder: create_keys(AT, bytes(32)),
    "rows of keys": lambda folder: _rows(AT),
    "where keys go": lambda folder: check_keys(AT, resumed=False),
}


@pytest.mark.parametrize("what", OPENS)
def test_what_has_an_address_is_asked_of_the_server(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(uri: str, **_: Any) -> None:
        raise AskedError(uri)

    monkeypatch.setattr(psycopg, "connect", asked)
    with pytest.raises(AskedError, match=AT.uri):
        OPENS[what](tmp_path)


def test_an_error_of_a_store_is_one_of_its_database() -> None:
    assert isinstance(translate_errors(AT), PostgresErrors)
    assert isinstance(translate_errors(Path("entries.db")), SQLiteErrors)

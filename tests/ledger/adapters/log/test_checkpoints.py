"""Heads and time stamps are stored once, in the order of their arrival, and copied whole to another file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead, TimeStampToken, notes_in
from ledger.adapters.log.head_database import SQLiteHeads
from ledger.adapters.migration.close_store import Store, close
from ledger.adapters.storage import sqlite
from ledger.adapters.storage.sqlite import VERSION
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def head(size: int, mark: str = "", cosigned: int | None = None, minutes: int = 0) -> PublishedHead:
    return PublishedHead(size, f"a note of {size} {mark}\n".encode(), NOON + timedelta(minutes=minutes), cosigned)


def token(number: int) -> TimeStampToken:
    fields = {"head": f"{number:064x}", "authority": "tsa", "reply": b"%d" % number, "at": NOON}
    return TimeStampToken(**{name: fields[name] for name in TimeStampToken.__struct_fields__})  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore.create(tmp_path / "heads.db")


def test_a_head_is_stored_once_and_stays_as_it_was(store: CheckpointStore, tmp_path: Path) -> None:
    with closing(store):
        store.keep(head(3))
        store.keep(head(3, minutes=5))
        store.keep(head(2, "other"), durable=False)
        assert store.all() == [head(3), head(2, "other")]
        assert store.newest() == head(3)
        store.add([head(3, minutes=9), head(9, cosigned=7)], [token(1), token(1), token(2)])
        assert store.all() == [head(3), head(2, "other"), head(9, cosigned=7)]
        assert store.tokens() == [token(1), token(2)]
        store.add([], [])
        assert (store.newest(), store.newest_cosigned()) == (head(9, cosigned=7), head(9, cosigned=7))
    assert open_below(tmp_path) == []


def test_a_copy_has_all_heads_and_time_stamps_in_one_new_file(store: CheckpointStore, tmp_path: Path) -> None:
    with closing(store):
        store.add([head(3), head(9)], [token(1)])
        (tmp_path / "copies").mkdir()
        copy = tmp_path / "copies" / "heads.db"
        store.copy(copy)
        with pytest.raises(FileExistsError):
            store.copy(copy)
    assert [path.name for path in copy.parent.iterdir()] == ["heads.db"], "without a write-ahead log"
    with closing(CheckpointStore(copy, writable=False)) as copied:
        assert (copied.all(), copied.tokens()) == ([head(3), head(9)], [token(1)])


def test_a_durable_head_syncs_and_another_one_need_not(store: CheckpointStore, tmp_path: Path) -> None:
    asked: list[str] = []
    with closing(SQLiteHeads(tmp_path / "heads.db", writable=True)) as heads, closing(store):
        heads._c.set_trace_callback(asked.append)
        heads.keep([], durable=True)
        heads.stamp([])
        assert asked == []
        for durable in (True, False, True):
            heads.keep([(f"{len(asked):064x}", 1, b"x", "2027-03-01T12:00:00Z", None)], durable=durable)
    assert [each.partition("=")[2] for each in asked if "synchronous" in each] == ["FULL", "NORMAL", "FULL"]


def test_a_file_from_before_time_stamps_has_none_and_takes_them(store: CheckpointStore, tmp_path: Path) -> None:
    with closing(store):
        store.keep(head(3))
    with closing(sqlite3.connect(tmp_path / "heads.db")) as c:
        c.execute("DROP TABLE token")
        c.commit()
    with closing(CheckpointStore(tmp_path / "heads.db")) as old:
        assert old.tokens() == []
        old.add([], [token(1)])
        assert old.tokens() == [token(1)]


def test_a_file_that_moves_while_it_is_open_keeps_nothing(store: CheckpointStore, tmp_path: Path) -> None:
    path = tmp_path / "heads.db"
    with closing(store):
        store.keep(head(3))
        close(path, Store("comity", 1, ("head", "token")), "/there")
        with pytest.raises(LedgerError, match=r"STORE-MOVED.*/there"):
            store.keep(head(4))
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            store.add([], [token(1)])
    with pytest.raises(LedgerError, match="STORE-MOVED"):
        CheckpointStore(path)
    with closing(CheckpointStore(path, writable=False, moved=True)) as moved:
        assert (moved.all(), moved.tokens()) == ([head(3)], [])
    assert open_below(tmp_path) == []


def test_a_violated_rule_of_an_open_file_is_no_move(store: CheckpointStore, tmp_path: Path) -> None:
    with closing(store), closing(SQLiteHeads(tmp_path / "heads.db", writable=True)) as heads:
        with pytest.raises(sqlite3.IntegrityError):
            heads.keep([("no digest", None, b"x", "2027-03-01T12:00:00Z", None)], durable=True)
        assert not heads._c.in_transaction


def test_a_file_of_a_later_version_is_not_read_even_if_moved_ones_are(store: CheckpointStore, tmp_path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(tmp_path / "heads.db")) as c:
        c.execute(f"PRAGMA user_version = {VERSION + 1}")
        c.commit()
    for moved in (False, True):
        with pytest.raises(LedgerError, match="LEDGER-VERSION"):
            CheckpointStore(tmp_path / "heads.db", moved=moved)
    assert open_below(tmp_path) == []
    assert sqlite.CLOSED > VERSION + 1


def test_of_another_party_only_notes_and_stamps_are_read_by_their_digests(
    store: CheckpointStore, tmp_path: Path
) -> None:
    with closing(store):
        store.add([head(3), head(9)], [token(2), token(1)])
        store.copy(tmp_path / "copy.db")  # as the file of another party is read: without a write-ahead log
    notes, stamps = notes_in(tmp_path / "copy.db")
    assert list(notes.values()) == [head(3).note, head(9).note]
    assert [reply for _, reply in stamps] == [b"2", b"1"]
    with closing(sqlite3.connect(tmp_path / "copy.db")) as c:
        c.execute("DROP TABLE token")
        c.commit()
    assert notes_in(tmp_path / "copy.db") == (notes, [])

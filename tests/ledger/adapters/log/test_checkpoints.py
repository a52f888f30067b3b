"""Heads and time stamps are stored once, in the order of their arrival, and copied whole to another file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.log.checkpoints import (
    CheckpointStore,
    PublishedHead,
    TimeStampToken,
    _kept,
    _raw,
    _token,
    notes_in,
)
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


def test_the_newest_head_is_the_largest_and_of_several_the_one_cosigned_last(store: CheckpointStore) -> None:
    with closing(store):
        assert (store.newest(), store.newest_cosigned(), store.known_at(NOON)) == (None, None, None)
        heads = [head(5, "a"), head(5, "b", 30), head(5, "c", 20), head(4, "d", 90), head(6, "e")]
        for one, newest, cosigned in zip(heads, (0, 1, 1, 1, 4), (None, 1, 1, 1, 1), strict=True):
            store.keep(one)
            assert store.newest() == heads[newest]
            assert store.newest_cosigned() == (None if cosigned is None else heads[cosigned])
        store.keep(head(6, "f"))
        assert store.newest() == head(6, "f"), "of two without a cosignature the later one"
        assert [store.get(each.digest) for each in heads] == heads
        assert store.get("none") is None


def test_a_head_is_known_from_its_cosignature_on_or_else_from_the_clock_of_the_log(store: CheckpointStore) -> None:
    second = int(NOON.timestamp())
    with closing(store):
        cosigned, own = head(5, cosigned=second + 60), head(6, minutes=2)
        store.add([cosigned, own])
        for after, found in ((0, None), (59, None), (60, cosigned), (61, cosigned), (119, cosigned), (120, own)):
            assert store.known_at(NOON + timedelta(seconds=after)) == found
        assert store.known_at(NOON + timedelta(seconds=59.9)) is None


def test_an_entry_is_dated_by_the_first_cosigned_and_the_first_stamped_head_that_contain_it(
    store: CheckpointStore,
) -> None:
    stamped = head(4, "stamped")
    heads = [head(9, cosigned=1), head(3, cosigned=5), stamped, head(6), head(7, cosigned=8)]
    with closing(store):
        store.add(heads, [TimeStampToken(stamped.digest, "tsa", b"reply", NOON)])

        def sizes(indexes: list[int], size: int, *cited: str) -> list[int]:
            return sorted(each.size for each in store.dating(indexes, cited, size))

        assert [sizes([n], 9) for n in (0, 2, 3, 4, 6, 7, 8, 9)] == [[3, 4], [3, 4], [4, 7], [7], [7], [9], [9], []]
        assert [sizes([7], size) for size in (8, 9, 10)] == [[], [9], [9]]
        assert sizes([0, 3], 9) == [3, 4, 7]
        assert sizes([8], 9, heads[3].digest, "none") == [6, 9]
        assert sizes([], 1, heads[0].digest) == [9], "what is cited is there whatever its size"


def test_a_cell_of_another_party_that_holds_no_bytes_is_empty(store: CheckpointStore, tmp_path: Path) -> None:
    with closing(store):
        store.add([head(3)], [token(1)])
        store.copy(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as c:
        c.execute("PRAGMA writable_schema = ON")
        c.execute("INSERT INTO head VALUES (9, 'd', 1, x'61', 'no moment', 7)")
        c.commit()
    notes, stamps = notes_in(tmp_path / "copy.db")
    assert notes == {head(3).digest: head(3).note, "d": b"a"}
    assert stamps == [(token(1).head, b"1")]
    assert [_raw(cell) for cell in (b"x", "x", None, 7)] == [b"x", b"", b"", b""]


@pytest.mark.parametrize(
    ("size", "note", "at", "cosigned"),
    [
        ("3", b"x", "2027-03-01T12:00:00Z", None),
        (3, "x", "2027-03-01T12:00:00Z", None),
        (3, b"x", "2027-03-01", None),
        (3, b"x", "2027-03-01T12:00:00Z", "7"),
    ],
)
def test_a_head_of_another_form_is_damage(size: object, note: object, at: object, cosigned: object) -> None:
    assert _kept(3, b"x", "2027-03-01T12:00:00Z", 0) == PublishedHead(3, b"x", NOON, 0)
    with pytest.raises(sqlite3.DataError):
        _kept(size, note, at, cosigned)


@pytest.mark.parametrize("place", range(4))
def test_a_time_stamp_of_another_form_is_damage(place: int) -> None:
    cells: list[object] = ["head", "tsa", b"reply", "2027-03-01T12:00:00Z"]
    assert _token(*cells) == TimeStampToken("head", "tsa", b"reply", NOON)
    cells[place] = 7
    with pytest.raises(sqlite3.DataError):
        _token(*cells)


def test_only_one_that_writes_keeps_the_log_of_sqlite(store: CheckpointStore, tmp_path: Path) -> None:
    store.keep(head(3))
    store.close()
    path = tmp_path / "heads.db"
    of_a_deleted_file = path.with_name("heads.db-wal").read_bytes()
    assert len(of_a_deleted_file) > 32
    for writable, keeping, keeps in ((True, True, True), (False, True, False), (True, False, False)):
        with closing(SQLiteHeads(path, writable=writable, keeping=keeping)) as heads:
            assert (heads._keeper is not None) == keeps
    assert not path.with_name("heads.db-wal").exists()
    path.unlink()
    path.with_name("heads.db-wal").write_bytes(of_a_deleted_file)
    with closing(CheckpointStore.create(path)) as made:
        assert made.all() == []


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


def test_heads_and_time_stamps_are_durable_unless_the_caller_says_otherwise(
    store: CheckpointStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []
    write = SQLiteHeads._write

    def noted(self: SQLiteHeads, statement: str, rows: Any, *, durable: bool, first: Any = ()) -> None:
        asked.append((statement.split()[2], durable))
        write(self, statement, rows, durable=durable, first=first)

    monkeypatch.setattr(SQLiteHeads, "_write", noted)
    with closing(store):
        store.keep(head(1))
        store.keep(head(2), durable=False)
        store.add([head(3)], [token(1)])
        store.stamp(token(2))
        store.copy(tmp_path / "copy.db")
        assert store.tokens() == [token(1), token(2)]
    both = [("head", True), ("token", True)]
    assert asked == [("head", True), ("head", False), *both, ("token", True), *both]


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
    for opened in (CheckpointStore, partial(SQLiteHeads, writable=False)):
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            opened(path)
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
        for writable in (False, True):
            with pytest.raises(LedgerError, match="LEDGER-VERSION"):
                CheckpointStore(tmp_path / "heads.db", writable=writable, moved=moved)
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

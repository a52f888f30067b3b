"""A file of SQLite is made whole or not at all, opened durable or refused, and leaves nothing open or behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.storage import sqlite
from ledger.adapters.storage.sqlite import (
    CLOSED,
    SQLiteErrors,
    check_version,
    connect,
    create,
    delete_stale_wal,
    keep_wal,
    moved_place,
    open_or_create,
    temporary_path,
    transaction,
)
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below, synced

SCHEMA = ("CREATE TABLE kept (one INTEGER) STRICT", ("INSERT INTO kept VALUES (?)", (7,)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "a.db", SCHEMA)
    return tmp_path / "a.db"


def code(call: Callable[..., object], *given: Any, **more: Any) -> str:
    with pytest.raises(LedgerError) as raised:
        call(*given, **more)
    return raised.value.code


def left(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def ask(path: Path, question: str) -> Any:
    with closing(sqlite3.connect(path)) as c:
        return c.execute(question).fetchone()[0]


def test_a_new_file_is_private_durable_in_wal_mode_and_of_its_version(tmp_path: Path) -> None:
    with synced() as names:
        create(tmp_path / "a.db", SCHEMA, version=3)
    assert names == [tmp_path.name]
    assert (left(tmp_path), (tmp_path / "a.db").stat().st_mode & 0o777) == (["a.db"], 0o600)
    answers = [ask(tmp_path / "a.db", f"PRAGMA {name}") for name in ("journal_mode", "user_version")]
    assert (answers, ask(tmp_path / "a.db", "SELECT one FROM kept")) == (["wal", 3], 7)
    assert open_below(tmp_path) == []


def test_an_existing_file_is_not_made_again(path: Path) -> None:
    schema = iter(("CREATE TABLE other (one INTEGER)",))
    with pytest.raises(FileExistsError):
        create(path, schema)
    assert len(list(schema)) == 1  # nothing was made of it
    assert (ask(path, "SELECT one FROM kept"), left(path.parent)) == (7, ["a.db"])


def test_a_new_file_is_synced_when_its_schema_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original: Callable[..., sqlite3.Connection] = sqlite3.connect

    def opened(*given: Any, **more: Any) -> sqlite3.Connection:
        c = original(*given, **more)
        c.set_trace_callback(asked.append)
        return c

    monkeypatch.setattr(sqlite3, "connect", opened)
    create(tmp_path / "a.db", SCHEMA)
    assert asked == [
        "PRAGMA synchronous=FULL",
        "BEGIN",
        SCHEMA[0],
        "INSERT INTO kept VALUES (7)",
        "PRAGMA user_version = 1",
        "COMMIT",
        "PRAGMA journal_mode=WAL",
    ]


def test_two_threads_do_not_make_a_file_under_one_temporary_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "temporary"
    other.write_bytes(b"of another thread")
    monkeypatch.setattr(sqlite, "temporary_path", lambda path: other)
    with pytest.raises(FileExistsError):
        create(tmp_path / "a.db", SCHEMA)
    assert (left(tmp_path), other.read_bytes()) == (["temporary"], b"of another thread")


def test_a_file_that_is_made_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def schema() -> Iterator[str]:
        (tmp_path / "a.db").write_text("theirs")
        yield "CREATE TABLE kept (one INTEGER)"

    with pytest.raises(FileExistsError):
        create(tmp_path / "a.db", schema())
    assert ((tmp_path / "a.db").read_text(), left(tmp_path)) == ("theirs", ["a.db"])


def test_nothing_is_left_of_a_file_whose_schema_is_refused_and_its_disk_is_blamed(tmp_path: Path) -> None:
    assert code(create, tmp_path / "a.db", ("CREATE TABLE",)) == "DISK-ERROR"  # no content that could be damaged
    assert (left(tmp_path), open_below(tmp_path)) == ([], [])


def test_a_refusal_that_is_no_damage_keeps_its_code_while_a_file_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr(sqlite3, "connect", full)
    assert code(create, tmp_path / "a.db", ()) == "DISK-FULL"
    assert left(tmp_path) == []


class _Answering:
    """A connection that answers one question in another way."""

    def __init__(self, c: sqlite3.Connection, question: str, answer: object) -> None:
        self._c, self._question, self._answer = c, question, answer

    def execute(self, statement: str, *given: Any) -> Any:
        if statement == self._question:
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._c.execute("SELECT ?", (self._answer,))
        return self._c.execute(statement, *given)

    def close(self) -> None:
        self._c.close()


def answering(monkeypatch: pytest.MonkeyPatch, question: str, answer: object) -> None:
    original: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: _Answering(original(*a, **k), question, answer))


def test_a_disk_that_does_not_take_wal_mode_gets_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "PRAGMA journal_mode=WAL", "delete")
    assert code(create, tmp_path / "a.db", SCHEMA) == "DISK-ERROR"
    assert left(tmp_path) == []


def test_a_file_without_wal_mode_or_durable_commits_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        answering(patch, "PRAGMA synchronous", 1)
        assert code(connect, path) == "LOG-CORRUPT"
    assert open_below(path.parent) == []
    assert ask(path, "PRAGMA journal_mode=DELETE") == "delete"
    assert code(connect, path) == "LOG-CORRUPT"
    assert open_below(path.parent) == []
    with closing(connect(path, writable=False)) as c:  # it is read all the same
        assert c.execute("SELECT one FROM kept").fetchone()["one"] == 7


def test_every_connection_syncs_its_commits(path: Path) -> None:
    for c in (connect(path), connect(path, writable=False), open_or_create(path, ()), keep_wal(path)):
        with closing(c):
            assert c.execute("PRAGMA synchronous").fetchone()[0] == 2
            assert c.execute("PRAGMA busy_timeout").fetchone()[0] == 30_000
            assert not c.in_transaction
    with closing(connect(path, secure_delete=True)) as c, closing(open_or_create(path, (), secure_delete=True)) as d:
        assert [each.execute("PRAGMA secure_delete").fetchone()[0] for each in (c, d)] == [1, 1]


def test_a_file_that_is_read_is_not_written(path: Path) -> None:
    for c in (connect(path, writable=False), keep_wal(path)):
        with closing(c), pytest.raises(sqlite3.OperationalError, match="readonly"):
            c.execute("INSERT INTO kept VALUES (8)")


def test_a_medium_that_takes_no_index_is_read_without_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sqlite.open_connection
    fault = sqlite3.OperationalError("unable to open database file")
    fault.sqlite_errorname = "SQLITE_CANTOPEN"

    def opened(at: Path, mode: str) -> Any:
        c = original(at, mode)
        return c if "immutable" in mode else _Answering(c, "PRAGMA journal_mode", fault)

    monkeypatch.setattr(sqlite, "open_connection", opened)
    with closing(connect(path, writable=False)) as c:
        assert c.execute("SELECT one FROM kept").fetchone()[0] == 7
    assert code(connect, path) == "NO-LEDGER"
    path.with_name("a.db-wal").touch()  # it may have commits that would not be read
    assert code(connect, path, writable=False) == "NO-LEDGER"
    path.with_name("a.db-wal").unlink()
    fault = sqlite3.DatabaseError("file is not a database")  # type: ignore[assignment]
    fault.sqlite_errorname = "SQLITE_NOTADB"
    assert code(connect, path, writable=False) == "LOG-CORRUPT"
    assert open_below(path.parent) == []


def test_a_file_of_a_later_version_is_refused_and_one_of_the_newest_is_not(path: Path) -> None:
    with closing(connect(path)) as c:
        c.execute("PRAGMA user_version = 4")
    assert code(connect, path, newest=3) == "LEDGER-VERSION"
    assert code(open_or_create, path, (), version=3) == "LEDGER-VERSION"
    assert open_below(path.parent) == []
    with closing(connect(path, newest=4)) as c:
        assert (check_version(c, path, newest=4), check_version(c, path, newest=5)) == (4, 4)
    with closing(open_or_create(path, (), version=4)) as c:
        assert c.execute("SELECT one FROM kept").fetchone() == (7,)
        assert c.row_factory is None
    with closing(keep_wal(path, 4)):
        assert code(keep_wal, path, 3) == "LEDGER-VERSION"


def test_where_a_file_has_moved_is_read_of_later_versions_alone(path: Path) -> None:
    with closing(connect(path)) as c:
        assert moved_place(c) == ""  # of version 1, without such a table
        c.execute("CREATE TABLE moved (place TEXT)")
        assert (moved_place(c), moved_place(c, 1)) == ("", "")
        c.execute("INSERT INTO moved VALUES ('/there')")
        assert (moved_place(c, 0), moved_place(c, 1), moved_place(c, 2)) == ("/there", "", "")
        c.execute(f"PRAGMA user_version = {1 + CLOSED}")
    assert code(connect, path) == code(connect, path, newest=CLOSED) == "STORE-MOVED"
    assert open_below(path.parent) == []
    connect(path, newest=1 + CLOSED).close()


def test_what_is_deleted_is_overwritten_only_where_that_is_asked_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = sqlite.open_connection

    def opened(at: Path, mode: str) -> sqlite3.Connection:
        c = original(at, mode)
        c.set_trace_callback(asked.append)
        return c

    monkeypatch.setattr(sqlite, "open_connection", opened)
    for call, wanted in ((connect, False), (connect, True), (partial(open_or_create, schema=()), True)):
        asked.clear()
        call(path, secure_delete=wanted).close()
        assert ("PRAGMA secure_delete=ON" in asked) == wanted
    open_or_create(path, ()).close()
    assert asked.count("PRAGMA secure_delete=ON") == 1


def test_a_missing_file_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"NO-LEDGER.*does not exist") as refused:
        connect(tmp_path / "none.db")
    assert refused.value.hint == "comity init makes a ledger"
    assert left(tmp_path) == []


def test_a_file_that_is_missing_is_made_with_its_schema_and_version(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with closing(open_or_create(path, SCHEMA, version=5, secure_delete=True)) as c:
        assert c.execute("SELECT one FROM kept").fetchall() == [(7,)]
        assert c.execute("PRAGMA user_version").fetchone() == (5,)
    delete_stale_wal(path)
    assert path.exists()


def test_the_wal_of_a_deleted_file_is_deleted_and_that_of_another_is_kept(path: Path) -> None:
    kept = keep_wal(path)
    with closing(connect(path)) as c:
        c.execute("INSERT INTO kept VALUES (8)")
    kept.close()
    assert left(path.parent) == ["a.db", "a.db-shm", "a.db-wal"]
    delete_stale_wal(path)
    assert left(path.parent) == ["a.db", "a.db-shm", "a.db-wal"]
    assert ask(path, "SELECT count(*) FROM kept") == 2
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").write_bytes(b"x")
    path.unlink()
    delete_stale_wal(path)
    delete_stale_wal(path)  # there is none
    assert left(path.parent) == []


def test_what_a_process_that_ended_left_unfinished_is_removed_and_the_rest_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running = os.getppid()
    names = [f".a[b].db.{n}{end}" for n in (ended.pid, os.getpid(), running) for end in ("", "-wal", "-shm")]
    others = [".a[b].db.word", ".a[b].db.", f".ab.db.{ended.pid}", f"a[b].db.{ended.pid}", f".other.db.{ended.pid}"]
    for name in (*names, *others):
        (tmp_path / name).touch()
    assert temporary_path(tmp_path / "a[b].db") == tmp_path / f".a[b].db.{os.getpid()}"
    assert left(tmp_path) == sorted([*(name for name in names if f".{running}" in name), *others])


def test_two_that_remove_what_is_left_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / f".a.db.{os.getpid()}"
    monkeypatch.setattr(Path, "glob", lambda *_: iter([gone]))  # found, and removed by the other meanwhile
    assert temporary_path(tmp_path / "a.db") == gone


def test_the_process_of_another_user_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(process: int, sent: int) -> None:
        assert sent == 0
        raise PermissionError(1, "not yours")

    monkeypatch.setattr(os, "kill", denied)
    (tmp_path / ".a.db.1").touch()
    temporary_path(tmp_path / "a.db")
    assert left(tmp_path) == [".a.db.1"]


def test_a_transaction_is_whole_or_nothing_and_has_the_write_lock_from_its_start(path: Path) -> None:
    with closing(connect(path)) as c, closing(connect(path)) as other:
        other.execute("PRAGMA busy_timeout = 0")
        with transaction(c, path):
            assert code(transaction(other, path).__enter__) == "BUSY"
            c.execute("INSERT INTO kept VALUES (8)")
        assert other.execute("SELECT count(*) FROM kept").fetchone()[0] == 2

        def stopped() -> None:
            with transaction(c, path):
                c.execute("INSERT INTO kept VALUES (9)")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            stopped()
        assert not c.in_transaction
        assert other.execute("SELECT count(*) FROM kept").fetchone()[0] == 2

        def ended() -> None:
            with transaction(c, path):
                c.execute("ROLLBACK")  # as SQLite does for some errors
                raise ValueError("the first error")

        with pytest.raises(ValueError, match="the first error"):
            ended()


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (sqlite3.IntegrityError("x"), sqlite3.IntegrityError),
        (sqlite3.DatabaseError("x"), LedgerError),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), LedgerError),
        (LedgerError("BUSY", "x"), LedgerError),
        (ValueError("x"), ValueError),
    ],
)
def test_only_errors_of_a_database_are_translated(raised: Exception, said: type[Exception]) -> None:
    def fails() -> None:
        with SQLiteErrors(Path("a.db")):
            raise raised

    with pytest.raises(said) as found:
        fails()
    if isinstance(found.value, LedgerError):
        assert found.value.code == getattr(raised, "code", "LOG-CORRUPT")

    def caused() -> None:  # as `eventsourcing` raises them
        with SQLiteErrors(Path("a.db")):
            raise RuntimeError from raised

    with pytest.raises(LedgerError if type(raised) is sqlite3.DatabaseError else RuntimeError):
        caused()

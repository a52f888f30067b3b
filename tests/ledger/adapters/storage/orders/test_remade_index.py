"""The index of orders is made again next to the one that answers, and takes its place whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from cli.lists import docket, judge_pool
from cli.lists.docket import board, board_name, bring_up, remake
from cli.session.ledger_reader import LedgerReader, reading
from ledger.adapters.storage import views
from ledger.adapters.storage.orders import remade_index
from ledger.adapters.storage.orders.order_index import OrderIndex
from ledger.adapters.storage.orders.order_query import OrderQuery
from ledger.adapters.storage.orders.order_row import read_row
from ledger.adapters.storage.orders.remade_index import path_of_next, remade, remove, view_in
from ledger.adapters.storage.views import View, ViewRow
from ledger.errors import LedgerError
from tests.ledger.adapters.storage.orders.test_order_index import NOON, put, row
from tests.support.cli import ledger_of, reply, run
from tests.support.files.system_calls import open_below
from tests.support.killed_command import killed

OLD, NEW = "rows 1", "rows 2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of an index of two orders under the old name."""
    with closing(OrderIndex(tmp_path / "views.db", OLD)) as index:
        put(index, row(1), row(2))
    return tmp_path / "views.db"


def found(path: Path, name: str) -> list[str]:
    with closing(View(path, name)) as view:
        return [key[:8] for key, _ in view.rows()]


def test_the_old_index_answers_until_the_new_one_is_whole(path: Path) -> None:
    with remade(path, NEW) as index:
        put(index, row(1), row(3))
        assert view_in(path) == OLD
        assert found(path, OLD) == ["00000001", "00000002"]
        assert found(path, NEW) == []
    assert view_in(path) == NEW
    assert found(path, NEW) == ["00000001", "00000003"]
    assert found(path, OLD) == []
    assert [file.name for file in path.parent.iterdir() if "next" in file.name] == []


def test_a_question_that_was_begun_sees_one_state(path: Path) -> None:
    with closing(OrderIndex(path, OLD)) as reader, reader.reading() as select:
        before = select("SELECT key FROM board ORDER BY key")
        with remade(path, NEW) as index:
            put(index, row(3))
        assert select("SELECT key FROM board ORDER BY key") == before
    with closing(OrderIndex(path, NEW)) as reader:
        assert [order.number for order in map(read_row, (body for _, body in reader.rows()))] == [3]


def interrupted(path: Path, number: int) -> list[str]:
    """Add an order to the new index and stop; return the orders that it had."""
    try:
        with remade(path, NEW) as index:
            had = [key[:8] for key, _ in index.rows()]
            put(index, row(number))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return had


def test_an_interrupted_one_is_continued_and_one_of_other_rules_is_begun_again(path: Path) -> None:
    assert interrupted(path, 7) == []
    assert (view_in(path), view_in(path_of_next(path))) == (OLD, NEW)
    assert interrupted(path, 8) == ["00000007"]
    with remade(path, "rows 3") as index:
        assert list(index.rows()) == []
    assert (view_in(path), found(path, "rows 3")) == ("rows 3", [])
    with closing(sqlite3.connect(path)) as c:
        assert c.execute("SELECT count(*) FROM shown").fetchone() == (0,)  # nothing is left of the others


@pytest.mark.parametrize("which", ["the one that answers", "the new one"])
def test_a_damaged_file_is_made_again(path: Path, which: str) -> None:
    file = path if which == "the one that answers" else path_of_next(path)
    remove(file)
    file.write_text("no database at all" * 100)
    with remade(path, NEW) as index:
        put(index, row(3))
    assert found(path, NEW) == ["00000003"]


def test_a_file_says_of_which_view_its_index_is_if_it_has_one(path: Path, tmp_path: Path) -> None:
    none, empty = tmp_path / "none.db", tmp_path / "empty.db"
    View(empty, "x").close()
    assert [view_in(each) for each in (none, empty, path)] == [None, None, OLD]
    assert not none.exists()
    with closing(sqlite3.connect(path)) as c:
        assert c.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)  # as on a medium that is only read
    assert view_in(path) == OLD
    with closing(sqlite3.connect(path)) as c:
        c.execute("DELETE FROM board_of")
        c.commit()
    assert view_in(path) is None
    assert open_below(tmp_path) == []


def test_the_pages_of_a_file_that_is_only_read_are_put_in_place(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    with closing(OrderIndex(new, NEW)) as index:
        put(index, row(5))
    with closing(sqlite3.connect(new)) as c:
        c.execute("PRAGMA journal_mode=DELETE")
    remade_index.put_in_place(new, path)
    assert (view_in(path), found(path, NEW)) == (NEW, ["00000005"])


def test_a_file_is_removed_with_its_log(tmp_path: Path) -> None:
    assert path_of_next(tmp_path / "views.db") == tmp_path / "views.next.db"
    for name in ("a.db", "a.db-wal", "a.db-shm", "b.db"):
        (tmp_path / name).touch()
    remove(tmp_path / "a.db")
    remove(tmp_path / "a.db")
    assert [file.name for file in tmp_path.iterdir()] == ["b.db"]


def test_a_program_with_other_rules_is_stopped_after_its_index_was_replaced(path: Path) -> None:
    with closing(OrderIndex(path, OLD)) as old:
        with remade(path, NEW) as index:
            put(index, row(3))
        with pytest.raises(LedgerError, match="made again by another version"):
            old.orders(OrderQuery(), NOON)  # it would see no order
        with pytest.raises(LedgerError, match="made again by another version") as refused:
            put(old, row(1))
        assert (refused.value.code, refused.value.hint) == ("LEDGER-VERSION", "start this program again")
    assert found(path, NEW) == ["00000003"]


# -- ledgers -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S3", tmp_path_factory.mktemp("remade"))


@pytest.fixture
def reader(ledger: Path) -> Iterable[LedgerReader]:
    remove(ledger / "views.db")
    remove(ledger / "views.next.db")
    with reading(ledger) as opened:
        with closing(board(opened)) as index:
            bring_up(opened, index, opened.now())
        yield opened


def rows(reader: LedgerReader) -> list[tuple[str, bytes]]:
    with closing(OrderIndex(reader.folder.views, board_name())) as index:
        return list(index.rows())


def test_under_other_rules_the_view_of_the_old_ones_answers_while_orders_are_judged(
    reader: LedgerReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_name, before, seen = board_name(), rows(reader), []
    judged: Callable[..., dict[str, ViewRow]] = judge_pool.judged

    def watched(reader: LedgerReader, orders: Iterable[str], moment: datetime) -> dict[str, ViewRow]:
        with closing(View(reader.folder.views, old_name)) as old:
            seen.append((view_in(reader.folder.views), list(old.rows())))
        return judged(reader, orders, moment)

    monkeypatch.setattr(docket, "EDITION", docket.EDITION + 1)
    monkeypatch.setattr(docket, "judged", watched)
    with closing(board(reader)) as index:
        assert index.name == board_name() != old_name
        assert index.size == reader.store.size()
    assert seen
    assert all(state == (old_name, before) for state in seen)
    assert rows(reader) == before


@pytest.mark.slow
@pytest.mark.parametrize("page", [3, 20])
def test_a_rebuild_that_is_killed_leaves_the_old_view_and_is_continued(
    reader: LedgerReader, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    before, pages = rows(reader), -(-reader.store.size() // page)
    monkeypatch.setattr(views.View.catch_up, "__defaults__", (page,))
    apply, put_back, clear = View.apply, remade_index.put_in_place, remade_index.remove

    def dying() -> None:
        """Make the view; `os.getppid` is called at each step at which the process may be killed."""

        def step(self: View, *args: object) -> None:
            os.getppid()
            apply(self, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(View, "apply", step)
        monkeypatch.setattr(remade_index, "put_in_place", lambda *paths: (os.getppid(), put_back(*paths)))
        monkeypatch.setattr(remade_index, "remove", lambda path: (os.getppid(), clear(path)))
        with reading(reader.folder.path) as opened:
            remake(opened)

    number = 1
    while killed("getppid", number, dying):
        assert rows(reader) == before
        if number % 3 == 0:
            with closing(View(path_of_next(reader.folder.views), board_name())) as begun:
                assert begun.size > 0
        number += 1
    assert number >= min(pages, 3)
    assert rows(reader) == before
    assert not path_of_next(reader.folder.views).exists()


@pytest.mark.parametrize("others", [True, False])
def test_two_that_make_the_view_at_once_make_it_one_after_the_other(
    reader: LedgerReader, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    """Under other rules each list makes the view again, so two commands after an update are two of them."""
    before, made = rows(reader), []
    if others:
        monkeypatch.setattr(docket, "EDITION", docket.EDITION + 1)
    bring = docket.bring_up

    def counted(reader: LedgerReader, view: OrderIndex, *args: object) -> None:
        made.append(view.path)
        both.wait(1) if len(made) == 1 else None
        bring(reader, view, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(docket, "bring_up", counted)
    both = Event()

    def make() -> None:
        with reading(reader.folder.path) as opened:
            board(opened).close() if others else remake(opened)

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(make), threads.submit(make)]:
            each.result()
    assert rows(reader) == before
    assert len(made) == (1 if others else 2)


def test_pages_that_are_put_in_place_by_a_killed_process_are_not_seen(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    with closing(OrderIndex(new, NEW)) as index:
        put(index, *(row(n) for n in range(300)))

    def halfway(left: int, status: int, remaining: int, total: int) -> None:
        if remaining <= total - left:
            os.getppid()

    def dying(left: int) -> None:
        with closing(sqlite3.connect(new)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target, pages=2, progress=partial(halfway, left))

    for left in (2, 20, 40):
        assert killed("getppid", 1, partial(dying, left))
        assert found(path, OLD) == ["00000001", "00000002"]


def test_the_command_says_what_answers_and_makes_it_again(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    assert reply("views", ledger=ledger)["views"] == []
    assert "no view yet" in run("views", ledger=ledger).output
    before = reply("orders", ledger=ledger)
    (item,) = reply("views", ledger=ledger)["views"]
    assert (item["file"], item["current"], item["answers"], item["orders"]) == ("views.db", True, True, 2)
    assert item["applied"] == reply("views", ledger=ledger)["size"]
    with closing(OrderIndex(ledger / "views.next.db", board_name())):
        assert "--rebuild continues it" in run("views", ledger=ledger).output
    (again,) = reply("views", "--rebuild", ledger=ledger)["views"]
    assert {**again, "bytes": 0} == {**item, "bytes": 0}
    assert reply("orders", ledger=ledger) == before


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("board_like SET says = '{\"x\": ' || id || '}'", ("stats", "--art28")),
        ("board_like SET says = '[' || id", ("register",)),
        ("shown SET body = '{}'", ("orders",)),
        ("board_count SET took = 'long'", ("stats", "--art28")),
        ("board_count SET alike = 4711", ("stats", "--art28")),
        ("board_answer SET alike = 4711", ("register",)),
    ],
)
def test_rows_that_no_program_has_made_are_said_and_a_rebuild_makes_others(
    tmp_path: Path, table: str, words: tuple[str, ...]
) -> None:
    ledger = ledger_of("S3", tmp_path)
    before = run(*words, ledger=ledger).stdout
    with closing(sqlite3.connect(ledger / "views.db")) as c:
        c.execute(f"UPDATE {table}")
        c.commit()
    refused = run(*words, ledger=ledger)
    assert "LOG-CORRUPT" in refused.stderr
    assert "comity views --rebuild" in refused.stderr
    assert run("views", "--rebuild", ledger=ledger).exit_code == 0
    assert run(*words, ledger=ledger).stdout == before

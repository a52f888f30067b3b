"""A ledger that is filled quickly is the ledger that receives the same entries, also where the filling was killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from contextlib import closing
from itertools import chain, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data import fill as filling
from benchmarks.data.fill import FILLING, Plan, Progress, fill, large_cache
from benchmarks.data.generate import order, registry
from benchmarks.data.ledgers import new, receive
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.journal import Journal
from ledger.entries.envelope import Sealed

PLAN = Plan(size=160, first=2, middle=(0, 30), long=(1, 20), every=16)
TABLES = ("stored_events", "log_leaf", "order_reference", "order_link")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "TOGETHER", PAGE)
    monkeypatch.setattr(filling, "TRANSACTION", 60)
    monkeypatch.setattr(filling, "CORES", 1)


PAGE = 4  # orders of a page


def begun(path: Path) -> Path:
    with new(path) as journal:
        receive(journal, registry())
    return path


def go_on(path: Path, stop_after: int = 0) -> None:
    """Fill, or kill this process when it is about to commit its `stop_after`th transaction."""
    written = Progress.write
    count = 0

    def write(progress: Progress, to: Path) -> None:
        nonlocal count
        written(progress, to)
        count += 1
        if count == stop_after + 1:  # the first line is that of the register
            os.kill(os.getpid(), signal.SIGKILL)

    if stop_after:
        Progress.write = write  # type: ignore[method-assign,assignment]
    with large_cache(), Journal.open(path, Home.inside(path)) as journal:
        fill(journal, PLAN, path / FILLING)


def rows(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path / "entries.db")) as c:
        return {table: sorted(c.execute(f"SELECT * FROM {table}")) for table in TABLES}  # noqa: S608


def indexed(path: Path) -> int:
    with closing(sqlite3.connect(path / "keys.db")) as c:
        return int(c.execute("SELECT count(*) FROM indexed_value").fetchone()[0])


def expected(path: Path) -> Path:
    """Receive the entries of the plan one page after the other, in the order in which a filled ledger has them."""
    pages: list[list[Sealed]] = []
    number = PLAN.first
    while sum(len(page) for page in pages) < PLAN.size:
        lives = chain.from_iterable(order(n) for n in range(number, number + PAGE))
        pages.append([sealed for _, sealed in sorted(lives, key=itemgetter(0))])
        number += PAGE
    middle, long = ([sealed for _, sealed in order(n, entries)] for n, entries in (PLAN.middle, PLAN.long))
    woven = []
    for count, sealed in enumerate([each for page in pages for each in page][: PLAN.size], 1):
        woven.append(sealed)
        woven += middle if count == PLAN.size // 2 else []
        woven += [long.pop(0)] if count % PLAN.every == 0 and long else []
    with Journal.open(begun(path), Home.inside(path)) as journal:
        receive(journal, [*woven, *long])
    return path


def test_a_filled_ledger_has_the_rows_of_one_that_received_the_same_entries_and_finds_the_same_persons(
    tmp_path: Path,
) -> None:
    go_on(begun(tmp_path / "filled"))
    assert rows(tmp_path / "filled") == rows(expected(tmp_path / "received"))
    found = []
    for name in ("filled", "received"):
        path = tmp_path / name
        with Journal.open(path, Home.inside(path), writable=False) as journal:
            assert journal.subject_keys is not None
            sealed = list(journal.store.sealed_between(0, journal.store.size()))
            opened = [journal.subject_keys.decrypt_values(entry, [value]) for _, entry, value in sealed]
            assert all(opened)
            assert journal.log.signed().size == journal.subject_keys.index.position() == journal.store.size()
        found.append((opened, indexed(path)))
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_filling_that_was_killed_at_any_commit_goes_on_to_the_same_ledger(tmp_path: Path) -> None:
    whole = begun(tmp_path / "whole")
    go_on(whole)
    sizes = [each.size for each in Progress.read(whole / FILLING)]
    assert len(sizes) > 3
    assert all(after - before >= 50 for before, after in pairwise(sizes[:-1]))
    for transaction in range(1, len(sizes)):
        path = begun(tmp_path / str(transaction))
        killed = multiprocessing.get_context("fork").Process(target=go_on, args=(path, transaction))
        killed.start()
        killed.join()
        assert killed.exitcode == -signal.SIGKILL
        with closing(EntryReader(path / "entries.db")) as store:
            assert store.size() == sizes[transaction - 1]
        go_on(path)
        assert rows(path) == rows(whole)
        go_on(path)  # nothing is left to do
        assert rows(path) == rows(whole)


def test_a_ledger_with_entries_of_another_plan_is_not_filled(tmp_path: Path) -> None:
    path = begun(tmp_path / "ledger")
    (path / FILLING).write_bytes(b"")
    Progress(1).write(path / FILLING)
    with (
        pytest.raises(ValueError, match="does not say"),
        Journal.open(path, Home.inside(path)) as journal,
    ):
        fill(journal, PLAN, path / FILLING)

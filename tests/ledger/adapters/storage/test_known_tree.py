"""The Merkle tree of a process is extended by the leaves of other writers, and never used for another log."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.storage import entry_recorder
from ledger.adapters.storage.entry_recorder import StaleVersion
from ledger.adapters.storage.entry_store import Conflict, EntryStore
from ledger.adapters.storage.sqlite_recorder import SQLiteEntryRecorder, SQLitePool
from ledger.errors import LedgerError
from ledger.tlog.tree import Frontier, check_inclusion, root, roots
from tests.ledger.adapters.storage.test_entry_store import ORDER, OTHER, file, filled, row, store

__all__ = ["store"]  # the fixture


@pytest.fixture
def beside(store: EntryStore) -> Iterator[EntryStore]:
    """Open the same store a second time, as another process does."""
    with closing(EntryStore(store.location)) as other:
        yield other


def once_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the peaks of a tree be read no more."""
    monkeypatch.setattr(SQLiteEntryRecorder, "_read_tree", None)


@pytest.mark.parametrize("others", [1, 2, 7, 300])
def test_the_leaves_of_other_writers_are_added_to_the_known_tree(
    store: EntryStore, beside: EntryStore, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    filled(store, 5)
    beside.append([row(OTHER, n + 1) for n in range(others)])
    once_read(monkeypatch)
    store.append([row(ORDER, 6)])
    size = store.size()
    assert store.tree_covering(size - 1) == (size, root(size, store.hashes))


def test_a_tree_is_read_anew_where_others_have_stored_very_many_entries(
    store: EntryStore, beside: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_recorder, "_FAR", 3)
    filled(store, 5)
    beside.append([row(OTHER, n + 1) for n in range(4)])
    with monkeypatch.context() as patch:
        patch.setattr(SQLiteEntryRecorder, "query", None)
        with pytest.raises(TypeError):
            store.append([row(ORDER, 6)])
    store.append([row(ORDER, 6)])
    assert store.tree_covering(9) == (10, root(10, store.hashes))


@pytest.mark.parametrize("entries", [1, 2, 3, 8, 100])
def test_every_entry_of_the_last_commit_has_its_path_without_a_query(store: EntryStore, entries: int) -> None:
    filled(store, 13)
    rows = [row(OTHER, n + 1) for n in range(entries)]
    first = store.append(rows)[0].index
    size, top = store.tree_covering(first)
    for number, each in enumerate(rows):
        path = store.known_inclusion_path(first + number, size)
        assert path is not None
        check_inclusion(first + number, size, each.leaf, path, top)
    assert store.known_inclusion_path(first - 1, size) is None
    assert store.known_inclusion_path(first, size + 1) is None


def test_a_tree_that_covers_an_entry_is_known_without_a_query(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, 6)
    top = root(6, store.hashes)
    assert store.tree_covering(6) == (6, top)  # there is no such entry, and the store is asked
    monkeypatch.setattr(store, "rows", None)
    assert store.tree_covering(5) == store.tree_covering(0) == (6, top)
    with pytest.raises(TypeError):
        store.tree_covering(6)


def test_a_tree_is_extended_by_five_thousand_leaves_of_others_at_most(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, far = store.recorder, entry_recorder._FAR
    assert far == 5_000
    read = Frontier()
    monkeypatch.setattr(recorder, "_read_tree", lambda *_: read)
    monkeypatch.setattr(recorder, "query", lambda *_: [(bytes(32),)] * far)
    with recorder.writing() as c:
        for size, known in ((2, False), (3, True), (3 + far, True), (4 + far, False)):
            tree = Frontier()
            for _ in range(3):
                tree.add(bytes(32))
            assert (recorder._tree_at(c, tree, size) is tree) == known
            assert tree.size == (size if known else 3)
        assert recorder._tree_at(c, None, 3) is read


def test_a_subtree_that_several_paths_have_in_common_is_hashed_once(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, 13)
    asked: list[tuple[int, int]] = []

    def counted(subtrees: list[tuple[int, int]], read: Callable[[Sequence[int]], list[bytes]]) -> list[bytes]:
        asked.extend(subtrees)
        return roots(subtrees, read)

    monkeypatch.setattr(entry_recorder, "roots", counted)
    for index in range(13):
        store.known_inclusion_path(index, 13)
    assert len(asked) == len(set(asked)) > 13


def test_the_known_tree_outlives_an_entry_that_was_refused(store: EntryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, 5)
    once_read(monkeypatch)
    with pytest.raises(Conflict):
        store.append([row(ORDER, 3, "another")])
    with pytest.raises(StaleVersion):
        store.append([row(ORDER, 6)], expected={ORDER: 4})
    store.append([row(ORDER, 6)])
    assert store.tree_covering(5) == (6, root(6, store.hashes))


def test_a_tree_that_was_signed_elsewhere_has_to_be_on_the_way(store: EntryStore, beside: EntryStore) -> None:
    filled(store, 5)
    beside.append([row(OTHER, 1), row(OTHER, 2)])
    store.require_signed_tree(6, bytes(32))
    with pytest.raises(LedgerError) as fault:
        store.append([row(ORDER, 6)])
    assert fault.value.code == "LOG-ROLLBACK"
    assert store.size() == 7
    store.require_signed_tree(6, root(6, store.hashes))
    store.append([row(ORDER, 6)])


def test_a_log_that_is_shorter_than_what_was_signed_elsewhere_takes_no_entry(store: EntryStore) -> None:
    filled(store, 5)
    store.require_signed_tree(6, bytes(32))
    with pytest.raises(LedgerError) as fault:
        store.append([row(ORDER, 6)])
    assert fault.value.code == "LOG-ROLLBACK"


def test_a_tree_that_is_read_anew_has_to_begin_with_the_signed_one(store: EntryStore, beside: EntryStore) -> None:
    filled(store, 5)
    for size, top, fits in (
        (6, bytes(32), False),
        (5, bytes(32), False),
        (3, root(5, store.hashes), False),
        (3, root(3, store.hashes), True),
    ):
        beside.recorder.committed = None
        beside.require_signed_tree(size, top)
        if fits:
            assert beside.append([row(ORDER, 6)])[0].index == 5
        else:
            with pytest.raises(LedgerError, match="LOG-ROLLBACK") as fault:
                beside.append([row(ORDER, 6)])
            assert f"{size} entries were signed, and the 5 that are there" in fault.value.says


def test_the_known_tree_is_not_used_by_a_new_connection_which_may_lead_to_another_file(
    store: EntryStore, tmp_path: Path
) -> None:
    filled(store, 5)
    (size, top) = store.tree_covering(4)
    store.require_signed_tree(size, top)
    with closing(EntryStore.create(tmp_path / "grown-otherwise.db")) as other:
        other.append([row(OTHER, n + 1) for n in range(7)])
    shutil.copy(tmp_path / "grown-otherwise.db", file(store).with_name("put-in-its-place.db"))
    store.recorder.datastore.pool = SQLitePool(file(store).with_name("put-in-its-place.db"), writable=True)
    with pytest.raises(LedgerError) as fault:
        store.append([row(OTHER, 8)])
    assert fault.value.code == "LOG-ROLLBACK"

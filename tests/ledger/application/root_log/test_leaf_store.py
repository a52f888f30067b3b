"""The leaves of a root log make the tree of RFC 6962, however they are added."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.application.root_log.leaf_store import LeafStore
from ledger.errors import LedgerError
from ledger.tlog.tree import EMPTY_ROOT, Frontier, check_inclusion, leaf_hash, prove_inclusion, root
from tests.support.files.system_calls import open_below


@settings(max_examples=6, deadline=None)
@given(st.lists(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=9), max_size=6))
def test_leaves_in_any_portions_make_one_tree(portions: list[list[bytes]]) -> None:
    leaves = [leaf for portion in portions for leaf in portion]
    with TemporaryDirectory() as folder, closing(LeafStore.create(Path(folder) / "root.db")) as store:
        for portion in portions:
            store.append(portion)
        tree = Frontier()
        for leaf in leaves:
            tree.add(leaf_hash(leaf))
        assert [raw for page in store.pages() for _, raw in page] == leaves
        assert store.size() == len(leaves)
        if leaves:
            assert root(len(leaves), store.hashes) == tree.root()
            for index, leaf in enumerate(leaves):
                path = prove_inclusion(index, len(leaves), store.hashes)
                check_inclusion(index, len(leaves), leaf_hash(leaf), path, tree.root())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LeafStore]:
    with closing(LeafStore.create(tmp_path / "root.db")) as made:
        yield made


LEAVES = [b"%d" % n for n in range(1_001)]


def test_leaves_are_appended_behind_each_other_and_read_five_hundred_at_a_time(store: LeafStore) -> None:
    assert (store.size(), store.page(0), list(store.pages())) == (0, [], [])
    assert [store.append(LEAVES[:1]), store.append(LEAVES[1:3]), store.append(LEAVES[3:])] == [0, 1, 3]
    numbered = [*enumerate(LEAVES)]
    assert [len(page) for page in store.pages()] == [500, 500, 1]
    assert [leaf for page in store.pages() for leaf in page] == numbered
    assert (store.page(0), store.page(501), store.page(1_001)) == (numbered[:500], numbered[501:], [])
    assert store.page(998, 2) == numbered[998:1_000]
    assert all(type(leaf) is tuple for leaf in store.page(0))


def test_the_newest_tree_covers_every_leaf_and_no_path_is_kept(store: LeafStore) -> None:
    assert store.tree_covering(0) == (0, EMPTY_ROOT)
    store.append(LEAVES[:5])
    tree = Frontier()
    tree.extend(leaf_hash(leaf) for leaf in LEAVES[:5])
    for index in (0, 4, 9):
        assert store.tree_covering(index) == (5, tree.root())
    assert store.known_inclusion_path(3, 5) is None
    store.require_signed_tree(9, bytes(32))
    assert store.hashes([0, 7, 99]) == [leaf_hash(LEAVES[0]), leaf_hash(LEAVES[4]), b""]


def test_a_file_is_made_once_and_closed_and_one_that_is_missing_or_damaged_is_said(tmp_path: Path) -> None:
    path = tmp_path / "root.db"
    with pytest.raises(LedgerError, match="NO-LEDGER"):
        LeafStore(path)
    with closing(LeafStore.create(path)) as store:
        store.append(LEAVES[:3])
        with pytest.raises(FileExistsError):
            LeafStore.create(path)
    assert open_below(tmp_path) == []
    with closing(LeafStore(path)) as store:
        assert store.size() == 3
        with closing(sqlite3.connect(path, isolation_level=None)) as c:
            c.execute("DROP TABLE node")
            c.execute("DROP TABLE leaf")
        for act in (store.size, lambda: store.page(0), lambda: store.hashes([0])):
            with pytest.raises(LedgerError, match="LOG-CORRUPT"):
                act()

"""The leaves of a root log make the tree of RFC 6962, however they are added."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.application.root_log.leaf_store import LeafStore
from ledger.tlog.tree import Frontier, check_inclusion, leaf_hash, prove_inclusion, root


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

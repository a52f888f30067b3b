"""The stored map of heads is that of the entries, whenever it was brought up to date, and can be deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.log.head_store import HeadStore
from ledger.errors import LedgerError
from ledger.tlog.map_of_heads import MapOfHeads, order_key
from ledger.tlog.patricia_tree import check_lookup
from ledger.tlog.tree import Frontier, leaf_hash

ORDERS = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(40)]
some_orders = st.lists(st.integers(0, len(ORDERS) - 1), max_size=60)


class Entries:
    """The reading side of a log of leaf hashes, each of one order; `size` can be less than all of them."""

    def __init__(self, orders: Sequence[int], word: bytes = b"entry") -> None:
        self.rows = [(ORDERS[order], leaf_hash(b"%b %d" % (word, n))) for n, order in enumerate(orders)]
        self.until = len(self.rows)
        self._stored: list[bytes] = []
        tree = Frontier()
        for _, leaf in self.rows:
            self._stored += tree.add(leaf)

    def size(self) -> int:
        return self.until

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        return [self._stored[position] for position in positions]

    def leaves_between(self, start: int, stop: int) -> Iterator[tuple[str, bytes]]:
        yield from self.rows[start:stop]


def reader(orders: Sequence[int], word: bytes = b"entry") -> Any:
    return Entries(orders, word)


def nodes(path: Path) -> int:
    with closing(sqlite3.connect(path)) as c:
        return int(c.execute("SELECT count(*) FROM map_node").fetchone()[0])


@given(some_orders, st.lists(st.integers(0, 60), max_size=6))
def test_the_stored_map_is_that_of_the_entries_at_every_size(orders: list[int], sizes: list[int]) -> None:
    entries = reader(orders)
    with TemporaryDirectory() as folder:
        for size in [*sorted(min(size, len(orders)) for size in sizes), len(orders)]:
            entries.until = size
            with HeadStore(Path(folder) / "map.db") as store:  # opened anew each time, as by another command
                heads = store.advance(entries, ORDERS)
                assert store.kept(ORDERS) == heads
            true = MapOfHeads(entries.rows[:size])
            assert (heads.size, heads.root) == (size, true.tree.root())
            for order in ORDERS:
                key = order_key(order)
                assert check_lookup(key, heads.proofs[order], heads.root) == true.tree.get(key)
            count = len({order for order, _ in entries.rows[:size]})
            assert nodes(Path(folder) / "map.db") == max(2 * count - 1, 0), "no replaced node is left behind"


def test_a_map_of_another_copy_of_the_log_is_made_again(tmp_path: Path) -> None:
    entries, other = reader([0, 1, 2, 1]), reader([0, 1, 2, 1, 3], b"another entry")
    for there in (other, entries):  # the other log is longer, and then different
        with HeadStore(tmp_path / "map.db") as store:
            assert store.advance(there, ()).root == MapOfHeads(there.rows).tree.root()
    with HeadStore(tmp_path / "map.db") as store:
        other.until = 4
        assert store.advance(other, ()).root == MapOfHeads(other.rows[:4]).tree.root()


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"SQLite format 3\0" + bytes(4_000)])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "map.db").write_bytes(damage)
    with HeadStore(tmp_path / "map.db") as store:
        assert store.advance(reader([0, 0, 1]), ()).root == MapOfHeads(reader([0, 0, 1]).rows).tree.root()


def test_a_file_with_other_tables_is_made_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "map.db")) as c:
        c.execute("PRAGMA journal_mode=WAL")
        c.execute("CREATE TABLE map (size INTEGER)")
    with HeadStore(tmp_path / "map.db") as store:
        assert store.advance(reader([0, 0, 1])).size == 3


def test_a_map_that_lacks_a_node_says_so(tmp_path: Path) -> None:
    with HeadStore(tmp_path / "map.db") as store:
        store.advance(reader([0, 1, 2]), ())
    with closing(sqlite3.connect(tmp_path / "map.db")) as c:
        c.execute("DELETE FROM map_node")
        c.commit()
    with HeadStore(tmp_path / "map.db") as store, pytest.raises(LedgerError, match="lacks a node"):
        store.kept(ORDERS)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE map_node SET hash = zeroblob(32) WHERE number = (SELECT top FROM map)",
        "UPDATE map_node SET hash = zeroblob(32) WHERE position IS NULL",
        "UPDATE map_node SET one = zeroblob(32)",
        "UPDATE map_node SET two = zeroblob(32) WHERE position IS NULL",
        "UPDATE map_node SET position = position + 1",
        "UPDATE map_node SET one_number = two_number, two_number = one_number",
        "UPDATE map_head SET peaks = zeroblob(length(peaks))",
        "UPDATE map_head SET size = size + 2",
        "DELETE FROM map_head",
        "UPDATE map SET top = NULL",
    ],
)
def test_no_root_is_made_from_a_map_that_was_changed(tmp_path: Path, damage: str) -> None:
    entries = reader([0, 1, 2, 1, 0, 1, 2])
    with HeadStore(tmp_path / "map.db") as store:
        entries.until = 4
        store.advance(entries, ())
    with closing(sqlite3.connect(tmp_path / "map.db")) as c:
        assert c.execute(damage).rowcount > 0
        c.commit()
    entries.until = 7
    with HeadStore(tmp_path / "map.db") as store, pytest.raises(LedgerError) as found:
        store.advance(entries, ())
    assert (found.value.code, found.value.hint) == ("LOG-CORRUPT", "delete the file: it is made again")


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with HeadStore(tmp_path / "map.db") as store:
        assert store.kept().size == 0
    assert (tmp_path / "map.db").stat().st_mode & 0o077 == 0

"""The stored map of heads is that of the entries, whenever it was brought up to date, and can be deleted."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.log import head_store
from ledger.adapters.log.head_store import HeadStore, TemporaryMap
from ledger.errors import LedgerError
from ledger.tlog.map_of_heads import MapOfHeads, RootsBySize, order_key
from ledger.tlog.patricia_tree import check_lookup
from ledger.tlog.tree import EMPTY_ROOT, Frontier, leaf_hash
from tests.ledger.tlog.test_map_of_heads import followed, logs
from tests.support.files.system_calls import open_below
from tests.support.samples import examples

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


SILENT = {
    "another hash": "UPDATE map_node SET hash = zeroblob(32) WHERE number = (SELECT top FROM map)",
    "another child": "UPDATE map_node SET one = randomblob(32) WHERE position IS NOT NULL",
    "another value": "UPDATE map_node SET two = randomblob(32) WHERE position IS NULL",
    "a child exchanged": "UPDATE map_node SET one_number = two_number WHERE one_number IS NOT NULL",
    "a cycle": "UPDATE map_node SET one_number = number, two_number = number WHERE position IS NOT NULL",
    "another position": "UPDATE map_node SET position = position + 256 WHERE position IS NOT NULL",
    "a short key": "UPDATE map_node SET one = x'00' WHERE position IS NULL",
    "another top": "UPDATE map SET top = 1",
    "no top": "UPDATE map SET top = NULL",
    "no nodes": "DELETE FROM map_node",
    "no row": "DELETE FROM map",
    "no heads": "DELETE FROM map_head",
    "another head": "UPDATE map_head SET peaks = zeroblob(length(peaks))",
    "a head of another number": "UPDATE map_head SET size = size + 1",
    "a head of none": "UPDATE map_head SET size = 0, peaks = x''",
    "another number of entries": "UPDATE map SET size = size - 1",
}


@pytest.mark.parametrize("damage", SILENT.values(), ids=SILENT)
def test_a_map_with_silent_damage_commits_to_no_wrong_root(tmp_path: Path, damage: str) -> None:
    entries = reader([0, 1, 2, 1, 3, 0, 1, 2, 3])
    entries.until = 5
    with HeadStore(tmp_path / "map.db") as store:
        store.advance(entries)
    with closing(sqlite3.connect(tmp_path / "map.db")) as c:
        c.execute(damage)
        c.commit()
    with HeadStore(tmp_path / "map.db") as store:
        kept, true = store.kept(ORDERS), MapOfHeads(entries.rows[:5])
        assert kept is None or kept.root == true.tree.root()
        entries.until = 9
        heads, true = store.advance(entries, ORDERS), MapOfHeads(entries.rows)
        assert heads.root == true.tree.root()
        for order in ORDERS:
            assert check_lookup(order_key(order), heads.proofs[order], heads.root) == true.tree.get(order_key(order))


@examples(20)
@given(st.data())
def test_a_flipped_bit_in_a_map_commits_to_no_wrong_root(data: st.DataObject) -> None:
    entries = reader([n % 7 for n in range(30)])
    entries.until = 20
    with TemporaryDirectory() as folder:
        path = Path(folder) / "map.db"
        with HeadStore(path) as store:
            store.advance(entries)
        content = bytearray(path.read_bytes())
        bit = data.draw(st.integers(0, 8 * len(content) - 1))
        content[bit >> 3] ^= 1 << (bit & 7)
        path.write_bytes(content)
        entries.until = 30
        try:
            with HeadStore(path) as store:
                assert store.advance(entries).root == MapOfHeads(entries.rows).tree.root()
        except LedgerError as error:
            assert error.code in ("LEDGER-VERSION", "NO-LEDGER", "READ-ONLY"), error  # noqa: PT017


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with HeadStore(tmp_path / "map.db") as store:
        assert store.kept() is not None
    assert (tmp_path / "map.db").stat().st_mode & 0o077 == 0


@given(logs, st.sets(st.integers(0, 44)), st.integers(1, 12), st.integers(0, 6), st.integers(1, 9))
def test_a_map_in_a_temporary_file_has_the_roots_of_the_map_in_memory(
    entries: list[tuple[str, bytes]], sizes: set[int], run: int, few: int, waiting: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, closing(TemporaryMap()) as heads:
        patch.setattr(head_store, "_FEW", few)
        patch.setattr(head_store, "_WAITING", waiting)
        assert followed(RootsBySize(sizes, heads), entries, run) == followed(RootsBySize(sizes), entries, run)


def test_a_temporary_map_holds_few_orders_and_few_entries_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_store, "_FEW", 2)
    monkeypatch.setattr(head_store, "_WAITING", 4)
    with closing(TemporaryMap()) as heads:
        for n, held in enumerate([0, 0, 0, 1, 2, 3, 0, 1]):
            heads.append({ORDERS[min(n, 3)]: [leaf_hash(b"%d" % n)]})
            assert (heads._few is None, len(heads._waiting)) == (n > 1, held)
        assert heads.root() == MapOfHeads([(ORDERS[min(n, 3)], leaf_hash(b"%d" % n)) for n in range(8)]).root()


def test_a_temporary_map_without_room_or_with_damage_says_nothing_about_the_entries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(head_store, "_FEW", 0)
    more = {f"{n:08x}-0000-4000-8000-000000000000": [leaf_hash(b"%d" % n)] for n in range(400)}
    with closing(TemporaryMap()) as heads:
        heads.append({ORDERS[0]: [leaf_hash(b"0")]})
        heads._c.execute("PRAGMA max_page_count = 12")
        heads.append(more)
        with pytest.raises(LedgerError, match="DISK-FULL"):
            heads.root()
    with closing(TemporaryMap()) as heads:
        heads.append(more)
        heads._c.execute("UPDATE map_node SET hash = zeroblob(32)")
        with pytest.raises(LedgerError, match="DISK-ERROR"):
            heads.root()


def test_a_temporary_map_of_few_orders_needs_no_room_and_no_folder_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with closing(TemporaryMap()) as heads:
        heads.append({ORDERS[0]: [leaf_hash(b"0")]})
        assert heads.root() == MapOfHeads([(ORDERS[0], leaf_hash(b"0"))]).root()


def test_an_error_of_a_temporary_map_names_the_folder_that_sqlite_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("none", "first", "second")]
    for folder in folders[1:]:
        folder.mkdir()
    for stated, named in (((0, 1), 1), ((0, 2), 2), ((1, 2), 1)):
        monkeypatch.setenv("SQLITE_TMPDIR", str(folders[stated[0]]))
        monkeypatch.setenv("TMPDIR", str(folders[stated[1]]))
        refused = pytest.raises(LedgerError, match=f"DISK-ERROR.*{folders[named]}")
        with closing(TemporaryMap()) as heads, refused, heads._errors():
            sqlite3.connect(tmp_path)  # a folder is no file


def test_an_error_of_a_temporary_map_names_a_folder_that_can_be_written_and_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, int]] = []

    def access(path: str, mode: int) -> bool:
        asked.append((path, mode))
        return path == "/usr/tmp"

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setenv("SQLITE_TMPDIR", "")
    monkeypatch.setenv("TMPDIR", "/stated")
    assert head_store._temporary_folder() == Path("/usr/tmp")
    assert asked == [(path, os.W_OK | os.X_OK) for path in ("/stated", "/var/tmp", "/usr/tmp")]  # noqa: S108
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert head_store._temporary_folder() == Path()


class Few:
    """A map in memory of so many orders."""

    def __init__(self, orders: int) -> None:
        self.orders = orders

    def __len__(self) -> int:
        return self.orders

    def append(self, leaves: object) -> None:
        pass


def test_a_map_of_131072_orders_is_in_memory_and_262144_entries_wait_for_the_file_of_a_larger_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[object] = []
    with closing(TemporaryMap()) as heads:
        few: Any = Few(131_072)
        heads._few = few
        monkeypatch.setattr(heads, "_begin_file", begun.append)
        heads.append({})
        assert (begun, heads._few) == ([], few)
        few.orders += 1
        heads.append({})
        assert (begun, heads._few) == ([few], None)
        monkeypatch.setattr(heads, "_settle", lambda: begun.append(len(heads._waiting)))
        heads._waiting = [(ORDERS[0], b"")] * 262_142
        heads.append({ORDERS[1]: [b"1"]})
        assert begun == [few]
        heads.append({ORDERS[1]: [b"2"]})
        assert begun == [few, 262_144]
        assert heads._waiting[-2:] == [(ORDERS[1], b"1"), (ORDERS[1], b"2")]


def test_a_temporary_file_has_64_megabytes_in_memory_no_journal_and_no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_store, "_FEW", 0)
    with closing(TemporaryMap()) as heads:
        heads.append({ORDERS[0]: [leaf_hash(b"0")]})
        found = [
            heads._c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("cache_size", "journal_mode", "synchronous")
        ]
        assert (found, heads._c.in_transaction) == ([-65_536, "off", 0], False)


@pytest.mark.parametrize(("orders", "questions"), [(1, 1), (500, 1), (501, 2), (1_001, 3)])
def test_the_heads_of_500_orders_are_read_at_a_time(tmp_path: Path, orders: int, questions: int) -> None:
    rows = [(f"{n:08x}-0000-4000-8000-000000000000", leaf_hash(b"%d" % n)) for n in range(orders)]
    asked: list[str] = []
    with HeadStore(tmp_path / "map.db") as store:
        store.extend(rows, orders)
        store._c.set_trace_callback(asked.append)
        store.extend(rows, 2 * orders)
        store._c.set_trace_callback(None)
        kept = store.kept([rows[-1][0]])
    assert len([each for each in asked if "FROM map_head" in each]) == questions
    assert kept is not None
    assert (kept.size, kept.root) == (2 * orders, MapOfHeads([*rows, *rows]).tree.root())


@pytest.mark.parametrize("code", ["BUSY", "DISK-FULL", "LEDGER-VERSION"])
def test_a_map_that_cannot_be_read_now_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    entries = reader([0, 1])
    with HeadStore(tmp_path / "map.db") as store:
        store.advance(entries)

    def refused(*_: object) -> None:
        raise LedgerError(code, "not now")

    with HeadStore(tmp_path / "map.db") as store:
        monkeypatch.setattr(store._map, "heads", refused)
        for call in (store.kept, lambda: store.advance(entries)):
            with pytest.raises(LedgerError) as found:
                call()
            assert found.value.code == code
    assert nodes(tmp_path / "map.db") == 3
    monkeypatch.setattr(head_store, "open_or_create", refused)
    with pytest.raises(LedgerError):
        HeadStore(tmp_path / "map.db")
    assert nodes(tmp_path / "map.db") == 3


def test_a_map_is_closed_where_it_is_made_again_and_synced_seldom(tmp_path: Path) -> None:
    path = tmp_path / "map.db"
    with HeadStore(path) as store:
        assert store._c.execute("PRAGMA synchronous").fetchone() == (1,)
        assert store.advance(reader([0, 1])).size == 2
        store._c.execute("UPDATE map_node SET hash = zeroblob(32)")
        assert store.kept() is None
        heads = store.advance(reader([0, 1]), [ORDERS[1]])
        assert (heads, set(heads.proofs)) == (store.kept([ORDERS[1]]), {ORDERS[1]})
    assert open_below(tmp_path) == []
    with closing(sqlite3.connect(path)) as c:
        c.execute("DROP TABLE map_head")
    with HeadStore(path) as store:
        made = store.kept()
        assert made is not None
        assert (made.size, nodes(path)) == (0, 0), "a file without all tables is made again as it is opened"
    assert open_below(tmp_path) == []


def test_a_map_that_is_cleared_is_that_of_no_entries(tmp_path: Path) -> None:
    with HeadStore(tmp_path / "map.db") as store:
        store.advance(reader([0, 1, 2]))
        store._map.clear()
        assert store._map.state() == (0, EMPTY_ROOT)
        for table in ("map_node", "map_head"):
            assert store._c.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
        assert store._c.execute("SELECT top FROM map").fetchone() == (None,)


def test_a_map_of_as_many_entries_is_not_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = reader([0, 1, 0])
    with HeadStore(tmp_path / "map.db") as store:
        first = store.advance(entries)
        monkeypatch.setattr(store._map, "extend", None)
        monkeypatch.setattr(store._map, "clear", None)
        assert store.advance(entries) == first
        assert store.advance(entries, ORDERS[:2]).root == first.root


@pytest.mark.parametrize(
    ("size", "peaks", "good"),
    [(1, 1, True), (3, 2, True), (0, 0, False), (-1, 1, False), (3, 1, False), (2, 2, False), (1, 0, False)],
)
def test_a_head_has_a_hash_for_each_complete_subtree(tmp_path: Path, size: int, peaks: int, good: bool) -> None:
    key = order_key(ORDERS[0])
    with HeadStore(tmp_path / "map.db") as store:
        store._c.execute("INSERT INTO map_head VALUES (?, ?, ?)", (key, size, bytes(range(32)) * peaks))
        if good:
            frontier = store._map._frontiers([key])[key]
            assert (frontier.size, frontier.peaks) == (size, [bytes(range(32))] * peaks)
        else:
            with pytest.raises(LedgerError, match="a head is no head of its number of entries"):
                store._map._frontiers([key])


def test_entries_can_be_added_without_the_root_of_their_log(tmp_path: Path) -> None:
    with HeadStore(tmp_path / "map.db") as store:
        store.extend([(ORDERS[0], leaf_hash(b"0"))], 1)
        assert store._map.state() == (1, EMPTY_ROOT)

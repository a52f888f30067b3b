"""The event store keeps signed entries in their order, stores each once, and changes none."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.adapters.storage.copy_entries import copy
from ledger.adapters.storage.entry_reader import Ciphertext, EntryReader
from ledger.adapters.storage.entry_recorder import REFERENCES, EntryRow, StaleVersion
from ledger.adapters.storage.entry_store import Conflict, EntryStore, Stored
from ledger.adapters.storage.sqlite_recorder import SQLiteEntryRecorder
from ledger.errors import LedgerError
from ledger.tlog.tree import Frontier, check_inclusion, leaf_hash, prove_inclusion, root
from tests.support.files.system_calls import open_below

ORDER = "0b5c7a0e-0000-4000-8000-000000000001"
OTHER = "0b5c7a0e-0000-4000-8000-000000000002"


def row(order: str, seq: int, text: str = "", reference: str | None = None, *sealed: Ciphertext) -> EntryRow:
    raw = f"{order} {seq} {text}".encode()
    return EntryRow(order, seq, "order-issued", raw, hashlib.md5(raw).digest(), leaf_hash(raw), sealed, reference)  # noqa: S324


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EntryStore]:
    store = EntryStore.create(tmp_path / "entries.db")
    yield store
    store.close()


def file(store: EntryStore) -> Path:
    assert isinstance(store.location, Path)
    return store.location


def filled(store: EntryStore, count: int) -> list[EntryRow]:
    rows = [row(ORDER, n + 1) for n in range(count)]
    store.append(rows)
    return rows


def test_entries_come_back_byte_for_byte_at_the_index_they_were_given(store: EntryStore) -> None:
    one, two = row(ORDER, 1), row(OTHER, 1)
    assert [(each.index, each.already) for each in store.append([one])] == [(0, False)]
    assert store.append([two, row(ORDER, 2)]) == [Stored(1), Stored(2)]
    assert store.size() == 3
    assert store.order(ORDER) == [(0, one.state), (2, row(ORDER, 2).state)]
    assert store.order(ORDER, after=1) == [(2, row(ORDER, 2).state)]
    assert store.newest(OTHER) == (1, two.state)
    assert store.head(ORDER) == 2
    assert store.by_leaf(two.leaf) == (1, two.state)
    assert store.by_entry(one.entry_id) == (0, one.state)
    assert store.at(1) == two.state
    assert store.at(3) is None
    assert store.by_leaf(bytes(32)) is None


def test_every_connection_is_durable_and_the_file_is_for_its_owner_only(store: EntryStore) -> None:
    assert isinstance(store.recorder, SQLiteEntryRecorder)
    for commit in (True, False):
        with store.recorder.datastore.transaction(commit=commit) as c:
            c.execute("PRAGMA synchronous")
            assert c.fetchone()[0] == 2
            c.execute("PRAGMA journal_mode")
            assert c.fetchone()[0] == "wal"
    assert stat.S_IMODE(file(store).stat().st_mode) == 0o600


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1), (7, 1, 9), (300,)])
def test_the_stored_hashes_are_those_of_the_rfc_6962_tree(store: EntryStore, sizes: tuple[int, ...]) -> None:
    frontier, seq = Frontier(), 0
    for size in sizes:
        rows = [row(ORDER, seq + n + 1) for n in range(size)]
        store.append(rows)
        for r in rows:
            frontier.add(r.leaf)
        seq += size
        assert root(seq, store.hashes) == frontier.root()
    path = prove_inclusion(seq // 2, seq, store.hashes)
    check_inclusion(seq // 2, seq, row(ORDER, seq // 2 + 1).leaf, path, frontier.root())


def test_a_store_knows_the_inclusion_path_of_the_entry_that_it_stored_last(store: EntryStore) -> None:
    rows = filled(store, 6)
    path = store.known_inclusion_path(5, 6)
    assert path is not None
    check_inclusion(5, 6, rows[5].leaf, path, root(6, store.hashes))
    assert store.known_inclusion_path(5, 7) is store.known_inclusion_path(6, 6) is None
    other = EntryStore(file(store))
    assert other.known_inclusion_path(5, 6) is None, "another process stored it"
    assert other.tree_covering(5) == store.tree_covering(2) == (6, root(6, store.hashes))
    other.close()


def test_an_identical_entry_keeps_its_place_and_nothing_is_written(store: EntryStore) -> None:
    filled(store, 3)
    assert store.append([row(ORDER, 2)]) == [Stored(1, already=True)]
    assert store.append([row(ORDER, 3), row(ORDER, 4)]) == [Stored(2, already=True), Stored(3)]
    assert store.size() == 4


def test_another_entry_at_the_same_place_is_a_conflict(store: EntryStore) -> None:
    filled(store, 2)
    with pytest.raises(Conflict):
        store.append([row(ORDER, 2, "another")])
    assert store.size() == 2


def test_another_entry_under_the_same_id_is_a_conflict(store: EntryStore) -> None:
    first = filled(store, 1)[0]
    second = row(ORDER, 2)
    with pytest.raises(Conflict):
        store.append([EntryRow(ORDER, 2, second.topic, second.state, first.entry_id, second.leaf)])
    assert store.size() == 1


def test_an_entry_that_is_stored_under_the_id_of_another_one_is_a_conflict(store: EntryStore) -> None:
    first, second = filled(store, 2)
    mixed = EntryRow(ORDER, 1, first.topic, first.state, second.entry_id, first.leaf)
    with pytest.raises(Conflict, match="is taken by another entry"):
        store.append([mixed])
    assert store.append([first]) == [Stored(0, already=True)]


def test_a_gap_in_an_order_is_refused(store: EntryStore) -> None:
    filled(store, 1)
    with pytest.raises(Conflict):
        store.append([row(ORDER, 3)])
    with pytest.raises(Conflict):
        store.append([row(OTHER, 2)])


def test_a_batch_is_stored_whole_or_not_at_all(store: EntryStore) -> None:
    filled(store, 2)
    with pytest.raises(Conflict):
        store.append([row(OTHER, 1), row(OTHER, 2), row(ORDER, 2, "another")])
    assert store.size() == 2
    assert store.head(OTHER) == 0
    assert store.append([row(OTHER, 1)]) == [Stored(2)], "no index was lost by the batch that failed"


def test_a_tree_is_signed_by_nobody_before_its_entries_are_committed(store: EntryStore) -> None:
    """One thread may sign while another stores."""
    filled(store, 1)
    seen = []

    def pages() -> Iterator[list[EntryRow]]:
        yield [row(ORDER, 2)]
        seen.append(store.tree_covering(0)[0])
        yield [row(ORDER, 3)]

    store.append_pages(pages(), expected={})
    assert seen == [1]
    assert store.tree_covering(0)[0] == 3


def test_nothing_is_stored_if_an_order_that_had_to_stand_still_has_moved(store: EntryStore) -> None:
    filled(store, 2)
    with pytest.raises(StaleVersion):
        store.append([row(OTHER, 1)], expected={ORDER: 1})
    assert store.append([row(OTHER, 1)], expected={ORDER: 2}) == [Stored(2)]
    assert store.append([row(ORDER, 3), row(ORDER, 4)], expected={ORDER: 2}) == [Stored(3), Stored(4)]
    with pytest.raises(StaleVersion):
        store.append([row(ORDER, 5)], expected={ORDER: 3})


FORBIDDEN = [
    "UPDATE stored_events SET state = x'00' WHERE rowid = 1",
    "UPDATE stored_events SET originator_version = 9 WHERE rowid = 3",
    "DELETE FROM stored_events WHERE rowid = 3",
    "INSERT OR REPLACE INTO stored_events VALUES (1, '{o}', 1, 'x', x'00', NULL, NULL)",
    "INSERT OR REPLACE INTO stored_events VALUES (4, '{o}', 1, 'x', x'00', NULL, NULL)",
    "INSERT INTO stored_events VALUES (5, '{o}', 4, 'x', x'00', NULL, NULL)",
    "INSERT INTO stored_events VALUES (4, '{o}', 5, 'x', x'00', NULL, NULL)",
    "INSERT INTO stored_events VALUES (1, '{o}', 1, 'x', x'00', NULL, NULL)"
    " ON CONFLICT (rowid) DO UPDATE SET state = excluded.state",
    "UPDATE log_leaf SET leaf = zeroblob(32) WHERE idx = 0",
    "DELETE FROM log_leaf",
    "UPDATE log_leaf SET nodes = zeroblob(32) WHERE idx = 1",
    "INSERT OR REPLACE INTO log_leaf VALUES (0, zeroblob(16), zeroblob(32), x'')",
    "INSERT INTO log_leaf VALUES (3, zeroblob(16), zeroblob(32), x'')",
    "INSERT OR REPLACE INTO log_leaf SELECT 3, entry_id, zeroblob(32), x'' FROM log_leaf WHERE idx = 0",
    "INSERT OR REPLACE INTO log_leaf SELECT 3, zeroblob(16), leaf, x'' FROM log_leaf WHERE idx = 0",
    "UPDATE order_reference SET order_id = 'x'",
    "DELETE FROM order_reference",
    "INSERT OR REPLACE INTO order_reference VALUES ('PPO-1', '{o}')",
    "INSERT OR REPLACE INTO ciphertext VALUES (0, 'identifiers', 'd', 'k', x'01')",
    "UPDATE ciphertext SET ciphertext = x'01'",
    "UPDATE ciphertext SET digest = 'other', ciphertext = NULL",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_was_recorded_can_be_neither_changed_nor_removed_nor_skipped(store: EntryStore, statement: str) -> None:
    store.append([row(ORDER, 1, "", "PPO-1", Ciphertext("identifiers", "digest", "key", b"secret"))])
    store.append([row(ORDER, 2), row(ORDER, 3)])
    before = dump(file(store))
    c = sqlite3.connect(file(store), isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        c.execute(statement.format(o=ORDER))
    c.close()
    assert dump(file(store)) == before


def dump(path: Path) -> list[str]:
    c = sqlite3.connect(path)
    lines = list(c.iterdump())
    c.close()
    return lines


def test_ciphertexts_may_be_emptied_and_nothing_else_changes(store: EntryStore) -> None:
    sealed = (Ciphertext("identifiers", "d1", "k1", b"one"), Ciphertext("reasons", "d2", "k2", b"two"))
    store.append([row(ORDER, 1, "", None, *sealed)])
    assert store.ciphertexts(ORDER) == {0: list(sealed)}
    assert store.encrypted_with("k1") == [(0, ORDER, "identifiers", "d1")]
    store.remove_ciphertexts("k1")
    assert store.ciphertexts(ORDER) == {0: [Ciphertext("identifiers", "d1", "k1", None), sealed[1]]}
    assert store.encrypted_with("k1") == [(0, ORDER, "identifiers", "d1")]


def test_orders_are_found_by_reference_and_by_the_beginning_of_their_id(store: EntryStore) -> None:
    store.append([row(ORDER, 1, "", "PPO-2026-123"), row(OTHER, 1, "", "PPO-2026-123"), row(ORDER, 2, "", "PPO-7")])
    store.append([row(ORDER, 3, "", "PPO-7")])
    assert store.referenced("PPO-2026-123") == [ORDER, OTHER]
    assert store.referenced("PPO-7") == [ORDER]
    assert store.referenced("PPO-2026") == []
    assert [o for o, _ in store.orders()] == [ORDER, OTHER]
    assert [o for o, _ in store.orders(OTHER)] == [OTHER]
    assert [o for o, _ in store.orders("0b5c")] == [ORDER, OTHER]
    assert list(store.orders("1")) == []
    assert store.first_kind(ORDER) == "order-issued"
    assert store.first_kind("none") is None


def test_pages_bring_every_entry_once_in_the_order_of_the_log(store: EntryStore) -> None:
    rows = filled(store, 25)
    assert [e for page in store.pages(limit=7) for e in page] == [(n, r.state) for n, r in enumerate(rows)]
    assert [n for n, _ in store.page(20, limit=3)] == [20, 21, 22]
    assert [n for page in store.pages(3, limit=2, stop=8) for n, _ in page] == [3, 4, 5, 6, 7]
    assert store.page(25) == []


def test_pages_have_five_hundred_entries_and_leaves_are_read_by_five_thousand(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = filled(store, 501)
    assert [len(page) for page in store.pages()] == [500, 1]
    assert len(store.page(0)) == 500
    assert list(store.leaves_between(498, 501)) == [(ORDER, each.leaf) for each in rows[498:]]
    assert list(store.leaves_between(2, 5, limit=2)) == [(ORDER, each.leaf) for each in rows[2:5]]
    assert list(store.leaves_between(3, 3)) == []
    asked: list[Sequence[object]] = []

    def empty(_: object, params: Sequence[object]) -> list[object]:
        asked.append(params)
        return []

    monkeypatch.setattr(store, "rows", empty)
    assert list(store.leaves_between(7, 10_008)) == []
    assert asked == [(7, 5_007), (5_007, 10_007), (10_007, 10_008)]


def test_what_is_asked_of_several_orders_is_answered_for_these_alone(store: EntryStore) -> None:
    third = "0b5c7a0e-0000-4000-8000-000000000003"
    rows = [row(ORDER, 1), row(OTHER, 1), row(third, 1), row(ORDER, 2)]
    store.append([*rows[:3], EntryRow(ORDER, 2, "order-closed", rows[3].state, rows[3].entry_id, rows[3].leaf)])
    state = [each.state for each in rows]
    assert sorted(store.of_orders([ORDER, OTHER])) == [(ORDER, state[0]), (ORDER, state[3]), (OTHER, state[1])]
    assert sorted(store.newest_of([ORDER, OTHER, "none"])) == sorted([state[3], state[1]])
    assert [store.first(order) for order in (ORDER, third, "none")] == [state[0], state[2], None]
    assert [store.newest(order) for order in (ORDER, "none")] == [(3, state[3]), None]
    assert [store.head(order) for order in (ORDER, third, "none")] == [2, 1, 0]
    assert store.of_kind_in("order-issued", [ORDER, third]) == [(0, state[0]), (2, state[2])]
    assert store.orders_with("order-closed") == [ORDER]
    assert store.first_of_kinds_in([ORDER, OTHER], ["order-closed", "order-issued"], 1, 4) == (1, OTHER, "order-issued")
    assert store.first_of_kinds_in([ORDER], ["order-closed"], 3, 4) == (3, ORDER, "order-closed")
    for orders, start, stop in (([OTHER], 0, 4), ([ORDER], 0, 3), ([ORDER], 4, 9)):
        assert store.first_of_kinds_in(orders, ["order-closed"], start, stop) is None
    assert store.begun(1, 3, 9) == [(1, OTHER, "order-issued"), (2, third, "order-issued")]
    assert store.begun(0, 3, 1) == [(0, ORDER, "order-issued")]


def test_the_keys_of_ciphertexts_are_those_of_what_remains(store: EntryStore) -> None:
    one, two = Ciphertext("identifiers", "d1", "k1", b"one"), Ciphertext("reasons", "d2", "k2", b"two")
    entries = [row(ORDER, 1, "", None, one, two), row(OTHER, 1, "", None, one), row(OTHER, 2)]
    store.append(entries)
    assert store.sealed_between(0, 1) == [(ORDER, entries[0].entry_id.hex(), each) for each in (one, two)]
    assert store.sealed_between(1, 3) == [(OTHER, entries[1].entry_id.hex(), one)]
    assert store.newest_sealed() == [(1, "k1")]
    assert (store.is_emptied("k1"), store.is_emptied("none")) == (False, False)
    assert sorted(store.sealing_keys([ORDER])) == ["k1", "k2"]
    assert store.sealing_keys([OTHER]) == ["k1"]
    store.remove_ciphertexts("k1")
    assert (store.is_emptied("k1"), store.is_emptied("k2")) == (True, False)
    assert store.newest_sealed() == [(0, "k2")]
    assert (store.ever_sealing(), store.still_sealing(["k1", "k2", "none"])) == ({"k1", "k2"}, {"k2"})
    assert (store.sealing_keys([ORDER]), store.sealing_keys([OTHER])) == (["k2"], [])


def test_references_and_named_orders_are_stored_once_each(store: EntryStore) -> None:
    naming = EntryRow(OTHER, 1, "x", b"x", bytes(16), leaf_hash(b"x"), links=(ORDER, "before"))
    again = EntryRow(OTHER, 2, "x", b"y", bytes([1] * 16), leaf_hash(b"y"), reference="PPO-2", links=(ORDER,))
    store.append([row(ORDER, 1, "", "PPO-1"), naming, again])
    assert (sorted(store.references()), store.reference_count()) == ([("PPO-1", ORDER), ("PPO-2", OTHER)], 2)
    assert [store.naming(order) for order in (ORDER, "before", OTHER)] == [[OTHER], [OTHER], []]


def test_the_number_of_references_may_be_relied_on(store: EntryStore) -> None:
    store.append([row(ORDER, 1, "", "PPO-1")], expected={REFERENCES: 0})
    with pytest.raises(StaleVersion):
        store.append([row(ORDER, 2)], expected={REFERENCES: 0})
    assert store.append([row(ORDER, 2)], expected={REFERENCES: 1, ORDER: 1}) == [Stored(1)]


@pytest.mark.parametrize(("expected", "stored"), [({ORDER: 2}, True), ({ORDER: 3}, False)])
def test_what_is_relied_on_is_compared_before_the_first_of_several_pages(
    store: EntryStore, expected: dict[str, int], stored: bool
) -> None:
    filled(store, 2)
    pages = [[row(ORDER, 3)], [row(ORDER, 4), row(ORDER, 5)]]
    if stored:
        assert store.append_pages(pages, expected=expected) == range(2, 5)
    else:
        with pytest.raises(StaleVersion):
            store.append_pages(pages, expected=expected)
    assert store.size() == (5 if stored else 2)


def test_pages_with_an_entry_that_is_stored_already_are_a_conflict(store: EntryStore) -> None:
    filled(store, 2)
    with pytest.raises(Conflict, match="not the next entry of its order"):
        store.append_pages([[row(ORDER, 3)], [row(ORDER, 2)]], expected={})
    assert store.size() == 2
    assert store.append_pages([], expected={}) == range(-1, -1)


def test_a_conflict_says_what_to_do_and_where_it_is(store: EntryStore) -> None:
    filled(store, 1)
    with pytest.raises(Conflict) as found:
        store.append([row(ORDER, 1, "another")])
    assert (found.value.code, found.value.where) == ("CONFLICT", f"{ORDER} entry 1")
    assert found.value.hint == "read the order again, then decide again"


def test_a_store_that_is_closed_keeps_no_file_open(store: EntryStore, tmp_path: Path) -> None:
    filled(store, 1)
    with EntryReader(store.location) as reader, ThreadPoolExecutor(1) as threads:
        assert threads.submit(reader.size).result() == reader.size() == 1, "several threads may read"
    assert open_below(tmp_path) != []
    store.close()
    assert open_below(tmp_path) == []


def test_a_missing_shelf_is_no_ledger_and_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as fault:
        EntryStore(tmp_path / "entries.db")
    assert fault.value.code == "NO-LEDGER"
    assert list(tmp_path.iterdir()) == []


def test_a_shelf_is_never_made_over_another(store: EntryStore) -> None:
    filled(store, 1)
    with pytest.raises(FileExistsError):
        EntryStore.create(store.location)
    assert store.size() == 1


@pytest.mark.parametrize("damage", ["not a database, whatever its name says" * 100, ""])
def test_a_damaged_shelf_says_so(tmp_path: Path, damage: str) -> None:
    (tmp_path / "entries.db").write_text(damage)
    with pytest.raises(LedgerError) as fault:
        EntryStore(tmp_path / "entries.db")
    assert fault.value.code == "LOG-CORRUPT"


def test_a_shelf_whose_tree_lacks_a_hash_is_corrupt(store: EntryStore) -> None:
    filled(store, 5)
    c = sqlite3.connect(file(store), isolation_level=None)
    c.execute("DROP TRIGGER log_leaf_update")
    c.execute("UPDATE log_leaf SET nodes = x'' WHERE idx = 3")
    with pytest.raises(LedgerError) as fault:
        root(5, store.hashes)
    assert fault.value.code == "LOG-CORRUPT"
    c.execute("DROP TRIGGER log_leaf_delete")
    c.execute("DELETE FROM log_leaf WHERE idx = 4")
    c.close()
    with pytest.raises(LedgerError) as fault:
        EntryStore(store.location)
    assert fault.value.code == "LOG-CORRUPT"


def test_a_shelf_on_a_medium_that_cannot_be_written_can_be_read(store: EntryStore, tmp_path: Path) -> None:
    rows = filled(store, 2)
    store.close()
    os.chmod(file(store), 0o400)
    readable = EntryStore(store.location, writable=False)
    assert readable.page(0) == [(0, rows[0].state), (1, rows[1].state)]
    with pytest.raises(LedgerError) as fault:
        readable.append([row(ORDER, 3)])
    assert fault.value.code == "READ-ONLY"
    readable.close()


def test_a_copy_is_a_whole_shelf(store: EntryStore, tmp_path: Path) -> None:
    rows = filled(store, 300)
    copy(store.location, tmp_path / "copy.db")
    made = EntryStore(tmp_path / "copy.db", writable=False)
    assert made.page(299) == [(299, rows[299].state)]
    assert root(300, made.hashes) == root(300, store.hashes)
    made.close()


WRITER = """
import sys
from pathlib import Path
from tests.ledger.adapters.storage.test_entry_store import row
from ledger.adapters.storage.entry_store import EntryStore
store = EntryStore(Path(sys.argv[1]))
for n in range(int(sys.argv[3])):
    store.append([row(sys.argv[2], n + 1)])
"""


def test_two_processes_that_write_lose_nothing(store: EntryStore) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.location), order, "40"], cwd=Path(__file__).parents[4]
        )
        for order in (ORDER, OTHER)
    ]
    assert [p.wait() for p in both] == [0, 0]
    entries = store.page(0)
    assert [n for n, _ in entries] == list(range(80))
    frontier = Frontier()
    for _, raw in entries:
        frontier.add(leaf_hash(raw))
    assert root(80, store.hashes) == frontier.root()
    assert {raw for _, raw in entries} == {row(order, n + 1).state for order in (ORDER, OTHER) for n in range(40)}


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_name_of_a_new_file_is_durable_before_anybody_uses_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from ledger.adapters.storage.sqlite import create\n"
        "create(Path(sys.argv[1]), ()); os.path.exists('/mark')\n"
    )
    trace, folder = tmp_path / "trace", tmp_path / "new"
    folder.mkdir()
    calls = "trace=link,linkat,fsync,stat,newfstatat,access,faccessat,statx"
    command = ["strace", "-f", "-y", "-e", calls, "-o", str(trace), sys.executable, "-c", script]
    env = {**os.environ, "PYTHONPATH": "."}
    subprocess.run([*command, str(folder / "made.db")], check=True, cwd=Path(__file__).parents[4], env=env)
    made = trace.read_text().partition('"/mark"')[0]
    linked = [line for line in made.splitlines() if "link" in line and "made.db" in line]
    assert len(linked) == 1
    assert "fsync(" in made.partition(linked[0])[2]
    assert f"<{folder}>)" in made.partition(linked[0])[2]

"""A paper over a folder says how many entries an order has as the ledger committed it, and what no one signs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.reports.integrity import read_again
from cli.session.ledger_reader import reading
from ledger.adapters.log.head_store import HeadStore
from ledger.adapters.storage.entry_reader import EntryReader
from projections.reports.front_page import UNSIGNED, IntegrityResult, in_plain_words
from tests.support.cli import House

NOTE = ("record", "order-transmitted", "PPO-1", "-f", "addressee=skylark", "-f", "channel=courier", "--as", "ilves")
NAMES = ("CMP-COMMITTED", "CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-REGISTER")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Return a ledger with an order of two entries."""
    house = House(tmp_path).furnished()
    note(house)
    return house


def note(house: House) -> None:
    assert house.run(*NOTE, "--yes", "--unregistered").exit_code == 0


def read(house: House, *also: str) -> IntegrityResult:
    """Return the integrity of the order as a paper of now states it."""
    with reading(house.ledger) as reader:
        order = reader.find("PPO-1")
        return read_again(reader, order, reader.newest_head(), None, also).checked


def codes(found: IntegrityResult) -> list[str]:
    """Return the codes of what is not proven of the end of the order and of the register."""
    return [code for says in found.not_proven for code in NAMES if says.startswith(f"{code}:")]


def committed(found: IntegrityResult) -> str:
    return next((says for says in found.not_proven if "commits the ledger" in says), "")


def rows(house: House) -> list[tuple[int, str, str]]:
    """Return index, order and kind of every entry."""
    with closing(sqlite3.connect(house.ledger / "entries.db")) as c:
        return c.execute("SELECT rowid - 1, originator_id, topic FROM stored_events ORDER BY rowid").fetchall()


def change(house: House, statement: str, *values: Any) -> None:
    """Change entries.db as one who can write the file."""
    with closing(sqlite3.connect(house.ledger / "entries.db")) as c:
        for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            c.execute(f"DROP TRIGGER {name}")
        assert c.execute(statement, values).rowcount == 1
        c.commit()


def delete(house: House, index: int) -> None:
    change(house, "DELETE FROM stored_events WHERE rowid = ?", index + 1)


def last_of(house: House, order: Callable[[str, str], bool]) -> int:
    """Return the index of the last entry whose order and kind fit."""
    return max(index for index, of, kind in rows(house) if order(of, kind))


def failed(found: IntegrityResult) -> list[tuple[str, str]]:
    """Return code and place of what is proved wrong; it must be the verdict."""
    assert found.verdict == "TOTAL-FAILED", found
    return [(reason.code, reason.where) for reason in found.reasons]


# -- what is said ------------------------------------------------------------------------------------------------------


def test_a_paper_says_what_nobody_signs_where_the_ledger_has_committed_to_nothing(house: House) -> None:
    found = read(house)
    assert (committed(found), codes(found)) == ("", ["CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-REGISTER"])
    assert "no other entry in the place of one of its 2: nobody signs that" in " ".join(found.not_proven)
    said = in_plain_words(found.not_proven, bundled=found.bundled)
    assert [says for says in said if "maker of the bundle" in says] == []
    assert {*UNSIGNED.values()} <= {*said}


def test_the_number_of_a_paper_is_that_to_which_the_newest_commit_under_its_checkpoint_commits(house: House) -> None:
    first = house.reply("log", "commit")["index"]
    found = read(house)
    assert codes(found) == [], "nothing came behind the commit"
    assert f"entry {first} of the log commits the ledger to 2 of them among the first {first} entries" in (
        committed(found)
    )
    note(house)
    later = read(house)
    assert codes(later) == ["CMP-ORDER", "CMP-REGISTER"], "nobody signs that nothing came behind the commit"
    assert committed(later) == committed(found)
    second = house.reply("log", "commit")["index"]
    assert f"entry {second} of the log commits the ledger to 3 of them" in committed(read(house))


@pytest.mark.parametrize("kept", [True, False])
def test_a_paper_of_an_earlier_moment_has_the_same_words_whatever_map_is_kept(house: House, kept: bool) -> None:
    first = house.reply("log", "commit")["index"]
    with reading(house.ledger) as reader:
        head = reader.newest_head()
        then = read_again(reader, reader.find("PPO-1"), head, None).checked
    note(house)
    house.reply("log", "commit")
    if not kept:
        (house.ledger / "map.db").unlink()
    with reading(house.ledger) as reader:
        now = read_again(reader, reader.find("PPO-1"), head, None).checked
    assert committed(now) == committed(then)
    assert f"entry {first} of the log commits the ledger to 2 " in committed(now)
    assert (house.ledger / "map.db").exists() is kept, "a reader makes no map"


# -- what is missing ---------------------------------------------------------------------------------------------------


@pytest.fixture
def whole(house: House) -> House:
    """Return the ledger with committed heads, and nothing behind them."""
    house.reply("log", "commit")
    assert read(house).verdict == "INDETERMINATE", "no trust was given"
    return house


def order_of(house: House) -> str:
    with reading(house.ledger) as reader:
        return reader.find("PPO-1")


@pytest.mark.parametrize("kept", [True, False])
def test_the_last_entry_of_an_order_that_is_deleted_is_missed(whole: House, kept: bool) -> None:
    order = order_of(whole)
    delete(whole, last_of(whole, lambda of, _: of == order))
    if not kept:
        (whole.ledger / "map.db").unlink()
    at = f"#{last_of(whole, lambda _, kind: kind == 'heads-committed')}"
    assert failed(read(whole)) == [("MAP-HEAD" if kept else "LOG-CORRUPT", at)]


def test_the_last_entry_of_the_register_that_is_deleted_is_missed(house: House) -> None:
    house.with_office("late", "RET")
    house.reply("log", "commit")
    delete(house, last_of(house, lambda _, kind: kind == "key-accepted"))
    at = f"#{last_of(house, lambda _, kind: kind == 'heads-committed')}"
    assert failed(read(house)) == [("MAP-HEAD", at)]


def test_the_key_of_the_ledger_that_is_deleted_from_the_register_is_missed(house: House) -> None:
    with reading(house.ledger) as reader:
        own = [each.accepted for each in reader.keyring().keys.values() if each.actor == "ledger"]
    house.reply("log", "commit")
    assert own[-1] is not None
    for index in sorted((index for index, _, kind in rows(house) if kind == "key-accepted"), reverse=True):
        delete(house, index)
        if index == own[-1]:
            break
    assert failed(read(house))


def test_an_entry_that_is_moved_to_another_order_is_missed_in_both(whole: House) -> None:
    order = order_of(whole)
    index = last_of(whole, lambda of, _: of == order)
    other = "00000000-0000-4000-8000-000000000001"
    change(whole, "UPDATE stored_events SET originator_id = ? WHERE rowid = ?", other, index + 1)
    assert failed(read(whole))[0][0] == "MAP-HEAD"
    with reading(whole.ledger) as reader:
        there = read_again(reader, other, reader.newest_head(), None).checked
    assert failed(there) == [("CTX-ORDER", f"#{index}")]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_map_is_made_again_for_a_paper_and_not_written(whole: House, content: bytes) -> None:
    said = committed(read(whole))
    for tail in ("-wal", "-shm"):
        (whole.ledger / f"map.db{tail}").unlink(missing_ok=True)
    (whole.ledger / "map.db").write_bytes(content)
    assert committed(read(whole)) == said
    assert (whole.ledger / "map.db").read_bytes() == content


def test_a_map_that_fits_what_was_left_out_is_not_believed(whole: House) -> None:
    """The map is the one of the entries without the deleted one, as somebody who can write the folder makes it."""
    order = order_of(whole)
    index = last_of(whole, lambda of, _: of == order)
    size = last_of(whole, lambda _, kind: kind == "heads-committed")
    with closing(EntryReader(whole.ledger / "entries.db")) as store:
        leaves = [each for n, each in enumerate(store.leaves_between(0, size)) if n != index]
    delete(whole, index)
    (whole.ledger / "map.db").unlink()
    with HeadStore(whole.ledger / "map.db") as made:
        made.extend(leaves, size)
    assert failed(read(whole))[0][0] == "LOG-CORRUPT"


@pytest.fixture
def joined(house: House) -> tuple[House, int]:
    """Return a ledger in which PPO-1 is one with a second order, and the index of the only entry of that."""
    args = ("--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves")
    second = house.reply("issue", *args, "--speaks", "import", "--whose", "ilves")["order"]
    with reading(house.ledger) as reader:
        first = reader.case("PPO-1").entries[0].leaf
    stated = ("-f", f"first_order={second}", "-f", f"first={first}", "-f", "second_on=2026-11-01T00:00:00Z")
    joins = ("record", "duplicate-service-recorded", "PPO-1", *stated, "--as", "ilves", "--yes", "--unregistered")
    assert house.run(*joins).exit_code == 0
    house.reply("log", "commit")
    assert "commits the ledger to 4 of them" in committed(read(house))
    return house, last_of(house, lambda of, _: of == second)


def test_the_entries_of_a_joined_order_are_read_again(joined: tuple[House, int]) -> None:
    house, index = joined
    with closing(EntryReader(house.ledger / "entries.db")) as store:
        before, sig, after = (store.at(index) or b"").partition(b'"sig":"')
    other = b"B" if after[:1] == b"A" else b"A"
    change(house, "UPDATE stored_events SET state = ? WHERE rowid = ?", before + sig + other + after[1:], index + 1)
    assert failed(read(house)) == [("SIG-BAD", f"#{index}")]


def test_a_joined_order_that_is_deleted_whole_is_missed(joined: tuple[House, int]) -> None:
    house, index = joined
    delete(house, index)
    assert failed(read(house))[0][0] == "MAP-HEAD"

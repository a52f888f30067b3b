"""What was verified is remembered, by every process that asks the same log, and never goes back."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from comity.remote.memory import MemoryFile, Seen, size_of
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, format_checkpoint

ORIGIN = "ledger.test/xo/karsk"


def note(size: int) -> str:
    return format_checkpoint(Checkpoint(ORIGIN, size, bytes([size]) * 32)) + "\nsigned\n"


def test_the_next_process_knows_what_was_verified(tmp_path: Path) -> None:
    first = MemoryFile(tmp_path, ORIGIN)
    first.head(note(3))
    first.order("main", Seen(2, "aa"))
    assert MemoryFile(tmp_path, ORIGIN).memory == first.memory
    assert MemoryFile(tmp_path, "ledger.test/xo/other").memory.note is None


def test_a_process_that_is_behind_takes_nothing_back(tmp_path: Path) -> None:
    one, two = MemoryFile(tmp_path, ORIGIN), MemoryFile(tmp_path, ORIGIN)
    one.head(note(9))
    one.order("main", Seen(5, "ee"))
    one.order("other", Seen(1, "ab"))
    two.head(note(4))
    two.order("main", Seen(3, "cc"))
    kept = MemoryFile(tmp_path, ORIGIN).memory
    assert (kept.note, kept.orders) == (note(9), {"main": Seen(5, "ee"), "other": Seen(1, "ab")})
    assert two.memory.note == note(9)


def test_a_memory_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    MemoryFile(tmp_path, ORIGIN).head(note(3))
    (file,) = tmp_path.rglob("verified.json")
    file.write_bytes(b"{")
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        MemoryFile(tmp_path, ORIGIN)


def test_the_orders_of_a_list_are_remembered_together_at_its_end(tmp_path: Path) -> None:
    ours = MemoryFile(tmp_path, "log.example")
    with ours.together():
        for number in range(3):
            ours.order(f"{number}", Seen(1, "a" * 64))
        assert MemoryFile(tmp_path, "log.example").memory.orders == {}
    assert MemoryFile(tmp_path, "log.example").memory.orders.keys() == {"0", "1", "2"}


def test_what_was_verified_before_a_list_broke_off_is_remembered(tmp_path: Path) -> None:
    ours = MemoryFile(tmp_path, "log.example")

    def verify() -> None:
        with ours.together():
            ours.order("0", Seen(1, "a" * 64))
            raise RecordError("API-FALSE", "the next one is false")

    with pytest.raises(RecordError):
        verify()
    assert MemoryFile(tmp_path, "log.example").memory.orders.keys() == {"0"}


def test_of_two_processes_at_one_entry_each_keeps_what_it_has_verified(tmp_path: Path) -> None:
    one, two = MemoryFile(tmp_path, ORIGIN), MemoryFile(tmp_path, ORIGIN)
    one.order("main", Seen(3, "aa"))
    two.order("main", Seen(3, "bb"))
    assert two.memory.orders == {"main": Seen(3, "bb")}
    one.head(note(5))
    assert (one.memory.orders, one.newest()) == ({"main": Seen(3, "aa")}, note(5))
    two.head(note(5))
    assert two.memory.note == note(5)


def test_nothing_is_written_of_what_is_known(tmp_path: Path) -> None:
    ours = MemoryFile(tmp_path, ORIGIN)
    ours.order("main", Seen(3, "aa"))
    (file,) = tmp_path.rglob("verified.json")
    file.unlink()
    ours.order("main", Seen(3, "aa"))
    with ours.together():
        ours.order("main", Seen(3, "aa"))
    assert not file.exists()
    ours.order("main", Seen(4, "bb"))
    assert file.exists()


def test_evidence_is_kept_under_its_digest(tmp_path: Path) -> None:
    ours = MemoryFile(tmp_path, ORIGIN)
    path = ours.keep(b"evidence", "json")
    assert (path.parent, path.read_bytes()) == (ours.folder / "evidence", b"evidence")
    assert path.name == f"{sha256(b'evidence').hexdigest()[:32]}.json"
    assert ours.keep(b"evidence", "json") == path
    assert ours.keep(b"other", "note") != path
    assert [size_of(None), size_of(note(7))] == [-1, 7]

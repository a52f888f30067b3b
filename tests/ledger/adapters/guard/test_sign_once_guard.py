"""A guard in a file moves only forward, is replaced by one of many at once, and signs nothing once it has moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.adapters.guard.guard_place import Place, place_in, point_to, shared_place
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed, decode, encode
from ledger.adapters.guard.sqlite_guard import SQLiteGuard
from ledger.adapters.storage.sqlite import connect
from ledger.errors import LedgerError, RecordError
from tests.ledger.adapters.guard.every_guard import ALONE, MOVED, NOON, state


@pytest.mark.parametrize("keeps", ALONE, ids=lambda f: f.__name__)
def test_a_guard_in_a_file_keeps_what_every_guard_has_to_keep(tmp_path: Path, keeps: Callable[[Place], None]) -> None:
    keeps(tmp_path / "state" / "guard.db")


@pytest.mark.parametrize("keeps", MOVED, ids=lambda f: f.__name__)
def test_a_guard_moves_from_one_file_to_another_and_back(tmp_path: Path, keeps: Callable[[Place, Place], None]) -> None:
    keeps(tmp_path / "a" / "guard.db", tmp_path / "b" / "guard.db")


@pytest.mark.parametrize("closed", ["", "moved to elsewhere"])
@pytest.mark.parametrize("then", [state(4), state(6), replace(state(5), at=NOON - timedelta(hours=1))])
def test_a_value_that_is_not_the_stored_one_is_replaced_by_nothing(tmp_path: Path, closed: str, then: Signed) -> None:
    with closing(SQLiteGuard(tmp_path / "guard.db")) as guard:
        assert guard.create(encode(state(5)))
        assert not guard.create(encode(then))
        assert not guard.replace(encode(state(3)), encode(then, closed))
        assert guard.fetch() == encode(state(5))
        assert guard.replace(encode(state(5)), encode(state(6), "moved to elsewhere"))
        assert not guard.replace(encode(state(6)), encode(then, closed)), "it is closed"
        assert guard.fetch() == encode(state(6), "moved to elsewhere")


def test_an_earlier_program_refuses_a_guard_that_has_moved(tmp_path: Path) -> None:
    """It may have the file open, or open it later; its statement is the one below."""
    place = tmp_path / "guard.db"
    with closing(Guard.create(place, state(3))) as guard, closing(connect(place)) as earlier:
        guard.move(tmp_path / "other.db")
        with pytest.raises(sqlite3.IntegrityError, match="closed"):
            earlier.execute("UPDATE guard SET size = 4, root = zeroblob(32), signed_at = '2099-01-01T00:00:00Z'")
        with pytest.raises(LedgerError, match="LEDGER-VERSION"):
            connect(place)


def test_a_move_that_was_killed_after_the_guard_was_closed_is_finished_by_the_same_call(tmp_path: Path) -> None:
    place, other = tmp_path / "guard.db", tmp_path / "other.db"
    with closing(Guard.create(place, state(3))) as guard:
        guard._end(f"moved to {other}")
        with pytest.raises(LedgerError, match="GUARD-CLOSED"):
            guard.move(tmp_path / "third.db")
        assert not (tmp_path / "third.db").exists()
        assert guard.move(other) == state(3)
    with closing(Guard(other)) as there:
        assert there.last() == state(3)


def test_a_guard_that_was_put_back_from_a_copy_is_not_gone_on_with(tmp_path: Path) -> None:
    place, other = tmp_path / "guard.db", tmp_path / "other.db"
    with closing(Guard.create(place, state(3))) as guard, closing(Guard.create(other, state(2))):
        guard._end(f"moved to {other}")
        with pytest.raises(LedgerError, match="LOG-ROLLBACK"):
            guard.move(other)


@pytest.mark.parametrize("value", [b"", b"[]", b'{"size": 1}', encode(state(3))[:-1], b"\xff", b"{" * 5000])
def test_a_value_that_is_no_signed_state_is_damage(value: bytes) -> None:
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        decode(value, "there")


@pytest.mark.parametrize("size", [-1, 3])
def test_a_size_below_zero_and_a_root_of_other_length_are_damage(size: int) -> None:
    value = b'{"size":%d,"root":"AAAA","note":"x","at":"2027-03-01T12:00:00Z"}' % size
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        decode(value, "there")


@pytest.mark.parametrize(
    "text", ["", "etcd://one:2379", "x postgresql://u:secret@h/d", "x etcd://one", "x ü", "x http://a:1"]
)
def test_a_file_that_does_not_say_where_the_guard_is_stops_signing(tmp_path: Path, text: str) -> None:
    (tmp_path / "guard").write_text(text)
    with pytest.raises(LedgerError, match="GUARD-MISSING") as fault:
        place_in(tmp_path)
    assert "secret" not in str(fault.value)


def test_a_state_folder_points_to_a_shared_guard_and_back_to_its_file(tmp_path: Path) -> None:
    place = shared_place("etcd://one.example:2379", "ledger.example/xo/karsk")
    point_to(tmp_path / "new", place)
    assert place_in(tmp_path / "new") == place
    point_to(tmp_path / "new", tmp_path / "new" / "guard.db")
    assert place_in(tmp_path / "new") == tmp_path / "new" / "guard.db"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "etcd://",
        "etcd://one",
        "etcd://one:2379,",
        "etcd://one:70000",
        "etcd://me@one:2379",
        "etcd://one:2379#x",
        "etcd://one:2379?ca=/x",
        "etcds://one:2379?cert=/x",
        "etcds://one:2379?ca=relative.pem",
        "etcds://one:2379?password=x",
        "etcd://one:2379?user=me",
        "etcd://one:2379/\n",
        "file:///x",
    ],
)
def test_an_address_of_no_guard_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(RecordError, match="STORE-ADDRESS") as refused:
        shared_place(address, "ledger.example/xo/karsk")
    assert not address or address not in str(refused.value)

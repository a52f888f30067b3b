"""A guard in a file moves only forward, is replaced by one of many at once, and signs nothing once it has moved."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.adapters.guard import sign_once_guard
from ledger.adapters.guard.clocks import ClockDiffers, check_clock
from ledger.adapters.guard.guard_place import Place, SharedPlace, is_there, place_in, point_to, shared_place
from ledger.adapters.guard.move_guard import use_guard
from ledger.adapters.guard.sign_once_guard import Guard, _closed, _go_on, signing_time
from ledger.adapters.guard.signed_state import Signed, decode, encode
from ledger.adapters.guard.sqlite_guard import SQLiteGuard, make_whole
from ledger.adapters.storage.sqlite import connect
from ledger.errors import LedgerError, RecordError
from tests.ledger.adapters.guard.every_guard import ALONE, MOVED, NOON, state
from tests.support.files.system_calls import open_below


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


@pytest.mark.parametrize(
    "value", [b"", b"[]", b'{"size": 1}', encode(state(3))[:-1], b"\xff", b"{" * 5000, b'{"x":' + b"[" * 50_000]
)
def test_a_value_that_is_no_signed_state_is_damage(value: bytes) -> None:
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        decode(value, "there")


@pytest.mark.parametrize(
    ("size", "root", "good"), [(0, 32, True), (3, 32, True), (-1, 32, False), (3, 31, False), (3, 33, False)]
)
def test_a_size_below_zero_and_a_root_of_other_length_are_damage(size: int, root: int, good: bool) -> None:
    said = b64encode(bytes(root)).decode()
    value = b'{"size":%d,"root":"%s","note":"x","at":"2027-03-01T12:00:00Z"}' % (size, said.encode())
    if good:
        assert decode(value, "there") == (Signed(size, bytes(root), b"x", datetime(2027, 3, 1, 12, tzinfo=UTC)), "")
        assert decode(encode(state(size), "moved"), "there") == (state(size), "moved")
    else:
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


class Held:
    """A shared guard that has a value, or answers in turn."""

    def __init__(self, *values: bytes | None, creates: tuple[bool, ...] = ()) -> None:
        self.values, self.creates, self.said = list(values), list(creates), list[str]()

    def fetch(self) -> bytes | None:
        return self.values.pop(0) if len(self.values) > 1 else self.values[0]

    def create(self, new: bytes) -> bool:
        self.said.append("create")
        return self.creates.pop(0)

    def replace(self, old: bytes, new: bytes) -> bool:
        self.said.append("replace")
        return True

    def close(self) -> None:
        self.said.append("close")


SHARED = SharedPlace("etcd://one.example:2379", "ledger.example/xo/karsk")


def shared(monkeypatch: pytest.MonkeyPatch, held: Held) -> None:
    monkeypatch.setattr("ledger.adapters.guard.guard_place.open_backend", lambda place: held)
    monkeypatch.setattr("ledger.adapters.guard.sign_once_guard.open_backend", lambda place: held)


def test_a_shared_guard_without_a_value_is_missing_and_its_log_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(None)
    shared(monkeypatch, held)
    with closing(Guard(SHARED)) as guard, pytest.raises(LedgerError, match="GUARD-MISSING") as missing:
        guard.last()
    assert missing.value.says.startswith(f"{SHARED} has no guard of {SHARED.origin}, ")
    assert str(SHARED) == SHARED.address
    assert (is_there(SHARED), held.said) == (False, ["close", "close"])
    shared(monkeypatch, Held(encode(state(3))))
    assert is_there(SHARED)


def test_a_guard_that_another_machine_makes_meanwhile_is_gone_on_with(tmp_path: Path) -> None:
    """The value is missing, another machine creates it, and then it is read: equal or refused."""
    closed, other = encode(state(3)), encode(state(2))
    assert _go_on(Held(None, closed, creates=(False,)), SHARED, state(3)) == state(3)
    assert _go_on(Held(None, creates=(True,)), SHARED, state(3)) == state(3)
    with pytest.raises(LedgerError, match="LOG-ROLLBACK"):
        _go_on(Held(None, other, creates=(False,)), SHARED, state(3))
    moved = Held(encode(state(3), "moved to elsewhere"))
    assert (_go_on(moved, SHARED, state(3)), moved.said) == (state(3), ["replace"])
    with pytest.raises(LedgerError, match="LOG-ROLLBACK"):
        _go_on(Held(encode(state(4), "moved to elsewhere")), SHARED, state(3))
    assert _go_on(Held(encode(state(4))), SHARED, state(3)) == state(4), "it has signed since"


def test_a_retired_guard_signs_nothing_and_names_no_other_place(tmp_path: Path) -> None:
    with closing(Guard.create(tmp_path / "guard.db", state(3))) as guard:
        guard.retire()
        guard.retire()
        with pytest.raises(LedgerError, match=r"GUARD-CLOSED.*its log has a successor") as closed:
            guard.last()
        assert closed.value.hint == ""
        with pytest.raises(LedgerError, match="GUARD-CLOSED"):
            guard.move(tmp_path / "other.db")
    in_file = "on the machine with that file: comity log move-guard file"
    for to, hint in ((tmp_path / "x", in_file), (SHARED, f"comity log move-guard {SHARED} uses it from here")):
        assert _closed(tmp_path, f"moved to {to}").hint == hint


def test_a_file_without_its_row_has_no_value_and_one_that_steps_back_is_refused_by_its_trigger(tmp_path: Path) -> None:
    path = tmp_path / "guard.db"
    with closing(SQLiteGuard(path)) as guard:
        assert guard.fetch() is None
        guard.create(encode(state(5)))
        with pytest.raises(LedgerError, match=r"LOG-ROLLBACK 4 does not follow 5|LOG-ROLLBACK.*4 does not follow 5"):
            guard.replace(encode(state(5)), encode(state(4)))
        assert guard.fetch() == encode(state(5))
    with closing(sqlite3.connect(path)) as c:
        c.execute("DROP TRIGGER guard_stays")
        c.execute("DELETE FROM guard")
        c.commit()
    with closing(SQLiteGuard(path)) as guard:
        assert guard.fetch() is None
    with closing(Guard(path)) as empty, pytest.raises(LedgerError, match="GUARD-MISSING"):
        empty.last()


def test_what_another_process_has_written_is_read_although_only_its_date_is_new(tmp_path: Path) -> None:
    path = tmp_path / "guard.db"
    with closing(SQLiteGuard(path)) as one, closing(SQLiteGuard(path)) as two:
        one.create(encode(state(5)))
        assert one.fetch() == two.fetch() == encode(state(5))
        earlier = encode(replace(state(5), at=NOON - timedelta(hours=1)))
        assert two.replace(encode(state(5)), earlier)
        assert one.fetch() == two.fetch() == earlier
        assert one.replace(earlier, encode(state(6)))
        assert one.fetch() == two.fetch() == encode(state(6))


@pytest.mark.parametrize(
    ("after", "follows"),
    [
        (state(5), True),
        (state(6), True),
        (replace(state(5), at=NOON + timedelta(hours=1)), True),
        (replace(state(6), at=NOON - timedelta(microseconds=1)), False),
        (state(5, 1), False),
        (state(4), False),
    ],
)
def test_a_state_that_does_not_follow_is_refused_before_any_place_is_asked(
    after: Signed, follows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(encode(state(5)))
    monkeypatch.setattr(sign_once_guard, "open_backend", lambda place: held)
    guard = Guard(SHARED)
    if follows:
        assert guard.advance(state(5), after)
    else:
        with pytest.raises(LedgerError, match="the guard moves only forward") as refused:
            guard.advance(state(5), after)
        assert refused.value.code == "LOG-ROLLBACK"
    assert held.said == (["replace"] if follows else [])


def test_a_guard_in_a_file_that_is_missing_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is missing") as found:
        Guard(tmp_path / "guard.db")
    assert (found.value.code, list(tmp_path.iterdir())) == ("GUARD-MISSING", [])


def test_a_closed_guard_has_no_open_files_and_opens_again(tmp_path: Path) -> None:
    guard = SQLiteGuard(tmp_path / "guard.db")
    guard.create(encode(state(5)))
    for _ in range(2):
        assert guard.fetch() == encode(state(5))
        assert open_below(tmp_path) != []
        guard.close()
        assert open_below(tmp_path) == []
    guard.close()


def test_a_file_of_a_later_version_is_no_guard_of_this_program(tmp_path: Path) -> None:
    path = tmp_path / "guard.db"
    for version in (2, 3):
        with closing(SQLiteGuard(path)) as guard:
            guard.create(encode(state(5)))
        with closing(sqlite3.connect(path)) as c:
            c.execute(f"PRAGMA user_version = {version}")
        with closing(SQLiteGuard(path)) as guard, pytest.raises(LedgerError, match="LEDGER-VERSION"):
            guard.fetch()


def test_the_rest_of_a_deleted_guard_is_no_part_of_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "guard.db"
    with closing(SQLiteGuard(path)) as guard:
        guard.create(encode(state(5)))
        guard.replace(encode(state(5)), encode(state(6)))
    path.unlink()
    (tmp_path / "guard.db-wal").write_bytes(b"left")
    with closing(SQLiteGuard(path)) as guard:
        assert guard.create(encode(state(0)))
        assert guard.fetch() == encode(state(0))


def test_a_guard_that_was_made_whole_is_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "guard.db"
    with closing(SQLiteGuard(path)) as guard:
        guard.create(encode(state(5)))
        guard.replace(encode(state(5)), encode(state(6)))
    assert (tmp_path / "guard.db-wal").exists(), "else this test proves nothing"
    make_whole(path)
    assert [each.name for each in tmp_path.iterdir()] == ["guard.db"]
    path.rename(tmp_path / "moved.db")
    with closing(SQLiteGuard(tmp_path / "moved.db")) as guard:
        assert guard.fetch() == encode(state(6))


def test_a_log_uses_the_guard_at_another_place_or_joins_the_one_that_is_there(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    Guard.create(here / "guard.db", state(3)).close()
    place = there / "guard.db"
    assert use_guard(here, place) == (here / "guard.db", state(3))
    with closing(Guard(here / "guard.db")) as old, pytest.raises(LedgerError, match="GUARD-CLOSED"):
        old.last()
    assert use_guard(there, place) == (place, state(3))
    (tmp_path / "third").mkdir()
    assert use_guard(tmp_path / "third", place) == (None, state(3))
    with pytest.raises(LedgerError, match="GUARD-MISSING"):
        use_guard(tmp_path / "third", tmp_path / "none.db")


def test_a_signature_is_never_dated_before_the_last_one_and_not_far_behind_it() -> None:
    said: list[str] = []
    assert signing_time(NOON, NOON + timedelta(seconds=1), said.append) == NOON + timedelta(seconds=1)
    assert signing_time(NOON, NOON, said.append) == NOON
    assert said == []
    assert signing_time(NOON, NOON - timedelta(seconds=7), said.append) == NOON
    assert signing_time(NOON, NOON - timedelta(minutes=5), said.append) == NOON
    assert said == [f"the clock is {behind} s behind the last signature" for behind in (7, 300)]
    with pytest.raises(LedgerError, match="CLOCK-BACK"):
        signing_time(NOON, NOON - timedelta(minutes=5, microseconds=1), said.append)


def test_the_clock_of_a_guard_may_differ_by_two_minutes_from_the_time_of_the_question() -> None:
    for given in (880.0, 1_000.0, 1_121.0):
        check_clock(given, 1_000.0, 1_001.0)
    for given in (879.9, 1_121.1):
        with pytest.raises(ClockDiffers):
            check_clock(given, 1_000.0, 1_001.0)

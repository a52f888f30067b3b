"""A guard is in the state folder, or where a file there says it is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.guard import guard_place
from ledger.adapters.guard.etcd_guard import EtcdGuard
from ledger.adapters.guard.guard_place import SharedPlace, is_guarded, is_there, open_backend, place_in, point_to
from ledger.adapters.guard.sqlite_guard import SQLiteGuard
from ledger.errors import LedgerError, RecordError
from tests.support.files.system_calls import synced

THERE = SharedPlace("etcd://one.example:2379", "ledger.test/xo")


def test_a_folder_without_a_pointer_has_its_guard_itself(tmp_path: Path) -> None:
    assert place_in(tmp_path) == tmp_path / "guard.db"
    assert (is_guarded(tmp_path), is_there(tmp_path / "guard.db")) == (False, False)
    (tmp_path / "guard.db").touch()
    assert (is_guarded(tmp_path), is_there(tmp_path / "guard.db")) == (True, True)


def test_a_pointer_is_written_durably_read_again_and_taken_away(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with synced() as names:
        point_to(state, THERE)
    assert (names[-1], state.stat().st_mode & 0o777) == ("state", 0o700)
    assert (state / "guard").read_bytes() == b"ledger.test/xo etcd://one.example:2379\n"
    assert (place_in(state), str(THERE), is_guarded(state)) == (THERE, "etcd://one.example:2379", True)
    for _ in range(2):
        with synced() as names:
            point_to(state, state / "guard.db")
        assert (names, place_in(state)) == (["state"], state / "guard.db")


@pytest.mark.parametrize("text", [b"", b"\xff\n", b"ledger.test/xo\n", b"ledger.test/xo nowhere\n", b"\n"])
def test_a_pointer_that_names_no_place_is_said(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "guard").write_bytes(text)
    with pytest.raises(LedgerError, match="does not say where the guard is") as missing:
        place_in(tmp_path)
    assert (missing.value.code, missing.value.hint) == (
        "GUARD-MISSING",
        "one line: the origin of the log, and the address",
    )


@pytest.mark.parametrize(("value", "there"), [(None, False), (b"", True), (b"state", True)])
def test_a_shared_guard_is_there_if_it_has_a_value(
    value: bytes | None, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Any] = []
    backend = SimpleNamespace(fetch=lambda: value, close=lambda: closed.append("closed"))
    monkeypatch.setattr(guard_place, "open_backend", lambda place: backend if place == THERE else None)
    assert is_there(THERE) is there
    assert closed == ["closed"]
    assert guard_place.shared_place(THERE.address, THERE.origin) == THERE
    assert closed == ["closed"] * 2


def test_each_sort_of_address_has_its_backend(tmp_path: Path) -> None:
    local = open_backend(tmp_path / "guard.db")
    assert isinstance(local, SQLiteGuard)
    shared = open_backend(THERE)
    assert isinstance(shared, EtcdGuard)
    for backend in (local, shared):
        backend.close()
    with pytest.raises(RecordError, match="STORE-ADDRESS"):
        open_backend(SharedPlace("nowhere", "ledger.test/xo"))

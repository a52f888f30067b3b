"""The value of a guard is read as it was written or not at all; its clock may differ by two minutes; it may move."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.guard import move_guard
from ledger.adapters.guard.clocks import ClockDiffers, check_clock
from ledger.adapters.guard.move_guard import use_guard
from ledger.adapters.guard.signed_state import Signed, SignedState, decode, encode
from ledger.errors import LedgerError
from ledger.tlog.note import b64

SIGNED = Signed(3, b"r" * 32, "note \N{EM DASH}\n".encode(), datetime(2027, 3, 1, 12, tzinfo=UTC))
STORED = {"size": 3, "root": b64(SIGNED.root), "note": SIGNED.note.decode(), "at": "2027-03-01T12:00:00Z"}


def test_a_state_is_stored_in_one_form_and_read_again() -> None:
    assert SignedState.of(SIGNED).signed() == SIGNED
    assert json.loads(encode(SIGNED)) == STORED
    assert json.loads(encode(SIGNED, "moved")) == {**STORED, "closed": "moved"}
    assert decode(encode(SIGNED), "there") == (SIGNED, "")
    assert decode(encode(SIGNED, "moved"), "there") == (SIGNED, "moved")
    empty = Signed(0, SIGNED.root, b"", SIGNED.at)
    assert decode(encode(empty), "there") == (empty, "")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"{" * 100_000,
        b'{"more":' + b"[" * 100_000,
        *(
            json.dumps({**STORED, **change}).encode()
            for change in (
                {"size": -1},
                {"root": b64(b"r" * 31)},
                {"root": b64(b"r" * 33)},
                {"root": "!"},
                {"at": "now"},
                {"size": "3"},
            )
        ),
    ],
)
def test_what_is_no_signed_state_is_damage_of_the_place(value: bytes) -> None:
    with pytest.raises(LedgerError, match="the guard in there holds no signed state") as damaged:
        decode(value, "there")
    assert damaged.value.code == "LOG-CORRUPT"


@pytest.mark.parametrize(
    ("given", "differs"), [(880.0, False), (879.9, True), (1_130.0, False), (1_130.1, True), (1_005.0, False)]
)
def test_a_clock_may_differ_by_two_minutes_from_the_time_of_an_answer(given: float, differs: bool) -> None:
    if differs:
        with pytest.raises(ClockDiffers) as said:
            check_clock(given, 1_000.0, 1_010.0)
        there = "1970-01-01T00:14:39Z" if given < 1_000 else "1970-01-01T00:18:50Z"
        here = "1970-01-01T00:16:50Z"
        assert str(said.value) == f"says that it is {there}, and the clock of this machine says {here}"
    else:
        check_clock(given, 1_000.0, 1_010.0)


@pytest.mark.parametrize(
    ("here", "did"),
    [
        (None, ["opened there", "last of there", "closed there"]),
        ("there", ["opened there", "last of there", "closed there"]),
        ("here", ["opened here", "here moved to there", "closed here"]),
    ],
)
def test_a_guard_that_is_here_moves_and_another_has_to_be_there(
    here: str | None, did: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def guard(place: str) -> Any:
        done.append(f"opened {place}")

        def noted(what: str) -> str:
            done.append(what)
            return what

        return SimpleNamespace(
            last=lambda: noted(f"last of {place}"),
            move=lambda to: noted(f"{place} moved to {to}"),
            close=lambda: noted(f"closed {place}"),
        )

    monkeypatch.setattr(move_guard, "Guard", guard)
    monkeypatch.setattr(move_guard, "is_guarded", lambda state: here is not None)
    monkeypatch.setattr(move_guard, "place_in", lambda state: here or "nowhere")
    monkeypatch.setattr(move_guard, "point_to", lambda state, place: done.append(f"points to {place}"))
    result: Any = use_guard(tmp_path, "there")  # type: ignore[arg-type]
    assert result == (here, did[1])
    assert done == [*did, "points to there"]

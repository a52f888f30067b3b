"""A shared guard and a machine have the same time within two minutes; a log uses a guard where it is or goes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.guard import move_guard
from ledger.adapters.guard.clocks import ClockDiffers, check_clock
from ledger.adapters.guard.guard_place import GUARD_DB, SharedPlace
from ledger.adapters.guard.move_guard import use_guard

THERE = SharedPlace("etcd://one.example:2379", "ledger.test/xo")


@pytest.mark.parametrize(
    ("given", "good"),
    [(879.0, False), (880.0, True), (1000.0, True), (1010.0, True), (1130.0, True), (1131.0, False), (0.0, False)],
)
def test_an_answer_is_dated_within_two_minutes_of_the_time_in_which_it_was_made(given: float, good: bool) -> None:
    if good:
        check_clock(given, 1000.0, 1010.0)
        return
    with pytest.raises(ClockDiffers, match=r"says that it is 1970-01-01T.*this machine says 1970-01-01T00:16:50Z"):
        check_clock(given, 1000.0, 1010.0)


class Guards:
    """Guards of which each step is noted."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def __call__(self, place: object) -> Any:
        guards = self

        class Guard:
            def last(self) -> str:
                guards.done.append(("last", place))
                return "last state"

            def move(self, to: object) -> str:
                guards.done.append(("moved", place, to))
                return "moved state"

            def close(self) -> None:
                guards.done.append("closed")

        return Guard()


def test_a_guard_that_is_here_goes_there_and_one_that_is_there_is_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards, file, pointed = Guards(), tmp_path / GUARD_DB, list[Any]()
    monkeypatch.setattr(move_guard, "Guard", guards)
    monkeypatch.setattr(move_guard, "point_to", lambda state, place: pointed.append((state, place)))
    used: list[Any] = [use_guard(tmp_path, THERE), use_guard(tmp_path, file)]
    assert used == [(None, "last state")] * 2
    assert guards.done == [("last", THERE), "closed", ("last", file), "closed"]
    file.touch()
    guards.done.clear()
    used = [use_guard(tmp_path, THERE), use_guard(tmp_path, file)]
    assert used == [(file, "moved state"), (file, "last state")]
    assert guards.done == [("moved", file, THERE), "closed", ("last", file), "closed"]
    assert pointed == [(tmp_path, place) for place in (THERE, file, THERE, file)]

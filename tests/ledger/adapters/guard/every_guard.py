"""What every guard has to keep, wherever it is: tests call these with the place of an empty guard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from ledger.adapters.guard.guard_place import Place
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.errors import LedgerError

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def state(size: int, mark: int = 0) -> Signed:
    """Return a signed state of a size; another `mark` is another tree."""
    return Signed(size, bytes([size % 256, mark] * 16), f"a note of {size}, {mark}\n".encode(), NOON)


def begins_once(place: Place) -> None:
    Guard.create(place, state(0)).close()
    with pytest.raises(FileExistsError):
        Guard.create(place, state(0, 1))
    with closing(Guard(place)) as guard:
        assert guard.last() == state(0)


def moves_forward_only(place: Place) -> None:
    with closing(Guard.create(place, state(0))) as guard:
        assert guard.advance(state(0), state(5))
        later = replace(state(6), at=NOON - timedelta(hours=1))
        for worse in (state(4), state(5, 1), later):
            with pytest.raises(LedgerError, match="LOG-ROLLBACK"):
                guard.advance(state(5), worse)
        assert guard.last() == state(5)
        assert guard.set_back(state(5), NOON - timedelta(hours=1)), "a date can be corrected"
        for at in (NOON, NOON - timedelta(hours=2)):
            assert not guard.set_back(state(5), at), "the state is another one now"
        assert guard.last() == replace(state(5), at=NOON - timedelta(hours=1))


def one_of_two_goes_on(place: Place) -> None:
    Guard.create(place, state(3)).close()
    with closing(Guard(place)) as one, closing(Guard(place)) as two:
        assert one.last() == two.last()
        assert one.advance(state(3), state(4))
        assert not two.advance(state(3), state(4, 1))
        assert two.last() == state(4)
        assert two.advance(state(4), state(7))
        assert one.last() == state(7)


def of_many_at_once_one_goes_on(place: Place) -> None:
    """Eight threads replace the same state at once, forty times: one of them succeeds each time."""
    Guard.create(place, state(0)).close()
    guards = [Guard(place) for _ in range(8)]
    won: list[list[int]] = [[] for _ in range(40)]
    gate = Barrier(len(guards))

    def run(number: int, guard: Guard) -> None:
        for size in range(40):
            gate.wait(30)
            before = guard.last()
            gate.wait(30)
            if guard.advance(before, state(size + 1, number)):
                won[size].append(number)

    threads = [Thread(target=run, args=each) for each in enumerate(guards)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(each) for each in won] == [1] * 40
    assert guards[0].last() == state(40, won[-1][0])
    for guard in guards:
        guard.close()


def moves_to(place: Place, other: Place) -> None:
    """Check that a guard that has moved signs nothing more, also for a process that has it open, and can come back."""
    with closing(Guard.create(place, state(3))) as open_before, closing(Guard(place)) as guard:
        assert open_before.last() == state(3)
        assert guard.move(other) == state(3)
        assert not open_before.advance(state(3), state(4))
        for closed in (guard, open_before):
            with pytest.raises(LedgerError, match="GUARD-CLOSED"):
                closed.last()
        assert guard.move(other) == state(3), "a repeated call changes nothing"
    with closing(Guard(other)) as there:
        assert there.advance(state(3), state(8))
        assert there.move(place) == state(8)
        with pytest.raises(LedgerError, match="GUARD-CLOSED"):
            there.last()
    with closing(Guard(place)) as back:
        assert back.last() == state(8)
        assert back.advance(state(8), state(9))


def moves_to_no_place_in_use(place: Place, other: Place) -> None:
    Guard.create(other, state(9)).close()
    with closing(Guard.create(place, state(3))) as guard:
        with pytest.raises(LedgerError, match="GUARD-EXISTS"):
            guard.move(other)
        assert guard.last() == state(3), "nothing was closed"


def is_missing(place: Place) -> None:
    with pytest.raises(LedgerError, match="GUARD-MISSING"), closing(Guard(place)) as guard:
        guard.last()


ALONE: tuple[Callable[[Place], None], ...] = (
    begins_once,
    moves_forward_only,
    one_of_two_goes_on,
    of_many_at_once_one_goes_on,
    is_missing,
)
MOVED: tuple[Callable[[Place, Place], None], ...] = (moves_to, moves_to_no_place_in_use)

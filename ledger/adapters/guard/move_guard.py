"""Have a log use the guard at another place: move the guard there, or join other machines that use it there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ledger.adapters.guard.guard_place import Place, is_guarded, place_in, point_to
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed


def use_guard(state: Path, place: Place) -> tuple[Place | None, Signed]:
    """Use the guard at `place` for the log with this state folder; return where it was before, and its state.

    A guard that is here is closed, and goes on there. Without a guard here, the one there has to exist. Each step can
    be repeated. `LedgerError`: the errors of `Guard.move`.
    """
    here = place_in(state) if is_guarded(state) else None
    if here is None or here == place:
        with closing(Guard(place)) as guard:
            signed = guard.last()
    else:
        with closing(Guard(here)) as guard:
            signed = guard.move(place)
    point_to(state, place)
    return here, signed

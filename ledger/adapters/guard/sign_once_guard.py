"""Guard a log against signing twice: keep its last signed state where no backup of the ledger reaches.

A log must never sign two trees that contradict each other. A database restored from last week's backup lacks
this week's checkpoints; the guard has them. The guard is outside the ledger's folder and is never copied or
restored. It moves only forward, by compare-and-swap, before a signature is returned. Without it, nothing is
signed.

One machine has its guard in a file of the state folder. Several machines share one guard in a PostgreSQL database or in
etcd: each replaces the state that it has read, or reads again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.adapters.guard.guard_place import Place, open_backend
from ledger.adapters.guard.signed_state import GuardBackend, Signed, decode, encode
from ledger.command_line import quoted
from ledger.entries.case import wire
from ledger.errors import LedgerError

LATENESS = timedelta(minutes=5)  # a clock that is further behind the last signature is wrong
RETIRED = "its log has a successor"


class Guard:
    """Hold the guard of one log."""

    def __init__(self, place: Place) -> None:
        """Open an existing guard; `LedgerError` GUARD-MISSING."""
        self.place = place
        self._backend = open_backend(place)
        if isinstance(place, Path) and not place.exists():
            raise self._missing()

    @classmethod
    def create(cls, place: Place, first: Signed) -> Guard:
        """Make the guard of a new log; FileExistsError if it exists, because a log never begins twice."""
        with closing(open_backend(place)) as backend:
            if not backend.create(encode(first)):
                raise FileExistsError(str(place))
        return cls(place)

    def close(self) -> None:
        """Close files and connections."""
        self._backend.close()

    def last(self) -> Signed:
        """Return the state that was signed last; `LedgerError` GUARD-MISSING, GUARD-CLOSED."""
        signed, closed = decode(self._value(), self.place)
        if closed:
            raise _closed(self.place, closed)
        return signed

    def set_back(self, last: Signed, at: datetime) -> bool:
        """Date the last signature earlier; the signed state stays. Return False if another state was signed since."""
        return self._backend.replace(encode(last), encode(replace(last, at=at)))

    def advance(self, before: Signed, after: Signed) -> bool:
        """Replace `before` by `after`, durably; return False if another process has advanced the guard."""
        same_size = after.size == before.size and after.root != before.root
        if after.size < before.size or same_size or after.at < before.at:
            says = f"{after.size} does not follow {before.size}: the guard moves only forward"
            raise LedgerError("LOG-ROLLBACK", says)
        return self._backend.replace(encode(before), encode(after))

    def retire(self) -> None:
        """Close the guard of a log that has a successor."""
        self._end(RETIRED)

    def move(self, to: Place) -> Signed:
        """Close this guard and go on with one at `to`; return its state.

        A repeated call finishes an interrupted one. `LedgerError`: GUARD-EXISTS if another guard of this log is there,
        GUARD-CLOSED if this one has gone elsewhere, LOG-ROLLBACK if the one there has signed more.
        """
        with closing(open_backend(to)) as there:
            moved = decode(self._value(), self.place)[1] == f"moved to {to}"
            value = there.fetch()
            if value is not None and not decode(value, to)[1] and not moved:
                raise LedgerError("GUARD-EXISTS", f"a guard of this log is in {to} already, and is in use")
            return _go_on(there, to, self._end(f"moved to {to}"))

    def _end(self, reason: str) -> Signed:
        """Close the guard for a reason, so that nothing is signed with it any more; return its state."""
        while True:
            value = self._value()
            signed, closed = decode(value, self.place)
            if closed and closed != reason:
                raise _closed(self.place, closed)
            if closed or self._backend.replace(value, encode(signed, reason)):
                return signed

    def _value(self) -> bytes:
        value = self._backend.fetch()
        if value is None:
            raise self._missing()
        return value

    def _missing(self) -> LedgerError:
        lost = "only if the guard is lost for good: comity log remake-guard"
        if not isinstance(self.place, Path):
            says = f"{self.place} has no guard of {self.place.origin}, so nothing says what this log has signed before"
            return LedgerError("GUARD-MISSING", says, f"never put it back from a copy; {lost}")
        return LedgerError(
            "GUARD-MISSING",
            f"{self.place} is missing, so nothing says what this log has signed before",
            "is this another account or machine? Use the guard of the first one: comity log move-guard ADDRESS there "
            f"and here, or comity signer serve there; {lost}",
        )


def _go_on(backend: GuardBackend, place: Place, signed: Signed) -> Signed:
    """Store the state of a closed guard as that of the guard at another place, or find that this was done before."""
    while True:
        value = backend.fetch()
        if value is None:
            if backend.create(encode(signed)):
                return signed
            continue
        there, closed = decode(value, place)
        if there.size > signed.size if closed else there.size < signed.size:
            says = f"the guard in {place} has {there.size} entries, and this log has signed {signed.size}"
            raise LedgerError(
                "LOG-ROLLBACK", says, "one of the two was put back from a copy: keep both, ask the witnesses"
            )
        if not closed:
            return there
        if backend.replace(value, encode(signed)):
            return signed


def _closed(place: Place, reason: str) -> LedgerError:
    to = reason.removeprefix("moved to ")
    hint = f"comity log move-guard {quoted(to)} uses it from here"
    if to.startswith("/"):
        hint = "on the machine with that file: comity log move-guard file"
    return LedgerError(
        "GUARD-CLOSED", f"the guard in {place} signs nothing more: {reason}", "" if reason == RETIRED else hint
    )


def signing_time(last: datetime, now: datetime, say: Callable[[str], None]) -> datetime:
    """Return the time for the next signature, never before the last one; CLOCK-BACK if the clock is far behind."""
    now = now.astimezone(UTC)
    if now < last - LATENESS:
        raise LedgerError(
            "CLOCK-BACK",
            f"this log signed at {wire(last)}, and the clock says {wire(now)}",
            "set the clock; nothing was signed. If it is right now, and was ahead then: comity log clock",
        )
    if now < last:
        say(f"the clock is {int((last - now).total_seconds())} s behind the last signature")
        return last
    return now

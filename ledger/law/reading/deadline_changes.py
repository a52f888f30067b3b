"""Entries that move a clock: extensions, referrals back and their clarification. findings.md 1, [design]."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from ledger.entries.case import Entry
from ledger.law.reading.effective_entries import EffectiveEntries


class DeadlineChanges:
    """The extensions of clocks and the referrals back of one order."""

    def __init__(self, entries: EffectiveEntries) -> None:
        self._entries = entries

    def extension(self, id: str, since: datetime | None = None) -> Entry | None:
        """Return the last deadline-extended of a clock, not counting those before `since`.

        A version that starts a clock again leaves behind the end that was set for the version before [design].
        """
        extended = (e for e in reversed(self._entries.of("deadline-extended")) if e.get("deadline") == id)
        return next((e for e in extended if since is None or e.on >= since), None)

    @cached_property
    def referrals(self) -> tuple[tuple[Entry, Entry | None], ...]:
        """Every order-referred-back with its clarification; None while there is none."""
        return tuple((e, self._clarification(e)) for e in self._entries.of("order-referred-back"))

    def _clarification(self, referral: Entry) -> Entry | None:
        """Return the first order-corrected after it, or the first answer that clarifies it."""
        kinds = ("order-corrected", "additional-information-provided", "order-maintained")
        for e in self._entries.later(referral, *kinds):
            if e.kind == "order-corrected" or self._entries.named(e.get("answers")) is referral:
                return e
        return None

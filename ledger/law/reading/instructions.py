"""Instructions not to disclose: which are valid, when they were lifted. CETS 224 art. 7(5)(c). findings.md 1."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from ledger.entries.case import Entry
from ledger.law.parties.party_register import Register
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.order_parties import OrderParties


class Instructions:
    """The instructions of notified authorities in one order."""

    def __init__(self, register: Register, entries: EffectiveEntries, parties: OrderParties) -> None:
        self._register = register
        self._entries = entries
        self._parties = parties

    def is_valid(self, e: Entry) -> bool:
        """Return True if an instruction was given by the office designated under C-7-5-e, or if none is designated."""
        party = self._parties.to_party
        designated = self._register.designated(party, "C-7-5-e", e.on) if party else frozenset()
        return not designated or e.actor in designated

    @cached_property
    def valid(self) -> tuple[Entry, ...]:
        """Every valid instruction not to disclose, lifted or not."""
        return tuple(e for e in self._entries.of("non-disclosure-instructed") if self.is_valid(e))

    @cached_property
    def _lifted(self) -> dict[str, datetime]:
        lifted: dict[str, datetime] = {}
        for e in self._entries.of("instruction-lifted"):
            if (instruction := self._entries.named(e.get("about"))) is not None:
                lifted.setdefault(instruction.leaf, e.on)
        return lifted

    def lifted_on(self, instruction: Entry) -> datetime | None:
        """Return when an instruction was first lifted; None while it is in force."""
        return self._lifted.get(instruction.leaf)

    def in_force(self, t: datetime) -> tuple[Entry, ...]:
        """Return the valid instructions that were given at or before `t` and not lifted at or before it."""
        return tuple(e for e in self.valid if e.on <= t and not self._lifted_by(e, t))

    def _lifted_by(self, instruction: Entry, t: datetime) -> bool:
        lifted = self.lifted_on(instruction)
        return lifted is not None and lifted <= t
